#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <omnibroker/abi.h>

namespace omnibroker {

/// What a caller can do about a failure. The values are those of the boundary (abi.h).
enum class ErrorCode : omnibroker_status {
  InvalidArgument = OMNIBROKER_INVALID_ARGUMENT,  ///< Never retry as it is.
  NotFound = OMNIBROKER_NOT_FOUND,
  AlreadyExists = OMNIBROKER_ALREADY_EXISTS,          ///< Nothing changed, and nothing needed to.
  Conflict = OMNIBROKER_CONFLICT,                     ///< It contradicts what is there.
  Unavailable = OMNIBROKER_UNAVAILABLE,               ///< Retry later.
  ResourceExhausted = OMNIBROKER_RESOURCE_EXHAUSTED,  ///< Slow down.
  Closed = OMNIBROKER_CLOSED,                         ///< Stop: the other side is gone.
  Unsupported = OMNIBROKER_UNSUPPORTED,
  Internal = OMNIBROKER_INTERNAL,  ///< A fault; report it.
};

/// What failed, as a sentence without a full stop: first what, then the values.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
};

/// A value or the reason why there is none. Shaped like std::expected, which an alias can replace once it is there.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  bool has_value() const { return held_.index() == 0; }

  T& value() & { return *get(); }
  const T& value() const& { return *const_cast<Result*>(this)->get(); }
  T&& value() && { return std::move(*get()); }
  T& operator*() & { return *get(); }
  T* operator->() { return get(); }

  const Error& error() const {
    assert(held_.index() == 1);
    return *std::get_if<1>(&held_);
  }

 private:
  T* get() {
    assert(held_.index() == 0);
    return std::get_if<0>(&held_);
  }

  std::variant<T, Error> held_;
};

/// Success, or the reason why not.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)), ok_(false) {}

  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

inline std::string_view view(omnibroker_text text) { return {text.data ? text.data : "", text.size}; }
inline omnibroker_text text(std::string_view view) { return {view.data(), view.size()}; }

/// Collects what the other side of the boundary produces. A view of a sink that the caller lent.
class Sink {
 public:
  explicit Sink(const omnibroker_sink* sink) : sink_(sink) {}

  void append(std::string_view bytes) const {
    if (sink_ != nullptr) sink_->append(sink_->self, bytes.data(), bytes.size());
  }

 private:
  const omnibroker_sink* sink_;
};

/// A sink that fills a std::string of ours: `host->call(..., filling(text).get())`.
class StringSink {
 public:
  explicit StringSink(std::string& target)
      : sink_{&target, [](void* self, const void* data, std::size_t size) {
                static_cast<std::string*>(self)->append(static_cast<const char*>(data), size);
              }} {}
  StringSink(const StringSink&) = delete;
  StringSink& operator=(const StringSink&) = delete;

  const omnibroker_sink* get() const { return &sink_; }

 private:
  omnibroker_sink sink_;
};

}  // namespace omnibroker
