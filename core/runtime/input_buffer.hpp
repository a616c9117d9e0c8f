#pragma once

#include "runtime/spare_buffers.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace omnibroker::core {

/// Bytes that have arrived and that nobody has consumed yet. Readable Envelope::kPadding bytes past its end. Holds
/// memory only while it holds bytes; `spare` is where that comes from and goes to.
class InputBuffer {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::uint8_t* data() { return block_.bytes.get() + begin_; }

  /// Holds these bytes and no others; they lie elsewhere.
  void assign(std::span<const std::uint8_t> bytes, SpareBuffers& spare);
  /// Room for at least `wanted` bytes behind what is there.
  std::span<std::uint8_t> room(std::size_t wanted, SpareBuffers& spare);
  void grew(std::size_t bytes) { size_ += bytes; }
  /// Drops bytes from the front, and the memory with the last of them.
  void consume(std::size_t bytes, SpareBuffers& spare);
  bool contains(const std::uint8_t* pointer) const {
    return block_.bytes != nullptr && pointer >= block_.bytes.get() && pointer < block_.bytes.get() + block_.capacity;
  }

 private:
  void reserve(std::size_t capacity, SpareBuffers& spare);

  Block block_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace omnibroker::core
