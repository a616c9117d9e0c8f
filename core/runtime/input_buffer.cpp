#include "runtime/input_buffer.hpp"

#include "routing/envelope.hpp"

#include <algorithm>
#include <cstring>

namespace omnibroker::core {

void InputBuffer::reserve(std::size_t capacity) {
  if (capacity + Envelope::kPadding <= capacity_) {
    if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, size_);
      begin_ = 0;
    }
    return;
  }
  const auto larger = std::max(capacity + Envelope::kPadding, capacity_ * 2);
  auto bytes = std::make_unique<std::uint8_t[]>(larger);
  if (size_ > 0) std::memcpy(bytes.get(), bytes_.get() + begin_, size_);
  bytes_ = std::move(bytes);
  begin_ = 0;
  capacity_ = larger;
}

void InputBuffer::append(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  const auto into = room(bytes.size());
  std::memcpy(into.data(), bytes.data(), bytes.size());
  size_ += bytes.size();
}

std::span<std::uint8_t> InputBuffer::room(std::size_t wanted) {
  if (begin_ + size_ + wanted + Envelope::kPadding > capacity_) reserve(size_ + wanted);
  return {bytes_.get() + begin_ + size_, capacity_ - Envelope::kPadding - begin_ - size_};
}

void InputBuffer::consume(std::size_t bytes) {
  begin_ += bytes;
  size_ -= bytes;
  if (size_ > 0) return;
  bytes_.reset();
  begin_ = capacity_ = 0;
}

}  // namespace omnibroker::core
