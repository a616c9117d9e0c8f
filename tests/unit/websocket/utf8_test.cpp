#include <string>
#include <vector>
#include <websocket/utf8.hpp>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

std::string encoded(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), byte(0x80 | (point >> 6 & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

bool feed(Utf8Validator& validator, std::string_view text) {
  return validator.feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// How many bytes pass before the first that cannot be right, fed one by one; the size if all do.
std::size_t passes(std::string_view text) {
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!feed(validator, text.substr(i, 1))) return i;
  }
  return text.size();
}

TEST(Utf8, TakesEveryCodePointButSurrogates) {
  for (std::uint32_t point = 0; point <= 0x10FFFF; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (is_utf8(encoded(point)) == surrogate) FAIL() << std::hex << point;
    if (is_utf8(encoded(point) + "more") == surrogate) FAIL() << std::hex << point << " with more behind";
  }
}

// Whole characters are read at once where there are bytes enough, which must not show.
TEST(Utf8, JudgesManyBytesAsItJudgesSingleOnes) {
  const std::string others("\x00\x7F\x80\xBF\xC3\xF4", 6);
  for (int lead = 0x80; lead <= 0xFF; ++lead) {
    for (int second = 0; second <= 0xFF; ++second) {
      for (const char third : others) {
        for (const char fourth : others) {
          const std::string text{static_cast<char>(lead), static_cast<char>(second), third, fourth};
          Utf8Validator at_once;
          if (feed(at_once, text) != (passes(text) == text.size())) FAIL() << ::testing::PrintToString(text);
        }
      }
    }
  }
}

TEST(Utf8, RefusesAtTheFirstByteThatCannotBeRight) {
  struct Case {
    std::string text;
    std::size_t at;
  };
  const std::vector<Case> cases = {
      {"\x80", 0},  // a continuation with nothing before it
      {"a\xBF", 1},
      {"\xC0\x80", 0},  // overlong
      {"\xC1\xBF", 0},
      {"\xE0\x9F\xBF", 1},
      {"\xF0\x8F\xBF\xBF", 1},
      {"\xED\xA0\x80", 1},  // a surrogate
      {"\xED\xBF\xBF", 1},
      {"\xF4\x90\x80\x80", 1},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", 0},
      {"\xFE", 0},
      {"\xFF", 0},
      {"\xC3(", 1},  // a sequence broken off
      {"\xE2\x82(", 2},
      {"\xF0\x9F\x98(", 3},
      {std::string(40, 'x') + "\xC3\xA9" + std::string(40, 'x') + "\xFF", 82},
  };
  for (const auto& [text, at] : cases) {
    EXPECT_EQ(passes(text), at) << ::testing::PrintToString(text);
    EXPECT_FALSE(is_utf8(text)) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, MayBeCutAnywhere) {
  const std::string text = "z\u00df\u6c34\U0001F34C and then some ASCII, long enough for words \u20AC!";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator first;
    ASSERT_TRUE(feed(first, std::string_view(text).substr(0, cut)));
    Utf8Validator second(first.state());
    EXPECT_TRUE(feed(second, std::string_view(text).substr(cut)));
    EXPECT_TRUE(second.complete());
  }
}

TEST(Utf8, IsIncompleteInsideACharacter) {
  for (const std::string text : {"\xC3", "\xE2", "\xE2\x82", "\xF0", "\xF0\x9F", "\xF0\x9F\x98"}) {
    Utf8Validator validator;
    EXPECT_TRUE(feed(validator, text));
    EXPECT_FALSE(validator.complete());
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, CutsBeforeACharacterThatDoesNotFit) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abcd", 3), "abc");
  EXPECT_EQ(cut_utf8("ab\u20AC", 5), "ab\u20AC");
  EXPECT_EQ(cut_utf8("ab\u20AC", 4), "ab");
  EXPECT_EQ(cut_utf8("ab\u20AC", 3), "ab");
  EXPECT_EQ(cut_utf8("\U0001F34C", 3), "");
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
