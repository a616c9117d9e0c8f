#pragma once

#include "session/segment_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace omnibroker::core {

/// What one audience gets, encoded once, as a stream of bytes that every member reads at its own pace.
///
/// Appending costs one copy, whatever the number of members; a member is a cursor. Bytes are kept as long as a cursor
/// has not passed them, in segments that are used again. Messages never span two segments, so what is pending for a
/// member is a few contiguous pieces.
///
///      oldest                                   newest
///     [ m1 m2 m3 ] -> [ m4 m5 m6 ] -> [ m7 m8 ........ ]
///            ^ slow member       ^ most members      ^ end
///
/// Lifecycle: cursors leave before the log dies; the pool outlives it. An empty log holds no segment until it is used.
/// Threads: one; each worker has its own log per audience.
class OutboundLog {
 public:
  /// Where a member stands. Joined to one log at a time.
  class Cursor {
   public:
    Cursor() = default;
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor();

    bool joined() const { return log_ != nullptr; }
    /// Nothing is left to read.
    bool at_end() const;
    /// Bytes between here and the end of the message that has been begun; 0 at a boundary.
    std::size_t inside_message() const { return rest_of_message().size(); }
    /// Bytes still to read.
    std::size_t pending() const;
    /// Of the oldest message that has not been read whole; null at the end.
    const LogMark* oldest_pending() const;
    /// Up to which sequence there is nothing left to read: of the last message that has been read, or begun.
    std::uint64_t passed_sequence() const;

    /// Appends what is pending to `pieces`, up to `limit` bytes, at most `room` pieces. Answers the bytes.
    std::size_t gather(std::vector<iovec>& pieces, std::size_t limit, std::size_t room) const;
    /// The bytes of the begun message that are still to read.
    std::string_view rest_of_message() const;
    void advance(std::size_t bytes);
    /// Passes over the rest of a message that was begun: somebody else sends it.
    void finish_message();
    /// Shows the messages still to read, the begun one not among them, from the oldest on.
    void each_pending(const std::function<void(const LogMark& mark, std::string_view message)>& visit) const;
    /// Leaves the messages of the segment it stands in unread, and shows them.
    void skip_segment(const std::function<void(const LogMark& mark)>& left);
    /// Leaves messages unread, and shows them, as long as `leaves` says so of the next.
    void skip_while(const std::function<bool(const LogMark& mark)>& leaves);
    void leave();

   private:
    friend class OutboundLog;
    OutboundLog* log_ = nullptr;
    LogSegment* segment_ = nullptr;
    std::size_t offset_ = 0;
    std::uint64_t joined_at_ = 0;
  };

  /// `segment_bytes`: SegmentPool::kSmall or kLarge, by what is expected of it.
  explicit OutboundLog(SegmentPool& pool, std::size_t segment_bytes = SegmentPool::kLarge)
      : pool_(pool), segment_bytes_(segment_bytes) {}
  OutboundLog(const OutboundLog&) = delete;
  OutboundLog& operator=(const OutboundLog&) = delete;
  ~OutboundLog();

  /// Joins at the end: gets what is appended from now on, which is newer than `sequence`.
  void join(Cursor& cursor, std::uint64_t sequence);
  /// `mark.end` is the log's to set.
  void append(std::string_view message, LogMark mark);

  /// Bytes held, read by somebody still.
  std::size_t bytes() const { return bytes_; }
  std::size_t members() const { return members_; }
  /// Whether `cursor` is among those that hold the oldest bytes back.
  bool holds_oldest(const Cursor& cursor) const { return cursor.segment_ == oldest_; }

 private:
  void add_segment(std::size_t size);
  void drop_unread();
  void recycle(LogSegment* segment);

  SegmentPool& pool_;
  const std::size_t segment_bytes_;
  LogSegment* oldest_ = nullptr;
  LogSegment* newest_ = nullptr;
  std::uint64_t last_sequence_ = 0;
  std::size_t bytes_ = 0;
  std::size_t members_ = 0;
};

}  // namespace omnibroker::core
