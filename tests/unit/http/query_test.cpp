#include "query.hpp"

#include <gtest/gtest.h>

namespace omnibroker::plugins::http {
namespace {

/// The parameter `p`: its value in brackets, "absent", or the refusal.
std::string parameter(std::string_view query) {
  const auto value = query_text(query, "p");
  if (!value) return value.error().message;
  return value.value() ? "[" + *value.value() + "]" : "absent";
}

TEST(Query, FindsAParameterAndDecodesIt) {
  EXPECT_EQ(parameter(""), "absent");
  EXPECT_EQ(parameter("q=1&pp=2&Pp=3"), "absent");
  EXPECT_EQ(parameter("q=1&p=2"), "[2]");
  EXPECT_EQ(parameter("p"), "[]");
  EXPECT_EQ(parameter("p="), "[]");
  EXPECT_EQ(parameter("&&p=a=b&"), "[a=b]");
  EXPECT_EQ(parameter("p=%2FWorld%2fa+b%2B"), "[/World/a b+]");
  EXPECT_EQ(parameter("%70=1"), "[1]");
  EXPECT_EQ(parameter("p=%EC%A2%8C"), "[좌]");
}

TEST(Query, NamesAParameterThatCannotBeRead) {
  EXPECT_EQ(parameter("p=1&p=1"), "The parameter 'p' must be given once");
  for (const char* query : {"p=%", "p=%2", "p=%2g", "p=%-1", "p=%+1", "p= %zz"}) {
    EXPECT_EQ(parameter(query), "The parameter 'p' must be percent-encoded") << query;
  }
  EXPECT_EQ(parameter("q=%zz&p=1"), "[1]") << "of what nobody reads nothing is asked";
}

TEST(Query, ReadsWholeNumbersInTheirBounds) {
  EXPECT_FALSE(query_number("", "limit", 1, 1000).value());
  EXPECT_EQ(query_number("limit=1", "limit", 1, 1000).value(), 1u);
  EXPECT_EQ(query_number("limit=1000", "limit", 1, 1000).value(), 1000u);
  for (const char* query : {"limit=0", "limit=1001", "limit=", "limit=-1", "limit=+5", "limit=1.0", "limit=ten",
                            "limit=5x", "limit=0x5", "limit=99999999999999999999"}) {
    const auto number = query_number(query, "limit", 1, 1000);

    ASSERT_FALSE(number) << query;
    EXPECT_EQ(number.error().message, "The parameter 'limit' must be a whole number from 1 to 1000") << query;
  }
}

}  // namespace
}  // namespace omnibroker::plugins::http
