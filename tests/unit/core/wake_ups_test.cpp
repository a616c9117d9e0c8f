#include "runtime/wake_ups.hpp"

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

TEST(WakeUps, TellTheWorkerOfTheConnectionOnce) {
  WakeUps wake_ups;
  wake_ups.add(7, 3);

  EXPECT_EQ(wake_ups.ask(7), 3u);
  EXPECT_EQ(wake_ups.ask(7), std::nullopt) << "it knows already";
  EXPECT_TRUE(wake_ups.take(7));
  EXPECT_FALSE(wake_ups.take(7));
  EXPECT_EQ(wake_ups.ask(7), 3u) << "what comes behind is told again";
}

TEST(WakeUps, AreHarmlessForConnectionsThatAreGone) {
  WakeUps wake_ups;
  wake_ups.add(7, 0);
  wake_ups.remove(7);

  EXPECT_EQ(wake_ups.ask(7), std::nullopt);
  EXPECT_FALSE(wake_ups.take(7));
  EXPECT_FALSE(wake_ups.move(7, 1));
}

TEST(WakeUps, OfAnEarlierRequestAreNotThoseOfTheNext) {
  WakeUps wake_ups;
  wake_ups.add(7, 0);
  wake_ups.ask(7);
  wake_ups.remove(7);
  wake_ups.add(7, 0);

  EXPECT_FALSE(wake_ups.take(7));
}

TEST(WakeUps, GoWithTheConnectionToAnotherWorker) {
  WakeUps wake_ups;
  wake_ups.add(7, 0);
  EXPECT_FALSE(wake_ups.move(7, 1)) << "nobody has asked";
  EXPECT_EQ(wake_ups.ask(7), 1u);
  wake_ups.take(7);

  EXPECT_EQ(wake_ups.ask(7), 1u);
  EXPECT_TRUE(wake_ups.move(7, 2)) << "worker 1 has been told, and will not find it";
  EXPECT_TRUE(wake_ups.take(7));
}

}  // namespace
}  // namespace omnibroker::core
