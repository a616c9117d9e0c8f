#include "runtime/parcels.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::vector<std::string> contents(const Parcels& parcels) {
  std::vector<std::string> found;
  parcels.each([&](const Parcels::Parcel& parcel) {
    found.push_back(std::to_string(parcel.route) + ":" + std::string(parcel.latest_key) + ":" +
                    std::string(parcel.payload));
  });
  return found;
}

using Contents = std::vector<std::string>;

TEST(Parcels, AreShownInTheirOrder) {
  Parcels parcels;
  EXPECT_TRUE(parcels.empty());

  parcels.append({2, "payload", "key", {}});
  parcels.append({0, "", "only a key", {}});
  parcels.append({1, "only a payload", "", {}});
  parcels.append({3, "", "", {}});

  EXPECT_FALSE(parcels.empty());
  EXPECT_EQ(contents(parcels), (Contents{"2:key:payload", "0:only a key:", "1::only a payload", "3::"}));
}

TEST(Parcels, CarryPositions) {
  Parcels parcels;
  parcels.append({0, "p", "", {{1.5, -2.5, 1e300}, 3}});
  parcels.append({0, "p", "", {}});

  std::vector<Position> positions;
  parcels.each([&](const Parcels::Parcel& parcel) { positions.push_back(parcel.position); });

  ASSERT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions[0].dimensions, 3u);
  EXPECT_EQ(positions[0].at, (std::array<double, 3>{1.5, -2.5, 1e300}));
  EXPECT_EQ(positions[1].dimensions, 0u);
}

TEST(Parcels, CarryStamps) {
  const Stamp stamp{Stamp{}.time + std::chrono::nanoseconds(123), 7};
  Parcels parcels;
  parcels.append({0, "p", "key", {}, stamp});

  parcels.each([&](const Parcels::Parcel& parcel) { EXPECT_EQ(parcel.stamp, stamp); });
}

TEST(Parcels, CanBeJoinedExchangedAndCleared) {
  Parcels first, second;
  first.append({1, "one", "", {}});
  second.append({2, "two", "", {}});
  second.append({3, "three", "", {}});

  first.append(second);
  EXPECT_EQ(contents(first), (Contents{"1::one", "2::two", "3::three"}));
  first.swap(second);
  EXPECT_EQ(contents(second).size(), 3u);
  EXPECT_EQ(contents(first).size(), 2u);
  second.clear();
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(contents(second), Contents());
}

// They lie end to end, so every size puts the next one to another place.
TEST(Parcels, KeepWhateverSizesComeTogether) {
  std::mt19937 random(3);
  Parcels parcels;
  Contents expected;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string payload(random() % 300, static_cast<char>('a' + i % 26));
    const std::string key(random() % 40, static_cast<char>('A' + i % 26));
    parcels.append({i, payload, key, {}});
    expected.push_back(std::to_string(i) + ":" + key + ":" + payload);
  }

  EXPECT_EQ(contents(parcels), expected);
}

constexpr std::size_t kBurst = 8 * 1024 * 1024;

void use(Parcels& parcels, std::size_t size) {
  parcels.append({0, std::string(size, 'x'), "", {}});
  parcels.clear();
}

TEST(Parcels, GiveTheMemoryOfABurstBack) {
  Parcels parcels;
  use(parcels, kBurst);

  parcels.release_unused();
  EXPECT_GE(parcels.capacity(), kBurst) << "it has just been needed";
  use(parcels, 1000);
  parcels.release_unused();
  EXPECT_LT(parcels.capacity(), kBurst / 8);
}

TEST(Parcels, KeepTheMemoryThatIsUsed) {
  Parcels often, small;
  for (int i = 0; i < 10; ++i) {
    use(often, kBurst);
    use(often, 10);
    use(small, i == 0 ? kBurst / 32 : 10);
    const auto before = often.capacity(), small_before = small.capacity();
    often.release_unused();
    small.release_unused();
    EXPECT_EQ(often.capacity(), before);
    EXPECT_EQ(small.capacity(), small_before);
  }
}

TEST(Parcels, WhatWasUsedGoesWithTheBlock) {
  Parcels first, second;
  use(first, kBurst);
  first.swap(second);
  first.release_unused();
  second.release_unused();
  EXPECT_GE(second.capacity(), kBurst);
}

TEST(Parcels, LoseNothingThatIsOnItsWay) {
  Parcels parcels;
  use(parcels, kBurst);
  parcels.release_unused();
  parcels.append({1, "payload", "key", {}});
  parcels.release_unused();
  EXPECT_EQ(contents(parcels), (Contents{"1:key:payload"}));
}

}  // namespace
}  // namespace omnibroker::core
