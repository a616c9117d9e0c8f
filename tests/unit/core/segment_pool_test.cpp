#include "session/segment_pool.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

constexpr auto kSmall = SegmentPool::kSmall;
constexpr auto kLarge = SegmentPool::kLarge;

TEST(SegmentPool, HasTwoSizesAndWhatIsLargerStill) {
  SegmentPool pool(1024 * 1024);

  EXPECT_EQ(pool.take(0)->capacity, kSmall);
  EXPECT_EQ(pool.take(kSmall)->capacity, kSmall);
  EXPECT_EQ(pool.take(kSmall + 1)->capacity, kLarge);
  EXPECT_EQ(pool.take(kLarge)->capacity, kLarge);
  EXPECT_EQ(pool.take(kLarge + 1)->capacity, kLarge + 1);
}

TEST(SegmentPool, GivesTheSameSegmentAgainAndItIsEmpty) {
  SegmentPool pool(1024 * 1024);
  auto segment = pool.take(100);
  auto* const address = segment.get();
  segment->size = 10;
  segment->readers = 3;
  segment->marks.push_back({1, 10, 0, 0});
  LogSegment another(kSmall);
  segment->next = &another;

  const auto marks = segment->marks.capacity() * sizeof(LogMark);
  pool.give_back(std::move(segment));
  EXPECT_EQ(pool.spare(), kSmall + marks) << "its room for marks is memory, too";
  const auto again = pool.take(200);

  EXPECT_EQ(again.get(), address);
  EXPECT_EQ(pool.spare(), 0u);
  EXPECT_EQ(again->size, 0u);
  EXPECT_EQ(again->readers, 0u);
  EXPECT_TRUE(again->marks.empty());
  EXPECT_GT(again->marks.capacity(), 0u) << "its room for marks is used again, too";
  EXPECT_EQ(again->next, nullptr);
}

TEST(SegmentPool, NeverGivesASmallOneForALargeOne) {
  SegmentPool pool(1024 * 1024);
  pool.give_back(pool.take(kSmall));

  EXPECT_EQ(pool.take(kLarge)->capacity, kLarge);
  EXPECT_EQ(pool.spare(), kSmall);
}

TEST(SegmentPool, KeepsNoMoreThanItMay) {
  SegmentPool pool(2 * kLarge + kSmall);
  std::vector<std::unique_ptr<LogSegment>> taken;
  for (int i = 0; i < 5; ++i) taken.push_back(pool.take(kLarge));
  for (int i = 0; i < 5; ++i) taken.push_back(pool.take(kSmall));

  for (auto& segment : taken) pool.give_back(std::move(segment));

  EXPECT_EQ(pool.spare(), 2 * kLarge + kSmall);
}

TEST(SegmentPool, KeepsNothingWhoseMarksAreTooManyForIt) {
  SegmentPool pool(kLarge + 1000);
  auto segment = pool.take(kLarge);
  segment->marks.reserve(1000);

  pool.give_back(std::move(segment));

  EXPECT_EQ(pool.spare(), 0u);
}

TEST(SegmentPool, KeepsNothingOfUnusualSize) {
  SegmentPool pool(100 * kLarge);

  pool.give_back(pool.take(kLarge + 1));

  EXPECT_EQ(pool.spare(), 0u);
}

}  // namespace
}  // namespace omnibroker::core
