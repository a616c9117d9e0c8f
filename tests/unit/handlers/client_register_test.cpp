#include "handled.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using omnibroker::testing::FakeCall;

constexpr const char* kMissing = "INVALID_MESSAGE_FORMAT: Field 'client_type' is required and must be a string";
constexpr const char* kNoString = "INVALID_MESSAGE_FORMAT: Field 'client_type' must be a string";

std::string registration(const std::string& client_type) {
  return R"({"type":"client_register","client_type":")" + client_type + "\"}";
}

TEST(ClientRegister, RegistersTheRoleAndAcknowledges) {
  HandlerTest handler("client_register");
  for (const std::string client_type : {"omniverse_extension", "web_ui"}) {
    FakeCall call(handler.host());

    EXPECT_EQ(handler.handle(registration(client_type), call), "consumed");

    EXPECT_EQ(call.registered_role, client_type);
    EXPECT_TRUE(call.acknowledged);
    EXPECT_FALSE(call.replaced);
  }
  EXPECT_TRUE(handler.host().violations().empty());
}

TEST(ClientRegister, AcknowledgesTheSameAgain) {
  HandlerTest handler("client_register");
  FakeCall call(handler.host());
  call.sender.role = "web_ui";

  EXPECT_EQ(handler.handle(registration("web_ui"), call), "consumed");

  EXPECT_TRUE(call.acknowledged);
}

TEST(ClientRegister, RefusesAnotherTypeThanTheFirst) {
  HandlerTest handler("client_register");
  FakeCall call(handler.host());
  call.sender.role = "web_ui";

  EXPECT_EQ(handler.handle(registration("omniverse_extension"), call),
            "REGISTRATION_FAILED: This client is registered as web_ui already");

  EXPECT_FALSE(call.acknowledged);
}

TEST(ClientRegister, RefusesATypeThatIsNotConfiguredWithoutAskingForTheRole) {
  HandlerTest handler("client_register");
  FakeCall call(handler.host());

  EXPECT_EQ(handler.handle(registration("invalid_type"), call),
            "UNSUPPORTED_CLIENT_TYPE: Unsupported client type: invalid_type");

  EXPECT_EQ(call.registered_role, "");
  EXPECT_FALSE(call.acknowledged);
}

TEST(ClientRegister, RefusesATypeThatNoRouteKnows) {
  HandlerTest handler("client_register");
  FakeCall call(handler.host());
  call.known_roles = {"omniverse_extension"};

  EXPECT_EQ(handler.handle(registration("web_ui"), call), "UNSUPPORTED_CLIENT_TYPE: Unsupported client type: web_ui");
}

TEST(ClientRegister, TakesTheTypesThatAreConfigured) {
  HandlerTest handler("client_register", {{"client_types", "[robot, screen]"}});
  ASSERT_TRUE(handler.up()) << handler.up().error().message;
  FakeCall call(handler.host());
  call.known_roles = {"robot", "screen"};

  EXPECT_EQ(handler.handle(registration("robot"), call), "consumed");
  EXPECT_EQ(handler.handle(registration("web_ui")), "UNSUPPORTED_CLIENT_TYPE: Unsupported client type: web_ui");
}

TEST(ClientRegister, DoesNotComeUpWithoutTypes) {
  HandlerTest handler("client_register", {{"client_types", "[]"}});

  ASSERT_FALSE(handler.up());
  EXPECT_EQ(handler.up().error().message, "client_types must not be empty");
}

TEST(ClientRegister, NamesAFieldThatIsNotWhatItMustBe) {
  HandlerTest handler("client_register");

  EXPECT_EQ(handler.handle(R"({"type":"client_register"})"), kMissing);
  for (const char* value : {"null", "1", "true", "[]", "{}"}) {
    EXPECT_EQ(handler.handle(R"({"type":"client_register","client_type":)" + std::string(value) + "}"), kNoString)
        << value;
  }
  EXPECT_EQ(handler.handle(registration("")), "INVALID_MESSAGE_FORMAT: Field 'client_type' must not be empty");
  EXPECT_EQ(handler.handle(R"({"type":"client_register","client_type":"web_ui","timestamp":5})"),
            "INVALID_MESSAGE_FORMAT: Field 'timestamp' must be a string");
}

TEST(ClientRegister, ShortensTheSendersText) {
  HandlerTest handler("client_register");

  EXPECT_EQ(handler.handle(registration(std::string(5000, 'x'))),
            "UNSUPPORTED_CLIENT_TYPE: Unsupported client type: " + std::string(64, 'x') + "…");
}

TEST(ClientRegister, SaysWhatItsFailuresAreCalled) {
  HandlerTest handler("client_register");
  const auto* table = handler.component().table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->failure_code, "REGISTRATION_FAILED");
}

}  // namespace
