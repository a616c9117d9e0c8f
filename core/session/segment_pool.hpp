#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace omnibroker::core {

/// Where one message of a log ends, and what it was.
struct LogMark {
  std::uint64_t sequence = 0;  ///< Of the message on its worker; rises.
  std::uint32_t end = 0;       ///< In its segment.
  std::uint32_t time = 0;      ///< When it was appended, in milliseconds of the owner's clock.
  std::uint32_t slot = ~0u;    ///< Of its key in the last values; all ones where it has none.
  std::uint16_t route = 0;
  bool again = false;  ///< It stands for itself: the last values do not show that it must be sent.
};

/// A piece of a log: bytes of whole messages, and where each of them ends.
struct LogSegment {
  explicit LogSegment(std::size_t room) : bytes(std::make_unique_for_overwrite<char[]>(room)), capacity(room) {}

  std::unique_ptr<char[]> bytes;
  std::size_t capacity;
  std::size_t size = 0;
  std::size_t readers = 0;
  std::uint64_t before = 0;  ///< Sequence of the message in front of its first.
  std::vector<LogMark> marks;
  LogSegment* next = nullptr;
};

/// Segments that no log uses now, for the next that needs one, so that a steady stream allocates nothing.
///
/// Two sizes: small for logs with few bytes, large for the others; what is larger still is not kept.
/// Lifecycle: outlives its logs. Threads: one; each worker has its own.
class SegmentPool {
 public:
  static constexpr std::size_t kSmall = 8 * 1024;
  static constexpr std::size_t kLarge = 64 * 1024;

  /// `spare_bytes`: what it may hold unused.
  explicit SegmentPool(std::size_t spare_bytes) : spare_bytes_(spare_bytes) {}

  /// A segment with room for `size` bytes at least.
  std::unique_ptr<LogSegment> take(std::size_t size);
  void give_back(std::unique_ptr<LogSegment> segment);
  std::size_t spare() const { return spare_; }

 private:
  const std::size_t spare_bytes_;
  std::size_t spare_ = 0;
  std::vector<std::unique_ptr<LogSegment>> small_;
  std::vector<std::unique_ptr<LogSegment>> large_;
};

}  // namespace omnibroker::core
