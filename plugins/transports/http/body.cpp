#include "body.hpp"

#include <limits>

namespace omnibroker::plugins::http {
namespace {

std::uint64_t or_none(std::uint64_t limit) { return limit == 0 ? std::numeric_limits<std::uint64_t>::max() : limit; }

}  // namespace

Body::Body(const Request& request, std::uint64_t limit)
    : chunked_(request.chunked()), length_(request.content_length().value_or(0)), decoder_(or_none(limit)) {
  if (!chunked_ && length_ > or_none(limit)) state_ = State::TooLarge;
  if (!chunked_ && length_ == 0) state_ = State::Done;
}

std::size_t Body::feed(std::span<std::uint8_t> bytes) {
  if (state_ != State::More) return 0;
  if (chunked_) {
    const auto taken = decoder_.feed(bytes, decoded_);
    state_ = decoder_.state();
    content_ = decoded_;
    return taken;
  }
  if (bytes.size() < length_) return 0;
  content_ = bytes.first(static_cast<std::size_t>(length_));
  state_ = State::Done;
  return content_.size();
}

}  // namespace omnibroker::plugins::http
