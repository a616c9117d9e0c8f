#include "containment/signal_stack.hpp"

#include <csignal>
#include <thread>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

stack_t signal_stack_of_this_thread() {
  stack_t now{};
  EXPECT_EQ(::sigaltstack(nullptr, &now), 0);
  return now;
}

bool has_one() { return (signal_stack_of_this_thread().ss_flags & SS_DISABLE) == 0; }

TEST(SignalStack, IsThereAndGoesAgain) {
  std::thread([] {
    const bool before = has_one();  // of a sanitizer's
    {
      const SignalStack stack;
      EXPECT_TRUE(has_one());
      EXPECT_GE(signal_stack_of_this_thread().ss_size, static_cast<std::size_t>(MINSIGSTKSZ));
    }
    EXPECT_EQ(has_one(), before);
  }).join();
}

TEST(SignalStack, LeavesAloneWhatTheThreadHasAlready) {
  std::thread([] {
    const SignalStack first;
    const auto before = signal_stack_of_this_thread();
    {
      const SignalStack second;
      EXPECT_EQ(signal_stack_of_this_thread().ss_sp, before.ss_sp);
    }
    EXPECT_EQ(signal_stack_of_this_thread().ss_sp, before.ss_sp);
  }).join();
}

}  // namespace
}  // namespace omnibroker::core
