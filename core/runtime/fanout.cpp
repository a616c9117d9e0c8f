// The part of the fan-out that knows messages: from an accepted one to the logs of its audiences, and when they are
// sent.

#include "runtime/fanout.hpp"

#include "runtime/connection.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kSpareSegmentBytes = 4 * 1024 * 1024;

omnibroker_payload payload_of(std::string_view bytes) {
  return {sizeof(omnibroker_payload), OMNIBROKER_TEXT_PAYLOAD, {bytes.data(), bytes.size()}};
}

/// Both are about how far behind a member may be; zero means no bound.
template <class Bound>
Bound stricter(Bound a, Bound b) {
  if (a == Bound{}) return b;
  return b == Bound{} ? a : std::min(a, b);
}

}  // namespace

Fanout::Fanout(Worker& worker, Shared& shared)
    : worker_(worker),
      shared_(shared),
      origin_(worker.now()),
      pool_(kSpareSegmentBytes),
      audiences_(Pipeline::kMostRoles) {
  learn(worker.pipeline().routes);
}

void Fanout::learn(const RouteTable& before) {
  const auto& routes = worker_.pipeline().routes.routes();
  for (const auto& route : routes) {
    const auto most = route.gone || route.latest_by.empty() ? 0 : route.latest_max;
    const auto max_age = std::chrono::duration_cast<Clock::duration>(route.latest_max_age);
    if (route.index == latest_.size()) latest_.emplace_back(most, max_age);
    auto& values = latest_[route.index];
    const bool known = route.index < before.routes().size();
    if (known && before.routes()[route.index].latest_by != route.latest_by) values.clear();
    values.set_bounds(most, max_age);
  }
  for (auto& of_role : audiences_) {
    for (auto& audience : of_role) {
      audience->appended.resize(routes.size());
      set_bounds(*audience);
    }
  }
}

void Fanout::deliver(const Delivery& delivery) {
  ++sequence_;
  const auto& route = *delivery.route;
  auto slot = LatestValues::kNoSlot;
  std::uint64_t born = 0;
  const auto& present = worker_.pipeline().routes.routes()[route.index];
  const bool same_key = &route == &present || route.latest_by == present.latest_by;
  if (!delivery.latest_key.empty() && same_key) {
    auto& values = latest_[route.index];
    const auto evicted = values.evicted();
    slot =
        values.put(delivery.latest_key, delivery.payload, delivery.position, sequence_, worker_.now(), delivery.stamp);
    if (values.evicted() != evicted) shared_.counters.latest_evicted.add();
    if (slot != LatestValues::kNoSlot) born = values.at(slot, worker_.now())->born;
  }
  for (const auto role : route.to) {
    for (const auto& audience : audiences_[role]) {
      if (!audience->members.empty()) offer(*audience, delivery, slot, born);
    }
  }
}

void Fanout::offer(Audience& audience, const Delivery& delivery, LatestValues::Slot slot, std::uint64_t born) {
  const auto& route = *delivery.route;
  if (!audience.selection.everything()) {
    const auto verdict = audience.selection.judge(route.index, delivery.latest_key, delivery.position);
    if (slot != LatestValues::kNoSlot && audience.selection.remembers(route.index)) {
      const bool now = audience.pacing.passes(route.index, slot, born, verdict, worker_.now());
      next_key_ = std::min(next_key_, audience.pacing.next());
      if (!now) return;
      if (!verdict.takes) {  // it leaves the boxes
        return append(audience, route, encoded_once(audience.encoded, delivery.payload), slot, Again::Yes);
      }
    } else if (!verdict.takes) {
      return;
    }
  }
  append(audience, route, encoded_once(audience.encoded, delivery.payload), slot, Again::No);
}

void Fanout::append(Audience& audience, const Route& route, std::string_view bytes, LatestValues::Slot slot,
                    Again again) {
  const LogMark log_mark{sequence_,          0, milliseconds(), slot, static_cast<std::uint16_t>(route.index),
                         again == Again::Yes};
  audience.log.append(bytes, log_mark);
  ++audience.appended[route.index];
  shared_.counters.deliveries.add();
  if (audience.apart > 0) keep_for_those_apart(audience, bytes, log_mark);
  const bool filling = audience.log.bytes() > audience.max_backlog / 2;  // do not wait for company
  mark(audience, filling ? std::chrono::nanoseconds(0) : route.flush_interval);
  if (audience.max_lag.count() > 0) {
    const auto check = worker_.now() + std::chrono::duration_cast<Clock::duration>(audience.max_lag / 4);
    next_lag_check_ = std::min(next_lag_check_, check);
  }
}

void Fanout::keep_for_those_apart(Audience& audience, std::string_view bytes, const LogMark& log_mark) {
  std::vector<Session*> over;
  for (auto* session : walking_) {
    if (session->audience != &audience || !session->apart()) continue;
    auto& walk = session->behind->walk;
    if (log_mark.slot == LatestValues::kNoSlot || !walk.covers(log_mark.route)) {
      if (!keep(*session, bytes, log_mark)) over.push_back(session);
    } else if (log_mark.again) {
      walk.repeat(log_mark.route, latest_[log_mark.route], log_mark.slot);
    }
  }
  for (auto* session : over) disconnect(*session);
}

void Fanout::send_due_keys(Audience& audience) {
  KeyPacing::Due due;
  while (audience.pacing.take_due(worker_.now(), due)) {
    const auto* entry = latest_[due.route].at(due.slot, worker_.now());
    const auto& route = worker_.pipeline().routes.routes()[due.route];
    if (entry == nullptr || entry->born != due.born || audience.members.empty()) continue;
    if (route.gone || !RouteTable::feeds(route, audience.role)) continue;  // not any more
    const auto& bytes = encoded(*audience.encoded.endpoint, audience.encoded.variant, entry->message);
    append(audience, route, bytes, due.slot, Again::Yes);
  }
}

void Fanout::mark(Audience& audience, std::chrono::nanoseconds interval) {
  if (audience.dirty) return;
  if (interval.count() == 0) {
    audience.dirty = true;
    audience.waiting = false;
    dirty_.push_back(&audience);
    return;
  }
  const auto due = worker_.now() + std::chrono::duration_cast<Clock::duration>(interval);
  if (!audience.waiting) {
    audience.waiting = true;
    audience.due = due;
    waiting_.push_back(&audience);
  } else {
    audience.due = std::min(audience.due, due);
  }
}

void Fanout::mark_due() {
  const auto now = worker_.now();
  if (next_key_ <= now) {
    next_key_ = Clock::time_point::max();
    for (const auto& of_role : audiences_) {
      for (const auto& audience : of_role) {
        send_due_keys(*audience);
        next_key_ = std::min(next_key_, audience->pacing.next());
      }
    }
  }
  std::erase_if(waiting_, [&](Audience* audience) {
    if (audience->waiting && audience->due > now) return false;
    if (audience->waiting) mark(*audience, std::chrono::nanoseconds(0));
    return true;
  });
  served_.swap(dirty_);
  dirty_.clear();
  for (auto* audience : served_) {
    audience->dirty = false;
    for (auto* member : audience->members) {
      if (member->receiver != nullptr) worker_.mark_dirty(*member->receiver);
    }
  }
}

bool Fanout::settle() {
  for (auto* audience : served_) bound(*audience);
  served_.clear();
  if (next_lag_check_ <= worker_.now()) {
    next_lag_check_ = Clock::time_point::max();
    for (const auto& of_role : audiences_) {
      for (const auto& audience : of_role) check_lag(*audience);
    }
  }
  bool more = false;
  std::size_t given = 0;
  for (auto left = walking_.size(); left > 0 && !walking_.empty(); --left) {
    if (given >= kTurnBytes) return true;
    if (next_walking_ >= walking_.size()) next_walking_ = 0;
    auto& session = *walking_[next_walking_++];
    const bool can_take =
        session.receiver != nullptr && !session.receiver->blocked() && session.behind->cursor.at_end();
    if (!can_take) continue;
    given += step(session);
    worker_.mark_dirty(*session.receiver);
    more = more || session.walking();
  }
  return more;
}

Fanout::Clock::time_point Fanout::next_due() const {
  auto next = std::min(next_lag_check_, next_key_);
  for (const auto* audience : waiting_) next = std::min(next, audience->due);
  return next;
}

void Fanout::each_second() {
  for (auto& values : latest_) values.expire(worker_.now());
  for (auto* session : walking_) count_missed(*session, Still::Walking);
  const auto numbers = std::exchange(to_tell_, {});
  for (const auto number : numbers) {
    if (auto* session = worker_.find_session(number)) tell_missed(*session);
  }
  drop_unused();
}

const std::string& Fanout::encoded_once(EncodedOnce& encoding, std::string_view payload) {
  if (encoding.sequence == sequence_) return encoding.bytes;
  encoding.sequence = sequence_;
  encoding.bytes.clear();
  const StringSink sink(encoding.bytes);
  encoding.endpoint->encode(encoding.variant, payload_of(payload), sink.get());
  return encoding.bytes;
}

const std::string& Fanout::encoded(Endpoint& endpoint, std::uint32_t variant, std::string_view payload) {
  one_encoding_.clear();
  const StringSink sink(one_encoding_);
  endpoint.encode(variant, payload_of(payload), sink.get());
  return one_encoding_;
}

const LatestValues* Fanout::latest(std::string_view type) const {
  const auto* route = worker_.pipeline().routes.find(type);
  return route == nullptr || route->latest_by.empty() ? nullptr : &latest_[route->index];
}

std::uint32_t Fanout::milliseconds() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(worker_.now() - origin_).count());
}

EncodedOnce& Fanout::encoding_of(Endpoint& endpoint, std::uint32_t variant) {
  for (const auto& encoding : encodings_) {
    if (encoding->endpoint == &endpoint && encoding->variant == variant) return *encoding;
  }
  auto& made = *encodings_.emplace_back(std::make_unique<EncodedOnce>());
  made.endpoint = &endpoint;
  made.variant = variant;
  return made;
}

Audience& Fanout::audience_for(const Session& session, Selection selection) {
  const auto role = static_cast<std::size_t>(session.role);
  auto& encoding = encoding_of(*session.endpoint, session.variant);
  for (const auto& audience : audiences_[role]) {
    if (&audience->encoded == &encoding && audience->selection.text() == selection.text()) return *audience;
  }
  const auto routes = worker_.pipeline().routes.routes().size();
  auto& made =
      *audiences_[role].emplace_back(std::make_unique<Audience>(pool_, role, encoding, std::move(selection), routes));
  set_bounds(made);
  return made;
}

void Fanout::set_bounds(Audience& audience) const {
  audience.max_backlog = 0;
  audience.max_lag = std::chrono::nanoseconds(0);
  for (const auto& route : worker_.pipeline().routes.routes()) {
    if (route.gone || !RouteTable::feeds(route, audience.role)) continue;
    const auto backlog = route.max_backlog != 0 ? route.max_backlog : worker_.limits().max_backlog.bytes;
    audience.max_backlog = stricter(audience.max_backlog, backlog);
    audience.max_lag = stricter(audience.max_lag, route.max_lag);
  }
  if (audience.max_backlog == 0) audience.max_backlog = worker_.limits().max_backlog.bytes;
}

void Fanout::forget(const Endpoint& endpoint) {
  const auto of_it = [&](const EncodedOnce& encoding) { return encoding.endpoint == &endpoint; };
  const auto gone = [&](const Audience* audience) { return of_it(audience->encoded); };
  std::erase_if(dirty_, gone);
  std::erase_if(waiting_, gone);
  for (auto& of_role : audiences_) {
    std::erase_if(of_role, [&](const auto& audience) { return of_it(audience->encoded); });
  }
  std::erase_if(encodings_, [&](const auto& encoding) { return of_it(*encoding); });
}

void Fanout::drop_unused() {
  for (auto& of_role : audiences_) {
    std::erase_if(of_role, [](const auto& audience) {
      return audience->members.empty() && !audience->selection.everything() && !audience->dirty && !audience->waiting;
    });
  }
}

}  // namespace omnibroker::core
