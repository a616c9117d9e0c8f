#include "config/yaml_text.hpp"

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/interpolation.hpp"

#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// Writes a text and reads it again, as a key and as an element of a list in a map.
std::string there_and_back(const std::string& text) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;
  if (!parse_document("{a: [" + yaml_scalar(text) + "], b: {" + yaml_key(text) + ": c, d: e}}", file, root, findings)) {
    return findings.errors()[0].to_string();
  }
  interpolate({&root, root.mark, {}}, root, {}, findings);
  const auto& item = root.entries.at(0).value.items.at(0);
  const auto& map = root.entries.at(1).value;
  if (map.entries.at(0).key != text) return "as a key: " + map.entries.at(0).key;
  if (map.entries.size() != 2 || map.entries[0].value.text != "c") return "the key changes what follows";
  return item.kind == Node::Kind::Scalar ? item.text : "not a text";
}

TEST(YamlScalar, ReadsBackAsTheSameText) {
  for (const std::string text :
       {"plain",    "",     " ",     "a b",  "a: b",       "a #b",     "#a",          "- a",         "-",
        "? a",      ": a",  "a:",    "[a]",  "{a}",        "a, b",     "null",        "~",           "true",
        "off",      "012",  "0x1",   "1.5",  "\"quoted\"", "it's",     "back\\slash", "line\nbreak", "tab\t",
        "*",        "&a",   "!a",    "%a",   "@a",         "`a`",      "|",           ">",           "=",
        "<<",       "${A}", "$${A}", "$$",   "***",        "/path/to", "unix:/run/x", "[::1]:80",    "\x01\x7f",
        "\xC3\xA4", "a ",   " a",    "\r\n", "...",        "---"}) {
    EXPECT_EQ(there_and_back(text), text);
  }
}

TEST(YamlScalar, ReadsBackAsTheSameTextHoweverLong) {
  for (const std::size_t size : {255, 340, 1022, 1023, 1024, 1025, 5000}) {
    for (const char c : {'a', '"', '\x01'}) EXPECT_EQ(there_and_back(std::string(size, c)), std::string(size, c));
  }
}

TEST(YamlScalar, IsPlainWhereThatIsSafe) {
  EXPECT_EQ(yaml_scalar("localhost:8000"), "localhost:8000");
  EXPECT_EQ(yaml_scalar("/var/log/x.log"), "/var/log/x.log");
  EXPECT_EQ(yaml_scalar("8000"), "\"8000\"");
  EXPECT_EQ(yaml_scalar("true"), "\"true\"");
}

}  // namespace
}  // namespace omnibroker::core
