#include "deflate.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <zlib.h>

namespace omnibroker::plugins::websocket {
namespace {

/// What ends every message, and is not sent: an empty block without compression, behind its first three bits.
constexpr std::array<std::uint8_t, 4> kTail{0x00, 0x00, 0xFF, 0xFF};

constexpr int kMemoryLevel = 8;  // zlib's own: less costs more time than it saves memory
constexpr int kWidestWindow = 15;
constexpr std::size_t kKept = 256 * 1024;
constexpr std::size_t kFirstPiece = 16 * 1024;
constexpr std::size_t kMostAtOnce = std::numeric_limits<uInt>::max();

template <class Byte>
Bytef* input(const Byte* bytes) {  // zlib does not write there, but says nowhere that it does not
  return reinterpret_cast<Bytef*>(const_cast<Byte*>(bytes));
}

void let_go(std::vector<std::uint8_t>& buffer) {
  if (buffer.capacity() > kKept) std::vector<std::uint8_t>().swap(buffer);
}

}  // namespace

Deflater::Deflater(unsigned window_bits) : stream_(std::make_unique<z_stream_s>()) {
  const int window = -static_cast<int>(window_bits);  // negative: without zlib's own frame around the data
  if (deflateInit2(stream_.get(), level_, Z_DEFLATED, window, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

Deflater::~Deflater() { deflateEnd(stream_.get()); }

std::optional<std::string_view> Deflater::deflate(std::string_view message, int level) {
  const std::size_t room = message.size() + kTail.size() - 1;  // if this is not enough, it is not worth it
  if (message.empty() || room > kMostAtOnce) return std::nullopt;
  if (out_.size() < room) out_.resize(room);
  deflateReset(stream_.get());
  if (level != level_) deflateParams(stream_.get(), level, Z_DEFAULT_STRATEGY);
  level_ = level;
  stream_->next_in = input(message.data());
  stream_->avail_in = static_cast<uInt>(message.size());
  stream_->next_out = out_.data();
  stream_->avail_out = static_cast<uInt>(room);
  // Room left over says that all has been written.
  if (::deflate(stream_.get(), Z_SYNC_FLUSH) != Z_OK || stream_->avail_out == 0) return std::nullopt;
  const std::size_t size = room - stream_->avail_out - kTail.size();
  return std::string_view(reinterpret_cast<const char*>(out_.data()), size);
}

void Deflater::trim() { let_go(out_); }

Inflater::Inflater() : stream_(std::make_unique<z_stream_s>()) {
  if (inflateInit2(stream_.get(), -kWidestWindow) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

Inflater::Inflated Inflater::inflate(std::span<const std::uint8_t> payload, std::uint64_t limit) {
  size_ = 0;
  ended_ = false;
  inflateReset(stream_.get());
  auto outcome = Outcome::Whole;  // of an empty payload: some clients write an empty message so
  if (!payload.empty()) {
    outcome = feed(payload, limit);
    // The tail completes the block that the payload ends in. One that ends behind a final block may lack what the tail
    // belongs to; its message is whole without.
    if (outcome == Outcome::Whole && !between_blocks()) outcome = feed_tail(limit);
  }
  if (outcome != Outcome::Whole) return {outcome, {}};
  return {outcome, std::span(out_).first(size_)};
}

Inflater::Outcome Inflater::feed_tail(std::uint64_t limit) {
  const auto size = size_;
  const bool read = feed(kTail, limit) == Outcome::Whole && between_blocks();
  // It must have been the end of an empty block, and not the data of one that is cut off, however much that makes.
  return read && size_ == size ? Outcome::Whole : Outcome::Broken;
}

Inflater::Outcome Inflater::feed(std::span<const std::uint8_t> bytes, std::uint64_t limit) {
  const std::size_t most =
      limit < std::numeric_limits<std::size_t>::max() ? static_cast<std::size_t>(limit + 1) : limit;
  while (true) {
    if (size_ == out_.size()) out_.resize(std::min(most, std::max(kFirstPiece, 2 * out_.size())));
    const std::size_t room = std::min({out_.size() - size_, most - size_, kMostAtOnce});
    const std::size_t given = std::min(bytes.size(), kMostAtOnce);
    stream_->next_in = input(bytes.data());
    stream_->avail_in = static_cast<uInt>(given);
    stream_->next_out = out_.data() + size_;
    stream_->avail_out = static_cast<uInt>(room);
    const int status = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    bytes = bytes.subspan(given - stream_->avail_in);
    size_ += room - stream_->avail_out;
    if (size_ > limit) return Outcome::TooLarge;
    if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) return Outcome::Broken;
    ended_ = status == Z_STREAM_END;
    // Another block may follow a final one, and refer to what was before: so the window stays. To copy it in again
    // would cost 32 KiB for every two bytes of input, where that is nothing but final blocks.
    if (ended_) inflateResetKeep(stream_.get());
    if (bytes.empty() && (ended_ || stream_->avail_out != 0)) return Outcome::Whole;
  }
}

bool Inflater::between_blocks() const {
  constexpr int kBetween = 128;
  constexpr int kBitsLeft = 63;
  return ended_ || ((stream_->data_type & kBetween) != 0 && (stream_->data_type & kBitsLeft) == 0);
}

void Inflater::trim() { let_go(out_); }

}  // namespace omnibroker::plugins::websocket
