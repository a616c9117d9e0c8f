#include "handled.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using omnibroker::testing::FakeCall;

/// A right update, but for one field: `value` as JSON, nothing to leave it out.
std::string with(const std::string& field, const std::string& value) {
  std::vector<std::pair<std::string, std::string>> fields = {{"prim_path", "\"/World/Husky_01\""},
                                                             {"latitude", "37.5"},
                                                             {"longitude", "127.5"},
                                                             {"height", "1"},
                                                             {"metadata", "{}"},
                                                             {"timestamp", "\"now\""}};
  std::string message = R"({"type":"coordinate_update")";
  for (const auto& [name, right] : fields) {
    const auto& written = name == field ? value : right;
    if (!written.empty()) message += ",\"" + name + "\":" + written;
  }
  return message + "}";
}

struct Wrong {
  const char* field;
  std::string value;
  const char* sentence;
};

class CoordinateUpdate : public ::testing::TestWithParam<Wrong> {};

TEST_P(CoordinateUpdate, NamesTheFieldAndWhatItMustBe) {
  HandlerTest handler("coordinate_update");
  FakeCall call(handler.host());

  EXPECT_EQ(handler.handle(with(GetParam().field, GetParam().value), call),
            std::string("INVALID_MESSAGE_FORMAT: Field '") + GetParam().field + "' " + GetParam().sentence);

  EXPECT_FALSE(call.replaced);
}

constexpr const char* kLatitude = "must be a number from -90 to 90";
constexpr const char* kLongitude = "must be a number from -180 to 180";

INSTANTIATE_TEST_SUITE_P(
    Fields, CoordinateUpdate,
    ::testing::Values(
        Wrong{"prim_path", "", "is required and must be a string"}, Wrong{"prim_path", "null", "must be a string"},
        Wrong{"prim_path", "7", "must be a string"}, Wrong{"prim_path", "\"\"", "must not be empty"},
        Wrong{"prim_path", "\"World\"", "must be an absolute path, which begins with '/'"},
        Wrong{"prim_path", "\"/" + std::string(1024, 'x') + "\"", "must be at most 1024 bytes long"},
        Wrong{"latitude", "", "is required and must be a number from -90 to 90"}, Wrong{"latitude", "null", kLatitude},
        Wrong{"latitude", "\"37\"", kLatitude}, Wrong{"latitude", "90.0000001", kLatitude},
        Wrong{"latitude", "-90.0000001", kLatitude}, Wrong{"latitude", "1e308", kLatitude},
        Wrong{"longitude", "", "is required and must be a number from -180 to 180"},
        Wrong{"longitude", "[]", kLongitude}, Wrong{"longitude", "180.0000001", kLongitude},
        Wrong{"longitude", "-181", kLongitude}, Wrong{"height", "null", "must be a number"},
        Wrong{"height", "\"1\"", "must be a number"}, Wrong{"height", "true", "must be a number"},
        Wrong{"metadata", "null", "must be an object"}, Wrong{"metadata", "[]", "must be an object"},
        Wrong{"metadata", "\"{}\"", "must be an object"}, Wrong{"timestamp", "1705314600", "must be a string"},
        Wrong{"timestamp", "null", "must be a string"}));

TEST(CoordinateUpdate, LeavesARightMessageAsItIs) {
  HandlerTest handler("coordinate_update");
  for (const auto& message :
       {with("", ""), with("latitude", "-90"), with("latitude", "90.0"), with("longitude", "-180.000"),
        with("longitude", "18e1"), with("height", "-0"), with("height", "1e300"), with("metadata", ""),
        with("timestamp", ""), with("prim_path", "\"/\""), with("prim_path", "\"/" + std::string(1023, 'x') + "\""),
        with("unknown", "[1]")}) {
    FakeCall call(handler.host());

    EXPECT_EQ(handler.handle(message, call), "accepted") << message;

    EXPECT_FALSE(call.replaced) << message;
    EXPECT_FALSE(call.acknowledged);
  }
  EXPECT_TRUE(handler.host().violations().empty());
}

TEST(CoordinateUpdate, CountsThePathInBytesOfUtf8HoweverItIsWritten) {
  HandlerTest handler("coordinate_update");
  std::string raw = "\"/", escaped = "\"/";
  for (int i = 0; i < 341; ++i) raw += "\xED\x95\x9C", escaped += "\\ud55c";  // 3 bytes each: 1,024 in all

  EXPECT_EQ(handler.handle(with("prim_path", raw + "\"")), "accepted");
  EXPECT_EQ(handler.handle(with("prim_path", escaped + "\"")), "accepted");
  EXPECT_NE(handler.handle(with("prim_path", raw + "x\"")), "accepted");
  EXPECT_NE(handler.handle(with("prim_path", escaped + "x\"")), "accepted");
}

TEST(CoordinateUpdate, AddsTheHeightThatIsMissingAndNothingElse) {
  HandlerTest handler("coordinate_update");
  for (const std::string body :
       {R"({"type":"coordinate_update","prim_path":"/p","latitude":1.50,"longitude":2)",
        R"({"type":"coordinate_update","prim_path":"/p","latitude":1,"longitude":2,"metadata":{"height":1})",
        "{\"type\":\"coordinate_update\",\"prim_path\":\"/p\",\"latitude\":1,\"longitude\":2 \n"}) {
    FakeCall call(handler.host());

    EXPECT_EQ(handler.handle(body + "}", call), "accepted");

    EXPECT_EQ(call.delivered(body + "}"), body + ",\"height\":0.0}");
  }
}

TEST(CoordinateUpdate, SaysWhatItsMessagesAndFailuresAreCalled) {
  HandlerTest handler("coordinate_update");
  const auto* table = handler.component().table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->failure_code, "COORDINATE_UPDATE_FAILED");
  EXPECT_STREQ(table->noun, "coordinate updates");
}

}  // namespace
