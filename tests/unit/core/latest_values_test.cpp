#include "session/latest_values.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

class LatestValuesTest : public testing::Test {
 protected:
  std::vector<std::string> all(LatestValues& values) {
    std::vector<std::string> messages;
    for (const auto* entry : values.in_order("", "", 100, now)) messages.push_back(entry->message);
    return messages;
  }
  LatestValues::Slot put(LatestValues& values, std::string_view key, std::string_view message) {
    return values.put(key, message, {}, ++sequence, now);
  }

  std::uint64_t sequence = 0;

  LatestValues::Clock::time_point now{};
};

using Messages = std::vector<std::string>;

TEST_F(LatestValuesTest, KeepsTheNewestMessageOfEachKey) {
  LatestValues values(10, {});

  put(values, "a", "a1");
  put(values, "b", "b1");
  put(values, "a", "a2");

  EXPECT_EQ(all(values), (Messages{"a2", "b1"}));
}

TEST_F(LatestValuesTest, ShowsWhatCameAfterAMessageFromTheNewestOn) {
  LatestValues values(10, {});
  put(values, "a", "a1");
  put(values, "b", "b1");
  put(values, "c", "c1");
  put(values, "a", "a2");

  Messages seen;
  values.each_after(1, now, [&](LatestValues::Slot, const LatestValues::Entry& entry) {
    seen.push_back(entry.message);
    return entry.message != "c1";
  });

  EXPECT_EQ(seen, (Messages{"a2", "c1"}));
}

TEST_F(LatestValuesTest, PastItsBoundTheLongestUnchangedGoes) {
  LatestValues values(2, {});

  put(values, "a", "a1");
  put(values, "b", "b1");
  put(values, "a", "a2");
  put(values, "c", "c1");

  EXPECT_EQ(all(values), (Messages{"a2", "c1"}));
  EXPECT_EQ(values.evicted(), 1u);
}

TEST_F(LatestValuesTest, TheMemoryOfALargeMessageGoesWithItsKey) {
  LatestValues values(1, {});

  put(values, "a", std::string(100'000, 'x'));
  put(values, "b", "b1");

  EXPECT_LT(values.find("b", now)->message.capacity(), 1000u);
}

TEST_F(LatestValuesTest, ForgetsWhatIsTooOld) {
  LatestValues values(10, 5s);
  put(values, "old", "1");
  now += 4s;
  put(values, "new", "2");
  now += 2s;

  EXPECT_EQ(all(values), (Messages{"2"}));
  EXPECT_EQ(values.find("old", now), nullptr);
  values.expire(now);
  EXPECT_EQ(values.size(), 1u);
}

TEST_F(LatestValuesTest, AKeyKeepsItsSlotAndAnotherOneInItIsKnownByItsBirth) {
  LatestValues values(1, {});
  const auto slot = put(values, "a", "a1");
  const auto born = values.at(slot, now)->born;

  EXPECT_EQ(put(values, "a", "a2"), slot);
  EXPECT_EQ(values.at(slot, now)->born, born);
  EXPECT_EQ(put(values, "b", "b1"), slot) << "the only slot there is";
  EXPECT_NE(values.at(slot, now)->born, born);
  EXPECT_EQ(values.find("a", now), nullptr);
}

TEST_F(LatestValuesTest, IsTheSameInWhateverOrderMessagesOfTwoWorkersCome) {
  const Stamp earlier{now + 1s, 1}, later{now + 2s, 0}, at_once{now + 2s, 1};
  LatestValues here(10, {}), there(10, {});
  const auto deliver = [&](LatestValues& values, std::string_view key, std::string_view message, const Stamp& stamp) {
    return values.put(key, message, {}, ++sequence, now, stamp);
  };

  const auto slot = deliver(here, "a", "earlier", earlier);
  EXPECT_EQ(deliver(here, "a", "later", later), slot);
  deliver(there, "a", "later", later);
  const auto kept = there.find("a", now)->sequence;
  EXPECT_EQ(there.at(deliver(there, "a", "earlier", earlier), now), there.find("a", now));
  EXPECT_EQ(there.find("a", now)->sequence, kept) << "nothing has changed";
  EXPECT_EQ(all(here), (Messages{"later"}));
  EXPECT_EQ(all(there), (Messages{"later"}));

  deliver(here, "b", "of the first", later);
  deliver(here, "b", "of the second", at_once);
  deliver(there, "b", "of the second", at_once);
  deliver(there, "b", "of the first", later);
  EXPECT_EQ(all(here), (Messages{"later", "of the second"}));
  EXPECT_EQ(all(there), (Messages{"later", "of the second"}));

  deliver(here, "b", "of the same turn", at_once);
  EXPECT_EQ(here.find("b", now)->message, "of the same turn");
}

TEST_F(LatestValuesTest, WhatIsTooOldGivesWayToWhateverComes) {
  LatestValues values(10, 5s);
  values.put("a", "newer", {}, 1, now, {now + 2s, 0});
  now += 6s;
  const auto slot = values.put("a", "older", {}, 2, now, {now - 5s, 0});

  ASSERT_NE(values.at(slot, now), nullptr);
  EXPECT_EQ(values.at(slot, now)->message, "older");
}

TEST_F(LatestValuesTest, ListsByKeyFromAPlaceOn) {
  LatestValues values(100, {});
  for (const char* key : {"/b/2", "/a/1", "/b/1", "/b/3", "/c/1"}) put(values, key, key);

  const auto listed = [&](std::string_view prefix, std::string_view after, std::size_t most) {
    Messages keys;
    for (const auto* entry : values.in_order(prefix, after, most, now)) keys.push_back(entry->key);
    return keys;
  };
  EXPECT_EQ(listed("/b/", "", 10), (Messages{"/b/1", "/b/2", "/b/3"}));
  EXPECT_EQ(listed("/b/", "/b/1", 10), (Messages{"/b/2", "/b/3"}));
  EXPECT_EQ(listed("", "", 2), (Messages{"/a/1", "/b/1"}));
  EXPECT_EQ(listed("", "/c/1", 2), Messages{});
  EXPECT_EQ(listed("", "", 0), Messages{});
}

TEST_F(LatestValuesTest, KeepsNothingWhereNothingMayBeKept) {
  LatestValues values(0, {});

  put(values, "a", "1");

  EXPECT_TRUE(all(values).empty());
}

}  // namespace
}  // namespace omnibroker::core
