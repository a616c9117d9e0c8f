#include "net/timer_wheel.hpp"

#include <functional>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

struct Probe final : Timer {
  void expired() override {
    ++fired;
    if (then) then();
  }
  int fired = 0;
  std::function<void()> then;
};

class TimerWheelTest : public testing::Test {
 protected:
  void pass(std::chrono::milliseconds time) { wheel.advance(now += time); }

  TimerWheel::Clock::time_point now{};
  TimerWheel wheel{now};
};

TEST_F(TimerWheelTest, FiresOnceAndNeverEarly) {
  Probe timer;
  wheel.arm(timer, now + 100ms);

  pass(99ms);
  EXPECT_EQ(timer.fired, 0);
  pass(1ms + TimerWheel::kTick);
  EXPECT_EQ(timer.fired, 1);
  pass(10s);
  EXPECT_EQ(timer.fired, 1);
  EXPECT_FALSE(timer.armed());
}

TEST_F(TimerWheelTest, ATimerLongerThanATurnGoesRoundAgain) {
  Probe timer;
  wheel.arm(timer, now + 200s);

  for (int i = 0; i < 199; ++i) pass(1s);
  EXPECT_EQ(timer.fired, 0);
  pass(2s);
  EXPECT_EQ(timer.fired, 1);
}

TEST_F(TimerWheelTest, NothingIsLostInALongSleep) {
  Probe soon, late;
  wheel.arm(soon, now + 5s);
  wheel.arm(late, now + 500s);

  pass(400s);
  EXPECT_EQ(soon.fired, 1);
  EXPECT_EQ(late.fired, 0);
  pass(101s);
  EXPECT_EQ(late.fired, 1);
}

TEST_F(TimerWheelTest, CancellingAndDyingUnlink) {
  Probe cancelled;
  wheel.arm(cancelled, now + 50ms);
  {
    Probe dead;
    wheel.arm(dead, now + 50ms);
  }
  cancelled.cancel();

  pass(1s);
  EXPECT_EQ(cancelled.fired, 0);
}

TEST_F(TimerWheelTest, ArmingAgainMovesIt) {
  Probe timer;
  wheel.arm(timer, now + 50ms);
  wheel.arm(timer, now + 500ms);

  pass(400ms);
  EXPECT_EQ(timer.fired, 0);
  pass(200ms);
  EXPECT_EQ(timer.fired, 1);
}

TEST_F(TimerWheelTest, AnExpiredTimerMayArmItselfAndCancelItsNeighbours) {
  Probe first, second;
  first.then = [&] {
    second.cancel();
    if (first.fired < 3) wheel.arm(first, now + 10ms);
  };
  wheel.arm(first, now + 10ms);
  wheel.arm(second, now + 10ms);

  for (int i = 0; i < 100; ++i) pass(10ms);
  EXPECT_EQ(first.fired, 3);
  EXPECT_EQ(second.fired, 0);
}

TEST_F(TimerWheelTest, SaysHowLongTheLoopMaySleep) {
  EXPECT_EQ(wheel.until_next(now).count(), -1);
  Probe timer;
  wheel.arm(timer, now + 1s);
  const auto wait = wheel.until_next(now);
  EXPECT_GE(wait, 1000ms - TimerWheel::kTick);
  EXPECT_LE(wait, 1000ms + TimerWheel::kTick);
  timer.cancel();
  EXPECT_EQ(wheel.until_next(now).count(), -1);
}

}  // namespace
}  // namespace omnibroker::core
