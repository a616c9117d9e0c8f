#include "params.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;

template <class Read>
std::string refusal(Read read) {
  try {
    read();
  } catch (const BadParameter& bad) {
    return bad.what();
  }
  return "none";
}

std::string nested(std::size_t depth) {
  return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

TEST(ClientJson, IsReadUpToADepth) {
  Json object;
  std::string problem;
  EXPECT_TRUE(parse_object(nested(kMostNested), object, problem));
  EXPECT_FALSE(parse_object(nested(kMostNested + 1), object, problem));
  EXPECT_EQ(problem, "nested deeper than 64 arrays and objects");
  EXPECT_FALSE(parse_object(std::string(1'000'000, '['), object, problem));
  EXPECT_TRUE(
      parse_object("{\"a\":\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"}", object, problem))
      << "brackets in texts are none";
}

TEST(ClientJson, IsAnObject) {
  Json object;
  std::string problem;
  for (const char* text : {"", "[]", "7", "{", "{\"a\":}", "null"}) {
    EXPECT_FALSE(parse_object(text, object, problem)) << text;
    EXPECT_EQ(problem, "no JSON object") << text;
  }
}

TEST(Params, HaveDefaultsWhereTheyAreNotThereOrNull) {
  for (const Json& params : {Json::object(), Json{{"a", nullptr}, {"path", nullptr}, {"message", nullptr}}}) {
    EXPECT_EQ(number_in(params, "a", 7), 7u);
    EXPECT_EQ(text_in(params, "a"), "");
    EXPECT_EQ(text_in(params, {"a", "b"}), "");
    EXPECT_FALSE(flag_in(params, "a"));
    EXPECT_FALSE(texts_in(params, "a"));
    EXPECT_FALSE(seconds_in(params, "a"));
    EXPECT_FALSE(message_in(params));
    EXPECT_EQ(path_in(params).path, "");
  }
}

TEST(Params, MayBeNumbersOrTextsOfDigits) {
  const Json params = {{"n", 12}, {"t", "18446744073709551615"}};
  EXPECT_EQ(number_in(params, "n"), 12u);
  EXPECT_EQ(number_in(params, "t"), ~std::uint64_t{0});
}

TEST(Params, OfAnotherTypeAreRefusedByNameTypeAndWhatWasExpected) {
  const std::string number = "a number from 0 on, or a text of digits";
  const auto etag = [](const Json& value) { return refusal([&] { number_in(Json{{"etag", value}}, "etag"); }); };
  EXPECT_EQ(etag(true), "etag is a boolean, and should be " + number);
  EXPECT_EQ(etag(-1), "etag is a negative number, and should be " + number);
  EXPECT_EQ(etag(1.5), "etag is a number with a fraction, and should be " + number);
  EXPECT_EQ(etag(Json::array()), "etag is an array, and should be " + number);
  for (const char* text : {"", "x", "1x", "-1", "18446744073709551616"}) {
    EXPECT_EQ(etag(text), "etag is a text that is no number, and should be " + number) << text;
  }
  EXPECT_EQ(refusal([] { text_in(Json{{"a", 1}}, "a"); }), "a is a number, and should be a text");
  EXPECT_EQ(refusal([] { text_in(Json{{"b", Json::object()}}, {"a", "b"}); }), "b is an object, and should be a text");
  EXPECT_EQ(refusal([] { flag_in(Json{{"a", "yes"}}, "a"); }), "a is a text, and should be true or false");
  EXPECT_EQ(refusal([] { texts_in(Json{{"a", "x"}}, "a"); }), "a is a text, and should be an array of texts");
  EXPECT_EQ(refusal([] { texts_in(Json{{"a", {"x", 1}}}, "a"); }), "a[] is a number, and should be a text");
  EXPECT_EQ(refusal([] { seconds_in(Json{{"a", "1"}}, "a"); }), "a is a text, and should be a number of seconds");
  EXPECT_EQ(refusal([] {
              path_in(Json{{"path", 1}});
            }),
            "path is a number, and should be a text, or an object with path, branch and checkpoint");
  EXPECT_EQ(refusal([] {
              path_in(Json{{"path", {{"path", "/a"}, {"branch", 1}}}});
            }),
            "branch is a number, and should be a text");
  EXPECT_EQ(refusal([] {
              path_in(Json{{"path", "/a"}, {"checkpoint", false}});
            }),
            "checkpoint is a boolean, and should be " + number);
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
