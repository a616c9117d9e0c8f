#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace omnibroker::nucleus::store {

/// Why something did not happen: those of the protocol's status names that a store can answer.
enum class Code : std::uint8_t {
  Denied,                 ///< The user may not do that.
  Latest,                 ///< Nothing newer than what the asker has.
  InvalidUri,             ///< The path breaks a rule of paths.
  AlreadyExists,          ///< Something is there; or nothing changed, and nothing needed to.
  ResourceBusy,           ///< Locked by another user or connection.
  NotAsset,               ///< It is of another type than the one that the call is for.
  InternalError,          ///< The disk failed or content is damaged: an operator must look.
  InvalidVersion,         ///< No such checkpoint.
  InvalidEtag,            ///< The head is another one by now; or no version has this etag any more.
  InvalidParameters,      ///< The call contradicts itself. Never retry as it is.
  InvalidContentId,       ///< There is no content with this hash and size.
  ContentLengthMismatch,  ///< An upload is not as long as was announced.
  UserNotFound,
  GroupNotFound,
  GroupAlreadyExists,
  UserNotInGroup,
  UserAlreadyInGroup,
  Unauthenticated,  ///< Wrong password or unknown token.
  TokenExpired,
  NotExist,  ///< Nothing is at this path.
  FolderNotEmpty,
  NotObject,     ///< It is no live object, or the live object is another one by now.
  QuotaReached,  ///< The store, or a history in it, is as large as its limit.
  SlowDown,      ///< Too much is queued: try again later.
};

/// The protocol's spelling: `NOT_EXIST`.
std::string_view wire_name(Code code);

/// What failed, as a sentence without a full stop: first what, then the values.
struct Error {
  Code code = Code::InternalError;
  std::string message;
};

/// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }

  T& value() & { return *get(); }
  const T& value() const& { return *const_cast<Result*>(this)->get(); }
  T&& value() && { return std::move(*get()); }
  T& operator*() & { return *get(); }
  const T& operator*() const& { return *const_cast<Result*>(this)->get(); }
  T operator*() && { return std::move(*get()); }  // A value, so that `for (auto& x : *call())` has what it walks.
  T* operator->() { return get(); }
  const T* operator->() const { return const_cast<Result*>(this)->get(); }

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

/// The value of a `Result` that has nothing to say but that it worked.
struct Done {};

using Status = Result<Done>;

/// Told once how a change went. Called on the store's writer thread, behind the listener's calls for the same change;
/// or on the caller's own thread, before `submit` returns, for what is refused without being queued. Must not block,
/// must not throw, and must not call `Store::apply`; `submit` and reads are allowed.
template <class T>
using Completion = std::function<void(Result<T>)>;

}  // namespace omnibroker::nucleus::store
