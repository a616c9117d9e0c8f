#include "session/outbound_log.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace omnibroker::core {
namespace {

/// How many of a segment's messages end at or before `offset`.
std::size_t messages_until(const LogSegment& segment, std::size_t offset) {
  const auto& marks = segment.marks;
  if (!marks.empty() && offset >= marks.back().end) return marks.size();
  const auto behind = std::upper_bound(marks.begin(), marks.end(), offset,
                                       [](std::size_t at, const LogMark& mark) { return at < mark.end; });
  return static_cast<std::size_t>(behind - marks.begin());
}

std::size_t begin_of(const LogSegment& segment, std::size_t message) {
  return message == 0 ? 0 : segment.marks[message - 1].end;
}

}  // namespace

OutboundLog::~OutboundLog() {
  assert(members_ == 0);
  while (oldest_ != nullptr) {
    std::unique_ptr<LogSegment> segment(oldest_);
    oldest_ = segment->next;
    pool_.give_back(std::move(segment));
  }
}

void OutboundLog::add_segment(std::size_t size) {
  auto* segment = pool_.take(std::max(size, segment_bytes_)).release();
  segment->before = last_sequence_;
  (newest_ == nullptr ? oldest_ : newest_->next) = segment;
  newest_ = segment;
}

void OutboundLog::recycle(LogSegment* segment) {
  bytes_ -= segment->size;
  pool_.give_back(std::unique_ptr<LogSegment>(segment));
}

void OutboundLog::drop_unread() {
  while (oldest_ != newest_ && oldest_->readers == 0) {
    auto* segment = oldest_;
    oldest_ = segment->next;
    recycle(segment);
  }
}

void OutboundLog::join(Cursor& cursor, std::uint64_t sequence) {
  assert(!cursor.joined());
  if (newest_ == nullptr) add_segment(0);
  cursor.log_ = this;
  cursor.segment_ = newest_;
  cursor.offset_ = newest_->size;
  cursor.joined_at_ = sequence;
  ++newest_->readers;
  ++members_;
}

void OutboundLog::append(std::string_view message, LogMark mark) {
  if (members_ == 0 || message.empty()) return;
  if (newest_->capacity - newest_->size < message.size()) {
    add_segment(message.size());
    drop_unread();
  }
  std::memcpy(newest_->bytes.get() + newest_->size, message.data(), message.size());
  newest_->size += message.size();
  mark.end = static_cast<std::uint32_t>(newest_->size);
  newest_->marks.push_back(mark);
  last_sequence_ = mark.sequence;
  bytes_ += message.size();
}

OutboundLog::Cursor::~Cursor() { leave(); }

bool OutboundLog::Cursor::at_end() const {
  if (log_ == nullptr) return true;
  const auto* segment = segment_;
  auto offset = offset_;
  while (offset == segment->size && segment->next != nullptr) {
    segment = segment->next;
    offset = 0;
  }
  return offset == segment->size;
}

std::string_view OutboundLog::Cursor::rest_of_message() const {
  if (log_ == nullptr || offset_ == 0 || offset_ == segment_->size) return {};
  const auto passed = messages_until(*segment_, offset_);
  if (passed == segment_->marks.size() || begin_of(*segment_, passed) == offset_) return {};
  return {segment_->bytes.get() + offset_, segment_->marks[passed].end - offset_};
}

std::size_t OutboundLog::Cursor::pending() const {
  if (log_ == nullptr) return 0;
  auto bytes = segment_->size - offset_;
  for (const auto* segment = segment_->next; segment != nullptr; segment = segment->next) bytes += segment->size;
  return bytes;
}

const LogMark* OutboundLog::Cursor::oldest_pending() const {
  if (log_ == nullptr) return nullptr;
  auto offset = offset_;
  for (const auto* segment = segment_; segment != nullptr; segment = segment->next, offset = 0) {
    if (offset < segment->size) return &segment->marks[messages_until(*segment, offset)];
  }
  return nullptr;
}

std::uint64_t OutboundLog::Cursor::passed_sequence() const {
  if (log_ == nullptr) return 0;
  auto passed = messages_until(*segment_, offset_);
  if (inside_message() > 0) ++passed;
  return std::max(joined_at_, passed == 0 ? segment_->before : segment_->marks[passed - 1].sequence);
}

std::size_t OutboundLog::Cursor::gather(std::vector<iovec>& pieces, std::size_t limit, std::size_t room) const {
  std::size_t gathered = 0;
  if (log_ == nullptr) return 0;
  auto offset = offset_;
  for (auto* segment = segment_; segment != nullptr && room > 0 && gathered < limit; segment = segment->next) {
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

void OutboundLog::Cursor::each_pending(
    const std::function<void(const LogMark& mark, std::string_view message)>& visit) const {
  if (log_ == nullptr) return;
  auto message = messages_until(*segment_, offset_);
  if (inside_message() > 0) ++message;
  for (const auto* segment = segment_; segment != nullptr; segment = segment->next, message = 0) {
    for (; message < segment->marks.size(); ++message) {
      const auto begin = begin_of(*segment, message);
      visit(segment->marks[message], {segment->bytes.get() + begin, segment->marks[message].end - begin});
    }
  }
}

void OutboundLog::Cursor::skip_segment(const std::function<void(const LogMark& mark)>& left) {
  if (log_ == nullptr) return;
  finish_message();
  for (auto message = messages_until(*segment_, offset_); message < segment_->marks.size(); ++message) {
    left(segment_->marks[message]);
  }
  advance(segment_->size - offset_);
}

void OutboundLog::Cursor::skip_while(const std::function<bool(const LogMark& mark)>& leaves) {
  finish_message();
  while (const auto* mark = oldest_pending()) {
    if (!leaves(*mark)) return;
    if (offset_ == segment_->size) advance(0);  // the message lies in the next segment
    advance(mark->end - offset_);
  }
}

void OutboundLog::Cursor::leave() {
  if (log_ == nullptr) return;
  --segment_->readers;
  --log_->members_;
  log_->drop_unread();
  if (log_->members_ == 0) {  // nobody reads what is left
    log_->recycle(log_->newest_);
    log_->oldest_ = log_->newest_ = nullptr;
  }
  log_ = nullptr;
  segment_ = nullptr;
  offset_ = 0;
}

}  // namespace omnibroker::core
