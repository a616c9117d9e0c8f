#include "session/outbound_log.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace omnibroker::core {

struct OutboundLog::Segment {
  explicit Segment(std::size_t room) : bytes(std::make_unique<char[]>(room)), capacity(room) {}

  std::unique_ptr<char[]> bytes;
  std::size_t capacity;
  std::size_t size = 0;
  std::size_t readers = 0;
  std::vector<std::size_t> ends;  // of each message
  Segment* next = nullptr;
};

namespace {

constexpr std::size_t kSpareSegments = 4;

/// How many of these ends lie at or before `offset`.
std::size_t ends_until(const std::vector<std::size_t>& ends, std::size_t offset) {
  return static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), offset) - ends.begin());
}

}  // namespace

OutboundLog::OutboundLog() { oldest_ = newest_ = make_segment(kSegmentBytes); }

OutboundLog::~OutboundLog() {
  assert(members_ == 0);
  while (oldest_ != nullptr) {
    const std::unique_ptr<Segment> segment(oldest_);
    oldest_ = segment->next;
  }
}

OutboundLog::Segment* OutboundLog::make_segment(std::size_t size) {
  if (size <= kSegmentBytes && !spare_.empty()) {
    auto segment = std::move(spare_.back());
    spare_.pop_back();
    return segment.release();
  }
  return std::make_unique<Segment>(std::max(size, kSegmentBytes)).release();
}

void OutboundLog::recycle(Segment* raw) {
  std::unique_ptr<Segment> segment(raw);
  bytes_ -= segment->size;
  if (segment->capacity != kSegmentBytes || spare_.size() >= kSpareSegments) return;
  segment->size = 0;
  segment->ends.clear();
  segment->next = nullptr;
  spare_.push_back(std::move(segment));
}

void OutboundLog::drop_unread() {
  while (oldest_ != newest_ && oldest_->readers == 0) {
    Segment* segment = oldest_;
    oldest_ = segment->next;
    recycle(segment);
  }
}

void OutboundLog::join(Cursor& cursor) {
  assert(!cursor.joined());
  cursor.log_ = this;
  cursor.segment_ = newest_;
  cursor.offset_ = newest_->size;
  ++newest_->readers;
  ++members_;
}

void OutboundLog::append(std::string_view message) {
  if (members_ == 0 || message.empty()) return;
  if (newest_->capacity - newest_->size < message.size()) {
    auto* segment = make_segment(message.size());
    newest_->next = segment;
    newest_ = segment;
    drop_unread();
  }
  std::memcpy(newest_->bytes.get() + newest_->size, message.data(), message.size());
  newest_->size += message.size();
  newest_->ends.push_back(newest_->size);
  bytes_ += message.size();
}

bool OutboundLog::holds_oldest(const Cursor& cursor) const { return cursor.segment_ == oldest_; }

OutboundLog::Cursor::~Cursor() { leave(); }

bool OutboundLog::Cursor::at_end() const {
  if (log_ == nullptr) return true;
  const Segment* segment = segment_;
  auto offset = offset_;
  while (offset == segment->size && segment->next != nullptr) {
    segment = segment->next;
    offset = 0;
  }
  return offset == segment->size;
}

std::size_t OutboundLog::Cursor::inside_message() const { return rest_of_message().size(); }

std::string_view OutboundLog::Cursor::rest_of_message() const {
  if (log_ == nullptr || offset_ == 0) return {};
  const auto passed = ends_until(segment_->ends, offset_);
  if (passed == segment_->ends.size()) return {};
  const auto begin = passed == 0 ? 0 : segment_->ends[passed - 1];
  if (begin == offset_) return {};
  return {segment_->bytes.get() + offset_, segment_->ends[passed] - offset_};
}

std::size_t OutboundLog::Cursor::pending() const {
  if (log_ == nullptr) return 0;
  auto bytes = segment_->size - offset_;
  for (const Segment* segment = segment_->next; segment != nullptr; segment = segment->next) bytes += segment->size;
  return bytes;
}

std::size_t OutboundLog::Cursor::pending_messages() const {
  if (log_ == nullptr) return 0;
  auto messages = segment_->ends.size() - ends_until(segment_->ends, offset_);
  if (inside_message() > 0) --messages;
  for (const Segment* segment = segment_->next; segment != nullptr; segment = segment->next) {
    messages += segment->ends.size();
  }
  return messages;
}

std::size_t OutboundLog::Cursor::gather(std::vector<iovec>& pieces, std::size_t limit, std::size_t room) const {
  std::size_t gathered = 0;
  if (log_ == nullptr) return 0;
  auto offset = offset_;
  for (Segment* segment = segment_; segment != nullptr && room > 0 && gathered < limit; segment = segment->next) {
    const auto size = std::min(segment->size - offset, limit - gathered);
    if (size > 0) {
      pieces.push_back({segment->bytes.get() + offset, size});
      gathered += size;
      --room;
    }
    offset = 0;
  }
  return gathered;
}

void OutboundLog::Cursor::advance(std::size_t bytes) {
  auto* const before = segment_;
  while (true) {
    const auto here = std::min(bytes, segment_->size - offset_);
    offset_ += here;
    bytes -= here;
    if (offset_ < segment_->size || segment_->next == nullptr) break;
    --segment_->readers;
    segment_ = segment_->next;
    ++segment_->readers;
    offset_ = 0;
  }
  assert(bytes == 0);
  if (before != segment_) log_->drop_unread();
}

void OutboundLog::Cursor::finish_message() {
  if (const auto rest = inside_message(); rest > 0) advance(rest);
}

std::size_t OutboundLog::Cursor::skip_segment() {
  if (log_ == nullptr) return 0;
  finish_message();
  const auto messages = segment_->ends.size() - ends_until(segment_->ends, offset_);
  advance(segment_->size - offset_);
  return messages;
}

std::size_t OutboundLog::Cursor::skip_to_end() {
  if (log_ == nullptr) return 0;
  const auto messages = pending_messages();
  --segment_->readers;
  segment_ = log_->newest_;
  ++segment_->readers;
  offset_ = segment_->size;
  log_->drop_unread();
  return messages;
}

void OutboundLog::Cursor::leave() {
  if (log_ == nullptr) return;
  --segment_->readers;
  --log_->members_;
  log_->drop_unread();
  if (log_->members_ == 0) {  // nobody reads what is left
    auto* newest = log_->newest_;
    log_->bytes_ -= newest->size;
    newest->size = 0;
    newest->ends.clear();
  }
  log_ = nullptr;
  segment_ = nullptr;
  offset_ = 0;
}

}  // namespace omnibroker::core
