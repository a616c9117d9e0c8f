#include "isolation/child_worker.hpp"

#include <future>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

TEST(ChildWorker, RunsJobsInOrderAndTimersWhenTheyAreDue) {
  std::vector<int> done;
  std::promise<void> all;
  ChildWorker worker;

  worker.after(1ms, [&] {
    done.push_back(3);
    all.set_value();
  });
  EXPECT_EQ(all.get_future().wait_for(60s), std::future_status::ready);
  std::promise<void> rest;
  worker.post([&] { done.push_back(1); });
  worker.post([&] { done.push_back(2); });
  worker.post([&] { rest.set_value(); });
  rest.get_future().wait();

  EXPECT_EQ(done, (std::vector<int>{3, 1, 2}));
}

TEST(ChildWorker, DoesNotRunATimerThatWasCancelledOrForgotten) {
  ChildWorker worker;
  const auto cancelled = worker.after(1h, [] { ADD_FAILURE(); });
  const auto forgotten = worker.after(1h, [] { ADD_FAILURE(); });

  EXPECT_TRUE(worker.cancel(cancelled));
  EXPECT_FALSE(worker.cancel(cancelled));
  worker.forget_timers();
  EXPECT_FALSE(worker.cancel(forgotten));
}

TEST(ChildWorker, TakesNoMoreTimersThanItsBound) {
  ChildWorker worker;
  for (std::size_t i = 0; i < ChildWorker::kMostTimers; ++i) ASSERT_NE(worker.after(1h, [] {}), 0u);

  EXPECT_EQ(worker.after(1h, [] {}), 0u);
}

TEST(ChildWorker, StopsBehindTheJobThatItHasBegun) {
  std::promise<void> begun, go_on;
  bool ended = false;
  ChildWorker worker;
  worker.post([&] {
    begun.set_value();
    go_on.get_future().wait();
    ended = true;
  });
  begun.get_future().wait();

  const auto stopped = std::async(std::launch::async, [&] { worker.stop(); });
  go_on.set_value();
  stopped.wait();

  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace omnibroker::core
