#pragma once

#include "result.hpp"

#include <exception>
#include <string>
#include <utility>

namespace omnibroker::nucleus::store {

/// A change or a read that ends early. Only inside the store: `Store` and `Writer` turn it into a Result.
///
/// Thrown and not returned, because every step of a change can fail, and then all of the change is undone: the same
/// unwinding rolls back its savepoint and gives back its connection.
class Refusal : public std::exception {
 public:
  Refusal(Code code, std::string message) : error_{code, std::move(message)} {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

[[noreturn]] inline void refuse(Code code, std::string message) { throw Refusal(code, std::move(message)); }

/// Runs `body` and answers what it answers, or why it was refused.
template <class T, class Body>
Result<T> answered(Body&& body) {
  try {
    return body();
  } catch (const Refusal& refusal) {
    return refusal.error();
  } catch (const std::exception& failure) {
    return Error{Code::InternalError, failure.what()};
  }
}

}  // namespace omnibroker::nucleus::store
