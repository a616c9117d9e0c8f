#pragma once

#include "engine/content.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace omniclient::http {

/// Bytes that come bit by bit, and are given away without being copied.
class Body {
 public:
  Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body() { std::free(bytes_); }

  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

  /// False where there is not so much memory. `expected`: how much there will be in all, where somebody has said.
  bool append(const char* bytes, std::size_t count, std::size_t expected) {
    if (count > room_ - size_ && !grow(size_ + count, expected)) return false;
    if (count > 0) std::memcpy(bytes_ + size_, bytes, count);
    size_ += count;
    return true;
  }

  SharedContent take() {
    OmniClientContent raw{};
    raw.buffer = std::exchange(bytes_, nullptr);
    raw.size = std::exchange(size_, 0);
    raw.free = raw.buffer != nullptr ? &release : nullptr;
    room_ = 0;
    return std::make_shared<Content>(raw);
  }

 private:
  /// What was said is believed up to here; beyond it, memory is taken as bytes come.
  static constexpr std::size_t kBelieved = 64u << 20;

  static void OMNICLIENT_ABI release(void* buffer) noexcept { std::free(buffer); }

  bool grow(std::size_t needed, std::size_t expected) {
    const auto room = std::max({needed, room_ + room_ / 2, std::min(expected, kBelieved)});
    auto* const bytes = static_cast<char*>(std::realloc(bytes_, room));
    if (bytes == nullptr) return false;
    bytes_ = bytes;
    room_ = room;
    return true;
  }

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace omniclient::http
