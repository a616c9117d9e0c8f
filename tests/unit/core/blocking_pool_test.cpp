#include "runtime/blocking_pool.hpp"

#include "runtime/shared.hpp"

#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using Clock = std::chrono::steady_clock;

/// Owners are told apart by their addresses alone.
constexpr int kOne = 1;
constexpr int kOther = 2;

/// Work that has begun when `began` is ready, and ends with `end`.
struct Blocker {
  std::promise<void> began;
  std::promise<void> end;
  std::function<void()> work() {
    return [this] {
      began.set_value();
      end.get_future().wait();
    };
  }
};

TEST(BlockingPool, RunsWhatIsQueuedBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    BlockingPool pool(2, 100);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.run(&kOne, [&] { ++ran; }));
  }
  EXPECT_EQ(ran, 50);
}

TEST(BlockingPool, RefusesWorkPastItsBound) {
  Blocker blocker;
  std::atomic<int> ran{0};
  {
    BlockingPool pool(1, 2);
    ASSERT_TRUE(pool.run(&kOne, blocker.work()));
    blocker.began.get_future().wait();
    EXPECT_TRUE(pool.run(&kOne, [&] { ++ran; }));
    EXPECT_TRUE(pool.run(&kOne, [&] { ++ran; }));
    EXPECT_FALSE(pool.run(&kOne, [&] { ran += 100; }));
    blocker.end.set_value();
  }
  EXPECT_EQ(ran, 2);
}

TEST(BlockingPool, TakesBackWhatOneOwnerHasQueuedAndNothingElse) {
  Blocker blocker;
  std::atomic<int> of_one{0};
  std::atomic<int> of_other{0};
  {
    BlockingPool pool(1, 100);
    ASSERT_TRUE(pool.run(&kOne, blocker.work()));
    blocker.began.get_future().wait();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(pool.run(&kOne, [&] { ++of_one; }));
      ASSERT_TRUE(pool.run(&kOther, [&] { ++of_other; }));
    }
    EXPECT_EQ(pool.discard(&kOne), 3u) << "what has begun is not among it";
    EXPECT_EQ(pool.discard(&kOne), 0u);
    blocker.end.set_value();
  }
  EXPECT_EQ(of_one, 0);
  EXPECT_EQ(of_other, 3);
}

TEST(ComponentRecord, WaitsForTheLastPieceOfWork) {
  ComponentRecord record;
  ASSERT_TRUE(record.begin_work());
  ASSERT_TRUE(record.begin_work());
  EXPECT_FALSE(record.wait_until_idle(Clock::now()));

  std::thread ending([&] {
    record.end_work();
    record.end_work();
  });

  EXPECT_TRUE(record.wait_until_idle(Clock::now() + std::chrono::minutes(1)));
  ending.join();
}

TEST(ComponentRecord, BeginsNoWorkOnceItIsClosed) {
  ComponentRecord record;
  ASSERT_TRUE(record.begin_work());

  record.close();

  EXPECT_FALSE(record.begin_work());
  EXPECT_EQ(record.work(), 1u) << "what had begun is still to end";
  record.end_work();
  EXPECT_TRUE(record.wait_until_idle(Clock::now()));
}

TEST(HostTimers, RunNothingForAComponentThatIsClosed) {
  HostTimers timers;
  ComponentRecord record;
  const auto timer = timers.add({&record, nullptr, nullptr});

  record.close();

  EXPECT_FALSE(timers.take(timer));
  EXPECT_EQ(record.work(), 0u);
}

}  // namespace
}  // namespace omnibroker::core
