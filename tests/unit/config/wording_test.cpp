#include "config/wording.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

const std::vector<std::string_view> kNames = {"listeners", "listener", "path", "plugin", "max_message", "required"};

TEST(NearestName, ForgivesAMissingAnExtraAWrongAndASwappedLetter) {
  EXPECT_EQ(nearest("listners", kNames), "listeners");
  EXPECT_EQ(nearest("pluggin", kNames), "plugin");
  EXPECT_EQ(nearest("reqvired", kNames), "required");
  EXPECT_EQ(nearest("max_mesasge", kNames), "max_message");
}

TEST(NearestName, ForgivesCase) { EXPECT_EQ(nearest("Path", kNames), "path"); }

TEST(NearestName, PrefersTheNearer) {
  EXPECT_EQ(nearest("listenerss", kNames), "listeners");
  EXPECT_EQ(nearest("listene", kNames), "listener");
}

TEST(NearestName, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest("colour", kNames), "");
  EXPECT_EQ(nearest("", kNames), "");
  EXPECT_EQ(nearest("bath_of_glory", kNames), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), kNames), "");
}

TEST(NearestName, IsASentencePart) {
  EXPECT_EQ(did_you_mean("pth", kNames), " (did you mean \"path\"?)");
  EXPECT_EQ(did_you_mean("colour", kNames), "");
}

TEST(Shown, EscapesWhatWouldBreakALine) { EXPECT_EQ(shown("a\nb\x01\x7f"), "\"a\\nb\\x01\\x7f\""); }

TEST(Shown, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(shown("\xC3\xA4\xC3"), "\"\xC3\xA4\\xc3\"");
  EXPECT_EQ(shown("\xFF\xFE\xE2\x82\xAC"), "\"\\xff\\xfe\xE2\x82\xAC\"");
}

TEST(Shown, CutsLongTextBetweenCharacters) {
  const auto cut = shown(std::string(59, 'x') + "\xC3\xA4 and more");

  EXPECT_EQ(cut, "\"" + std::string(59, 'x') + "...\"");
}

TEST(Alternatives, AreSplitAndListed) {
  EXPECT_EQ(alternatives("a|b|c"), (std::vector<std::string_view>{"a", "b", "c"}));
  EXPECT_TRUE(alternatives(nullptr).empty());
  EXPECT_EQ(listing({"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(listing({"a"}), "a");
}

}  // namespace
}  // namespace omnibroker::core
