// The part of the fan-out that knows subscriptions: what a session asked for, and how it comes to get that.

#include "routing/router.hpp"
#include "runtime/connection.hpp"
#include "runtime/fanout.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostGlob = 256;
constexpr std::size_t kMostId = 64;
constexpr std::size_t kMostBoxes = 16;
constexpr std::chrono::hours kMostInterval{1};

/// Empty where the box can be; otherwise what is wrong with it.
std::string read_box(const omnibroker_box& raw, Box& box) {
  if (raw.dimensions < 1 || raw.dimensions > 3) return "A box has one to three dimensions";
  box.dimensions = raw.dimensions;
  for (std::uint32_t i = 0; i < raw.dimensions; ++i) {
    if (!std::isfinite(raw.low[i]) || !std::isfinite(raw.high[i])) return "A box has finite numbers as its ends";
    if (raw.low[i] > raw.high[i]) return "The low end of a box is not above its high end";
    box.low[i] = raw.low[i];
    box.high[i] = raw.high[i];
  }
  return {};
}

std::optional<SlowClients> policy_of(omnibroker_slow_clients raw) {
  switch (raw) {
    case OMNIBROKER_SLOW_CONFLATE: return SlowClients::Conflate;
    case OMNIBROKER_SLOW_DROP_OLDEST: return SlowClients::DropOldest;
    case OMNIBROKER_SLOW_DISCONNECT: return SlowClients::Disconnect;
    default: return std::nullopt;
  }
}

}  // namespace

omnibroker_status Fanout::check(const Session& session, const omnibroker_subscription& wanted,
                                SessionSubscription& made, std::string& error) const {
  const auto fail = [&error](omnibroker_status status, std::string reason) {
    error = std::move(reason);
    return status;
  };
  if (session.audience == nullptr) return fail(OMNIBROKER_UNSUPPORTED, "Only a registered client can subscribe");
  const auto type = shortened(view(wanted.type));
  const auto* route = worker_.pipeline().routes.find(view(wanted.type));
  if (route == nullptr || !RouteTable::feeds(*route, static_cast<std::size_t>(session.role))) {
    const auto& title = worker_.pipeline().routes.roles()[static_cast<std::size_t>(session.role)].title;
    return fail(OMNIBROKER_NOT_FOUND, "A " + title + " gets no messages of type " + type);
  }
  if (view(wanted.id).size() > kMostId) return fail(OMNIBROKER_INVALID_ARGUMENT, "An id has at most 64 bytes");
  if (view(wanted.key_glob).size() > kMostGlob) {
    return fail(OMNIBROKER_INVALID_ARGUMENT, "A pattern has at most 256 bytes");
  }
  if (wanted.box_count > kMostBoxes) return fail(OMNIBROKER_INVALID_ARGUMENT, "There are at most 16 boxes");
  const std::chrono::nanoseconds interval(static_cast<std::int64_t>(wanted.min_interval_ns));
  if (interval.count() < 0 || interval > kMostInterval) {
    return fail(OMNIBROKER_INVALID_ARGUMENT, "An interval is at most an hour");
  }
  made = {std::string(view(wanted.id)),
          route->index,
          {std::string(view(wanted.key_glob)), {}, interval},
          policy_of(wanted.slow_clients)};
  const bool by_key = !made.filter.glob.empty() || interval.count() > 0 || made.policy == SlowClients::Conflate;
  if (by_key && route->latest_by.empty()) {
    return fail(
        OMNIBROKER_UNSUPPORTED,
        "Messages of type " + type + " have no key here, so there is no pattern, interval or conflation of them");
  }
  for (std::size_t i = 0; i < wanted.box_count; ++i) {
    auto& box = made.filter.boxes.emplace_back();
    if (auto problem = read_box(*wanted.boxes[i], box); !problem.empty()) {
      return fail(OMNIBROKER_INVALID_ARGUMENT, std::move(problem));
    }
    if (box.dimensions > route->position_fields.size()) {
      return fail(OMNIBROKER_UNSUPPORTED, "Messages of type " + type + " have positions with " +
                                              std::to_string(route->position_fields.size()) + " numbers here");
    }
  }
  return OMNIBROKER_OK;
}

omnibroker_status Fanout::check_subscribe(const Session& session, const omnibroker_subscription& wanted, Change& change,
                                          std::string& error) const {
  change.kind = Change::Kind::Subscribe;
  const auto status = check(session, wanted, change.subscription, error);
  if (status != OMNIBROKER_OK || !session.extras) return status;
  const auto& held = session.extras->subscriptions;
  const bool replaces = std::any_of(held.begin(), held.end(),
                                    [&](const auto& subscription) { return subscription.id == view(wanted.id); });
  if (!replaces && held.size() >= worker_.limits().max_subscriptions) {
    error = "A client has at most " + std::to_string(worker_.limits().max_subscriptions) + " subscriptions";
    return OMNIBROKER_RESOURCE_EXHAUSTED;
  }
  return OMNIBROKER_OK;
}

omnibroker_status Fanout::check_snapshot(const Session& session, const omnibroker_subscription& wanted, Change& change,
                                         std::string& error) const {
  change.kind = Change::Kind::Snapshot;
  const auto status = check(session, wanted, change.subscription, error);
  if (status != OMNIBROKER_OK) return status;
  if (!worker_.pipeline().routes.routes()[change.subscription.route].latest_by.empty()) return OMNIBROKER_OK;
  error = "No latest messages of type " + shortened(view(wanted.type)) + " are kept here";
  return OMNIBROKER_UNSUPPORTED;
}

omnibroker_status Fanout::check_unsubscribe(const Session& session, std::string_view id, Change& change) {
  change.kind = Change::Kind::Unsubscribe;
  change.subscription.id = id;
  if (!session.extras) return OMNIBROKER_NOT_FOUND;
  const auto& held = session.extras->subscriptions;
  const bool known =
      std::any_of(held.begin(), held.end(), [&](const auto& subscription) { return subscription.id == id; });
  return known ? OMNIBROKER_OK : OMNIBROKER_NOT_FOUND;
}

void Fanout::apply(Session& session, Change change) {
  if (session.audience == nullptr) return;
  auto& extras = session.more();
  want_notices(session);  // who knows these messages knows the answers to them
  auto& wanted = change.subscription;
  const auto held = std::find_if(extras.subscriptions.begin(), extras.subscriptions.end(),
                                 [&](const auto& subscription) { return subscription.id == wanted.id; });
  const bool replaces = change.kind != Change::Kind::Snapshot && held != extras.subscriptions.end();
  auto& snapshots = behind(session).walk.snapshots();
  if (replaces) {
    std::erase_if(snapshots, [&](const CatchUp::Snapshot& unfinished) {
      return unfinished.route == held->route && unfinished.filter == held->filter && !unfinished.selected;
    });
    extras.subscriptions.erase(held);
  }
  if (change.kind == Change::Kind::Unsubscribe) return change_audience(session);
  const auto route = wanted.route;
  add_snapshot(snapshots, {route, &latest_[route], sequence_, wanted.filter});
  if (change.kind == Change::Kind::Subscribe) {
    // What it joined with is narrowed to what it subscribes to, and this snapshot gives that.
    std::erase_if(snapshots, [&](const CatchUp::Snapshot& joined) { return joined.route == route && joined.selected; });
    if (std::find(extras.narrowed.begin(), extras.narrowed.end(), route) == extras.narrowed.end()) {
      extras.narrowed.push_back(route);
    }
    extras.subscriptions.push_back(std::move(wanted));
  }
  change_audience(session);
}

/// Past their bound it is more than was asked for, rather than more and more filters.
void Fanout::add_snapshot(std::vector<CatchUp::Snapshot>& snapshots, CatchUp::Snapshot added) {
  for (auto& other : snapshots) {
    if (other.same_as(added)) return other.begin_again(added.began);
  }
  if (snapshots.size() >= kMostSnapshots) {
    std::erase_if(snapshots, [&](const CatchUp::Snapshot& other) { return other.route == added.route; });
    added.filter = {};
  }
  snapshots.push_back(std::move(added));
}

void Fanout::want_notices(Session& session) {
  auto& extras = session.more();
  if (extras.notices) return;
  extras.notices = true;
  for (auto& missed : extras.missed) missed.told = missed.total;
}

Selection Fanout::selection_of(const Session& session) const {
  if (!session.extras || session.extras->narrowed.empty()) return {};
  std::vector<std::optional<Selection::OfRoute>> routes(worker_.pipeline().routes.routes().size());
  for (const auto route : session.extras->narrowed) routes[route].emplace();
  for (const auto& subscription : session.extras->subscriptions) {
    auto& wanted = *routes[subscription.route];
    wanted.filters.push_back(subscription.filter);
    if (subscription.policy) wanted.policy = subscription.policy;
  }
  return Selection(std::move(routes));
}

/// What is pending goes into the log of its own, where nothing of the stream that it leaves is missing. False where
/// that was too much, and its policy is to end the connection.
bool Fanout::take_pending_along(Session& session) {
  auto& own = behind(session).log;
  while (!session.cursor.at_end() && own.bytes() + session.cursor.pending() > session.audience->max_backlog) {
    fall_behind(session, std::nullopt);
  }
  if (session.ending) return false;
  leave_begun_message(session);
  session.cursor.each_pending([&](const LogMark& mark, std::string_view message) { own.append(message, mark); });
  return true;
}

void Fanout::change_audience(Session& session) {
  if (!take_pending_along(session)) {
    leave_audience(session);
    auto& audience = audience_for(session, selection_of(session));
    add_member(audience, session);
    return audience.log.join(session.cursor, sequence_);  // until it has been closed
  }
  auto& behind = *session.behind;
  const auto stage = session.apart() ? Behind::Stage::Apart : Behind::Stage::Beside;
  const auto earlier = behind.walk.changes();
  auto snapshots = std::move(behind.walk.snapshots());
  auto missing = std::exchange(behind.passed, {});
  for (auto& passed : missing) passed.skipped += session.audience->appended[passed.route] - passed.appended;
  std::vector<std::pair<std::size_t, LatestValues::Slot>> waiting;  // for their time; not in the audience it goes to
  session.audience->pacing.each_waiting(
      [&](std::size_t route, LatestValues::Slot slot) { waiting.emplace_back(route, slot); });
  leave_audience(session);  // it stays a member of its role: another worker may be counting them just now
  auto& audience = audience_for(session, selection_of(session));
  add_member(audience, session);

  CatchUp catch_up(stage == Behind::Stage::Apart ? still_to_come(audience, earlier) : std::vector<CatchUp::Source>());
  for (auto& snapshot : snapshots) catch_up.add(std::move(snapshot));
  for (const auto& [route, slot] : waiting) {
    const auto* entry = latest_[route].at(slot, worker_.now());
    const bool wanted = entry != nullptr && audience.selection.takes(route, entry->key, entry->position);
    if (wanted) catch_up.repeat(route, latest_[route], slot);
  }
  walk(session, std::move(catch_up), stage);
  for (const auto& before : missing) {
    for (auto& passed : behind.passed) {
      if (passed.route == before.route) {
        passed = {passed.route, before.base, before.skipped, passed.appended, before.given, before.counted};
      }
    }
  }
  if (stage == Behind::Stage::Beside) audience.log.join(session.cursor, sequence_);
  if (behind.cursor.at_end()) step(session);
  if (session.receiver != nullptr) worker_.mark_dirty(*session.receiver);
}

/// What it had not got yet of the stream that it leaves, and from now on those that are conflated in the other one.
std::vector<CatchUp::Source> Fanout::still_to_come(const Audience& audience,
                                                   const std::vector<CatchUp::Source>& earlier) const {
  auto changes = earlier;
  for (const auto& source : sources(audience, Routes::Conflated)) {
    const bool known = std::any_of(earlier.begin(), earlier.end(),
                                   [&](const CatchUp::Source& other) { return other.route == source.route; });
    if (!known) changes.push_back(source);
  }
  return changes;
}

}  // namespace omnibroker::core
