#pragma once

#include <cstddef>
#include <cstdint>
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
/// Lifecycle: cursors leave before the log dies.
/// Threads: one; each worker has its own log per audience.
class OutboundLog {
  struct Segment;

 public:
  static constexpr std::size_t kSegmentBytes = 64 * 1024;

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
    std::size_t inside_message() const;
    /// Bytes still to read.
    std::size_t pending() const;
    /// Whole messages still to read, the begun one not counted.
    std::size_t pending_messages() const;

    /// Appends what is pending to `pieces`, up to `limit` bytes, at most `room` pieces. Answers the bytes.
    std::size_t gather(std::vector<iovec>& pieces, std::size_t limit, std::size_t room) const;
    /// The bytes of the begun message that are still to read.
    std::string_view rest_of_message() const;
    void advance(std::size_t bytes);
    /// Passes over the rest of a message that was begun: somebody else sends it.
    void finish_message();
    /// Leaves the oldest segment's messages unread. Answers how many.
    std::size_t skip_segment();
    /// Leaves everything that is pending unread. Answers how many messages.
    std::size_t skip_to_end();
    void leave();

   private:
    friend class OutboundLog;
    OutboundLog* log_ = nullptr;
    Segment* segment_ = nullptr;
    std::size_t offset_ = 0;
  };

  OutboundLog();
  OutboundLog(const OutboundLog&) = delete;
  OutboundLog& operator=(const OutboundLog&) = delete;
  ~OutboundLog();

  /// Joins at the end: gets what is appended from now on.
  void join(Cursor& cursor);
  void append(std::string_view message);

  /// Bytes held, read by somebody still.
  std::size_t bytes() const { return bytes_; }
  std::size_t members() const { return members_; }
  /// Whether `cursor` is among those that hold the oldest bytes back.
  bool holds_oldest(const Cursor& cursor) const;

 private:
  Segment* make_segment(std::size_t size);
  void drop_unread();
  void recycle(Segment* segment);

  Segment* oldest_ = nullptr;
  Segment* newest_ = nullptr;
  std::vector<std::unique_ptr<Segment>> spare_;
  std::size_t bytes_ = 0;
  std::size_t members_ = 0;
};

}  // namespace omnibroker::core
