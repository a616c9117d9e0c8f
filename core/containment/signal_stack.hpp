#pragma once

#include <csignal>
#include <cstddef>

namespace omnibroker::core {

/// A stack on which the calling thread handles signals: one that has used up its own could not handle any.
///
/// Lifecycle: of its thread. One that the thread has already (a sanitizer gives every thread one) is left alone.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  stack_t before_{};
  void* memory_ = nullptr;  // null: the thread has kept another one
  std::size_t size_ = 0;
};

}  // namespace omnibroker::core
