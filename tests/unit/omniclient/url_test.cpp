// Taking URLs apart and putting them together.
#include "url/url.hpp"

#include <gtest/gtest.h>

namespace {

using omniclient::break_reference;
using omniclient::break_url;
using omniclient::combine;
using omniclient::make_printable;
using omniclient::make_url;
using omniclient::normalize_url;
using omniclient::Url;

TEST(BreakUrl, TellsAllPartsOfAUrl) {
  const Url url = break_url("http://ann:secret@example.org:8080/a/b%20c?x=1&y=%23#frag%21");

  EXPECT_EQ(url.scheme, "http");
  EXPECT_EQ(url.user, "ann:secret");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, "8080");
  EXPECT_EQ(url.path, "/a/b c");
  EXPECT_EQ(url.query, "x=1&y=#");
  EXPECT_EQ(url.fragment, "frag!");
  EXPECT_FALSE(url.raw);
}

TEST(BreakUrl, TellsAbsentFromEmpty) {
  const Url absent = break_url("http://h/p");
  EXPECT_EQ(absent.user, std::nullopt);
  EXPECT_EQ(absent.port, std::nullopt);
  EXPECT_EQ(absent.query, std::nullopt);
  EXPECT_EQ(absent.fragment, std::nullopt);

  const Url empty = break_url("http://@h:/p?#");
  EXPECT_EQ(empty.user, "");
  EXPECT_EQ(empty.port, "");
  EXPECT_EQ(empty.query, "");
  EXPECT_EQ(empty.fragment, "");

  EXPECT_EQ(break_url("file:///p").host, "");
  EXPECT_EQ(break_url("file:/p").host, std::nullopt);
}

TEST(BreakUrl, TakesWhatHasNoSchemeAsARawPath) {
  for (const char* path : {"/a/b c%20?q#f", "a/b", "", "C:\\x\\y", "c:/x", "1x://h", ":x", "./a:b", "a b:c", "://x"}) {
    const Url url = break_url(path);
    EXPECT_TRUE(url.raw) << path;
    EXPECT_EQ(url.path, path);
    EXPECT_EQ(make_url(url), path);
  }
}

TEST(BreakUrl, NeverHasAUserWithOmniverse) {
  EXPECT_EQ(break_url("omniverse://ann@h/p").user, std::nullopt);
  EXPECT_EQ(break_url("omniverse://ann@h/p").host, "h");
}

TEST(BreakUrl, TakesSchemesThatBeginWithOmniAsOmniverse) {
  EXPECT_EQ(break_url("omni://h/p").scheme, "omniverse");
  EXPECT_EQ(break_url("OmniVerse-S://h/p").scheme, "omniverse");
}

TEST(BreakUrl, LeavesOutWhatIsInFrontOfAnEmbeddedUrl) {
  const Url url = break_url("https://web.example/open?url=omniverse://h/p/x.usd");

  EXPECT_EQ(url.scheme, "omniverse");
  EXPECT_EQ(url.host, "h");
  EXPECT_EQ(url.path, "/p/x.usd");
}

TEST(BreakUrl, KeepsAHostThatIsCalledOmniverse) {
  const Url url = break_url("http://omniverse:3009/p");

  EXPECT_EQ(url.scheme, "http");
  EXPECT_EQ(url.host, "omniverse");
  EXPECT_EQ(url.port, "3009");
}

TEST(BreakUrl, KnowsAddressesInBrackets) {
  const Url url = break_url("http://[2001:DB8::1]:99/p");

  EXPECT_EQ(url.host, "[2001:db8::1]");
  EXPECT_EQ(url.port, "99");
  EXPECT_EQ(make_url(url), "http://[2001:db8::1]:99/p");
}

TEST(BreakUrl, LeavesAPercentSignThatEncodesNothing) {
  EXPECT_EQ(break_url("http://h/100%/%zz%4").path, "/100%/%zz%4");
  EXPECT_EQ(normalize_url("http://h/100%"), "http://h/100%25");
}

TEST(BreakReference, ReadsWhatHasNoSchemeAsAReference) {
  const Url url = break_reference("a/b%20c?q#f");

  EXPECT_FALSE(url.raw);
  EXPECT_EQ(url.path, "a/b c");
  EXPECT_EQ(url.query, "q");
  EXPECT_EQ(url.fragment, "f");
  EXPECT_EQ(break_reference("//h/p").host, "h");
}

TEST(MakeUrl, EncodesWhatWouldMeanSomethingElse) {
  Url url;
  url.scheme = "http";
  url.host = "h";
  url.path = "/a b/?/#/%/\xC3\xA9";
  url.query = "a#b c";
  url.fragment = "#";

  EXPECT_EQ(make_url(url), "http://h/a%20b/%3F/%23/%25/%C3%A9?a%23b%20c#%23");
}

TEST(MakeUrl, WritesTextThatIsReadAsTheSameParts) {
  const auto check = [](const Url& url) { EXPECT_EQ(break_reference(make_url(url)), url) << make_url(url); };
  Url scheme_like;
  scheme_like.path = "ab:c/d";
  check(scheme_like);
  Url authority_like;
  authority_like.scheme = "file";
  authority_like.path = "//h/p";
  check(authority_like);
  Url embedded;
  embedded.scheme = "http";
  embedded.host = "h";
  embedded.path = "/omniverse://x";
  embedded.query = "OMNIVERSE://y";
  check(embedded);
}

TEST(NormalizeUrl, RemovesDotSegmentsWithoutAskingAnyServer) {
  EXPECT_EQ(normalize_url("omniverse://h/./a/../b"), "omniverse://h/b");
  EXPECT_EQ(normalize_url("omniverse://H/%2e%2E/b/"), "omniverse://h/b/");
  EXPECT_EQ(normalize_url("/a/./b/../c"), "/a/c");
  EXPECT_EQ(normalize_url("../a/../../b"), "../../b");
  EXPECT_EQ(normalize_url("a/.."), "./");
  EXPECT_EQ(normalize_url(""), "");
}

TEST(NormalizeUrl, ChangesNothingASecondTime) {
  for (const char* text : {"HTTP://H/%7Ea/../b c?d e#f g", "file:///a//b/./c", "omni:a/../b", "x y/../z", "http://h",
                           "http://h?q", "http://u@h:/", "/..", "a/b/..", "http://h/a:b"}) {
    const auto once = normalize_url(text);
    EXPECT_EQ(normalize_url(once), once) << text;
  }
}

TEST(MakePrintable, ShowsTextAndHidesWhatControls) {
  EXPECT_EQ(make_printable("http://h/a%20b/%C3%A9%7E%41"), "http://h/a%20b/\xC3\xA9~A");
  EXPECT_EQ(make_printable("a\nb\x7F\x1B[0m"), "a%0Ab%7F%1B[0m");
  EXPECT_EQ(make_printable("caf\xC3\xA9 \xFF"), "caf\xC3\xA9 %FF");
  EXPECT_EQ(make_printable("%FF%0a%2F%25"), "%FF%0A%2F%25");
  EXPECT_EQ(make_printable("\xC0\xAF\xED\xA0\x80"), "%C0%AF%ED%A0%80");
  EXPECT_EQ(make_printable("\xE2\x80\xAE"), "%E2%80%AE");
  EXPECT_EQ(make_printable("\xC2\x85"), "%C2%85");
  EXPECT_EQ(make_printable("100% %zz"), "100% %zz");
}

TEST(CheckpointQuery, ReadsBothForms) {
  const auto check = [](const char* query, const char* branch, std::uint64_t checkpoint) {
    const auto found = omniclient::read_checkpoint_query(query);
    ASSERT_TRUE(found) << query;
    EXPECT_EQ(found->branch, branch) << query;
    EXPECT_EQ(found->checkpoint, checkpoint) << query;
  };
  check("&3", "", 3);
  check("main&3", "main", 3);
  check("main", "main", 0);
  check("main&", "main", 0);
  check("branch=main", "main", 0);
  check("checkpoint=7", "", 7);
  check("branch=main&checkpoint=7", "main", 7);
  check("checkpoint=7&branch=", "", 7);
  for (const char* query : {"", "main&x", "a=b", "checkpoint=", "checkpoint=-1", "&99999999999999999999"}) {
    EXPECT_FALSE(omniclient::read_checkpoint_query(query)) << query;
  }
}

TEST(CheckpointQuery, IsWrittenInFull) {
  EXPECT_EQ(omniclient::make_checkpoint_query("main", 7), "branch=main&checkpoint=7");
  EXPECT_EQ(omniclient::make_checkpoint_query("main", 0), "branch=main");
  EXPECT_EQ(omniclient::make_checkpoint_query("", 7), "branch=&checkpoint=7");
}

TEST(NormalizeUrl, KeepsWhatDecodingWouldLose) {
  for (const char* url : {"http://h/a%2Fb", "http://h/a%2Fb/c%00?q=a%26b&c=1%2B1%3D2#f", "mem://h/x?%25%23"}) {
    EXPECT_EQ(normalize_url(url), url);
    EXPECT_EQ(combine("http://other/x/", url), url);
  }
  EXPECT_EQ(normalize_url("http://h/%61%2f%7e?%6a%2b"), "http://h/a%2F~?j%2B");
  EXPECT_EQ(normalize_url("http://h/a%2F../b/../c"), "http://h/a%2F../c");
  EXPECT_EQ(combine("http://h/a%2Fb/c?x=%26", "d"), "http://h/a%2Fb/d");
  EXPECT_EQ(combine("http://h/a%2Fb/c?x=%26", "#f"), "http://h/a%2Fb/c?x=%26#f");
  EXPECT_EQ(combine("http://h/a/b", "c%2Fd?e%26"), "http://h/a/c%2Fd?e%26");
  EXPECT_EQ(*break_url("http://h/a%2Fb?x%26").path, "/a/b");
  EXPECT_EQ(*break_url("http://h/a%2Fb?x%26").query, "x&");
  for (const char* text :
       {"a%2Fb", "1a:b%2Fc", "a:%2F", "x:/%2F/a%2Fb", "x:a%2Fb", "http://h/%6Fmniverse://x%2Fy?%6Fmniverse://%26",
        "x:/..//a%2F..%2Fb", "x:/.//a%2Fb", "./a:b%2Fc", "?%26", "//h%2F/%2F"}) {
    const auto reference = break_reference(text);
    EXPECT_EQ(break_reference(make_url(reference)), reference) << text << " " << make_url(reference);
    const auto once = normalize_url(text);
    EXPECT_EQ(normalize_url(once), once) << text;
  }
  // Another path is not written in the old way.
  auto url = break_url("http://h/a%2Fb");
  url.path = "/c";
  EXPECT_EQ(make_url(url), "http://h/c");
}

TEST(Normalize, LeavesAnEmptyPortOut) {
  EXPECT_EQ(normalize_url("rse://h:/a"), "rse://h/a");
  const auto once = normalize_url("rse://%FComniverse:/.//h/m");
  EXPECT_EQ(normalize_url(once), once);
}

}  // namespace
