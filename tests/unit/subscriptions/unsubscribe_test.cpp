#include "requests.hpp"

namespace {

using omnibroker::testing::FakeCall;

TEST(Unsubscribe, EndsWhatTheIdNames) {
  HandlerTest handler("unsubscribe");
  FakeCall call(handler.host());

  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","id":"robots"})", call), "consumed");
  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","timestamp":"now"})", call), "consumed");

  EXPECT_EQ(call.unsubscribed, (std::vector<std::string>{"robots", "default"}));
  EXPECT_TRUE(call.acknowledged);
  EXPECT_TRUE(handler.host().violations().empty());
}

TEST(Unsubscribe, SaysThatAnIdIsUnknown) {
  HandlerTest handler("unsubscribe");
  FakeCall call(handler.host());
  call.subscription_status = OMNIBROKER_NOT_FOUND;

  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","id":"robots"})", call),
            "SUBSCRIPTION_FAILED: There is no subscription with the id 'robots'");

  EXPECT_FALSE(call.acknowledged);
}

TEST(Unsubscribe, NamesTheFieldAndWhatItMustBe) {
  HandlerTest handler("unsubscribe");

  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","id":7})"), invalid("Field 'id' must be a string"));
  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","id":""})"), invalid("Field 'id' must not be empty"));
  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","id":")" + std::string(65, 'x') + "\"}"),
            invalid("Field 'id' must be at most 64 bytes long"));
  EXPECT_EQ(handler.handle(R"({"type":"unsubscribe","timestamp":7})"), invalid("Field 'timestamp' must be a string"));
}

}  // namespace
