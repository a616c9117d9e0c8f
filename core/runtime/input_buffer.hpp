#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace omnibroker::core {

/// Bytes that have arrived and that nobody has consumed yet. Readable Envelope::kPadding bytes past its end.
class InputBuffer {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::uint8_t* data() { return bytes_.get() + begin_; }

  void append(std::span<const std::uint8_t> bytes);
  /// Room for at least `wanted` bytes behind what is there.
  std::span<std::uint8_t> room(std::size_t wanted);
  void grew(std::size_t bytes) { size_ += bytes; }
  /// Drops bytes from the front, and the memory with the last of them.
  void consume(std::size_t bytes);
  bool contains(const std::uint8_t* pointer) const {
    return bytes_ != nullptr && pointer >= bytes_.get() && pointer < bytes_.get() + capacity_;
  }

 private:
  void reserve(std::size_t capacity);

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace omnibroker::core
