#include "config/document.hpp"

#include "config/findings.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// What parsing said first, or "fine".
std::string verdict(const std::string& text) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;
  parse_document(text, file, root, findings);
  const auto errors = findings.errors();
  return errors.empty() ? "fine" : errors.front().to_string();
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(Document, KnowsWhereEverythingStands) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;

  ASSERT_TRUE(parse_document("a:\n  - b\n  - {c: \"d\"}\n", file, root, findings));

  const auto& list = root.entries[0].value;
  EXPECT_EQ(to_string(root.entries[0].mark), "x.yaml:1:1");
  EXPECT_EQ(to_string(list.items[0].mark), "x.yaml:2:5");
  EXPECT_FALSE(list.items[0].quoted);
  EXPECT_EQ(to_string(list.items[1].entries[0].mark), "x.yaml:3:6");
  EXPECT_EQ(to_string(list.items[1].entries[0].value.mark), "x.yaml:3:9");
  EXPECT_TRUE(list.items[1].entries[0].value.quoted);
}

TEST(Document, ReplacesAliasesByCopies) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;

  ASSERT_TRUE(parse_document("a: &x [1, {b: c}]\nd: *x\n&k e: *k\n", file, root, findings));

  EXPECT_EQ(root.find("d")->value.items[1].find("b")->value.text, "c");
  EXPECT_EQ(root.find("e")->value.text, "e");
}

TEST(Document, ReadsEveryEscapeAsUtf8) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;

  ASSERT_TRUE(parse_document("\"\\_\\N\": \"\xC3\xA4\\_\\N\\xE4\\u0085\\L\\U0001F600\\e\"\n", file, root, findings));

  EXPECT_EQ(root.entries[0].key, "\xC2\xA0\xC2\x85");
  EXPECT_EQ(root.entries[0].value.text, "\xC3\xA4\xC2\xA0\xC2\x85\xC3\xA4\xC2\x85\xE2\x80\xA8\xF0\x9F\x98\x80\x1B");
}

TEST(Document, RefusesBytesThatAreNotText) {
  EXPECT_EQ(verdict("a: b\nc: \xFF\n"), "x.yaml:2:4: not UTF-8");
  EXPECT_EQ(verdict("a: \xC0\xAF"), "x.yaml:1:4: not UTF-8");
  EXPECT_EQ(verdict("a: \xED\xA0\x80"), "x.yaml:1:4: not UTF-8");
  EXPECT_EQ(verdict(std::string("a: b\0c", 6)), "x.yaml:1:5: a control character, which YAML does not allow");
  EXPECT_EQ(verdict("a: b\x04"), "x.yaml:1:5: a control character, which YAML does not allow");
  EXPECT_EQ(verdict("\xFE\xFF\0a"), "x.yaml:1:1: not UTF-8");
  EXPECT_EQ(verdict("a: \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "fine");
  EXPECT_EQ(verdict("\xEF\xBB\xBF"
                    "a: b"),
            "fine");
}

TEST(Document, SaysInOneLineWhatIsNotYaml) {
  EXPECT_EQ(verdict("a: \"\\\r\""), "x.yaml:1:7: not YAML: unknown escape character: \\x0d");
  EXPECT_EQ(verdict("a: \"\\\xC3\xA4\""), "x.yaml:1:7: not YAML: unknown escape character: \\xc3");
}

TEST(Document, RefusesAFileThatIsTooLarge) {
  EXPECT_EQ(verdict(repeated("# a comment", 100'000)),
            "x.yaml: larger than 1MiB, which is the most a configuration file may have");
}

TEST(Document, RefusesTooManyValues) {
  EXPECT_NE(verdict("[" + repeated("a,", 150'000) + "]").find("more than 100000 values"), std::string::npos);
}

TEST(Document, RefusesAliasesThatRepeatTooMuchText) {
  const auto text = "a: &a \"" + std::string(100'000, 'x') + "\"\nb: [" + repeated("*a,", 100) + "]";

  EXPECT_NE(verdict(text).find("aliases repeat more than 4MiB of text"), std::string::npos);
}

TEST(Document, RefusesDepthThatAliasesBuildUp) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }

  EXPECT_NE(verdict(text).find("nested deeper than 64 levels"), std::string::npos);
}

/// Each would, read without care, overflow the stack, take minutes or fill memory. All are over in moments.
TEST(Document, SurvivesHostileNesting) {
  const std::vector<std::string> pieces = {"[",    "{",   "- ",  "? ",  "[{",  "a: [", "{a: ", "!!seq [", "&a [",
                                           "- - ", "{? ", "[? ", "!a ", "&a ", "? - ", "[[a,", "{a: {b,"};
  for (const auto& piece : pieces) {
    EXPECT_NE(verdict(repeated(piece, 200'000 / piece.size())), "fine") << piece;
  }
}

TEST(Document, SurvivesHostileLength) {
  const std::vector<std::string> texts = {std::string(900'000, ' '),
                                          std::string(900'000, '\n'),
                                          std::string(900'000, 'a'),
                                          std::string(900'000, ':'),
                                          std::string(900'000, '"'),
                                          std::string(900'000, '\''),
                                          "a: |\n" + repeated(" x\n", 200'000),
                                          "\"" + std::string(900'000, '\\'),
                                          repeated("a b ", 200'000),
                                          repeated("a:\n ", 60'000),
                                          repeated("---\n", 200'000),
                                          repeated("%TAG ! x\n", 90'000),
                                          repeated("*a ", 200'000),
                                          "{" + repeated("a: b, ", 40'000),
                                          repeated("# c\n", 200'000),
                                          "a: >\n" + repeated("\n", 800'000),
                                          "? " + repeated("a", 500'000) + "\n: b",
                                          repeated("\r", 500'000)};
  for (const auto& text : texts) verdict(text);  // whatever it says, it comes back
}

}  // namespace
}  // namespace omnibroker::core
