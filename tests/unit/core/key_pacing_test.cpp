#include "session/key_pacing.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;
using Verdict = Selection::Verdict;

constexpr Verdict kInside{true, false, {}};
constexpr Verdict kElsewhere{false, true, {}};
constexpr Verdict kNotWanted{false, false, {}};

Verdict every(std::chrono::nanoseconds interval) { return {true, false, interval}; }

class KeyPacingTest : public testing::Test {
 protected:
  /// A message of the key in this slot comes.
  bool passes(LatestValues::Slot slot, const Verdict& verdict, std::uint64_t born = 1) {
    return pacing.passes(0, slot, born, verdict, now);
  }
  /// The slots whose newest message goes now.
  std::vector<LatestValues::Slot> due() {
    std::vector<LatestValues::Slot> slots;
    for (KeyPacing::Due found; pacing.take_due(now, found);) slots.push_back(found.slot);
    return slots;
  }

  KeyPacing pacing;
  KeyPacing::Clock::time_point now = KeyPacing::Clock::time_point{} + 1h;
};

using Slots = std::vector<LatestValues::Slot>;

TEST_F(KeyPacingTest, WithoutAnIntervalEverythingPasses) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(passes(0, kInside));

  EXPECT_EQ(pacing.next(), KeyPacing::Clock::time_point::max());
}

TEST_F(KeyPacingTest, WhatComesTooEarlyWaitsAndTheNewestGoesInTime) {
  EXPECT_TRUE(passes(0, every(100ms)));
  now += 30ms;
  EXPECT_FALSE(passes(0, every(100ms)));
  now += 30ms;
  EXPECT_FALSE(passes(0, every(100ms)));

  EXPECT_EQ(pacing.next(), now + 40ms);
  EXPECT_EQ(due(), Slots());
  now += 40ms;
  EXPECT_EQ(due(), Slots{0}) << "once, whatever has waited";
  EXPECT_EQ(due(), Slots());
}

TEST_F(KeyPacingTest, WhatWentInTimeCountsForTheNextInterval) {
  EXPECT_TRUE(passes(0, every(100ms)));
  EXPECT_FALSE(passes(0, every(100ms)));
  now += 100ms;
  EXPECT_EQ(due(), Slots{0});

  now += 60ms;
  EXPECT_FALSE(passes(0, every(100ms)));
  now += 40ms;
  EXPECT_EQ(due(), Slots{0});
  now += 100ms;
  EXPECT_TRUE(passes(0, every(100ms)));
}

TEST_F(KeyPacingTest, KeysHaveIntervalsOfTheirOwn) {
  EXPECT_TRUE(passes(0, every(100ms)));
  EXPECT_TRUE(passes(7, every(50ms)));
  EXPECT_FALSE(passes(0, every(100ms)));
  EXPECT_FALSE(passes(7, every(50ms)));

  now += 50ms;
  EXPECT_EQ(due(), Slots{7});
  now += 50ms;
  EXPECT_EQ(due(), Slots{0});
}

TEST_F(KeyPacingTest, RoutesAreKeptApart) {
  EXPECT_TRUE(pacing.passes(0, 0, 1, every(100ms), now));
  EXPECT_TRUE(pacing.passes(3, 0, 1, every(100ms), now));
  EXPECT_FALSE(pacing.passes(3, 0, 1, every(100ms), now));

  now += 100ms;
  KeyPacing::Due found;
  ASSERT_TRUE(pacing.take_due(now, found));
  EXPECT_EQ(found.route, 3u);
  EXPECT_FALSE(pacing.take_due(now, found));
}

TEST_F(KeyPacingTest, AnObjectIsSeenLeavingItsBoxOnce) {
  EXPECT_FALSE(passes(0, kElsewhere)) << "it was never inside";
  EXPECT_TRUE(passes(0, kInside));
  EXPECT_TRUE(passes(0, kElsewhere));
  EXPECT_FALSE(passes(0, kElsewhere));
  EXPECT_TRUE(passes(0, kInside));
  EXPECT_TRUE(passes(0, kElsewhere));
}

TEST_F(KeyPacingTest, WhatIsNotWantedAtAllDoesNotLeave) {
  EXPECT_TRUE(passes(0, kInside));

  EXPECT_FALSE(passes(0, kNotWanted));
}

TEST_F(KeyPacingTest, AnObjectThatLeavesTakesWhatWaitedWithIt) {
  EXPECT_TRUE(passes(0, every(100ms)));
  EXPECT_FALSE(passes(0, every(100ms)));
  EXPECT_TRUE(passes(0, kElsewhere));

  now += 100ms;
  EXPECT_EQ(due(), Slots());
}

TEST_F(KeyPacingTest, WhatPassesWithoutAnIntervalLeavesNothingWaiting) {
  EXPECT_TRUE(passes(0, every(100ms)));
  EXPECT_FALSE(passes(0, every(100ms)));
  EXPECT_TRUE(passes(0, kInside)) << "in the box where everything is wanted at once";

  now += 100ms;
  EXPECT_EQ(due(), Slots()) << "its newest message has gone already";
}

TEST_F(KeyPacingTest, AnotherKeyInTheSameSlotBeginsAnew) {
  EXPECT_TRUE(passes(0, every(100ms), 1));
  EXPECT_FALSE(passes(0, every(100ms), 1));

  EXPECT_TRUE(passes(0, every(100ms), 2));
  now += 50ms;
  EXPECT_FALSE(passes(0, every(100ms), 2));
  now += 50ms;
  KeyPacing::Due found;
  ASSERT_TRUE(pacing.take_due(now, found));
  EXPECT_EQ(found.born, 2u);
  EXPECT_FALSE(pacing.take_due(now, found)) << "what waited of the first key is for nobody";
}

TEST_F(KeyPacingTest, AnotherKeyInTheSameSlotWasNotInTheBox) {
  EXPECT_TRUE(passes(0, kInside, 1));

  EXPECT_FALSE(passes(0, kElsewhere, 2));
}

TEST_F(KeyPacingTest, AnObjectOnTheEdgeOfABoxWaitsInOnePlace) {
  EXPECT_TRUE(passes(0, every(1h)));
  for (int i = 0; i < 100'000; ++i) {
    now += 1ms;
    EXPECT_FALSE(passes(0, every(1h)));
    EXPECT_TRUE(passes(0, kElsewhere));
  }
  EXPECT_LE(pacing.waiting(), 2u);

  EXPECT_FALSE(passes(0, every(1h)));
  now += 1h;
  EXPECT_EQ(due(), Slots{0});
}

TEST_F(KeyPacingTest, KeysThatComeAndGoLeaveNothingBehind) {
  for (std::uint64_t born = 1; born <= 100'000; ++born) {
    now += 1ms;
    for (LatestValues::Slot slot = 0; slot < 4; ++slot) {
      EXPECT_TRUE(passes(slot, every(1h), born));
      EXPECT_FALSE(passes(slot, every(1h), born));
    }
  }
  EXPECT_LE(pacing.waiting(), 16u) << "four slots, four keys that wait";

  now += 1h;
  EXPECT_EQ(due().size(), 4u);
}

}  // namespace
}  // namespace omnibroker::core
