#include "handled.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

namespace {

/// Checks one field in the way that the message's type names.
class Checks final : public omnibroker::Handler {
 public:
  explicit Checks(omnibroker::Host) {}

  omnibroker::Outcome handle(const omnibroker::Message& message, omnibroker::Call&) override {
    namespace fields = omnibroker::fields;
    const auto type = message.type();
    if (type == "string") return outcome(fields::require_string(message, "x"));
    if (type == "path") return outcome(fields::require_path(message, "x", 8));
    if (type == "number") return outcome(fields::require_number(message, "x", -0.5, 1e6));
    if (type == "optional_number") return outcome(fields::optional_number(message, "x"));
    if (type == "optional_string") return outcome(fields::optional_string(message, "x"));
    return outcome(fields::optional_object(message, "x"));
  }

 private:
  template <class T>
  static omnibroker::Outcome outcome(const omnibroker::Result<T>& field) {
    return field ? omnibroker::Outcome::accept() : omnibroker::fields::refuse(field.error());
  }
};

/// What comes of a field `x` with this value (as JSON; empty: left out).
std::string checked(const std::string& how, const std::string& value) {
  HandlerTest handler("checks");
  return handler.handle("{\"type\":\"" + how + "\"" + (value.empty() ? "" : ",\"x\":" + value) + "}");
}

std::string refused(const char* sentence) { return std::string("INVALID_MESSAGE_FORMAT: Field 'x' ") + sentence; }

TEST(Fields, AStringIsThereAndNotEmpty) {
  EXPECT_EQ(checked("string", "\"a\""), "accepted");
  EXPECT_EQ(checked("string", ""), refused("is required and must be a string"));
  EXPECT_EQ(checked("string", "null"), refused("must be a string"));
  EXPECT_EQ(checked("string", "\"\""), refused("must not be empty"));
}

TEST(Fields, APathIsAbsoluteAndNotTooLong) {
  EXPECT_EQ(checked("path", "\"/2345678\""), "accepted");
  EXPECT_EQ(checked("path", "\"/23456789\""), refused("must be at most 8 bytes long"));
  EXPECT_EQ(checked("path", "\"a/b\""), refused("must be an absolute path, which begins with '/'"));
  EXPECT_EQ(checked("path", "1"), refused("must be a string"));
}

TEST(Fields, ANumberIsBetweenItsBoundsAndTheyBelongToIt) {
  for (const char* value : {"-0.5", "1000000", "1e6", "0"}) EXPECT_EQ(checked("number", value), "accepted") << value;
  for (const char* value : {"-0.51", "1000001", "\"0\"", "null", "true"}) {
    EXPECT_EQ(checked("number", value), refused("must be a number from -0.5 to 1000000")) << value;
  }
  EXPECT_EQ(checked("number", ""), refused("is required and must be a number from -0.5 to 1000000"));
}

TEST(Fields, WhatIsOptionalMayBeAbsentButNotNull) {
  for (const char* how : {"optional_number", "optional_string", "optional_object"})
    EXPECT_EQ(checked(how, ""), "accepted");
  EXPECT_EQ(checked("optional_number", "5"), "accepted");
  EXPECT_EQ(checked("optional_number", "null"), refused("must be a number"));
  EXPECT_EQ(checked("optional_string", "\"\""), "accepted");
  EXPECT_EQ(checked("optional_string", "null"), refused("must be a string"));
  EXPECT_EQ(checked("optional_object", "{}"), "accepted");
  EXPECT_EQ(checked("optional_object", "[]"), refused("must be an object"));
}

TEST(Fields, TextIsShortenedAtTheEndOfACharacter) {
  using omnibroker::fields::shortened;

  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc…");
  EXPECT_EQ(shortened("한한", 6), "한한");
  EXPECT_EQ(shortened("한한", 5), "한…");
  EXPECT_EQ(shortened("한한", 3), "한…");
  EXPECT_EQ(shortened("😀😀", 7), "😀…");
  EXPECT_EQ(shortened("😀", 3), "…");
  EXPECT_EQ(shortened(std::string(1000, 'x')), std::string(64, 'x') + "…");
}

}  // namespace

OMNIBROKER_PLUGIN("checks", "1.0.0", "Checks one field.", omnibroker::component<Checks>("checks", "Checks one field."))
