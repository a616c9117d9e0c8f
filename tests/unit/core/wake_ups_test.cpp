#include "runtime/wake_ups.hpp"

#include "runtime/endpoint.hpp"

#include <cstddef>

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

TEST(Endpoints, AreNotWokenThroughATableFromBeforeThereWasThat) {
  omnibroker_transport_v1 table{};
  table.woken = [](void*, void*) {};
  Endpoint endpoint;
  endpoint.table = &table;

  table.struct_size = offsetof(omnibroker_transport_v1, woken);  // ABI 1.1
  EXPECT_FALSE(endpoint.can_be_woken());
  table.struct_size = sizeof(table);
  EXPECT_TRUE(endpoint.can_be_woken());
  table.woken = nullptr;
  EXPECT_FALSE(endpoint.can_be_woken());
}

}  // namespace
}  // namespace omnibroker::core
