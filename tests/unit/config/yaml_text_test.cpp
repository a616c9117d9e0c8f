#include "config/yaml_text.hpp"

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/interpolation.hpp"

#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// Writes a text and reads it again, as an element of a list in a map.
std::string there_and_back(const std::string& text) {
  const SourceFile file{"x.yaml", {}, 0};
  Findings findings;
  Node root;
  if (!parse_document("{a: [" + yaml_scalar(text) + "]}", file, root, findings))
    return findings.errors()[0].to_string();
  interpolate({&root, root.mark, {}}, root, {}, findings);
  const auto& item = root.entries.at(0).value.items.at(0);
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

TEST(YamlScalar, IsPlainWhereThatIsSafe) {
  EXPECT_EQ(yaml_scalar("localhost:8000"), "localhost:8000");
  EXPECT_EQ(yaml_scalar("/var/log/x.log"), "/var/log/x.log");
  EXPECT_EQ(yaml_scalar("8000"), "\"8000\"");
  EXPECT_EQ(yaml_scalar("true"), "\"true\"");
}

}  // namespace
}  // namespace omnibroker::core
