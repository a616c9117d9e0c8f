#include "routing/route_table.hpp"

#include "routing/router.hpp"

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

const std::vector<RouteTable::Role> kRoles{{"robot", "Robot"}, {"map", "Web Map"}, {"admin", "Admin"}};
const omnibroker_handler_v1 kPlain{sizeof(omnibroker_handler_v1), nullptr, nullptr, nullptr};
const omnibroker_handler_v1 kNamed{sizeof(omnibroker_handler_v1), nullptr, "MOVE_FAILED", "moves"};

RouteConfig config(std::string type, std::vector<std::string> from, std::vector<std::string> to) {
  RouteConfig route;
  route.type = std::move(type);
  route.from = std::move(from);
  route.to = std::move(to);
  return route;
}

TEST(RouteTable, SaysWhoMaySendInTheHandlersWords) {
  const auto named = RouteTable::make_route(config("move", {"robot"}, {"map"}), 0, kRoles, kNamed);
  const auto plain = RouteTable::make_route(config("move", {"robot", "map", "admin"}, {}), 0, kRoles, kPlain);

  EXPECT_EQ(named.forbidden, "Only Robot can send moves");
  EXPECT_EQ(named.nobody_there, "No Web Map is connected");
  EXPECT_EQ(named.failure_code, "MOVE_FAILED");
  EXPECT_EQ(plain.forbidden, "Only Robot, Web Map and Admin can send move messages");
  EXPECT_EQ(plain.failure_code, "INTERNAL_ERROR");
}

TEST(RouteTable, WithoutSendersEveryRegisteredClientMaySend) {
  const auto route = RouteTable::make_route(config("chat", {}, {"map"}), 0, kRoles, kPlain);

  EXPECT_FALSE(route.from_anyone);
  EXPECT_EQ(route.from, std::vector<bool>({true, true, true}));
}

TEST(RouteTable, FindsRoutesAndRoles) {
  RouteTable table(kRoles);
  table.set_routes({RouteTable::make_route(config("move", {"robot"}, {"map"}), 0, kRoles, kPlain)});

  ASSERT_NE(table.find("move"), nullptr);
  EXPECT_EQ(table.find("stop"), nullptr);
  EXPECT_EQ(table.role("map"), 1);
  EXPECT_EQ(table.role("nobody"), -1);
}

TEST(RouteTable, WithoutAKeyThereIsNothingToConflateBy) {
  auto keyed = config("move", {}, {"map"});
  keyed.latest_by = "prim_path";
  const auto plain = config("alarm", {}, {"map"});

  EXPECT_EQ(RouteTable::make_route(keyed, 0, kRoles, kPlain).slow_clients, SlowClients::Conflate);
  EXPECT_EQ(RouteTable::make_route(plain, 0, kRoles, kPlain).slow_clients, SlowClients::DropOldest);
}

TEST(Shortened, CutsAtACharactersBoundary) {
  EXPECT_EQ(shortened("short", 10), "short");
  EXPECT_EQ(shortened("0123456789", 4), "0123…");
  EXPECT_EQ(shortened("한국어한국어", 7), "한국…");
}

}  // namespace
}  // namespace omnibroker::core
