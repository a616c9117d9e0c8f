#include "parsed.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using Verdict = omnibroker::core::Envelope::Verdict;

TEST(Envelope, GivesTypeAndPayloadWithoutSpaceAroundIt) {
  const Parsed parsed(" \n {\"type\" : \"select_object\" } \t");

  ASSERT_EQ(parsed.verdict(), Verdict::Ok);
  EXPECT_EQ(parsed.envelope().type(), "select_object");
  EXPECT_EQ(parsed.envelope().payload(), R"({"type" : "select_object" })");
}

TEST(Envelope, GivesTheSendersBytesAlsoWhereItHadToReadACopy) {
  const std::string message = R"({"type":"t","n":123456789012345678901234567890})";
  const Parsed parsed(message);

  ASSERT_EQ(parsed.verdict(), Verdict::Ok);
  EXPECT_EQ(parsed.envelope().payload(), message);
  EXPECT_DOUBLE_EQ(parsed.field("n")->number, 1.2345678901234568e29);
}

TEST(Envelope, ResolvesEscapesInTypeKeysAndValues) {
  const Parsed parsed(R"({"type":"a\u00e9\n","k\u0065y":"\ud83d\ude00\u0000x"})");

  EXPECT_EQ(parsed.envelope().type(), "a\xC3\xA9\n");
  EXPECT_EQ(text_of(*parsed.field("key")), std::string_view("\xF0\x9F\x98\x80\0x", 6));
}

TEST(Envelope, GivesEveryKindOfValue) {
  const Parsed parsed(
      R"({"type":"t","n":null,"f":false,"y":true,"i":-7,"u":18446744073709551615,"d":37.5,"s":"","a":[],"o":{}})");

  EXPECT_EQ(parsed.field("n")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_NULL));
  EXPECT_EQ(parsed.field("f")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_BOOLEAN));
  EXPECT_EQ(parsed.field("f")->number, 0);
  EXPECT_EQ(parsed.field("y")->number, 1);
  EXPECT_EQ(parsed.field("i")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_NUMBER));
  EXPECT_EQ(parsed.field("i")->number, -7);
  EXPECT_EQ(parsed.field("u")->number, 18446744073709551615.0);
  EXPECT_EQ(parsed.field("d")->number, 37.5);
  EXPECT_EQ(parsed.field("s")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_STRING));
  EXPECT_EQ(text_of(*parsed.field("s")), "");
  EXPECT_EQ(parsed.field("a")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_ARRAY));
  EXPECT_EQ(parsed.field("o")->kind, static_cast<omnibroker_json_kind>(OMNIBROKER_JSON_OBJECT));
}

TEST(Envelope, FindsNoFieldThatIsNotThere) {
  const Parsed parsed(R"({"type":"t","metadata":{"speed":1}})");

  EXPECT_FALSE(parsed.field("speed"));
  EXPECT_FALSE(parsed.field(""));
  EXPECT_FALSE(parsed.field("typ"));
  EXPECT_FALSE(parsed.field("types"));
}

TEST(Envelope, FindsNoFieldInWhatIsNoMessage) {
  for (const char* message : {"", "[1]", "{\"type\":", "1", R"({"a":1,"a":2})"})
    EXPECT_FALSE(Parsed(message).field("a")) << message;
}

TEST(Envelope, FindsTheFieldsOfAnObjectWithoutType) {
  const Parsed parsed(R"({"a":1})");

  ASSERT_EQ(parsed.verdict(), Verdict::InvalidFormat);
  EXPECT_EQ(parsed.field("a")->number, 1);
}

TEST(Envelope, FindsMembersOfObjects) {
  const Parsed parsed(R"({"type":"t","metadata":{"speed":2.5,"inner":{"heading":45}}})");
  const auto metadata = parsed.field("metadata");
  ASSERT_TRUE(metadata);

  EXPECT_EQ(parsed.member(*metadata, "speed")->number, 2.5);
  EXPECT_EQ(parsed.member(*parsed.member(*metadata, "inner"), "heading")->number, 45);
  EXPECT_FALSE(parsed.member(*metadata, "heading"));
}

TEST(Envelope, RefusesToFindMembersOfOtherKinds) {
  const Parsed parsed(R"({"type":"t","list":[1]})");
  auto out = Parsed::empty();

  EXPECT_EQ(parsed.envelope().member(*parsed.field("list"), "a", out), OMNIBROKER_INVALID_ARGUMENT);
  EXPECT_EQ(parsed.envelope().member(*parsed.field("type"), "a", out), OMNIBROKER_INVALID_ARGUMENT);
}

TEST(Envelope, CountsElementsAndMembers) {
  const Parsed parsed(R"({"type":"t","list":[1,[2,3],{}],"object":{"a":1,"b":{"c":2}},"none":[]})");

  EXPECT_EQ(parsed.envelope().count(*parsed.field("list")), 3u);
  EXPECT_EQ(parsed.envelope().count(*parsed.field("object")), 2u);
  EXPECT_EQ(parsed.envelope().count(*parsed.field("none")), 0u);
  EXPECT_EQ(parsed.envelope().count(*parsed.field("type")), 0u);
}

TEST(Envelope, GivesElementsInAnyOrder) {
  const Parsed parsed(R"({"type":"t","list":[10,[1,2],12.5,"x",14]})");
  const auto list = *parsed.field("list");

  EXPECT_EQ(parsed.at(list, 4)->second.number, 14);
  EXPECT_EQ(parsed.at(list, 0)->second.number, 10);
  EXPECT_EQ(text_of(parsed.at(list, 3)->second), "x");
  EXPECT_EQ(parsed.at(list, 2)->second.number, 12.5);
  EXPECT_EQ(parsed.at(list, 2)->second.number, 12.5);
  EXPECT_EQ(parsed.at(list, 2)->first, "");
  EXPECT_FALSE(parsed.at(list, 5));
  EXPECT_FALSE(parsed.at(*parsed.field("type"), 0));
}

TEST(Envelope, GivesMembersWithTheirKeysInTheSendersOrder) {
  const Parsed parsed(R"({"type":"t","object":{"z":1,"a\n":[5],"":3}})");
  const auto object = *parsed.field("object");

  EXPECT_EQ(parsed.at(object, 0)->first, "z");
  EXPECT_EQ(parsed.at(object, 1)->first, "a\n");
  EXPECT_EQ(parsed.at(parsed.at(object, 1)->second, 0)->second.number, 5);
  EXPECT_EQ(parsed.at(object, 2)->first, "");
  EXPECT_EQ(parsed.at(object, 2)->second.number, 3);
  EXPECT_FALSE(parsed.at(object, 3));
}

TEST(Envelope, WalksManyContainersAtOnce) {
  std::string message = R"({"type":"t","rows":[)";
  for (int row = 0; row < 50; ++row) {
    message += (row == 0 ? "[" : ",[");
    for (int column = 0; column < 50; ++column) message += (column == 0 ? "" : ",") + std::to_string(row * 50 + column);
    message += "]";
  }
  const Parsed parsed(message + "]}");
  const auto rows = *parsed.field("rows");

  for (std::size_t column = 0; column < 50; ++column) {
    for (std::size_t row = 0; row < 50; ++row) {
      const auto cells = parsed.at(rows, row)->second;
      ASSERT_EQ(parsed.at(cells, column)->second.number, static_cast<double>(row * 50 + column));
    }
  }
}

TEST(Envelope, ForgetsTheMessageBefore) {
  omnibroker::core::Envelope envelope(1024);
  const auto parse = [&](std::string message) {
    const auto size = message.size();
    message.append(omnibroker::core::Envelope::kPadding, '\0');
    return envelope.parse(reinterpret_cast<const std::uint8_t*>(message.data()), size);
  };
  auto out = Parsed::empty();
  auto element = Parsed::empty();

  ASSERT_EQ(parse(R"({"type":"t","a":[1,2,3]})"), Verdict::Ok);
  ASSERT_EQ(envelope.field("a", out), OMNIBROKER_OK);
  ASSERT_EQ(envelope.at(out, 2, nullptr, element), OMNIBROKER_OK);
  ASSERT_EQ(parse("["), Verdict::InvalidJson);
  EXPECT_EQ(envelope.field("a", out), OMNIBROKER_NOT_FOUND);
  EXPECT_EQ(envelope.type(), "");
  ASSERT_EQ(parse("{}"), Verdict::InvalidFormat);
  EXPECT_NE(envelope.problem(), "");
  ASSERT_EQ(parse(R"({"type":"u","b":[["x"],["y"],["z"]]})"), Verdict::Ok);

  EXPECT_EQ(envelope.problem(), "");
  EXPECT_EQ(envelope.type(), "u");
  EXPECT_EQ(envelope.field("a", out), OMNIBROKER_NOT_FOUND);
  ASSERT_EQ(envelope.field("b", out), OMNIBROKER_OK);
  ASSERT_EQ(envelope.at(out, 2, nullptr, element), OMNIBROKER_OK);
  ASSERT_EQ(envelope.at(element, 0, nullptr, out), OMNIBROKER_OK);
  EXPECT_EQ(text_of(out), "z");
}

}  // namespace
