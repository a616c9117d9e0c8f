#include "store_test.hpp"

namespace store_test {

using Paths = StoreTest;

TEST_F(Paths, ThatBreakARuleAreRefusedWithTheRule) {
  const std::pair<std::string, std::string> kWrong[] = {
      {"", "does not begin with '/'"},
      {"a", "does not begin with '/'"},
      {"//", "has an empty segment"},
      {"/a//b", "has an empty segment"},
      {"/a/./b", "has a segment '.' or '..'"},
      {"/..", "has a segment '.' or '..'"},
      {"/a/../", "has a segment '.' or '..'"},
      {std::string("/a\0b", 4), "has a control character"},
      {"/a\nb", "has a control character"},
      {"/a\x7f", "has a control character"},
      {"/a\xc2\x85", "has a control character"},
      {"/a\xff", "is not UTF-8"},
      {"/a\xc0\xaf", "is not UTF-8"},          // An overlong '/'.
      {"/a\xed\xa0\x80", "is not UTF-8"},      // A surrogate.
      {"/a\xf4\x90\x80\x80", "is not UTF-8"},  // Beyond what there is.
      {"/a\xe2\x82", "is not UTF-8"},          // Cut off.
      {"/" + std::string(256, 'x'), "has a segment of more than 255 bytes"},
  };
  for (const auto& [path, rule] : kWrong) {
    const auto written = try_put(path, "1");
    EXPECT_EQ(code(written), "INVALID_URI") << path;
    EXPECT_NE(message(written).find(rule), std::string::npos) << path << ": " << message(written);
    EXPECT_EQ(code(store->stat(kAlice, {path})), "INVALID_URI") << path;
  }
}

TEST_F(Paths, MayBeWhateverElse) {
  for (const std::string path :
       {"/ ", "/a b", "/...", "/.hidden", "/\xea\xb0\x80", "/\xf0\x9f\x9a\x80", "/%2F", "/a\\b", "/*?"}) {
    EXPECT_EQ(code(try_put(path, path)), "OK") << path;
    EXPECT_EQ(get(path), path);
  }
  EXPECT_EQ(code(try_put("/" + std::string(255, 'x'), "1")), "OK");
}

TEST_F(Paths, HaveBounds) {
  options.longest_path = 20;
  options.deepest_path = 4;
  open();

  EXPECT_EQ(code(try_put("/a/b/c/d", "1")), "OK");
  EXPECT_EQ(code(try_put("/a/b/c/d/e", "1")), "INVALID_URI");
  EXPECT_EQ(code(try_put("/" + std::string(19, 'x'), "1")), "OK");
  EXPECT_EQ(code(try_put("/" + std::string(20, 'x'), "1")), "INVALID_URI");
}

TEST_F(Paths, TellUpperFromLowerCase) {
  put("/a", "1");
  put("/A", "2");

  EXPECT_EQ(get("/a"), "1");
  EXPECT_EQ(get("/A"), "2");
}

TEST_F(Paths, MayEndWithASlashForAFolder) {
  make_folder("/f/");

  EXPECT_EQ(store->stat(kAlice, {"/f"})->path, "/f/");
  EXPECT_EQ(store->stat(kAlice, {"/f/"})->path, "/f/");
  EXPECT_EQ(store->stat(kAlice, {"/"})->path, "/");
}

}  // namespace store_test
