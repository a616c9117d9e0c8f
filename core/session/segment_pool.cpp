#include "session/segment_pool.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

std::size_t memory(const LogSegment& segment) { return segment.capacity + segment.marks.capacity() * sizeof(LogMark); }

}  // namespace

std::unique_ptr<LogSegment> SegmentPool::take(std::size_t size) {
  auto& spare = size <= kSmall ? small_ : large_;
  if (size > kLarge || spare.empty())
    return std::make_unique<LogSegment>(size <= kSmall ? kSmall : std::max(size, kLarge));
  auto segment = std::move(spare.back());
  spare.pop_back();
  spare_ -= memory(*segment);
  return segment;
}

void SegmentPool::give_back(std::unique_ptr<LogSegment> segment) {
  if (segment->capacity > kLarge || spare_ + memory(*segment) > spare_bytes_) return;
  segment->size = 0;
  segment->readers = 0;
  segment->marks.clear();
  segment->next = nullptr;
  spare_ += memory(*segment);
  (segment->capacity == kSmall ? small_ : large_).push_back(std::move(segment));
}

}  // namespace omnibroker::core
