#include "session/selection.hpp"

#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

struct GlobCase {
  const char* glob;
  const char* text;
  bool matches;
};

TEST(Glob, MatchesAsTheTableSays) {
  const GlobCase cases[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"/World/Robot", "/World/Robot", true},
      {"/World/Robot", "/World/Robot_1", false},
      {"/World/Robot", "/World", false},
      {"/World/robot", "/World/Robot", false},
      // One star: any run of characters but a slash.
      {"*", "", true},
      {"*", "Robot", true},
      {"*", "/Robot", false},
      {"/*", "/", true},
      {"/World/*", "/World/Robot", true},
      {"/World/*", "/World/", true},
      {"/World/*", "/World", false},
      {"/World/*", "/World/Fleet/Robot", false},
      {"/World/*/Robot", "/World/Fleet/Robot", true},
      {"/World/*/Robot", "/World/A/B/Robot", false},
      {"/World/Robot_*", "/World/Robot_17", true},
      {"/World/Robot_*", "/World/Crane_17", false},
      {"*_1", "Robot_1_1", true},
      {"a*b*c", "axxbxxc", true},
      {"a*b*c", "axxcxxb", false},
      {"*a*a*", "a", false},
      {"*a*a*", "aa", true},
      // Two: any run at all.
      {"**", "", true},
      {"**", "/World/Fleet/Robot", true},
      {"/World/**", "/World/Fleet/Robot", true},
      {"/World/**", "/Warehouse/Robot", false},
      {"/World/**/Robot", "/World/A/B/C/Robot", true},
      {"/World/**/Robot", "/World/Robot", false},  // there are two slashes in the pattern
      {"/World/**Robot", "/World/Robot", true},
      {"**/Robot", "/World/Robot", true},
      {"**/Robot", "Robot", false},
      {"**_1", "/World/Robot_1", true},
      {"**a**b**", "/x/a/y/b/z", true},
      {"**a**b**", "/x/b/y/a/z", false},
      {"***", "/a/b", true},
      {"****", "/a/b", true},
      {"***/x", "a/b/x", true},
      // One and two together.
      {"**/*_1", "/World/Fleet/Robot_1", true},
      {"**/*_1", "/World/Robot_1/Arm", false},
      {"**/*_1/*", "/World/Robot_1/Arm", true},
      {"**a/b*c", "/xa/b/a/bc", true},
      {"**a/b*c", "/a/b/c", false},
      {"**a*/*b*c", "aa/ab/xc/a/bc", true},
      {"*/**/x", "a/b/c/x", true},
      {"*/**/x", "a/x", false},
      {"*a**b", "xa/y/b", true},
      {"/*/**", "/World/Fleet/Robot", true},
      // A question mark: one character but a slash.
      {"?", "", false},
      {"?", "a", true},
      {"?", "/", false},
      {"/World/Robot_??", "/World/Robot_17", true},
      {"/World/Robot_??", "/World/Robot_7", false},
      {"/World?Robot", "/World/Robot", false},
      {"*?", "a", true},
      {"*?", "", false},
      {"**?", "a/", false},
      // No other character is special.
      {"[ab]", "a", false},
      {"[ab]", "[ab]", true},
      {"{a,b}", "a", false},
      {"\\*", "\\x", true},
      {"a.c", "abc", false},
      {"\xEB\xA1\x9C*", "\xEB\xA1\x9C\xEB\xB4\x87", true},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(glob_matches(test.glob, test.text), test.matches) << test.glob << " and " << test.text;
  }
}

/// Slow and plain: whether the pattern from `g` on matches the text from `t` on, for all pairs.
bool matches_by_table(std::string_view glob, std::string_view text) {
  std::vector<std::vector<bool>> rest(glob.size() + 2, std::vector<bool>(text.size() + 1));
  rest[glob.size()][text.size()] = true;
  for (auto g = glob.size(); g-- > 0;) {
    const bool deep = glob.substr(g, 2) == "**";
    for (auto t = text.size() + 1; t-- > 0;) {
      const bool more = t < text.size();
      if (deep) {
        rest[g][t] = rest[g + 2][t] || (more && rest[g][t + 1]);
      } else if (glob[g] == '*') {
        rest[g][t] = rest[g + 1][t] || (more && text[t] != '/' && rest[g][t + 1]);
      } else {
        rest[g][t] = more && (glob[g] == '?' ? text[t] != '/' : glob[g] == text[t]) && rest[g + 1][t + 1];
      }
    }
  }
  return rest[0][0];
}

TEST(Glob, MatchesAsAnExhaustiveSearchDoes) {
  std::mt19937 random(11);
  const auto any = [&](std::string_view characters, std::size_t most) {
    std::string text;
    for (auto i = random() % (most + 1); i > 0; --i) text += characters[random() % characters.size()];
    return text;
  };
  int matched = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto glob = any("ab/***?", 10);
    const auto text = any("aab/", 12);
    const bool expected = matches_by_table(glob, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(glob_matches(glob, text), expected) << glob << " and " << text;
  }
  EXPECT_GT(matched, 10'000) << "both answers are tested";
}

// A matcher that tried every place of every star would not come back from one of these; one that tried every pair of
// places needs hundreds of millions of steps for each.
TEST(Glob, HostilePatternsTakeStepsInProportionToPatternAndText) {
  const std::string a(1024, 'a');
  std::string slashes;
  for (int i = 0; i < 128; ++i) slashes += "aaaaaaa/";
  std::string stars, deep_stars;
  for (int i = 0; i < 127; ++i) stars += "*a";
  for (int i = 0; i < 84; ++i) deep_stars += "**a";
  const std::string tail(250, 'a');
  const std::pair<std::string, const std::string*> hostile[] = {
      {std::string(256, '*') + "b", &a},
      {stars + "b", &a},
      {deep_stars + "b", &a},
      {"***" + tail + "b", &a},
      {"**" + stars + "b", &slashes},
      {"***aaaa/*ab", &slashes},
      {"**/*/*/*/*/*b", &slashes},
      {"**a/*a*a/*a*a/*a*a/*a*b", &slashes},
      {"***" + std::string(6, 'a') + "b", &slashes},
  };
  for (const auto& [glob, text] : hostile) {
    for (int i = 0; i < 100; ++i) ASSERT_FALSE(glob_matches(glob, *text)) << glob;
    EXPECT_FALSE(matches_by_table(glob, *text));
  }
}

Position at(double x, double y) { return {{x, y, 0}, 2}; }
Position at(double x, double y, double z) { return {{x, y, z}, 3}; }
Box box(double low_x, double low_y, double high_x, double high_y) {
  return {{low_x, low_y, 0}, {high_x, high_y, 0}, 2};
}

TEST(Box, ContainsBothItsEnds) {
  const auto square = box(0, 0, 10, 20);

  EXPECT_TRUE(square.contains(at(0, 0)));
  EXPECT_TRUE(square.contains(at(10, 20)));
  EXPECT_FALSE(square.contains(at(10.001, 20)));
  EXPECT_FALSE(square.contains(at(5, -0.001)));
}

TEST(Box, OfTwoDimensionsIgnoresTheThird) { EXPECT_TRUE(box(0, 0, 10, 10).contains(at(5, 5, 1000))); }

TEST(Box, DoesNotContainWhatHasNoPosition) {
  const Box whole{{-1e308, -1e308, -1e308}, {1e308, 1e308, 1e308}, 3};

  EXPECT_FALSE(whole.contains({}));
  EXPECT_FALSE(whole.contains(at(1, 1))) << "its third number is not known";
  EXPECT_TRUE(whole.contains(at(1, 1, 1)));
}

TEST(Box, DoesNotContainWhatIsNotANumber) {
  EXPECT_FALSE(box(0, 0, 10, 10).contains(at(std::numeric_limits<double>::quiet_NaN(), 5)));
}

Selection of_route_0(std::vector<Filter> filters, std::optional<SlowClients> policy = std::nullopt) {
  std::vector<std::optional<Selection::OfRoute>> routes(2);
  routes[0] = Selection::OfRoute{std::move(filters), policy};
  return Selection(std::move(routes));
}

TEST(Selection, IsEverythingAtFirst) {
  const Selection selection;

  EXPECT_TRUE(selection.everything());
  EXPECT_TRUE(selection.takes(0, "/World/Robot", {}));
  EXPECT_FALSE(selection.remembers(0));
}

TEST(Selection, WithoutFiltersTakesNothingOfItsRoute) {
  const auto selection = of_route_0({});

  EXPECT_FALSE(selection.everything());
  EXPECT_FALSE(selection.takes(0, "/World/Robot", {}));
  EXPECT_TRUE(selection.takes(1, "/World/Robot", {})) << "of another route it takes everything";
  EXPECT_TRUE(selection.takes(17, "/World/Robot", {}));
}

TEST(Selection, TakesWhatAnyFilterTakes) {
  const auto selection = of_route_0({{"/a/*", {}, {}}, {"/b/*", {box(0, 0, 1, 1), box(5, 5, 6, 6)}, {}}});

  EXPECT_TRUE(selection.takes(0, "/a/1", at(100, 100)));
  EXPECT_TRUE(selection.takes(0, "/b/1", at(0.5, 0.5)));
  EXPECT_TRUE(selection.takes(0, "/b/1", at(5.5, 5.5)));
  EXPECT_FALSE(selection.takes(0, "/b/1", at(3, 3)));
  EXPECT_FALSE(selection.takes(0, "/c/1", at(0.5, 0.5)));
}

TEST(Selection, SaysWhetherAnObjectIsOnlyElsewhere) {
  const auto selection = of_route_0({{"/a/*", {box(0, 0, 1, 1)}, {}}});

  EXPECT_TRUE(selection.judge(0, "/a/1", at(3, 3)).elsewhere);
  EXPECT_FALSE(selection.judge(0, "/b/1", at(3, 3)).elsewhere);
}

TEST(Selection, OfSeveralIntervalsTheShortestCounts) {
  const auto selection = of_route_0({{"/a/*", {}, 5s}, {"/a/1", {}, 2s}, {"/a/2", {}, 0s}});

  EXPECT_EQ(selection.judge(0, "/a/3", {}).min_interval, 5s);
  EXPECT_EQ(selection.judge(0, "/a/1", {}).min_interval, 2s);
  EXPECT_EQ(selection.judge(0, "/a/2", {}).min_interval, 0s);
}

TEST(Selection, RemembersKeysForBoxesAndIntervals) {
  EXPECT_FALSE(of_route_0({{"/a/*", {}, {}}}).remembers(0));
  EXPECT_TRUE(of_route_0({{"/a/*", {}, {}}, {"", {}, 1s}}).remembers(0));
  EXPECT_TRUE(of_route_0({{"", {box(0, 0, 1, 1)}, {}}}).remembers(0));
  EXPECT_FALSE(of_route_0({{"", {box(0, 0, 1, 1)}, {}}}).remembers(1));
}

TEST(Selection, ItsPolicyGoesBeforeTheRoutes) {
  const auto selection = of_route_0({{}}, SlowClients::DropOldest);

  EXPECT_EQ(selection.policy(0, SlowClients::Conflate), SlowClients::DropOldest);
  EXPECT_EQ(selection.policy(1, SlowClients::Conflate), SlowClients::Conflate);
  EXPECT_EQ(of_route_0({{}}).policy(0, SlowClients::Disconnect), SlowClients::Disconnect);
}

TEST(SelectionText, IsTheSameForTheSameFiltersInAnotherOrderOrTwice) {
  const Filter a{"/a/*", {}, {}}, b{"/b/*", {box(0, 0, 1, 1)}, 1s};

  EXPECT_EQ(of_route_0({a, b}).text(), of_route_0({b, a}).text());
  EXPECT_EQ(of_route_0({a, b, a}).text(), of_route_0({a, b}).text());
}

TEST(SelectionText, DiffersWhereAnythingDiffers) {
  const Filter base{"/a/*", {box(0, 0, 1, 1)}, 1s};
  std::vector<std::string> texts{of_route_0({base}).text(),
                                 of_route_0({}).text(),
                                 Selection().text(),
                                 of_route_0({base}, SlowClients::Conflate).text(),
                                 of_route_0({base}, SlowClients::Disconnect).text(),
                                 of_route_0({base, {}}).text()};
  auto other = base;
  other.glob = "/a/?";
  texts.push_back(of_route_0({other}).text());
  other = base;
  other.min_interval = 2s;
  texts.push_back(of_route_0({other}).text());
  other = base;
  other.boxes[0].high[1] = 1.5;
  texts.push_back(of_route_0({other}).text());
  other = base;
  other.boxes[0].dimensions = 1;
  texts.push_back(of_route_0({other}).text());
  other = base;
  other.boxes.clear();
  texts.push_back(of_route_0({other}).text());
  std::vector<std::optional<Selection::OfRoute>> second(2);
  second[1] = Selection::OfRoute{{base}, std::nullopt};
  texts.push_back(Selection(std::move(second)).text());

  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(texts[i], texts[j]) << i << " and " << j;
  }
}

// The text is made of parts with their sizes, so that no pattern can be made to look like the rest of another one.
TEST(SelectionText, CannotBeForgedByAPattern) {
  const auto inner = of_route_0({{"/b", {}, {}}}).text();

  EXPECT_NE(of_route_0({{"/a" + inner, {}, {}}}).text(), of_route_0({{"/a", {}, {}}, {"/b", {}, {}}}).text());
}

}  // namespace
}  // namespace omnibroker::core
