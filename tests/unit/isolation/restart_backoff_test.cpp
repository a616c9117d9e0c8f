#include "isolation/restart_backoff.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

TEST(RestartBackoff, BeginsAtOnceAndDoublesUpToHalfAMinute) {
  RestartBackoff backoff;

  std::vector<std::chrono::milliseconds> waits;
  for (int i = 0; i < 12; ++i) waits.push_back(backoff.next(1s));

  EXPECT_EQ(waits, (std::vector<std::chrono::milliseconds>{0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms,
                                                           12800ms, 25600ms, 30s, 30s}));
}

TEST(RestartBackoff, IsForgottenByOneThatHasServedForAWhile) {
  RestartBackoff backoff;
  for (int i = 0; i < 5; ++i) static_cast<void>(backoff.next(0s));

  EXPECT_EQ(backoff.next(10s), 0ms);
  EXPECT_EQ(backoff.next(9999ms), 100ms);
}

}  // namespace
}  // namespace omnibroker::core
