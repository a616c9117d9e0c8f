#include "session/token_bucket.hpp"

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

class TokenBucketTest : public testing::Test {
 protected:
  /// How many of `tries` may go now.
  int taken(int tries, std::uint32_t per_second) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += bucket.take(per_second, now) ? 1 : 0;
    return count;
  }

  TokenBucket bucket;
  TokenBucket::Clock::time_point now = TokenBucket::Clock::time_point{} + 1h;
};

TEST_F(TokenBucketTest, WithoutALimitEverythingGoes) { EXPECT_EQ(taken(100'000, 0), 100'000); }

TEST_F(TokenBucketTest, HoldsOneSecondsWorthAtFirst) { EXPECT_EQ(taken(100, 10), 10); }

TEST_F(TokenBucketTest, IsRefilledEvenly) {
  EXPECT_EQ(taken(100, 10), 10);

  now += 99ms;
  EXPECT_EQ(taken(100, 10), 0);
  now += 1ms;
  EXPECT_EQ(taken(100, 10), 1);
  now += 500ms;
  EXPECT_EQ(taken(100, 10), 5);
}

TEST_F(TokenBucketTest, NeverHoldsMoreThanOneSecondsWorth) {
  EXPECT_EQ(taken(100, 10), 10);

  now += 1h;

  EXPECT_EQ(taken(100, 10), 10);
}

TEST_F(TokenBucketTest, AskingInVainCostsNothing) {
  EXPECT_EQ(taken(10, 10), 10);

  int count = 0;
  for (int i = 0; i < 1000; ++i) {  // a thousand times in one second
    now += 1ms;
    count += taken(1, 10);
  }

  EXPECT_GE(count, 9);
  EXPECT_LE(count, 10);
}

}  // namespace
}  // namespace omnibroker::core
