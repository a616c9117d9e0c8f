#include "handled.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using omnibroker::testing::FakeCall;

std::string selection(const std::string& prim_path) {
  return R"({"type":"select_object","prim_path":)" + prim_path + "}";
}

TEST(SelectObject, LeavesARightMessageAsItIs) {
  HandlerTest handler("select_object");
  for (const auto& message : {selection("\"/World/Husky_01\""), selection("\"/\",\"timestamp\":\"now\",\"unknown\":{}"),
                              selection("\"/" + std::string(1023, 'x') + "\"")}) {
    FakeCall call(handler.host());

    EXPECT_EQ(handler.handle(message, call), "accepted");

    EXPECT_FALSE(call.replaced);
    EXPECT_FALSE(call.acknowledged);
  }
  EXPECT_TRUE(handler.host().violations().empty());
}

TEST(SelectObject, NamesTheFieldAndWhatItMustBe) {
  HandlerTest handler("select_object");
  const auto refused = [](const char* sentence) {
    return std::string("INVALID_MESSAGE_FORMAT: Field 'prim_path' ") + sentence;
  };

  EXPECT_EQ(handler.handle(R"({"type":"select_object"})"), refused("is required and must be a string"));
  for (const char* value : {"null", "7", "true", "[]", "{}"})
    EXPECT_EQ(handler.handle(selection(value)), refused("must be a string"));
  EXPECT_EQ(handler.handle(selection("\"\"")), refused("must not be empty"));
  for (const char* value : {"\"World\"", "\" /World\"", "\"./World\""}) {
    EXPECT_EQ(handler.handle(selection(value)), refused("must be an absolute path, which begins with '/'"));
  }
  EXPECT_EQ(handler.handle(selection("\"/" + std::string(1024, 'x') + "\"")),
            refused("must be at most 1024 bytes long"));
  EXPECT_EQ(handler.handle(selection("\"/\",\"timestamp\":1")),
            "INVALID_MESSAGE_FORMAT: Field 'timestamp' must be a string");
}

TEST(SelectObject, SaysWhatItsMessagesAndFailuresAreCalled) {
  HandlerTest handler("select_object");
  const auto* table = handler.component().table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->failure_code, "OBJECT_SELECTION_FAILED");
  EXPECT_STREQ(table->noun, "object selection commands");
}

}  // namespace
