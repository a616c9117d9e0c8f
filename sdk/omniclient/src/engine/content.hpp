#pragma once

#include "OmniClient.h"

#include <memory>
#include <string_view>
#include <utility>

namespace omniclient {

/// Bytes with one owner, in the shape that crosses the C API.
class Content {
 public:
  Content() = default;
  explicit Content(OmniClientContent raw) : raw_(raw) {}
  Content(Content&& other) noexcept : raw_(std::exchange(other.raw_, {})) {}
  Content& operator=(Content&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Content() { release(); }

  /// `size` bytes, not initialized. Null buffer where there is not so much memory, or the size is 0.
  static Content allocate(std::size_t size);
  static Content copy(std::string_view bytes);

  std::string_view view() const { return {static_cast<const char*>(raw_.buffer), raw_.size}; }
  char* data() { return static_cast<char*>(raw_.buffer); }
  std::size_t size() const { return raw_.size; }

  /// For a callback, which may move the bytes out of it.
  OmniClientContent* raw() { return &raw_; }
  OmniClientContent take() { return std::exchange(raw_, {}); }
  void release();

 private:
  OmniClientContent raw_{};
};

/// Content that is written by nobody any more.
using SharedContent = std::shared_ptr<Content>;

/// Takes over what a caller gave. Content that is only a reference is copied, so that nothing is read from the caller's
/// memory after the call has returned, not even by a request that was stopped.
SharedContent take_content(OmniClientContent* content);

}  // namespace omniclient
