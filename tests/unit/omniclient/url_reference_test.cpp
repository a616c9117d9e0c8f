// What references mean at a base: the tables of RFC 3986, section 5.4, and the way back.
#include "url/url.hpp"

#include <gtest/gtest.h>

namespace {

using omniclient::combine;
using omniclient::make_relative;
using omniclient::normalize_url;

struct Example {
  const char* reference;
  const char* meaning;
};

constexpr const char* kBase = "http://a/b/c/d;p?q";

constexpr Example kNormal[] = {
    {"g:h", "g:h"},
    {"g", "http://a/b/c/g"},
    {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"},
    {"/g", "http://a/g"},
    {"//g", "http://g"},
    {"?y", "http://a/b/c/d;p?y"},
    {"g?y", "http://a/b/c/g?y"},
    {"#s", "http://a/b/c/d;p?q#s"},
    {"g#s", "http://a/b/c/g#s"},
    {"g?y#s", "http://a/b/c/g?y#s"},
    {";x", "http://a/b/c/;x"},
    {"g;x", "http://a/b/c/g;x"},
    {"g;x?y#s", "http://a/b/c/g;x?y#s"},
    {"", "http://a/b/c/d;p?q"},
    {".", "http://a/b/c/"},
    {"./", "http://a/b/c/"},
    {"..", "http://a/b/"},
    {"../", "http://a/b/"},
    {"../g", "http://a/b/g"},
    {"../..", "http://a/"},
    {"../../", "http://a/"},
    {"../../g", "http://a/g"},
};

constexpr Example kAbnormal[] = {
    {"../../../g", "http://a/g"},
    {"../../../../g", "http://a/g"},
    {"/./g", "http://a/g"},
    {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."},
    {".g", "http://a/b/c/.g"},
    {"g..", "http://a/b/c/g.."},
    {"..g", "http://a/b/c/..g"},
    {"./../g", "http://a/b/g"},
    {"./g/.", "http://a/b/c/g/"},
    {"g/./h", "http://a/b/c/g/h"},
    {"g/../h", "http://a/b/c/h"},
    {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", "http://a/b/c/y"},
    {"g?y/./x", "http://a/b/c/g?y/./x"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
    {"g#s/./x", "http://a/b/c/g#s/./x"},
    {"g#s/../x", "http://a/b/c/g#s/../x"},
    {"http:g", "http:g"},
};

TEST(Combine, FollowsTheNormalExamplesOfTheStandard) {
  for (const auto& [reference, meaning] : kNormal) {
    EXPECT_EQ(combine(kBase, reference), meaning) << reference;
  }
}

TEST(Combine, FollowsTheAbnormalExamplesOfTheStandard) {
  for (const auto& [reference, meaning] : kAbnormal) EXPECT_EQ(combine(kBase, reference), meaning) << reference;
}

TEST(Combine, TakesALetterForADriveOnlyBeforeASlash) {
  EXPECT_EQ(combine(kBase, "c:/x"), "http://a/b/c/c:/x");
  EXPECT_EQ(combine("/data/", "C:\\x"), "/data/C:\\x");
}

TEST(Combine, ResolvesPathsAtARawBase) {
  EXPECT_EQ(combine("/a/b/c", "d"), "/a/b/d");
  EXPECT_EQ(combine("/a/b/c/", "d"), "/a/b/c/d");
  EXPECT_EQ(combine("/a/b/c", "../d?x#1%20"), "/a/d?x#1%20");
  EXPECT_EQ(combine("/a/b/c", ""), "/a/b/c");
  EXPECT_EQ(combine("/a/b/c", "/d"), "/d");
  EXPECT_EQ(combine("/a/b/c", "omniverse://h/d"), "omniverse://h/d");
  EXPECT_EQ(combine("", "d"), "d");
}

TEST(Combine, LetsAnAbsoluteUrlWin) {
  EXPECT_EQ(combine("omniverse://h/a", "file:/b"), "file:/b");
  EXPECT_EQ(combine("omniverse://h", "a/b"), "omniverse://h/a/b");
  EXPECT_EQ(combine("omniverse://h/a/b", "//ann@other/c"), "omniverse://other/c");
}

TEST(MakeRelative, FindsTheShortestWay) {
  EXPECT_EQ(make_relative("/a/b/c", "/a/d"), "../d");
  EXPECT_EQ(make_relative("/a/b/c/", "/a/d"), "../../d");
  EXPECT_EQ(make_relative("omniverse://h/a/b/c", "omniverse://h/a/b/d"), "d");
  EXPECT_EQ(make_relative("omniverse://h/a/b/c", "omniverse://h/a/b/c?&3"), "?&3");
  EXPECT_EQ(make_relative("omniverse://h/a/b/c", "omniverse://h/a/b/"), "./");
  EXPECT_EQ(make_relative("omniverse://h/a/b", "omniverse://h/a/x:y"), "./x:y");
}

TEST(MakeRelative, AnswersTheOtherUrlWhereNoWayLeadsThere) {
  for (const char* other : {"omniverse://other/a", "file:/a", "/a", "omniverse://h:1/a"}) {
    EXPECT_EQ(make_relative("omniverse://h/a/b", other), other);
  }
}

TEST(MakeRelative, IsUndoneByCombining) {
  const char* texts[] = {"http://h/a/b/c",
                         "http://h/a/b/c/",
                         "http://h/a/b/c?q",
                         "http://h/a/b/c#f",
                         "http://h",
                         "http://h/",
                         "http://h/a//b",
                         "http://h//",
                         "http://h/a/b:c",
                         "http://h?q",
                         "http://h/?q#f",
                         "/a/b/c",
                         "/a/b/c/",
                         "/",
                         "/a b/%41",
                         "a/b",
                         "../a",
                         "",
                         "omniverse://h/a",
                         "file:/a/b",
                         "file:///a/c",
                         "http://u@h/a",
                         "http://h/a/../b/./",
                         "x:y",
                         "mem://h/a:b/c",
                         "http://h/a%2Fb/c",
                         "//a/b",
                         "http://h/a/b/c/d/e",
                         "./a",
                         "file:a/b"};
  for (const char* base : texts) {
    for (const char* other : texts) {
      const auto relative = make_relative(base, other);
      if (relative == other) continue;  // No way leads there.
      EXPECT_EQ(combine(base, relative), normalize_url(other)) << base << " to " << other << " by " << relative;
    }
  }
}

TEST(MakeRelative, IsNoUrlWhereANameHasAColon) {
  EXPECT_EQ(make_relative("/x/y", "/x/ab:c"), "./ab:c");
  EXPECT_EQ(combine("/x/y", "./ab:c"), "/x/ab:c");
  EXPECT_EQ(normalize_url("./ab:c"), "./ab:c");
  EXPECT_EQ(normalize_url("./g:h"), "./g:h");
  EXPECT_EQ(combine("http://h/x/y", "./ab:c"), "http://h/x/ab:c");
}

}  // namespace
