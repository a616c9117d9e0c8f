#include "config/interpolation.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

Environment variables(std::map<std::string, std::string> known) {
  return [known](const std::string& name, std::string& value) {
    const auto found = known.find(name);
    if (found != known.end()) value = found->second;
    return found != known.end();
  };
}

/// The result, or "error: " and the reason.
std::string replace(const std::string& text, std::map<std::string, std::string> known = {{"A", "1"}, {"EMPTY", ""}}) {
  const auto result = interpolate(text, variables(std::move(known)));
  return result ? result.value() : "error: " + result.error().message;
}

TEST(Interpolation, ReplacesVariables) {
  EXPECT_EQ(replace("${A}"), "1");
  EXPECT_EQ(replace("x${A}y${A}z"), "x1y1z");
  EXPECT_EQ(replace("nothing"), "nothing");
}

TEST(Interpolation, TakesTheDefaultWhereTheVariableIsUnknownOrEmpty) {
  EXPECT_EQ(replace("${B:-two words}"), "two words");
  EXPECT_EQ(replace("${EMPTY:-x}"), "x");
  EXPECT_EQ(replace("${B:-}"), "");
  EXPECT_EQ(replace("${A:-x}"), "1");
}

TEST(Interpolation, AnEmptyVariableIsKnown) { EXPECT_EQ(replace("[${EMPTY}]"), "[]"); }

TEST(Interpolation, LeavesOtherDollarSignsAlone) {
  EXPECT_EQ(replace("$A costs $5, $$ and $"), "$A costs $5, $$ and $");
}

TEST(Interpolation, WritesALiteralWithTwoDollarSigns) {
  EXPECT_EQ(replace("$${A}"), "${A}");
  EXPECT_EQ(replace("${A}$${A}${A}"), "1${A}1");
}

TEST(Interpolation, DoesNotLookThroughWhatItPutIn) { EXPECT_EQ(replace("${A}", {{"A", "${A}"}}), "${A}"); }

TEST(Interpolation, RefusesWhatIsNotText) {
  EXPECT_EQ(replace("x ${A}", {{"A", "\xFF"}}), "error: the variable A is not UTF-8");
  EXPECT_EQ(replace("x ${A:-b}", {{"A", "\xFF"}}), "error: the variable A is not UTF-8");
}

TEST(Interpolation, SaysWhatIsWrong) {
  EXPECT_EQ(replace("${B}"), "error: the variable B is not set; ${B:-default} gives it a default");
  EXPECT_EQ(replace("x ${A"), "error: ${ without its }; write $${ for a literal ${");
  for (const char* text : {"${}", "${1A}", "${A-B}", "${A:x}", "${:-x}", "${ A }"}) {
    EXPECT_TRUE(replace(text).find("is not ${NAME} or ${NAME:-default}") != std::string::npos) << replace(text);
  }
}

TEST(Interpolation, HasABound) {
  const std::string kilobyte(1024, 'x');
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "${A}";

  EXPECT_EQ(replace(text, {{"A", kilobyte}}), "error: longer than 1MiB when its variables are replaced");
}

}  // namespace
}  // namespace omnibroker::core
