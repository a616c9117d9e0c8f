#include "runtime/input_buffer.hpp"

#include "routing/envelope.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace omnibroker::core {

void InputBuffer::reserve(std::size_t capacity, SpareBuffers& spare) {
  if (capacity + Envelope::kPadding <= block_.capacity) {
    if (begin_ > 0) {
      std::memmove(block_.bytes.get(), block_.bytes.get() + begin_, size_);
      begin_ = 0;
    }
    return;
  }
  auto larger = spare.take_block(std::max(capacity + Envelope::kPadding, block_.capacity * 2));
  if (size_ > 0) std::memcpy(larger.bytes.get(), block_.bytes.get() + begin_, size_);
  std::swap(block_, larger);
  spare.give_back(std::move(larger));
  begin_ = 0;
}

void InputBuffer::assign(std::span<const std::uint8_t> bytes, SpareBuffers& spare) {
  consume(size_, spare);
  if (bytes.empty()) return;
  const auto into = room(bytes.size(), spare);
  std::memcpy(into.data(), bytes.data(), bytes.size());
  size_ = bytes.size();
}

std::span<std::uint8_t> InputBuffer::room(std::size_t wanted, SpareBuffers& spare) {
  if (begin_ + size_ + wanted + Envelope::kPadding > block_.capacity) reserve(size_ + wanted, spare);
  return {block_.bytes.get() + begin_ + size_, block_.capacity - Envelope::kPadding - begin_ - size_};
}

void InputBuffer::consume(std::size_t bytes, SpareBuffers& spare) {
  begin_ += bytes;
  size_ -= bytes;
  if (size_ > 0) return;
  spare.give_back(std::exchange(block_, {}));
  begin_ = 0;
}

}  // namespace omnibroker::core
