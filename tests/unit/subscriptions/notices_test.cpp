#include "handled.hpp"

#include <string>

#include <gtest/gtest.h>

#include <omnibroker/result.hpp>

namespace {

using omnibroker::text;

omnibroker_notice notice(omnibroker_notice_kind kind) {
  return {sizeof(omnibroker_notice), kind, text("coordinate_update"), text("conflated"), 37, 1234567890123};
}

TEST(Notices, WelcomesWithLimitsAndCapabilities) {
  HandlerTest notices("notices");
  notices.host().set_limit("max_message", 65536);
  notices.host().set_limit("messages_per_second", 1000);
  notices.host().set_limit("max_subscriptions", 16);
  const std::string version = notices.host().raw()->version;

  EXPECT_EQ(notices.component().welcome("an-id"),
            R"({"type":"welcome","server":"omnibroker","version":")" + version +
                R"(","client_id":"an-id","capabilities":["subscribe","unsubscribe","snapshot","status"],)"
                R"("limits":{"max_message":65536,"messages_per_second":1000,"max_subscriptions":16}})");
  EXPECT_TRUE(notices.host().violations().empty());
}

TEST(Notices, SaysThatALimitIsOff) {
  HandlerTest notices("notices");

  EXPECT_NE(notices.component().welcome("an-id").find(
                R"("limits":{"max_message":null,"messages_per_second":null,"max_subscriptions":null}})"),
            std::string::npos);
}

TEST(Notices, TellsHowMuchWasMissedAndWhy) {
  HandlerTest notices("notices");

  EXPECT_EQ(notices.component().status(notice(OMNIBROKER_NOTICE_MISSED)),
            R"({"type":"status","code":"MESSAGES_MISSED","message_type":"coordinate_update","reason":"conflated",)"
            R"("count":37,"total":1234567890123})");
}

TEST(Notices, TellsThatTheServerGoesAway) {
  HandlerTest notices("notices");

  EXPECT_EQ(notices.component().status(notice(OMNIBROKER_NOTICE_GOING_AWAY)),
            R"({"type":"status","code":"GOING_AWAY"})");
}

TEST(Notices, HasNothingToSayAboutKindsOfNewerHosts) {
  HandlerTest notices("notices");

  EXPECT_EQ(notices.component().status(notice(99)), "");
}

TEST(Notices, EscapesWhatItWrites) {
  HandlerTest notices("notices", {{"server", R"("Fleet \"7\" \\ 좌표")"}, {"capabilities", "[]"}});
  ASSERT_TRUE(notices.up());
  auto missed = notice(OMNIBROKER_NOTICE_MISSED);
  missed.type = text("a\n\"b\"\x01");

  EXPECT_NE(notices.component().welcome("x").find(R"("server":"Fleet \"7\" \\ 좌표",)"), std::string::npos);
  EXPECT_NE(notices.component().welcome("x").find(R"("capabilities":[],)"), std::string::npos);
  EXPECT_NE(notices.component().status(missed).find(R"("message_type":"a\u000a\"b\"\u0001",)"), std::string::npos);
}

TEST(Notices, AreAskedForByASubProtocol) {
  HandlerTest notices("notices");
  const auto* table = notices.component().table<omnibroker_notices_v1>(OMNIBROKER_NOTICES);

  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->subprotocol, "omnibroker.v1");
  EXPECT_EQ(notices.component().table<omnibroker_handler_v1>(OMNIBROKER_HANDLER), nullptr);
}

}  // namespace
