#include "session/segment_pool.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {

std::unique_ptr<LogSegment> SegmentPool::take(std::size_t size) {
  auto& spare = size <= kSmall ? small_ : large_;
  if (size > kLarge || spare.empty())
    return std::make_unique<LogSegment>(size <= kSmall ? kSmall : std::max(size, kLarge));
  auto segment = std::move(spare.back());
  spare.pop_back();
  spare_ -= segment->capacity;
  return segment;
}

void SegmentPool::give_back(std::unique_ptr<LogSegment> segment) {
  if (segment->capacity > kLarge || spare_ + segment->capacity > spare_bytes_) return;
  segment->size = 0;
  segment->readers = 0;
  segment->marks.clear();
  segment->next = nullptr;
  spare_ += segment->capacity;
  (segment->capacity == kSmall ? small_ : large_).push_back(std::move(segment));
}

}  // namespace omnibroker::core
