#include "session/catch_up.hpp"

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;
using Progress = CatchUp::Progress;

Filter keys_like(std::string glob) { return {std::move(glob), {}, {}}; }

/// Stores that messages are put into, and what a catch-up gives of them: "route/key=message".
class CatchUpTest : public testing::Test {
 protected:
  /// Every message has the same size, so that what a call gives can be counted.
  static constexpr std::size_t kSize = 1000;
  static std::string padded(std::string text) { return text + std::string(kSize - text.size(), ' '); }

  LatestValues::Slot put(std::size_t route, std::string_view key, std::string_view message) {
    return stores[route].put(key, padded(std::string(message)), {}, ++sequence, now);
  }
  /// Puts a message as the one of this number.
  void put_at(std::uint64_t number, std::string_view key) {
    sequence = number;
    stores[0].put(key, padded(std::to_string(number)), {}, number, now);
  }
  CatchUp of(const std::vector<std::size_t>& routes, std::uint64_t since = 0) {
    std::vector<CatchUp::Source> sources;
    for (const auto route : routes) sources.push_back({route, &stores[route], since});
    return CatchUp(std::move(sources));
  }
  CatchUp::Snapshot snapshot(std::size_t route, Filter filter = {}, bool selected = false) {
    return {route, &stores[route], sequence, std::move(filter), selected, 0, stores[route].slots()};
  }
  /// One call with a budget for so many messages.
  std::vector<std::string> step(CatchUp& catch_up, std::size_t messages) {
    std::vector<std::string> given;
    auto budget = messages * (kSize + CatchUp::kLook);
    progress =
        catch_up.advance(selection, sequence, now, budget,
                         [&](std::size_t route, const LatestValues::Entry& entry, CatchUp::Reason why) -> std::size_t {
                           given.push_back(std::to_string(route) + "/" + entry.key + "=" +
                                           entry.message.substr(0, entry.message.find(' ')));
                           reason = why;
                           return entry.message.size();
                         });
    return given;
  }

  std::deque<LatestValues> stores{LatestValues(1000, {}), LatestValues(1000, {}), LatestValues(1000, 10s)};
  Selection selection;
  std::uint64_t sequence = 0;
  LatestValues::Clock::time_point now{};
  Progress progress = Progress::More;
  CatchUp::Reason reason = CatchUp::Reason::Change;
};

using Given = std::vector<std::string>;

TEST_F(CatchUpTest, WithNothingToGiveItIsOverAtOnce) {
  auto catch_up = of({0, 1});

  EXPECT_EQ(step(catch_up, 10), Given());
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, WithoutSourcesItIsOverAtOnce) {
  CatchUp catch_up;

  EXPECT_EQ(step(catch_up, 10), Given());
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, WhatFitsIntoOneCallIsGivenInOneCall) {
  put(0, "a", "a1");
  put(0, "b", "b1");
  put(0, "a", "a2");
  auto catch_up = of({0});

  EXPECT_EQ(step(catch_up, 10), (Given{"0/b=b1", "0/a=a2"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, GivesWhatIsNewerThanTheSessionHas) {
  put(0, "a", "a1");
  put(0, "b", "b1");
  put(0, "c", "c1");
  auto catch_up = of({0}, 2);

  EXPECT_EQ(step(catch_up, 10), (Given{"0/c=c1"}));
}

// The picture in the header: what is updated behind the walk is given by the second pass, and only that.
TEST_F(CatchUpTest, GoesThroughTheSlotsAsItsPictureShows) {
  const char* const keys[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};
  const std::uint64_t first[] = {8, 12, 30, 31, 32, 9, 11, 33};
  for (std::size_t i = 0; i < 8; ++i) put_at(first[i], keys[i]);
  auto catch_up = of({0});

  sequence = 40;
  EXPECT_EQ(step(catch_up, 3), (Given{"0/k0=8", "0/k1=12", "0/k2=30"}));
  put_at(41, "k0");
  put_at(46, "k3");
  sequence = 47;
  EXPECT_EQ(step(catch_up, 3), (Given{"0/k3=46", "0/k4=32", "0/k5=9"}));
  put_at(50, "k7");
  put_at(52, "k4");
  sequence = 55;
  EXPECT_EQ(step(catch_up, 3), (Given{"0/k6=11", "0/k7=50", "0/k0=41"}));
  EXPECT_EQ(progress, Progress::More);
  EXPECT_EQ(step(catch_up, 3), (Given{"0/k4=52"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, IsOverOnlyWhenAllThatIsNewerFitsIntoOneCall) {
  for (int i = 0; i < 3; ++i) put(0, "k" + std::to_string(i), "1");
  auto catch_up = of({0});

  EXPECT_EQ(step(catch_up, 3).size(), 3u);
  EXPECT_EQ(progress, Progress::Done) << "there was nothing behind the third";
  for (int i = 0; i < 3; ++i) put(0, "k" + std::to_string(i), "2");
  auto another = of({0}, 3);
  EXPECT_EQ(step(another, 2).size(), 2u);
  EXPECT_EQ(progress, Progress::More);
}

TEST_F(CatchUpTest, AKeyThatIsUpdatedAgainAndAgainKeepsNobodyWaiting) {
  for (int i = 0; i < 100; ++i) put(0, "k" + std::to_string(i), "first");
  auto catch_up = of({0});

  std::set<std::string> others;
  int calls = 0;
  while (others.size() < 98) {
    ASSERT_LT(++calls, 100) << "each call gives somebody who had nothing yet";
    for (const auto& text : step(catch_up, 2)) {
      if (text.find("busy") != std::string::npos) continue;
      EXPECT_TRUE(others.insert(text).second) << text << " came twice";
    }
    put(0, "k0", "busy");
    put(0, "k50", "busy");
  }
}

TEST_F(CatchUpTest, GivesNothingTwice) {
  for (int i = 0; i < 50; ++i) put(0, "k" + std::to_string(i), std::to_string(i));
  auto catch_up = of({0});

  std::multiset<std::string> given;
  do {
    for (auto& text : step(catch_up, 7)) given.insert(std::move(text));
  } while (progress == Progress::More);

  EXPECT_EQ(given.size(), 50u);
  EXPECT_EQ((std::set<std::string>(given.begin(), given.end()).size()), 50u);
}

TEST_F(CatchUpTest, AKeyThatTakesASlotWhichWasVisitedIsGivenToo) {
  stores[0] = LatestValues(2, {});
  put(0, "a", "a1");
  put(0, "b", "b1");
  auto catch_up = of({0});

  EXPECT_EQ(step(catch_up, 1), (Given{"0/a=a1"}));
  put(0, "c", "c1");  // in the place of a, which was visited
  EXPECT_EQ(step(catch_up, 10), (Given{"0/b=b1", "0/c=c1"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, SlotsThatAppearDuringTheWalkAreVisited) {
  put(0, "a", "a1");
  put(0, "b", "b1");
  auto catch_up = of({0});

  EXPECT_EQ(step(catch_up, 1), (Given{"0/a=a1"}));
  put(0, "c", "c1");
  put(0, "a", "a2");
  EXPECT_EQ(step(catch_up, 2), (Given{"0/b=b1", "0/c=c1"}));
  put(0, "d", "d1");
  EXPECT_EQ(step(catch_up, 10), (Given{"0/a=a2", "0/d=d1"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, WhatHasBecomeTooOldIsNotGiven) {
  put(2, "a", "a1");
  put(2, "b", "b1");
  auto catch_up = of({2});

  EXPECT_EQ(step(catch_up, 1), (Given{"2/a=a1"}));
  now += 11s;
  put(2, "c", "c1");
  EXPECT_EQ(step(catch_up, 10), (Given{"2/c=c1"}));
}

TEST_F(CatchUpTest, GoesThroughSeveralSourcesInTurn) {
  put(0, "a", "a1");
  put(1, "x", "x1");
  put(1, "y", "y1");
  auto catch_up = of({0, 1});

  EXPECT_EQ(step(catch_up, 2), (Given{"0/a=a1", "1/x=x1"}));
  put(0, "a", "a2");
  put(1, "x", "x2");
  EXPECT_EQ(step(catch_up, 10), (Given{"1/y=y1", "1/x=x2", "0/a=a2"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, EachSourceHasItsOwnBeginning) {
  put(0, "a", "a1");
  put(1, "x", "x1");
  CatchUp catch_up({{0, &stores[0], 1}, {1, &stores[1], 0}});

  EXPECT_EQ(step(catch_up, 10), (Given{"1/x=x1"}));
  EXPECT_TRUE(catch_up.covers(0) && catch_up.covers(1));
  EXPECT_FALSE(catch_up.covers(2));
}

TEST_F(CatchUpTest, GivesWhatTheSelectionTakes) {
  std::vector<std::optional<Selection::OfRoute>> wanted(1);
  wanted[0].emplace().filters = {keys_like("/a/*")};
  selection = Selection(std::move(wanted));
  put(0, "/a/1", "1");
  put(0, "/b/1", "2");
  put(1, "/b/1", "3");
  auto catch_up = of({0, 1});

  EXPECT_EQ(step(catch_up, 10), (Given{"1//b/1=3", "0//a/1=1"})) << "of the other route it wants everything";
}

TEST_F(CatchUpTest, ASnapshotGivesWhatWasThereWhenItBegan) {
  put(0, "/a/1", "old");
  put(0, "/b/1", "old");
  put(0, "/a/2", "old");
  CatchUp catch_up;
  catch_up.add(snapshot(0, keys_like("/a/*")));

  put(0, "/a/2", "new");  // the live stream has it
  put(0, "/a/3", "new");
  EXPECT_EQ(step(catch_up, 10), (Given{"0//a/1=old"}));
  EXPECT_EQ(reason, CatchUp::Reason::Snapshot);
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, ASnapshotGivesTheNewestOfWhatTheLiveStreamDoesNotBring) {
  std::vector<std::optional<Selection::OfRoute>> wanted(1);
  wanted[0].emplace().filters = {keys_like("/a/*")};
  selection = Selection(std::move(wanted));
  put(0, "/a/1", "old");
  put(0, "/b/1", "old");
  CatchUp catch_up;
  catch_up.add(snapshot(0));

  put(0, "/a/1", "new");
  put(0, "/b/1", "new");
  EXPECT_EQ(step(catch_up, 10), (Given{"0//b/1=new"})) << "nothing else would bring it";
}

TEST_F(CatchUpTest, ASelectedSnapshotFollowsTheSelection) {
  put(0, "/a/1", "1");
  put(0, "/b/1", "1");
  put(0, "/a/2", "1");
  CatchUp catch_up;
  catch_up.add(snapshot(0, {}, true));
  EXPECT_EQ(step(catch_up, 1), (Given{"0//a/1=1"}));

  std::vector<std::optional<Selection::OfRoute>> wanted(1);
  wanted[0].emplace().filters = {keys_like("/a/*")};
  selection = Selection(std::move(wanted));
  EXPECT_EQ(step(catch_up, 10), (Given{"0//a/2=1"}));
}

TEST_F(CatchUpTest, SnapshotsComeOneAfterAnotherAndCanBeTakenOver) {
  for (const auto* key : {"/a/1", "/b/1", "/a/2", "/b/2"}) put(0, key, "1");
  put(1, "x", "1");
  CatchUp catch_up;
  catch_up.add(snapshot(0, keys_like("/b/*")));
  catch_up.add(snapshot(1));
  EXPECT_EQ(step(catch_up, 1), (Given{"0//b/1=1"}));

  CatchUp another;
  for (auto& unfinished : catch_up.snapshots()) another.add(std::move(unfinished));
  EXPECT_EQ(step(another, 10), (Given{"0//b/2=1", "1/x=1"})) << "it goes on where the other one was";
}

TEST_F(CatchUpTest, ASnapshotThatIsAskedForAgainAndAgainComesToEveryKey) {
  for (int i = 0; i < 10; ++i) put(0, "k" + std::to_string(i), "1");
  CatchUp catch_up;
  catch_up.add(snapshot(0));
  std::multiset<std::string> given;
  for (int i = 0; i < 10; ++i) {  // one key a call, and asked for behind each
    for (auto& text : step(catch_up, 1)) given.insert(std::move(text));
    ASSERT_TRUE(catch_up.snapshots().front().same_as(snapshot(0)));
    catch_up.snapshots().front().begin_again(sequence);
  }
  EXPECT_EQ(std::set<std::string>(given.begin(), given.end()).size(), 10u)
      << "nobody waits because others are asked for";

  EXPECT_EQ(step(catch_up, 100).size(), 10u) << "behind the last request it goes round once";
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, ASnapshotThatIsAskedForAgainIncludesWhatHasComeMeanwhile) {
  put(0, "a", "a1");
  put(0, "b", "b1");
  CatchUp catch_up;
  catch_up.add(snapshot(0));
  EXPECT_EQ(step(catch_up, 1), (Given{"0/a=a1"}));
  put(0, "a", "a2");
  put(0, "c", "c1");
  catch_up.snapshots().front().begin_again(sequence);

  EXPECT_EQ(step(catch_up, 10), (Given{"0/b=b1", "0/c=c1", "0/a=a2"}));
}

TEST_F(CatchUpTest, FallingBehindDuringASnapshotLosesNothingAndRepeatsNothing) {
  for (int i = 0; i < 4; ++i) put(0, "k" + std::to_string(i), "old");
  CatchUp beside;
  beside.add(snapshot(0));
  EXPECT_EQ(step(beside, 2), (Given{"0/k0=old", "0/k1=old"}));
  put(0, "k0", "live");
  put(0, "k3", "live");
  const auto passed = sequence;  // so far it has had the stream
  put(0, "k1", "new");
  put(0, "k3", "new");
  auto apart = of({0}, passed);
  for (auto& unfinished : beside.snapshots()) apart.add(std::move(unfinished));

  EXPECT_EQ(step(apart, 10), (Given{"0/k2=old", "0/k1=new", "0/k3=new"}));
}

TEST_F(CatchUpTest, LookingCostsTooWhereNothingIsTaken) {
  for (int i = 0; i < 1000; ++i) put(0, "k" + std::to_string(i), "1");
  CatchUp catch_up;
  catch_up.add(snapshot(0, keys_like("/nothing")));
  int calls = 0;
  do {
    std::size_t budget = 100 * CatchUp::kLook;
    progress = catch_up.advance(selection, sequence, now, budget, [](auto, const auto&, auto) { return 0; });
    ++calls;
  } while (progress == Progress::More);

  EXPECT_EQ(calls, 10);
}

TEST_F(CatchUpTest, WhereLittleHasChangedNotEverySlotIsLookedAt) {
  for (int i = 0; i < 1000; ++i) put(0, "k" + std::to_string(i), "1");
  auto catch_up = of({0}, sequence);
  put(0, "k7", "2");
  put(0, "k3", "2");

  EXPECT_EQ(step(catch_up, 10), (Given{"0/k7=2", "0/k3=2"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, RepeatsAKeyWhenAsked) {
  put(0, "a", "a1");
  const auto slot = put(0, "b", "b1");
  put(1, "x", "x1");
  auto catch_up = of({0, 1});

  EXPECT_EQ(step(catch_up, 2), (Given{"0/a=a1", "0/b=b1"}));
  catch_up.repeat(0, stores[0], slot);
  EXPECT_EQ(step(catch_up, 10), (Given{"0/b=b1", "1/x=x1"}));
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, RepeatsKeepToTheSizeOfAStepToo) {
  std::vector<LatestValues::Slot> slots;
  for (int i = 0; i < 5; ++i) slots.push_back(put(0, "k" + std::to_string(i), "1"));
  auto catch_up = of({0});
  EXPECT_EQ(step(catch_up, 5).size(), 5u);

  for (const auto slot : slots) catch_up.repeat(0, stores[0], slot);
  EXPECT_EQ(step(catch_up, 3).size(), 3u);
  EXPECT_EQ(progress, Progress::More);
  EXPECT_EQ(step(catch_up, 3).size(), 2u);
  EXPECT_EQ(progress, Progress::Done);
}

TEST_F(CatchUpTest, DoesNotRepeatAKeyThatHasGone) {
  stores[2] = LatestValues(10, 1s);
  const auto slot = put(2, "a", "a1");
  auto catch_up = of({2});

  catch_up.repeat(2, stores[2], slot);
  now += 2s;
  stores[2].expire(now);
  EXPECT_EQ(step(catch_up, 10), Given());
  EXPECT_EQ(progress, Progress::Done);
}

/// A publisher that updates keys at random, and a reader that takes steps of random size; then the live stream.
class SlowReader {
 public:
  explicit SlowReader(unsigned seed) : random_(seed) {
    for (std::size_t route = 0; route < 2; ++route) stores_.emplace_back(40 + below(80), std::chrono::seconds(0));
    for (int i = 0; i < 150; ++i) publish();
  }

  void run() {
    CatchUp catch_up({{0, &stores_[0], 0}, {1, &stores_[1], 0}});
    for (int calls = 0;; ++calls) {
      ASSERT_LT(calls, 10'000);
      const auto messages = calls < 200 ? 1 + below(20) : 1000;  // in the end it reads fast enough
      auto budget = messages * (CatchUp::kLook + 1);
      const auto progress =
          catch_up.advance({}, sequence_, {}, budget, [&](std::size_t route, const LatestValues::Entry& entry, auto) {
            take(route, entry.key, entry.sequence);
            return std::size_t{1};
          });
      if (progress == CatchUp::Progress::Done) break;
      for (auto i = below(30); i > 0; --i) publish();
    }
    ASSERT_NO_FATAL_FAILURE(has_the_newest_of_every_key());
    live_ = true;
    for (int i = 0; i < 200; ++i) publish();
    has_the_newest_of_every_key();
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void publish() {
    const auto route = below(2);
    // Few keys are updated often, many seldom, and more of them than the store keeps: keys go, and come back.
    const auto key = "k" + std::to_string(below(below(2) == 0 ? 5 : 140));
    stores_[route].put(key, "m", {}, ++sequence_, {});
    if (live_) take(route, key, sequence_);
  }

  void take(std::size_t route, const std::string& key, std::uint64_t version) {
    auto& had = got_[{route, key}];
    EXPECT_GT(version, had) << "route " << route << ", " << key << ": an older one, or the same again";
    had = version;
  }

  void has_the_newest_of_every_key() {
    for (std::size_t route = 0; route < stores_.size(); ++route) {
      for (LatestValues::Slot slot = 0; slot < stores_[route].slots(); ++slot) {
        const auto* entry = stores_[route].at(slot, {});
        if (entry == nullptr) continue;
        ASSERT_EQ((got_[{route, entry->key}]), entry->sequence) << entry->key;
      }
    }
  }

  std::mt19937 random_;
  std::deque<LatestValues> stores_;
  std::uint64_t sequence_ = 0;
  bool live_ = false;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> got_;
};

TEST(CatchUp, WhateverIsPublishedMeanwhileASlowReaderEndsWithTheNewestOfEveryKey) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SlowReader reader(seed);
    ASSERT_NO_FATAL_FAILURE(reader.run());
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace omnibroker::core
