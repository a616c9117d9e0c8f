#include "requests.hpp"

#include <chrono>

#include <omnibroker/subscriptions.hpp>

namespace {

using namespace std::chrono_literals;
using omnibroker::Subscription;
using omnibroker::testing::FakeCall;

std::string subscribe(const std::string& more) { return request("subscribe", more); }

/// What the host was asked for by a request with these members.
Subscription asked(const std::string& more) {
  HandlerTest handler("subscribe");
  FakeCall call(handler.host());
  EXPECT_EQ(handler.handle(subscribe(more), call), "consumed") << more;
  EXPECT_TRUE(call.acknowledged);
  EXPECT_TRUE(handler.host().violations().empty());
  EXPECT_EQ(call.subscribed.size(), 1u);
  return call.subscribed.empty() ? Subscription{} : call.subscribed.front();
}

TEST(Subscribe, AsksForEverythingOfATypeByDefault) {
  const auto subscription = asked("");

  EXPECT_EQ(subscription.id, "default");
  EXPECT_EQ(subscription.type, "coordinate_update");
  EXPECT_EQ(subscription.key_glob, "");
  EXPECT_TRUE(subscription.boxes.empty());
  EXPECT_EQ(subscription.min_interval, 0ns);
  EXPECT_EQ(subscription.slow_clients, Subscription::SlowClients::AsRoute);
}

TEST(Subscribe, AsksForWhatEachFieldSays) {
  const auto subscription = asked(
      R"(,"id":"로봇","prim_path":"/World/Robots/**","bbox":[126,36,128,38],"min_interval":0.5,"policy":"drop_oldest","timestamp":"now","unknown":{})");

  EXPECT_EQ(subscription.id, "로봇");
  EXPECT_EQ(subscription.key_glob, "/World/Robots/**");
  EXPECT_EQ(subscription.boxes.size(), 1u);
  EXPECT_EQ(subscription.min_interval, 500ms);
  EXPECT_EQ(subscription.slow_clients, Subscription::SlowClients::DropOldest);
}

TEST(Subscribe, KnowsThePolicies) {
  EXPECT_EQ(asked(R"(,"policy":"conflate")").slow_clients, Subscription::SlowClients::Conflate);
  EXPECT_EQ(asked(R"(,"policy":"disconnect")").slow_clients, Subscription::SlowClients::Disconnect);
}

TEST(Subscribe, TakesIntervalsToTheNanosecond) {
  EXPECT_EQ(asked(R"(,"min_interval":0)").min_interval, 0ns);
  EXPECT_EQ(asked(R"(,"min_interval":1e-9)").min_interval, 1ns);
  EXPECT_EQ(asked(R"(,"min_interval":0.1)").min_interval, 100ms);
  EXPECT_EQ(asked(R"(,"min_interval":3600)").min_interval, 1h);
}

TEST(Subscribe, BoundsWhatItIsGiven) {
  const std::string id(64, 'i'), pattern = "/" + std::string(255, '*');

  EXPECT_EQ(asked(R"(,"id":")" + id + "\"").id, id);
  EXPECT_EQ(asked(R"(,"prim_path":")" + pattern + "\"").key_glob, pattern);
}

TEST(Subscribe, NamesTheFieldAndWhatItMustBe) {
  struct Case {
    std::string members;
    const char* sentence;
  };
  HandlerTest handler("subscribe");
  for (const auto& [members, sentence] : {
           Case{R"(,"id":1)", "Field 'id' must be a string"},
           Case{R"(,"id":null)", "Field 'id' must be a string"},
           Case{R"(,"id":"")", "Field 'id' must not be empty"},
           Case{R"(,"id":")" + std::string(65, 'x') + "\"", "Field 'id' must be at most 64 bytes long"},
           Case{R"(,"prim_path":["/World"])", "Field 'prim_path' must be a string"},
           Case{R"(,"prim_path":"")", "Field 'prim_path' must not be empty"},
           Case{R"(,"prim_path":"/)" + std::string(256, 'x') + "\"",
                "Field 'prim_path' must be at most 256 bytes long"},
           Case{R"(,"min_interval":"0.5")", "Field 'min_interval' must be a number"},
           Case{R"(,"min_interval":-0.001)", "Field 'min_interval' must be from 0 to 3600 seconds"},
           Case{R"(,"min_interval":3600.001)", "Field 'min_interval' must be from 0 to 3600 seconds"},
           Case{R"(,"min_interval":1e300)", "Field 'min_interval' must be from 0 to 3600 seconds"},
           Case{R"(,"policy":"newest")", "Field 'policy' must be one of conflate, drop_oldest, disconnect"},
           Case{R"(,"policy":"")", "Field 'policy' must be one of conflate, drop_oldest, disconnect"},
           Case{R"(,"policy":true)", "Field 'policy' must be a string"},
           Case{R"(,"timestamp":1)", "Field 'timestamp' must be a string"},
       }) {
    FakeCall call(handler.host());

    EXPECT_EQ(handler.handle(subscribe(members), call), invalid(sentence));

    EXPECT_TRUE(call.subscribed.empty()) << members;
    EXPECT_FALSE(call.acknowledged) << members;
  }
}

TEST(Subscribe, AsksForAMessageType) {
  HandlerTest handler("subscribe");

  EXPECT_EQ(handler.handle(R"({"type":"subscribe"})"),
            invalid("Field 'message_type' is required and must be a string"));
  EXPECT_EQ(handler.handle(R"({"type":"subscribe","message_type":7})"),
            invalid("Field 'message_type' must be a string"));
  EXPECT_EQ(handler.handle(R"({"type":"subscribe","message_type":""})"),
            invalid("Field 'message_type' must not be empty"));
}

TEST(Subscribe, PassesTheHostsRefusalOn) {
  HandlerTest handler("subscribe");
  for (const auto status : {OMNIBROKER_NOT_FOUND, OMNIBROKER_UNSUPPORTED, OMNIBROKER_RESOURCE_EXHAUSTED}) {
    FakeCall call(handler.host());
    call.subscription_status = status;
    call.subscription_refusal = "It cannot be";

    EXPECT_EQ(handler.handle(subscribe(""), call), "SUBSCRIPTION_FAILED: It cannot be");

    EXPECT_FALSE(call.acknowledged);
  }
}

TEST(Subscribe, TakesAPatternThatCannotBeForABadField) {
  HandlerTest handler("subscribe");
  FakeCall call(handler.host());
  call.subscription_status = OMNIBROKER_INVALID_ARGUMENT;
  call.subscription_refusal = "The pattern has too many stars";

  EXPECT_EQ(handler.handle(subscribe(R"(,"prim_path":"***")"), call), invalid("The pattern has too many stars"));
}

TEST(Subscribe, SaysThatAHostHasNoSubscriptions) {
  omnibroker::testing::FakeHost host;
  host.take_away(OMNIBROKER_HOST_SUBSCRIPTIONS);
  omnibroker::testing::ComponentUnderTest handler(host, *omnibroker_plugin_entry_v1(), "subscribe");
  ASSERT_TRUE(handler.bring_up());
  FakeCall call(host);

  EXPECT_EQ(handler.handle(subscribe(""), call), OMNIBROKER_REFUSE);

  EXPECT_EQ(call.refused_code, "SUBSCRIPTION_FAILED");
}

TEST(Subscribe, ReadsThePatternFromTheFieldOfTheRoute) {
  HandlerTest handler("subscribe", {{"key_field", "sensor"}});
  FakeCall call(handler.host());

  EXPECT_EQ(handler.handle(subscribe(R"(,"sensor":"s-*","prim_path":7)"), call), "consumed");

  ASSERT_EQ(call.subscribed.size(), 1u);
  EXPECT_EQ(call.subscribed[0].key_glob, "s-*");
  EXPECT_EQ(handler.handle(subscribe(R"(,"sensor":7)")), invalid("Field 'sensor' must be a string"));
}

TEST(Subscribe, SaysWhatItsMessagesAndFailuresAreCalled) {
  HandlerTest handler("subscribe");
  const auto* table = handler.component().table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->failure_code, "SUBSCRIPTION_FAILED");
  EXPECT_STREQ(table->noun, "subscriptions");
}

TEST(Subscribe, RefusesOptionsThatCannotBe) {
  for (const auto& [name, value] :
       {std::pair{"key_field", "\"\""}, std::pair{"position", "[latitude]"}, std::pair{"position", "[]"},
        std::pair{"position", "[latitude, longitude, latitude]"}, std::pair{"position", "[north, east]"}}) {
    HandlerTest handler("subscribe", {{name, value}});

    ASSERT_FALSE(handler.up()) << value;
    EXPECT_NE(handler.up().error().message.find(name), std::string::npos) << handler.up().error().message;
  }
}

}  // namespace
