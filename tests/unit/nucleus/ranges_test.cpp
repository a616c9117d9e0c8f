#include "lft_exchanges.hpp"

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

void expect(const char* header, std::uint64_t size, std::uint64_t from, std::uint64_t to) {
  const auto range = read_range(header, size);
  ASSERT_TRUE(range) << header;
  EXPECT_EQ(range->from, from) << header;
  EXPECT_EQ(range->to, to) << header;
}

TEST(Ranges, AreReadAsHttpHasThem) {
  expect("bytes=0-0", 10, 0, 1);
  expect("bytes=3-5", 10, 3, 6);
  expect("bytes=3-", 10, 3, 10);
  expect("bytes=-3", 10, 7, 10);
  expect("bytes=-30", 10, 0, 10);
  expect("bytes=0-99", 10, 0, 10);
  expect("bytes=9-18446744073709551615", 10, 9, 10);
}

TEST(Ranges, ThatAreNoneMeanEverything) {
  for (const char* header : {"", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "bytes=1",
                             "bytes=1-2x", "bytes=x-2", "bytes=x1-"}) {
    expect(header, 10, 0, 10);
  }
}

TEST(Ranges, BeyondTheContentCannotBeSatisfied) {
  EXPECT_FALSE(read_range("bytes=10-", 10));
  EXPECT_FALSE(read_range("bytes=5-4", 10));
  EXPECT_FALSE(read_range("bytes=-0", 10));
  EXPECT_FALSE(read_range("bytes=0-0", 0));
  EXPECT_FALSE(read_range("bytes=-5", 0));
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
