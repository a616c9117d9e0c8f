#include "parsed.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using Verdict = omnibroker::core::Envelope::Verdict;

/// A message with one more member, `x`.
std::string with(std::string_view value) { return R"({"type":"t","x":)" + std::string(value) + "}"; }

std::string nested(int levels, std::string_view innermost, char open, char close) {
  std::string text(static_cast<std::size_t>(levels), open);
  return text.append(innermost).append(static_cast<std::size_t>(levels), close);
}

struct Case {
  const char* name;
  std::string message;
};

class Envelope : public ::testing::TestWithParam<Case> {};

TEST_P(Envelope, Accepts) {
  const Parsed parsed(GetParam().message);

  EXPECT_EQ(parsed.verdict(), Verdict::Ok) << GetParam().message;
  EXPECT_EQ(parsed.envelope().problem(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Messages, Envelope,
    ::testing::Values(
        Case{"TypeAlone", R"({"type":"t"})"},
        Case{"SpaceEverywhere", " \t\r\n{ \"type\"\n:\t\"t\" ,\r\"x\" : [ ] } \t\r\n"},
        Case{"TypeLast", R"({"x":{"y":[1,2,{"z":null}]},"type":"t"})"},
        Case{"EscapedType", R"({"ty\u0070e":"\u0063oordinate_update"})"},
        Case{"SameKeyInDifferentObjects", R"({"type":"t","a":{"type":1,"a":2},"b":{"a":3}})"},
        Case{"SameKeyTwiceInAnInnerObject", R"({"type":"t","metadata":{"a":1,"a":2}})"},
        Case{"KeysThatDifferInCase", R"({"type":"t","Type":1,"TYPE":2})"},
        Case{"KeysThatDifferInNormalForm", "{\"type\":\"t\",\"\xC3\xA9\":1,\"e\xCC\x81\":2}"},
        Case{"EmptyKey", R"({"type":"t","":1})"}, Case{"Korean", "{\"type\":\"좌표\",\"이름\":\"로봇 허스키\"}"},
        Case{"SurrogatePair", with(R"("\ud83d\ude00")")}, Case{"LastSurrogatePair", with(R"("\uDBFF\uDFFF")")},
        Case{"NulEscape", with(R"("\u0000")")}, Case{"EveryShortEscape", with(R"("\"\\\/\b\f\n\r\t")")},
        Case{"Delete", with("\"\x7F\"")}, Case{"NonCharacter", with("\"\xEF\xBF\xBF\"")},
        Case{"BomInsideAString", with("\"\xEF\xBB\xBF\"")}, Case{"LastCodePoint", with("\"\xF4\x8F\xBF\xBF\"")}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Envelope,
    ::testing::Values(
        Case{"Zero", with("0")}, Case{"NegativeZero", with("-0")}, Case{"NegativeZeroPoint", with("-0.0")},
        Case{"Exponents", with("[1e5,1E5,1e+5,1e-5,1.5e05]")}, Case{"LargestInt64", with("9223372036854775807")},
        Case{"LargestUint64", with("18446744073709551615")}, Case{"OneAboveUint64", with("18446744073709551616")},
        Case{"OneBelowInt64", with("-9223372036854775809")},
        Case{"ThirtyDigits", with("123456789012345678901234567890")},
        Case{"LongIntegersEverywhere",
             R"({"n":-98765432109876543210,"type":"t","a":[18446744073709551616 ,20000000000000000000]})"},
        Case{"LongIntegerBesideOneInAString",
             R"({"type":"t","s":"99999999999999999999 \" 99999999999999999999","n":99999999999999999999})"},
        Case{"InADoublesRangeWith309Digits", with("1" + std::string(308, '0'))},
        Case{"LargestDouble", with("1.7976931348623157e308")},
        Case{"RoundsDownToTheLargestDouble", with("1.7976931348623158e308")},
        Case{"SmallestDenormal", with("4.9e-324")}, Case{"VanishesIntoZero", with("1e-400")},
        Case{"ManyDecimals", with("0." + std::string(600, '3'))},
        Case{"ManyZeros", with("0." + std::string(600, '0') + "1e300")},
        Case{"HugeExponentOfZero", with("0e99999999999999999999999999")},
        Case{"HugeNegativeExponent", with("5e-99999999999999999999999999")}));

INSTANTIATE_TEST_SUITE_P(
    Depths, Envelope,
    ::testing::Values(Case{"ThirtyTwoLevels", with(nested(31, "1", '[', ']'))},
                      Case{"ThirtyTwoLevelsTheLastEmpty", with(nested(31, "", '[', ']'))},
                      Case{"ThirtyTwoLevelsTheLastAnEmptyObject", with(nested(30, "{}", '[', ']'))},
                      Case{"ThirtyTwoLevelsTheLastAnObject", with(nested(30, R"({"a":1})", '[', ']'))},
                      Case{"ThirtyTwoLevelsWithALongInteger", with(nested(31, "99999999999999999999", '[', ']'))},
                      Case{"ThirtyTwoLevelsTwice", R"({"type":"t","a":)" + nested(31, "1", '[', ']') +
                                                       ",\"b\":" + nested(31, "2", '[', ']') + "}"},
                      Case{"BracketsInAString", with('"' + std::string(100, '[') + '"')},
                      Case{"ManyOnOneLevel", with("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],["
                                                  "],[],[],[],[],[],[],[],[],[],[],[]]")}));

TEST(Envelope, AcceptsAMessageOfExactlyTheLargestSize) {
  const std::string padding(65536 - with("\"\"").size(), 'x');
  const std::string message = with('"' + padding + '"');
  ASSERT_EQ(message.size(), 65536u);

  EXPECT_EQ(Parsed(message).verdict(), Verdict::Ok);
}

TEST(Envelope, AcceptsALargestMessageFullOfLongIntegers) {
  std::string message = R"({"type":"t","x":[0)";
  while (message.size() < 65000) message += ",9223372036854775808,-99999999999999999999";
  message += "]}";

  EXPECT_EQ(Parsed(message).verdict(), Verdict::Ok);
}

}  // namespace
