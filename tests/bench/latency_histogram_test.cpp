#include "load/latency_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::load {
namespace {

TEST(LatencyHistogram, HasNothingToSayBeforeItWasToldAnything) {
  const LatencyHistogram histogram;

  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.quantile(0.5), 0u);
  EXPECT_EQ(histogram.longest(), 0u);
}

TEST(LatencyHistogram, KeepsShortSpansExactly) {
  LatencyHistogram histogram;
  for (std::uint64_t span = 0; span < 128; ++span) histogram.record(span);

  EXPECT_EQ(histogram.quantile(0.0), 0u);
  EXPECT_EQ(histogram.quantile(0.5), 63u);
  EXPECT_EQ(histogram.quantile(1.0), 127u);
}

TEST(LatencyHistogram, IsWithinOneInAHundredOfTheTrueQuantile) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> spread(13, 2);  // from microseconds to seconds
  std::vector<std::uint64_t> spans;
  LatencyHistogram histogram;
  for (int i = 0; i < 100'000; ++i) {
    spans.push_back(static_cast<std::uint64_t>(spread(random)));
    histogram.record(spans.back());
  }
  std::sort(spans.begin(), spans.end());

  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = spans[static_cast<std::size_t>(std::ceil(share * 100'000)) - 1];
    EXPECT_GE(histogram.quantile(share), exact);
    EXPECT_LE(static_cast<double>(histogram.quantile(share)), 1.008 * static_cast<double>(exact)) << share;
  }
  EXPECT_EQ(histogram.longest(), spans.back());
  EXPECT_EQ(histogram.quantile(1.0), spans.back());
}

TEST(LatencyHistogram, TakesTheLongestSpanThatThereIs) {
  LatencyHistogram histogram;
  histogram.record(UINT64_MAX);

  EXPECT_EQ(histogram.quantile(0.5), UINT64_MAX);
}

}  // namespace
}  // namespace omnibroker::load
