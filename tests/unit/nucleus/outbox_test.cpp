#include "outbox.hpp"

#include <gtest/gtest.h>

#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

class OutboxTest : public ::testing::Test {
 protected:
  omnibroker::testing::FakeHost host;
  Outbox outbox{Waker(host.host()), 1, /*room=*/10};
  Outgoing message;
};

TEST_F(OutboxTest, TakesAnswersAlwaysAndWhatNobodyAskedForWhileThereIsRoom) {
  EXPECT_TRUE(outbox.offer({true, "0123456789"}));
  EXPECT_FALSE(outbox.has_room());
  EXPECT_FALSE(outbox.offer({true, "event"}));
  outbox.push({true, "answer"});

  ASSERT_TRUE(outbox.take(message));
  EXPECT_EQ(message.head, "0123456789");
  EXPECT_TRUE(outbox.offer({true, "event"}));
  ASSERT_TRUE(outbox.take(message));
  EXPECT_EQ(message.head, "answer");
  ASSERT_TRUE(outbox.take(message));
  EXPECT_FALSE(outbox.take(message));
}

TEST_F(OutboxTest, CountsBlobs) {
  outbox.push({false, "head", std::make_shared<const std::string>("a long blob")});
  EXPECT_FALSE(outbox.has_room());
}

TEST_F(OutboxTest, CallsWhoWaitsForRoomOnce) {
  int called = 0;
  outbox.when_there_is_room([&] { ++called; });
  EXPECT_EQ(called, 1) << "there is some";
  outbox.push({true, "0123456789"});
  outbox.when_there_is_room([&] { ++called; });
  EXPECT_EQ(called, 1);

  outbox.take(message);
  outbox.take(message);
  EXPECT_EQ(called, 2);
}

TEST_F(OutboxTest, DropsEverythingWhenItsConnectionHasEnded) {
  int called = 0;
  outbox.push({true, "0123456789"});
  outbox.when_there_is_room([&] { ++called; });
  outbox.close();

  EXPECT_TRUE(outbox.closed());
  outbox.push({true, "late"});
  EXPECT_TRUE(outbox.offer({true, "late"})) << "nobody is to be blamed";
  EXPECT_FALSE(outbox.take(message));
  outbox.when_there_is_room([&] { ++called; });
  EXPECT_EQ(called, 0);
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
