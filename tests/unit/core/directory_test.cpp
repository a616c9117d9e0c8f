#include "session/directory.hpp"

#include "session/session.hpp"

#include <set>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

TEST(SessionDirectory, NumbersAreNeverUsedTwiceAndNameTheirWorker) {
  SessionDirectory directory(1, 10);
  std::set<omnibroker_session> numbers;

  for (unsigned i = 0; i < 1000; ++i) {
    const auto number = directory.next_number(i % 7);
    EXPECT_EQ(worker_of(number), i % 7);
    numbers.insert(number);
  }

  EXPECT_EQ(numbers.size(), 1000u);
  EXPECT_FALSE(numbers.contains(0));
}

TEST(SessionDirectory, ClientIdsAreRandomUuids) {
  const auto id = SessionDirectory::make_client_id();

  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(id, SessionDirectory::make_client_id());
}

TEST(SessionDirectory, FindsDetachedSessionsByKeyUpToABound) {
  SessionDirectory directory(1, 2);

  EXPECT_TRUE(directory.add_key("one", 1));
  EXPECT_FALSE(directory.add_key("one", 2));
  EXPECT_TRUE(directory.add_key("two", 2));
  EXPECT_FALSE(directory.add_key("three", 3));
  EXPECT_EQ(directory.find("one"), 1u);
  directory.remove_key("one");
  EXPECT_EQ(directory.find("one"), 0u);
}

TEST(SessionDirectory, CountsByRole) {
  SessionDirectory directory(2, 10);

  directory.opened();
  directory.opened();
  directory.registered(1);

  EXPECT_EQ(directory.total(), 2u);
  EXPECT_EQ(directory.registered(), 1u);
  EXPECT_EQ(directory.with_role(1), 1u);
  directory.closed(1);
  directory.closed(-1);
  EXPECT_EQ(directory.total(), 0u);
  EXPECT_EQ(directory.registered(), 0u);
  EXPECT_EQ(directory.with_role(1), 0u);
}

TEST(TokenBucket, HoldsOneSecondsWorthAndRefillsEvenly) {
  TokenBucket bucket;
  TokenBucket::Clock::time_point now{1s};

  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(10, now));
  EXPECT_FALSE(bucket.take(10, now));
  now += 200ms;
  EXPECT_TRUE(bucket.take(10, now));
  EXPECT_TRUE(bucket.take(10, now));
  EXPECT_FALSE(bucket.take(10, now));
  now += 60s;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(10, now));
  EXPECT_FALSE(bucket.take(10, now));
  EXPECT_TRUE(bucket.take(0, now)) << "0 is no limit";
}

}  // namespace
}  // namespace omnibroker::core
