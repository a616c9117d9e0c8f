#include "parsed.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

using namespace std::string_literals;

namespace {

using Verdict = omnibroker::core::Envelope::Verdict;

std::string with(std::string_view value) { return R"({"type":"t","x":)" + std::string(value) + "}"; }

std::string nested(int levels, std::string_view innermost) {
  std::string text(static_cast<std::size_t>(levels), '[');
  return text.append(innermost).append(static_cast<std::size_t>(levels), ']');
}

std::string with_keys(int count, std::string_view last_key) {
  std::string message = R"({"type":"t")";
  for (int i = 0; i < count; ++i) message += ",\"key" + std::to_string(i) + "\":" + std::to_string(i);
  return message + ",\"" + std::string(last_key) + "\":0}";
}

struct Case {
  const char* name;
  std::string message;
};

class NotJson : public ::testing::TestWithParam<Case> {};

TEST_P(NotJson, IsInvalidJson) {
  const Parsed parsed(GetParam().message);

  EXPECT_EQ(parsed.verdict(), Verdict::InvalidJson) << GetParam().message;
}

INSTANTIATE_TEST_SUITE_P(
    Structure, NotJson,
    ::testing::Values(Case{"Nothing", ""}, Case{"SpaceAlone", " \n\t\r "}, Case{"Word", "hello"},
                      Case{"HalfAnObject", R"({"type":"t")"}, Case{"OneBrace", "{"}, Case{"OneQuote", "\""},
                      Case{"ClosingAlone", "}"}, Case{"TrailingComma", R"({"type":"t",})"},
                      Case{"TrailingCommaInside", with("[1,]")}, Case{"LeadingComma", R"({,"type":"t"})"},
                      Case{"TwoCommas", R"({"type":"t",,"x":1})"}, Case{"NoComma", R"({"type":"t" "x":1})"},
                      Case{"NoColon", R"({"type" "t"})"}, Case{"TwoColons", R"({"type"::"t"})"},
                      Case{"NoValue", R"({"type":})"}, Case{"NumberAsKey", R"({"type":"t",1:2})"},
                      Case{"BareKey", R"({type:"t"})"}, Case{"SingleQuotes", R"({'type':'t'})"},
                      Case{"Mismatched", with("[1}")}, Case{"SecondValue", R"({"type":"t"} {"type":"t"})"},
                      Case{"SecondValueGlued", R"({"type":"t"}{})"}, Case{"TextBehind", R"({"type":"t"}x)"},
                      Case{"CommaBehind", R"({"type":"t"},)"}, Case{"BraceBehind", R"({"type":"t"}})"},
                      Case{"NulBehind", "{\"type\":\"t\"}\0"s}, Case{"NulBefore", "\0{\"type\":\"t\"}"s},
                      Case{"Bom", "\xEF\xBB\xBF{\"type\":\"t\"}"}, Case{"Utf16", "{\0\"\0"s},
                      Case{"Comment", R"({"type":"t"/**/})"}, Case{"LineComment", "{\"type\":\"t\"}//"},
                      Case{"FormFeedAsSpace", "\f{\"type\":\"t\"}"}, Case{"VerticalTabAsSpace", "{\v\"type\":\"t\"}"},
                      Case{"NoBreakSpace", "{\xC2\xA0\"type\":\"t\"}"}, Case{"HalfAWord", with("tru")},
                      Case{"WordTooLong", with("truex")}, Case{"WordInCapitals", with("True")},
                      Case{"NotANumber", with("NaN")}, Case{"Infinity", with("Infinity")},
                      Case{"NegativeInfinity", with("-Infinity")}, Case{"Undefined", with("undefined")},
                      Case{"None", with("None")}, Case{"ArrayWithoutEnd", "[1,2"}, Case{"BrokenScalar", "12x"},
                      Case{"TwoScalars", "1 2"}, Case{"BrokenArray", "[1 2]"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, NotJson,
    ::testing::Values(
        Case{"LoneHighSurrogate", with(R"("\ud800")")}, Case{"LoneLowSurrogate", with(R"("\udc00")")},
        Case{"TwoHighSurrogates", with(R"("\ud800\ud800")")}, Case{"TwoLowSurrogates", with(R"("\udc00\udc00")")},
        Case{"SurrogatesReversed", with(R"("\udc00\ud800")")}, Case{"HighSurrogateThenLetter", with(R"("\ud800a")")},
        Case{"HighSurrogateThenOtherEscape", with(R"("\ud800\n")")},
        Case{"HighSurrogateThenEscapedLetter", with(R"("\ud800\u0041")")},
        Case{"LoneSurrogateAsKey", R"({"type":"t","\udfff":1})"}, Case{"LoneSurrogateInCapitals", with(R"("\uDBFFx")")},
        Case{"UnknownEscape", with(R"("\x41")")}, Case{"EscapedQuoteAlone", with(R"("\'")")},
        Case{"ShortUnicodeEscape", with(R"("\u12")")}, Case{"UnicodeEscapeNotHex", with(R"("\u00g0")")},
        Case{"BackslashAtTheEnd", R"({"type":"t\)"}, Case{"StringWithoutEnd", R"({"type":"t)"},
        Case{"RawNewline", with("\"a\nb\"")}, Case{"RawTab", with("\"\t\"")}, Case{"RawNul", with("\"\0\""s)},
        Case{"RawUnitSeparator", with("\"\x1F\"")}, Case{"SurrogateInUtf8", with("\"\xED\xA0\x80\"")},
        Case{"OverlongSlash", with("\"\xC0\xAF\"")}, Case{"OverlongNul", with("\"\xE0\x80\x80\"")},
        Case{"OverlongThreeBytes", with("\"\xE0\x9F\xBF\"")}, Case{"OverlongFourBytes", with("\"\xF0\x8F\xBF\xBF\"")},
        Case{"BeyondUnicode", with("\"\xF4\x90\x80\x80\"")}, Case{"FiveBytes", with("\"\xF8\x88\x80\x80\x80\"")},
        Case{"CutCharacter", with("\"\xE2\x82\"")}, Case{"ContinuationAlone", with("\"\x80\"")},
        Case{"Latin1", with("\"caf\xE9\"")}, Case{"NotUtf8OutsideStrings", "{\"type\":\"t\"}\xFF"},
        Case{"NotUtf8AsKey", "{\"type\":\"t\",\"\xFE\":1}"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, NotJson,
    ::testing::Values(Case{"LeadingZero", with("01")}, Case{"LeadingZeroNegative", with("-01")},
                      Case{"LeadingZeroLong", with("0123456789012345678901")}, Case{"Plus", with("+1")},
                      Case{"MinusAlone", with("-")}, Case{"NoDigitBeforePoint", with(".5")},
                      Case{"NoDigitBehindPoint", with("1.")}, Case{"NoDigitBehindPointInExponent", with("1.e5")},
                      Case{"ExponentWithoutDigits", with("1e")}, Case{"ExponentWithSignAlone", with("1e+")},
                      Case{"TwoPoints", with("1.2.3")}, Case{"TwoExponents", with("1e5e5")},
                      Case{"Hexadecimal", with("0x10")}, Case{"Underscore", with("1_000")},
                      Case{"LetterBehind", with("1a")}, Case{"MinusInside", with("1-2")},
                      Case{"LongIntegerWithLetter", with("12345678901234567890x")},
                      Case{"LongIntegerWithMinus", with("12345678901234567890-1")},
                      Case{"LongIntegerThenPoint", with("12345678901234567890.")},
                      Case{"LongIntegerThenExponent", with("12345678901234567890e")},
                      Case{"TwoLongIntegers", with("12345678901234567890 12345678901234567890")},
                      Case{"BeyondADouble", with("1e309")}, Case{"BeyondADoubleNegative", with("-1e309")},
                      Case{"BeyondADoubleByRounding", with("1.7976931348623159e308")},
                      Case{"BeyondADoubleDeepInside", with(R"({"a":[{"b":[1e999]}]})")},
                      Case{"IntegerBeyondADouble", with("1" + std::string(309, '0'))},
                      Case{"HugeExponent", with("1e99999999999999999999999999")},
                      Case{"FullWidthDigit", with("\xEF\xBC\x91")}));

INSTANTIATE_TEST_SUITE_P(
    DuplicateKeys, NotJson,
    ::testing::Values(Case{"Type", R"({"type":"t","type":"t"})"}, Case{"Other", R"({"a":1,"type":"t","a":1})"},
                      Case{"Empty", R"({"":1,"type":"t","":2})"},
                      Case{"OneOfThemEscaped", R"({"type":"t","\u0074ype":"u"})"},
                      Case{"BothEscapedDifferently", R"({"type":"t","\u00e9":1,"\u00E9":2})"},
                      Case{"OneEscapedOneNot", "{\"type\":\"t\",\"\xC3\xA9\":1,\"\\u00e9\":2}"},
                      Case{"OfDifferentKinds", R"({"type":"t","a":{},"a":[]})"},
                      Case{"WithNul", R"({"type":"t","a\u0000b":1,"a\u0000b":2})"},
                      Case{"AmongSixteen", with_keys(14, "key3")}, Case{"AmongSeventeen", with_keys(15, "key3")},
                      Case{"AmongThousands", with_keys(5000, "key4999")}, Case{"WithoutType", R"({"a":1,"a":2})"},
                      Case{"WithALongInteger", R"({"type":"t","a":99999999999999999999,"a":2})"}));

INSTANTIATE_TEST_SUITE_P(
    Depths, NotJson,
    ::testing::Values(Case{"ThirtyThreeLevels", with(nested(32, "1"))},
                      Case{"ThirtyThreeLevelsTheLastEmpty", with(nested(32, ""))},
                      Case{"ThirtyThreeLevelsTheLastAnEmptyObject", with(nested(31, "{}"))},
                      Case{"ThirtyThreeLevelsTheLastAnObject", with(nested(31, R"({"a":1})"))},
                      Case{"ThirtyThreeArrays", nested(33, "")}, Case{"ThirtyFourLevels", with(nested(33, ""))},
                      Case{"SecondBranch", R"({"type":"t","a":)" + nested(31, "") + ",\"b\":" + nested(32, "") + "}"},
                      Case{"WithALongInteger", with(nested(32, "99999999999999999999"))},
                      Case{"AHundredThousandOpen", std::string(100'000, '[')}, Case{"AHundredThousandObjects", [] {
                                                                                      std::string text;
                                                                                      for (int i = 0; i < 20'000; ++i)
                                                                                        text += "{\"a\":";
                                                                                      return text;
                                                                                    }()}));

struct Malformed {
  const char* name;
  std::string message;
  std::string_view problem;
};

class NotAMessage : public ::testing::TestWithParam<Malformed> {};

TEST_P(NotAMessage, IsInvalidFormat) {
  const Parsed parsed(GetParam().message);

  EXPECT_EQ(parsed.verdict(), Verdict::InvalidFormat) << GetParam().message;
  EXPECT_EQ(parsed.envelope().problem(), GetParam().problem);
}

constexpr std::string_view kObject = "The message must be a JSON object";
constexpr std::string_view kRequired = "Field 'type' is required and must be a string";
constexpr std::string_view kString = "Field 'type' must be a string";
constexpr std::string_view kEmpty = "Field 'type' must not be empty";

INSTANTIATE_TEST_SUITE_P(Values, NotAMessage,
                         ::testing::Values(Malformed{"Array", "[]", kObject},
                                           Malformed{"ArrayOfAMessage", R"([{"type":"t"}])", kObject},
                                           Malformed{"String", R"("type")", kObject},
                                           Malformed{"Number", "12", kObject}, Malformed{"Decimal", "-1.5e3", kObject},
                                           Malformed{"LongInteger", "123456789012345678901234567890", kObject},
                                           Malformed{"True", "true", kObject}, Malformed{"False", " false ", kObject},
                                           Malformed{"Null", "null\n", kObject},
                                           Malformed{"EmptyObject", "{}", kRequired},
                                           Malformed{"NoType", R"({"client_type":"web_ui"})", kRequired},
                                           Malformed{"TypeInCapitals", R"({"Type":"t"})", kRequired},
                                           Malformed{"TypeInside", R"({"message":{"type":"t"}})", kRequired},
                                           Malformed{"TypeNull", R"({"type":null})", kString},
                                           Malformed{"TypeNumber", R"({"type":1})", kString},
                                           Malformed{"TypeBoolean", R"({"type":true})", kString},
                                           Malformed{"TypeObject", R"({"type":{"type":"t"}})", kString},
                                           Malformed{"TypeArray", R"({"type":["t"]})", kString},
                                           Malformed{"TypeEmpty", R"({"type":""})", kEmpty}));

TEST(NotAMessage, LongerThanTheLargestIsRefusedUnread) {
  omnibroker::core::Envelope envelope(64);
  std::string message = with('"' + std::string(100, 'x') + '"');
  const std::size_t size = message.size();
  message.append(omnibroker::core::Envelope::kPadding, ' ');

  EXPECT_EQ(envelope.parse(reinterpret_cast<const std::uint8_t*>(message.data()), size), Verdict::InvalidFormat);
  EXPECT_EQ(envelope.problem(), "The message is longer than this server takes");
}

}  // namespace
