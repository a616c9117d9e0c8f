#include "plugin/loader_lane.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// A latch that both sides own, so that a step that was given up can still wait at it.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(LoaderLane, RunsEveryStepOnOneThreadThatIsNotTheCallers) {
  LoaderLane lane;
  std::thread::id first, second;

  EXPECT_TRUE(lane.run([&] { first = std::this_thread::get_id(); }, 30s));
  EXPECT_TRUE(lane.run([&] { second = std::this_thread::get_id(); }, 30s));

  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
}

TEST(LoaderLane, RunsOneStepAtATime) {
  LoaderLane lane;
  std::atomic<int> inside{0}, most{0}, done{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) {
        EXPECT_TRUE(lane.run(
            [&] {
              const int now = ++inside;
              if (now > most) most = now;
              --inside;
              ++done;
            },
            30s));
      }
    });
  }
  for (auto& caller : callers) caller.join();

  EXPECT_EQ(most, 1);
  EXPECT_EQ(done, 400);
}

TEST(LoaderLane, GivesUpAStepThatOverrunsAndGoesOnWithAnotherThread) {
  LoaderLane lane;
  const auto latch = std::make_shared<Latch>();

  EXPECT_FALSE(lane.run([latch] { latch->wait(); }, 20ms));
  EXPECT_EQ(lane.stuck(), 1u);
  bool ran = false;
  EXPECT_TRUE(lane.run([&ran] { ran = true; }, 30s));

  EXPECT_TRUE(ran);
  latch->open();
}

TEST(LoaderLane, CountsAThreadThatCameBackNoLonger) {
  LoaderLane lane;
  const auto latch = std::make_shared<Latch>();
  ASSERT_FALSE(lane.run([latch] { latch->wait(); }, 20ms));

  latch->open();

  while (lane.stuck() != 0) std::this_thread::yield();
  EXPECT_TRUE(lane.run([] {}, 30s));
}

TEST(LoaderLane, DoesNotWaitForAStuckThreadWhenItEnds) {
  const auto latch = std::make_shared<Latch>();
  {
    LoaderLane lane;
    ASSERT_FALSE(lane.run([latch] { latch->wait(); }, 20ms));
  }
  latch->open();  // the thread finds its lane gone, and ends
}

TEST(LoaderLane, DoesNotCountTheTimeOfTheStepsBefore) {
  LoaderLane lane;
  const auto latch = std::make_shared<Latch>();
  const auto entered = std::make_shared<Latch>();
  std::thread slow([&] {
    EXPECT_TRUE(lane.run(
        [&] {
          entered->open();
          latch->wait();
        },
        30s));
  });
  entered->wait();
  std::thread quick([&] { EXPECT_TRUE(lane.run([] {}, 5s)); });

  latch->open();

  slow.join();
  quick.join();
}

TEST(LoaderLane, LetsGoOfWhatAStepOwnedBeforeItComesBack) {
  LoaderLane lane;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;

  ASSERT_TRUE(lane.run([held = std::move(owned)] {}, 30s));

  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace omnibroker::core
