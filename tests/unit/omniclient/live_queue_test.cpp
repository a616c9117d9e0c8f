#include "engine/live_queue.hpp"

#include <gtest/gtest.h>

namespace {

using omniclient::LiveQueue;
using std::chrono::microseconds;
using std::chrono::milliseconds;

class LiveQueueTest : public testing::Test {
 protected:
  bool add(const char* url, milliseconds sent, milliseconds now, int number) {
    return queue.add(url, sent, now, [this, number] { made.push_back(number); });
  }
  static void make(const std::vector<std::function<void()>>& calls) {
    for (const auto& call : calls) call();
  }

  LiveQueue queue;
  std::vector<int> made;
};

TEST_F(LiveQueueTest, HoldsAnUpdateBackUntilItIsDue) {
  // 100 ms under way: due min(1000, 10 + 2 * 100) ms after it was sent.
  add("a", milliseconds(1000), milliseconds(1100), 1);

  EXPECT_TRUE(queue.take(milliseconds(1209)).empty());
  EXPECT_EQ(queue.next_due(), milliseconds(1210));
  make(queue.take(milliseconds(1210)));

  EXPECT_EQ(made, std::vector<int>{1});
  EXPECT_EQ(queue.next_due(), std::nullopt);
}

TEST_F(LiveQueueTest, HoldsBackNoLongerThanTheMost) {
  add("a", milliseconds(1000), milliseconds(9000), 1);
  EXPECT_EQ(queue.next_due(), milliseconds(2000));

  LiveQueue other;
  // A server whose clock is ahead.
  other.add("a", milliseconds(50000), milliseconds(1000), [] {});
  EXPECT_EQ(other.next_due(), milliseconds(2000));
}

TEST_F(LiveQueueTest, HoldsNothingBackWhenTurnedOff) {
  queue.configure({milliseconds(0), 0, milliseconds(0)});
  add("a", milliseconds(1000), milliseconds(1001), 1);

  make(queue.take(milliseconds(1001)));

  EXPECT_EQ(made, std::vector<int>{1});
}

TEST_F(LiveQueueTest, KeepsTheOrderOfOneUrl) {
  add("a", milliseconds(2000), milliseconds(1000), 1);  // Not due yet.
  add("a", milliseconds(0), milliseconds(1000), 2);     // Due, but behind it.
  add("b", milliseconds(0), milliseconds(1000), 3);

  make(queue.take(milliseconds(1000)));
  EXPECT_EQ(made, std::vector<int>{3});
  make(queue.take(milliseconds(3000)));
  EXPECT_EQ(made, (std::vector<int>{3, 1, 2}));
}

TEST_F(LiveQueueTest, TakesOneUrlUpToATimeDueOrNot) {
  add("a", milliseconds(1000), milliseconds(1000), 1);
  add("a", milliseconds(1100), milliseconds(1100), 2);
  add("b", milliseconds(1000), milliseconds(1000), 3);

  make(queue.take("a", milliseconds(1050)));

  EXPECT_EQ(made, std::vector<int>{1});
  EXPECT_EQ(queue.size(), 2u);
}

TEST_F(LiveQueueTest, RefusesMoreThanItsBound) {
  for (std::size_t i = 0; i < LiveQueue::kMaxUpdates; ++i) ASSERT_TRUE(queue.add("a", {}, {}, [] {}));

  EXPECT_FALSE(queue.add("a", {}, {}, [] {}));
}

TEST_F(LiveQueueTest, SurvivesTimesThatNoClockHas) {
  const LiveQueue::Time last = LiveQueue::Time::max();
  queue.add("a", last, milliseconds(1000), [this] { made.push_back(1); });
  EXPECT_EQ(queue.next_due(), milliseconds(2000));

  make(queue.take("a", last));
  EXPECT_EQ(made, std::vector<int>{1});
}

TEST_F(LiveQueueTest, KeepsWhatItsOwnerCannotTakeYet) {
  bool ready = false;
  queue.add(
      "a", milliseconds(0), milliseconds(1000), [this] { made.push_back(1); }, &ready, [&ready] { return ready; });
  EXPECT_TRUE(queue.take(milliseconds(9000)).empty());
  EXPECT_TRUE(queue.take("a", milliseconds(9000)).empty());
  ready = true;
  make(queue.take(milliseconds(9000)));
  EXPECT_EQ(made, std::vector<int>{1});
}

TEST_F(LiveQueueTest, ForgetsAnOwner) {
  int one = 0;
  int other = 0;
  queue.add(
      "a", milliseconds(0), milliseconds(0), [this] { made.push_back(1); }, &one);
  queue.add(
      "a", milliseconds(0), milliseconds(0), [this] { made.push_back(2); }, &other);
  queue.remove(&one);
  make(queue.take(milliseconds(9000)));
  EXPECT_EQ(made, std::vector<int>{2});
}

}  // namespace
