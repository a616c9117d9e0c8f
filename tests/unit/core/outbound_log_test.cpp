#include "session/outbound_log.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// Everything that is pending for a cursor, in the pieces that one send would carry.
std::string pending(const OutboundLog::Cursor& cursor, std::size_t limit = 1u << 30) {
  std::vector<iovec> pieces;
  cursor.gather(pieces, limit, 1000);
  std::string text;
  for (const auto& piece : pieces) text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return text;
}

class OutboundLogTest : public testing::Test {
 protected:
  void append(std::string_view message) {
    log.append(message, {++sequence, 0, static_cast<std::uint32_t>(sequence * 10), ~0u, 7});
  }
  static std::vector<std::uint64_t> pending_sequences(const OutboundLog::Cursor& cursor) {
    std::vector<std::uint64_t> found;
    cursor.each_pending([&](const LogMark& mark, std::string_view) { found.push_back(mark.sequence); });
    return found;
  }

  std::uint64_t sequence = 0;
  SegmentPool pool{1024 * 1024};
  OutboundLog log{pool};
};

TEST_F(OutboundLogTest, AMemberGetsWhatIsAppendedAfterItJoined) {
  OutboundLog::Cursor early, late;

  log.join(early, 0);
  append("one");
  log.join(late, 0);
  append("two");

  EXPECT_EQ(pending(early), "onetwo");
  EXPECT_EQ(pending(late), "two");
}

TEST_F(OutboundLogTest, NothingIsKeptWithoutMembers) {
  append("nobody reads this");

  EXPECT_EQ(log.bytes(), 0u);
}

TEST_F(OutboundLogTest, MembersReadAtTheirOwnPace) {
  OutboundLog::Cursor fast, slow;
  log.join(fast, 0);
  log.join(slow, 0);
  append("abc");
  append("def");

  fast.advance(6);
  slow.advance(2);

  EXPECT_TRUE(fast.at_end());
  EXPECT_EQ(pending(slow), "cdef");
}

TEST_F(OutboundLogTest, KnowsTheRestOfAMessageThatWasBegun) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  append("hello");
  append("world");

  EXPECT_EQ(cursor.rest_of_message(), "");
  cursor.advance(2);
  EXPECT_EQ(cursor.rest_of_message(), "llo");
  EXPECT_EQ(pending_sequences(cursor), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(cursor.passed_sequence(), 1u);
  cursor.advance(3);
  EXPECT_EQ(cursor.rest_of_message(), "");
  EXPECT_EQ(pending_sequences(cursor), (std::vector<std::uint64_t>{2}));
  cursor.advance(1);
  EXPECT_EQ(cursor.rest_of_message(), "orld");
}

TEST_F(OutboundLogTest, ASlowMemberHoldsSegmentsAndLetsThemGoWhenItCatchesUp) {
  OutboundLog::Cursor fast, slow;
  log.join(fast, 0);
  log.join(slow, 0);
  const std::string message(SegmentPool::kLarge / 2, 'x');

  for (int i = 0; i < 8; ++i) {
    append(message);
    fast.advance(message.size());
  }

  EXPECT_EQ(log.bytes(), 8 * message.size());
  EXPECT_TRUE(log.holds_oldest(slow));
  EXPECT_FALSE(log.holds_oldest(fast));
  EXPECT_EQ(pending_sequences(slow).size(), 8u);
  slow.advance(8 * message.size());
  EXPECT_LE(log.bytes(), SegmentPool::kLarge);
}

TEST_F(OutboundLogTest, SkippingASegmentLeavesTheNewerMessages) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  const std::string half(SegmentPool::kLarge / 2, 'a');
  append(half);
  append(half);
  append("newer");

  std::vector<std::uint64_t> left;
  cursor.skip_segment([&](const LogMark& mark) { left.push_back(mark.sequence); });

  EXPECT_EQ(left, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(pending(cursor), "newer");
}

TEST_F(OutboundLogTest, SkippingByAgeStopsAtTheFirstThatStays) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  const std::string large(SegmentPool::kLarge / 2, 'a');
  for (int i = 0; i < 5; ++i) append(large);  // at 10, 20, 30, 40 and 50 ms, in three segments
  cursor.advance(3);

  const std::string rest(cursor.rest_of_message());
  std::vector<std::uint64_t> left;
  cursor.skip_while([&](const LogMark& mark) {
    if (mark.time >= 40) return false;
    left.push_back(mark.sequence);
    return true;
  });

  EXPECT_EQ(rest.size(), large.size() - 3);
  EXPECT_EQ(left, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(pending_sequences(cursor), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(cursor.passed_sequence(), 3u);
}

TEST_F(OutboundLogTest, KnowsTheOldestPendingAcrossSegments) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  EXPECT_EQ(cursor.oldest_pending(), nullptr);
  const std::string large(SegmentPool::kLarge, 'a');
  append(large);
  append(large);

  cursor.advance(large.size() - 1);
  EXPECT_EQ(cursor.oldest_pending()->sequence, 1u);
  cursor.advance(1);
  ASSERT_NE(cursor.oldest_pending(), nullptr);
  EXPECT_EQ(cursor.oldest_pending()->sequence, 2u);
  EXPECT_EQ(cursor.oldest_pending()->route, 7u);
}

TEST_F(OutboundLogTest, WhoJoinsLateHasPassedWhatCameBefore) {
  OutboundLog::Cursor early, late;
  log.join(early, 0);
  append(std::string(SegmentPool::kLarge, 'a'));
  append("b");
  log.join(late, 0);

  EXPECT_EQ(early.passed_sequence(), 0u);
  EXPECT_EQ(late.passed_sequence(), 2u);
}

TEST_F(OutboundLogTest, ASteadyStreamUsesItsSegmentsAgain) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  const std::string message(SegmentPool::kLarge / 4, 'm');
  for (int i = 0; i < 100; ++i) {
    append(message);
    cursor.advance(message.size());
  }

  EXPECT_LE(log.bytes(), SegmentPool::kLarge);
  EXPECT_LT(pool.spare(), 2 * SegmentPool::kLarge) << "one is in use, one is spare";
}

TEST_F(OutboundLogTest, AMessageLargerThanASegmentStaysInOnePiece) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  const std::string large(3 * SegmentPool::kLarge, 'y');

  append("small");
  append(large);
  append("small");

  EXPECT_EQ(pending(cursor), "small" + large + "small");
  cursor.advance(6);
  EXPECT_EQ(cursor.rest_of_message().size(), large.size() - 1);
}

TEST_F(OutboundLogTest, AGatherStopsAtItsLimits) {
  OutboundLog::Cursor cursor;
  log.join(cursor, 0);
  const std::string message(SegmentPool::kLarge, 'z');
  for (int i = 0; i < 4; ++i) append(message);

  EXPECT_EQ(pending(cursor, 100).size(), 100u);
  std::vector<iovec> pieces;
  EXPECT_EQ(cursor.gather(pieces, 1u << 30, 2), 2 * message.size());
}

TEST_F(OutboundLogTest, LeavingFreesWhatOnlyTheLeaverHeld) {
  {
    OutboundLog::Cursor cursor;
    log.join(cursor, 0);
    for (int i = 0; i < 100; ++i) append(std::string(10'000, 'q'));
    EXPECT_EQ(log.bytes(), 1'000'000u);
  }

  EXPECT_EQ(log.members(), 0u);
  EXPECT_EQ(log.bytes(), 0u);
}

TEST_F(OutboundLogTest, ManyRandomReadersSeeTheSameStream) {
  std::vector<OutboundLog::Cursor> cursors(20);
  std::vector<std::string> read(cursors.size());
  for (auto& cursor : cursors) log.join(cursor, 0);
  std::string all;
  unsigned random = 12345;
  const auto next = [&random](unsigned below) {
    random = random * 1664525u + 1013904223u;
    return (random >> 8) % below;
  };

  for (int i = 0; i < 2'000; ++i) {
    const std::string message = "<" + std::to_string(i) + std::string(next(300), '.') + ">";
    all += message;
    append(message);
    auto& cursor = cursors[next(20)];
    auto& text = read[static_cast<std::size_t>(&cursor - cursors.data())];
    const auto bytes = pending(cursor, next(20'000) + 1);
    text += bytes;
    cursor.advance(bytes.size());
  }

  for (std::size_t i = 0; i < cursors.size(); ++i) EXPECT_EQ(read[i] + pending(cursors[i]), all);
}

}  // namespace
}  // namespace omnibroker::core
