// The part of the fan-out that knows sessions: who joins, who falls behind, and how they come back.

#include "runtime/connection.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/fanout.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

const char* reason_name(MissReason reason) { return reason == MissReason::Conflated ? "conflated" : "dropped_oldest"; }

}  // namespace

void Fanout::add_member(Audience& audience, Session& session) {
  if (audience.members.empty() && !audience.selection.everything()) see_who_is_inside(audience);
  session.audience = &audience;
  session.member_index = audience.members.size();
  audience.members.push_back(&session);
}

/// What moved while nobody was there to be told: who leaves a box now must have been seen in it.
void Fanout::see_who_is_inside(Audience& audience) {
  for (const auto& route : worker_.pipeline().routes.routes()) {
    if (!RouteTable::feeds(route, audience.role) || !audience.selection.remembers(route.index)) continue;
    const auto& values = latest_[route.index];
    for (LatestValues::Slot slot = 0; slot < values.slots(); ++slot) {
      const auto* entry = values.at(slot, worker_.now());
      if (entry != nullptr && audience.selection.takes(route.index, entry->key, entry->position)) {
        audience.pacing.see_inside(route.index, slot, entry->born);
      }
    }
  }
}

void Fanout::join(Session& session) {
  auto& audience = audience_for(session, selection_of(session));
  add_member(audience, session);
  audience.log.join(session.cursor, sequence_);
  worker_.count_member(audience.role, 1);
  CatchUp catch_up;
  for (const auto& source : sources(audience, Routes::All)) {
    catch_up.add({source.route, source.values, sequence_, {}, true});
  }
  if (catch_up.snapshots().empty()) return;
  walk(session, std::move(catch_up), Behind::Stage::Beside);
  step(session);
  if (session.receiver != nullptr) worker_.mark_dirty(*session.receiver);
}

void Fanout::leave(Session& session) {
  if (session.audience == nullptr) return;
  worker_.count_member(session.audience->role, -1);
  leave_audience(session);
}

void Fanout::leave_audience(Session& session) {
  auto& audience = *session.audience;
  if (session.walking()) stop_walking(session);
  session.cursor.leave();
  audience.members[session.member_index] = audience.members.back();
  audience.members[session.member_index]->member_index = session.member_index;
  audience.members.pop_back();
  if (audience.members.empty()) audience.pacing = KeyPacing();
  session.audience = nullptr;
}

/// As of now: nothing has changed.
std::vector<CatchUp::Source> Fanout::sources(const Audience& audience, Routes routes) const {
  std::vector<CatchUp::Source> found;
  for (const auto& route : worker_.pipeline().routes.routes()) {
    if (route.latest_by.empty() || !RouteTable::feeds(route, audience.role)) continue;
    if (routes == Routes::Conflated && policy(audience, route.index) != SlowClients::Conflate) continue;
    found.push_back({route.index, &latest_[route.index], sequence_});
  }
  return found;
}

Behind& Fanout::behind(Session& session) {
  if (session.behind == nullptr) session.behind = std::make_unique<Behind>(pool_);
  return *session.behind;
}

void Fanout::walk(Session& session, CatchUp catch_up, Behind::Stage stage) {
  if (session.walking()) stop_walking(session);
  auto& behind = this->behind(session);
  behind.walk = std::move(catch_up);
  behind.stage = stage;
  behind.walking_index = walking_.size();
  walking_.push_back(&session);
  if (stage == Behind::Stage::Beside) return;
  auto& audience = *session.audience;
  session.cursor.leave();
  ++audience.apart;
  for (const auto& source : behind.walk.changes()) {
    behind.passed.push_back({source.route, source.since, 0, audience.appended[source.route], 0, 0});
  }
}

void Fanout::stop_walking(Session& session) {
  auto& behind = *session.behind;
  if (session.apart()) {
    --session.audience->apart;
    count_missed(session, Still::Done);
    behind.passed.clear();
  }
  behind.stage = Behind::Stage::Draining;
  behind.walk = CatchUp();
  walking_[behind.walking_index] = walking_.back();
  walking_[behind.walking_index]->behind->walking_index = behind.walking_index;
  walking_.pop_back();
}

/// As long as it is apart, the newest message of every key may still be given.
void Fanout::count_missed(Session& session, Still still) {
  for (auto& passed : session.behind->passed) {
    const auto all = passed.skipped + session.audience->appended[passed.route] - passed.appended;
    const auto coming = still == Still::Walking ? latest_[passed.route].slots() : 0;
    if (all <= passed.given + coming + passed.counted) continue;
    const auto count = all - passed.given - coming - passed.counted;
    passed.counted += count;
    miss(session, passed.route, MissReason::Conflated, count);
  }
}

/// Answers what it cost, in bytes.
std::size_t Fanout::step(Session& session) {
  auto& behind = *session.behind;
  auto& audience = *session.audience;
  for (; !behind.kept.empty(); behind.kept.pop_front()) {
    behind.log.append(behind.kept.front().bytes, behind.kept.front().mark);
  }
  behind.kept_bytes = 0;
  std::size_t budget = kStepBytes;
  const auto progress = behind.walk.advance(
      audience.selection, sequence_, worker_.now(), budget,
      [&](std::size_t route, const LatestValues::Entry& entry, CatchUp::Reason reason) -> std::size_t {
        const auto& of = worker_.pipeline().routes.routes()[route];
        if (of.gone || !RouteTable::feeds(of, audience.role)) return 0;  // not any more
        const auto& bytes = encoded(*session.endpoint, session.variant, entry.message);
        behind.log.append(bytes,
                          {sequence_, 0, milliseconds(), LatestValues::kNoSlot, static_cast<std::uint16_t>(route)});
        for (auto& passed : behind.passed) {
          const bool counts = reason == CatchUp::Reason::Change && entry.sequence > passed.base;
          if (passed.route == route && counts) ++passed.given;
        }
        return bytes.size();
      });
  if (progress == CatchUp::Progress::Done) {
    const bool apart = session.apart();
    stop_walking(session);
    if (apart) audience.log.join(session.cursor, sequence_);
    if (behind.cursor.at_end()) session.behind.reset();
  }
  return kStepBytes - budget;
}

void Fanout::bound(Audience& audience) {
  while (audience.log.bytes() > audience.max_backlog) {
    const auto bytes = audience.log.bytes();
    looked_at_ = audience.members;
    for (auto* member : looked_at_) {
      if (member->cursor.joined() && audience.log.holds_oldest(member->cursor)) fall_behind(*member, std::nullopt);
    }
    if (audience.log.bytes() >= bytes) return;  // one segment, and nobody behind it
  }
}

void Fanout::check_lag(Audience& audience) {
  if (audience.max_lag.count() == 0) return;
  const auto lag =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(audience.max_lag).count());
  const auto now = milliseconds();
  bool anybody = false;
  looked_at_ = audience.members;
  for (auto* member : looked_at_) {
    const auto* oldest = member->cursor.oldest_pending();
    if (oldest == nullptr || (member->receiver != nullptr && !member->receiver->blocked())) continue;
    if (now - oldest->time > lag) {
      fall_behind(*member, now - lag);
    } else {
      anybody = true;
    }
  }
  if (!anybody) return;  // the next message arms it again
  next_lag_check_ =
      std::min(next_lag_check_, worker_.now() + std::chrono::duration_cast<Clock::duration>(audience.max_lag / 4));
}

SlowClients Fanout::policy(const Audience& audience, std::size_t route) const {
  return audience.selection.policy(route, worker_.pipeline().routes.routes()[route].slow_clients);
}

void Fanout::fall_behind(Session& session, std::optional<std::uint32_t> older_than) {
  const auto& audience = *session.audience;
  bool conflates = false, ends = false;
  session.cursor.each_pending([&](const LogMark& mark, std::string_view) {
    const auto applies = policy(audience, mark.route);
    conflates = conflates || applies == SlowClients::Conflate;
    ends = ends || applies == SlowClients::Disconnect;
  });
  if (conflates) {
    conflate(session);
  } else if (ends) {
    disconnect(session);
  } else {
    drop_oldest(session, older_than);
  }
}

void Fanout::leave_begun_message(Session& session) {
  if (session.receiver != nullptr) session.receiver->carry(session.cursor.rest_of_message());
  session.cursor.finish_message();
}

void Fanout::drop_oldest(Session& session, std::optional<std::uint32_t> older_than) {
  leave_begun_message(session);
  std::vector<std::uint64_t> left(worker_.pipeline().routes.routes().size());
  if (!older_than) {
    session.cursor.skip_segment([&](const LogMark& mark) { ++left[mark.route]; });
  } else {
    session.cursor.skip_while([&](const LogMark& mark) {
      if (static_cast<std::int32_t>(mark.time - *older_than) >= 0) return false;  // the clock goes round in 49 days
      ++left[mark.route];
      return true;
    });
  }
  for (std::size_t route = 0; route < left.size(); ++route) {
    miss(session, route, MissReason::DroppedOldest, left[route]);
  }
}

void Fanout::conflate(Session& session) {
  auto& audience = *session.audience;
  leave_begun_message(session);
  auto changes = sources(audience, Routes::Conflated);
  for (auto& source : changes) source.since = session.cursor.passed_sequence();
  CatchUp catch_up(std::move(changes));
  for (auto& snapshot : behind(session).walk.snapshots()) catch_up.add(std::move(snapshot));
  std::vector<std::uint64_t> skipped(worker_.pipeline().routes.routes().size());
  std::vector<Behind::Kept> others;
  session.cursor.each_pending([&](const LogMark& mark, std::string_view message) {
    if (mark.slot != LatestValues::kNoSlot && catch_up.covers(mark.route)) {
      ++skipped[mark.route];
      if (mark.again) catch_up.repeat(mark.route, latest_[mark.route], mark.slot);
    } else {
      others.push_back({std::string(message), mark});
    }
  });
  walk(session, std::move(catch_up), Behind::Stage::Apart);
  for (auto& passed : session.behind->passed) passed.skipped = skipped[passed.route];
  count_missed(session, Still::Walking);
  for (const auto& other : others) {
    if (!keep(session, other.bytes, other.mark)) return disconnect(session);
  }
}

bool Fanout::keep(Session& session, std::string_view bytes, const LogMark& mark) {
  auto& behind = *session.behind;
  behind.kept.push_back({std::string(bytes), mark});
  behind.kept_bytes += bytes.size();
  while (behind.kept_bytes > kKeptBytes && behind.kept.size() > 1) {
    const auto& oldest = behind.kept.front();
    if (policy(*session.audience, oldest.mark.route) == SlowClients::Disconnect) return false;
    miss(session, oldest.mark.route, MissReason::DroppedOldest, 1);
    behind.kept_bytes -= oldest.bytes.size();
    behind.kept.pop_front();
  }
  return true;
}

void Fanout::disconnect(Session& session) {
  leave_begun_message(session);
  if (session.walking()) stop_walking(session);
  if (session.behind) {
    session.behind->kept.clear();
    session.behind->kept_bytes = 0;
  }
  session.cursor.leave();  // it holds nothing back while it is being closed
  session.audience->log.join(session.cursor, sequence_);
  if (std::exchange(session.ending, true)) return;
  shared_.counters.closed_slow.add();
  if (session.receiver == nullptr) return worker_.close_later(session);
  worker_.post([id = session.receiver->id()](Worker& worker) {  // a transport is never called from inside its own call
    auto* connection = worker.find_connection(id);
    if (connection != nullptr) connection->shut_down(OMNIBROKER_SHUTDOWN_TOO_SLOW, "The client reads too slowly");
  });
}

void Fanout::miss(Session& session, std::size_t route, MissReason reason, std::uint64_t count) {
  if (count == 0) return;
  session.dropped += count;
  auto& counters = shared_.counters;
  (reason == MissReason::Conflated ? counters.conflated : counters.dropped_oldest)
      .add(static_cast<std::int64_t>(count));
  auto& extras = session.more();
  auto found = std::find_if(extras.missed.begin(), extras.missed.end(),
                            [&](const auto& missed) { return missed.route == route && missed.reason == reason; });
  if (found == extras.missed.end()) found = extras.missed.insert(found, {route, reason, 0, 0});
  const bool told_all = found->total == found->told;
  found->total += count;
  if (extras.notices && told_all) to_tell_.push_back(session.number);
}

void Fanout::tell_missed(Session& session) {
  if (worker_.pipeline().notices.table == nullptr || !session.extras || !session.extras->notices) return;
  const auto number = session.number;
  const auto missed = session.extras->missed;  // telling may end the session, or make it miss more
  for (auto& entry : session.extras->missed) entry.told = entry.total;
  for (const auto& entry : missed) {
    if (entry.total == entry.told) continue;
    const auto& type = worker_.pipeline().routes.routes()[entry.route].type;
    const std::string_view reason = reason_name(entry.reason);
    const omnibroker_notice notice{sizeof(omnibroker_notice),      OMNIBROKER_NOTICE_MISSED, {type.data(), type.size()},
                                   {reason.data(), reason.size()}, entry.total - entry.told, entry.total};
    if (worker_.find_session(number) == nullptr) return;
    worker_.notify(session, notice);
  }
}

}  // namespace omnibroker::core
