#include "session/outbound_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

TEST(OutboundLog, AMemberGetsWhatIsAppendedAfterItJoined) {
  OutboundLog log;
  OutboundLog::Cursor early, late;

  log.join(early);
  log.append("one");
  log.join(late);
  log.append("two");

  EXPECT_EQ(pending(early), "onetwo");
  EXPECT_EQ(pending(late), "two");
}

TEST(OutboundLog, NothingIsKeptWithoutMembers) {
  OutboundLog log;

  log.append("nobody reads this");

  EXPECT_EQ(log.bytes(), 0u);
}

TEST(OutboundLog, MembersReadAtTheirOwnPace) {
  OutboundLog log;
  OutboundLog::Cursor fast, slow;
  log.join(fast);
  log.join(slow);
  log.append("abc");
  log.append("def");

  fast.advance(6);
  slow.advance(2);

  EXPECT_TRUE(fast.at_end());
  EXPECT_EQ(pending(slow), "cdef");
}

TEST(OutboundLog, KnowsTheRestOfAMessageThatWasBegun) {
  OutboundLog log;
  OutboundLog::Cursor cursor;
  log.join(cursor);
  log.append("hello");
  log.append("world");

  EXPECT_EQ(cursor.rest_of_message(), "");
  cursor.advance(2);
  EXPECT_EQ(cursor.rest_of_message(), "llo");
  EXPECT_EQ(cursor.pending_messages(), 1u);
  cursor.advance(3);
  EXPECT_EQ(cursor.rest_of_message(), "");
  EXPECT_EQ(cursor.pending_messages(), 1u);
  cursor.advance(1);
  EXPECT_EQ(cursor.rest_of_message(), "orld");
}

TEST(OutboundLog, ASlowMemberHoldsSegmentsAndLetsThemGoWhenItCatchesUp) {
  OutboundLog log;
  OutboundLog::Cursor fast, slow;
  log.join(fast);
  log.join(slow);
  const std::string message(OutboundLog::kSegmentBytes / 2, 'x');

  for (int i = 0; i < 8; ++i) {
    log.append(message);
    fast.advance(message.size());
  }

  EXPECT_EQ(log.bytes(), 8 * message.size());
  EXPECT_TRUE(log.holds_oldest(slow));
  EXPECT_FALSE(log.holds_oldest(fast));
  EXPECT_EQ(slow.pending_messages(), 8u);
  slow.advance(8 * message.size());
  EXPECT_LE(log.bytes(), OutboundLog::kSegmentBytes);
}

TEST(OutboundLog, SkippingToTheEndCountsWhatIsMissed) {
  OutboundLog log;
  OutboundLog::Cursor cursor;
  log.join(cursor);
  for (int i = 0; i < 10; ++i) log.append("message");
  cursor.advance(3);

  const std::string rest(cursor.rest_of_message());
  cursor.finish_message();

  EXPECT_EQ(rest, "sage");
  EXPECT_EQ(cursor.skip_to_end(), 9u);
  EXPECT_TRUE(cursor.at_end());
}

TEST(OutboundLog, SkippingASegmentLeavesTheNewerMessages) {
  OutboundLog log;
  OutboundLog::Cursor cursor;
  log.join(cursor);
  const std::string half(OutboundLog::kSegmentBytes / 2, 'a');
  log.append(half);
  log.append(half);
  log.append("newer");

  EXPECT_EQ(cursor.skip_segment(), 2u);
  EXPECT_EQ(pending(cursor), "newer");
}

TEST(OutboundLog, AMessageLargerThanASegmentStaysInOnePiece) {
  OutboundLog log;
  OutboundLog::Cursor cursor;
  log.join(cursor);
  const std::string large(3 * OutboundLog::kSegmentBytes, 'y');

  log.append("small");
  log.append(large);
  log.append("small");

  EXPECT_EQ(pending(cursor), "small" + large + "small");
  cursor.advance(6);
  EXPECT_EQ(cursor.rest_of_message().size(), large.size() - 1);
}

TEST(OutboundLog, AGatherStopsAtItsLimits) {
  OutboundLog log;
  OutboundLog::Cursor cursor;
  log.join(cursor);
  const std::string message(OutboundLog::kSegmentBytes, 'z');
  for (int i = 0; i < 4; ++i) log.append(message);

  EXPECT_EQ(pending(cursor, 100).size(), 100u);
  std::vector<iovec> pieces;
  EXPECT_EQ(cursor.gather(pieces, 1u << 30, 2), 2 * message.size());
}

TEST(OutboundLog, LeavingFreesWhatOnlyTheLeaverHeld) {
  OutboundLog log;
  {
    OutboundLog::Cursor cursor;
    log.join(cursor);
    for (int i = 0; i < 100; ++i) log.append(std::string(10'000, 'q'));
    EXPECT_EQ(log.bytes(), 1'000'000u);
  }

  EXPECT_EQ(log.members(), 0u);
  EXPECT_EQ(log.bytes(), 0u);
}

TEST(OutboundLog, ManyRandomReadersSeeTheSameStream) {
  OutboundLog log;
  std::vector<OutboundLog::Cursor> cursors(20);
  std::vector<std::string> read(cursors.size());
  for (auto& cursor : cursors) log.join(cursor);
  std::string all;
  unsigned random = 12345;
  const auto next = [&random](unsigned below) {
    random = random * 1664525u + 1013904223u;
    return (random >> 8) % below;
  };

  for (int i = 0; i < 2'000; ++i) {
    const std::string message = "<" + std::to_string(i) + std::string(next(300), '.') + ">";
    all += message;
    log.append(message);
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
