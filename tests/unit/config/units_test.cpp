#include "config/units.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

void expect_duration(const char* text, std::optional<nanoseconds> expected) {
  EXPECT_EQ(parse_duration(text), expected) << text;
}

void expect_size(const char* text, std::optional<std::uint64_t> expected) {
  const auto size = parse_size(text);
  ASSERT_EQ(size.has_value(), expected.has_value()) << text;
  if (expected) {
    EXPECT_EQ(size->bytes, *expected) << text;
  }
}

TEST(Units, ReadDurationsInEveryUnit) {
  expect_duration("5ns", 5ns);
  expect_duration("5us", 5us);
  expect_duration("250ms", 250ms);
  expect_duration("30s", 30s);
  expect_duration("5m", 5min);
  expect_duration("1h", 1h);
  expect_duration("2d", 48h);
}

TEST(Units, ReadNeverInTwoWays) {
  expect_duration("0", 0ns);
  expect_duration("off", 0ns);
  expect_duration("0s", 0ns);
}

TEST(Units, RefuseWhatIsNearlyADuration) {
  for (const char* text :
       {"", "30", "s", "30 s", " 30s", "30s ", "1.5h", "-5s", "+5s", "010s", "30S", "1h30m", "Off", "never"}) {
    expect_duration(text, std::nullopt);
  }
}

TEST(Units, RefuseDurationsThatDoNotFit) {
  expect_duration("106751d", 106751 * 24h);
  expect_duration("106752d", std::nullopt);
  expect_duration("99999999999999999999s", std::nullopt);
}

TEST(Units, ReadSizesInEveryUnit) {
  expect_size("512B", 512);
  expect_size("64KiB", 65'536);
  expect_size("1MiB", 1'048'576);
  expect_size("2GiB", 2'147'483'648);
  expect_size("1kB", 1'000);
  expect_size("10MB", 10'000'000);
  expect_size("3GB", 3'000'000'000);
  expect_size("0", 0);
}

TEST(Units, RefuseWhatIsNearlyASize) {
  for (const char* text :
       {"", "64", "B", "64 KiB", "64K", "64kib", "64KB", "1.5MiB", "-1B", "08B", "9999999999GiB", "off"}) {
    expect_size(text, std::nullopt);
  }
}

TEST(Units, ReadIntegersStrictly) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"", "-", "+1", "010", "-0", "00", "0x10", "0o7", "1_000", "1e3", "1.0", " 1", "1 ", "9223372036854775808"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

TEST(Units, ReadNumbersAsJsonDoes) {
  EXPECT_EQ(parse_number("0.5"), 0.5);
  EXPECT_EQ(parse_number("-1e-3"), -0.001);
  EXPECT_EQ(parse_number("12"), 12.0);
  for (const char* text : {"", "-", ".5", "5.", "01", "+1", "1e", "nan", "inf", ".inf", "1e999", "0x1p3"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(Units, SuggestTheNearestSpelling) {
  EXPECT_EQ(near_duration("30"), "30s");
  EXPECT_EQ(near_duration("5 m"), "5m");
  EXPECT_EQ(near_duration("5S"), "5s");
  EXPECT_EQ(near_duration("soon"), "");
  EXPECT_EQ(near_size("64kib"), "64KiB");
  EXPECT_EQ(near_size("64K"), "64kB");
  EXPECT_EQ(near_size("512"), "512B");
  EXPECT_EQ(near_size("1.5MiB"), "");
}

TEST(Units, WriteNumbersThatReadBackTheSame) {
  for (const double value : {0.1, 1e-9, 12345678.9, 3.0, -0.0025}) {
    EXPECT_EQ(parse_number(number_text(value)), value) << number_text(value);
  }
}

}  // namespace
}  // namespace omnibroker::core
