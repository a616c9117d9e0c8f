// The part of the fan-out that knows subscriptions: what a session asked for, and how it comes to get that.

#include "routing/router.hpp"
#include "runtime/connection.hpp"
#include "runtime/fanout.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostGlob = 256;
constexpr std::size_t kMostId = 64;
constexpr std::size_t kMostBoxes = 16;
constexpr std::chrono::hours kMostInterval{1};

std::string_view view(omnibroker_text text) { return {text.data ? text.data : "", text.size}; }

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
  const auto* route = shared_.routes.find(view(wanted.type));
  if (route == nullptr || !RouteTable::feeds(*route, static_cast<std::size_t>(session.role))) {
    const auto& title = shared_.routes.roles()[static_cast<std::size_t>(session.role)].title;
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
  if (!replaces && held.size() >= shared_.limits.max_subscriptions) {
    error = "A client has at most " + std::to_string(shared_.limits.max_subscriptions) + " subscriptions";
    return OMNIBROKER_RESOURCE_EXHAUSTED;
  }
  return OMNIBROKER_OK;
}

omnibroker_status Fanout::check_snapshot(const Session& session, const omnibroker_subscription& wanted, Change& change,
                                         std::string& error) const {
  change.kind = Change::Kind::Snapshot;
  const auto status = check(session, wanted, change.subscription, error);
  if (status != OMNIBROKER_OK) return status;
  if (!shared_.routes.routes()[change.subscription.route].latest_by.empty()) return OMNIBROKER_OK;
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
  auto& subscription = change.subscription;
  if (change.kind == Change::Kind::Snapshot) return move(session, {{subscription.route, subscription.filter}});
  std::erase_if(extras.subscriptions, [&](const auto& held) { return held.id == subscription.id; });
  if (change.kind == Change::Kind::Unsubscribe) return move(session, std::nullopt);
  const auto route = subscription.route;
  CatchUp::Initial initial{route, subscription.filter};
  if (std::find(extras.narrowed.begin(), extras.narrowed.end(), route) == extras.narrowed.end()) {
    extras.narrowed.push_back(route);
  }
  extras.subscriptions.push_back(std::move(subscription));
  move(session, std::move(initial));
}

void Fanout::want_notices(Session& session) {
  auto& extras = session.more();
  if (extras.notices) return;
  extras.notices = true;
  for (auto& missed : extras.missed) missed.told = missed.total;
}

Selection Fanout::selection_of(const Session& session) const {
  if (!session.extras || session.extras->narrowed.empty()) return {};
  std::vector<std::optional<Selection::OfRoute>> routes(shared_.routes.routes().size());
  for (const auto route : session.extras->narrowed) routes[route].emplace();
  for (const auto& subscription : session.extras->subscriptions) {
    auto& wanted = *routes[subscription.route];
    wanted.filters.push_back(subscription.filter);
    if (subscription.policy) wanted.policy = subscription.policy;
  }
  return Selection(std::move(routes));
}

/// To the audience of its selection as it is now. What is pending goes first, then the latest messages that `initial`
/// takes.
void Fanout::move(Session& session, std::optional<CatchUp::Initial> initial) {
  if (session.behind == nullptr) session.behind = std::make_unique<Behind>(pool_, CatchUp({}, sequence_));
  auto& behind = *session.behind;
  std::vector<CatchUp::Source> earlier;
  std::vector<CatchUp::Initial> initials;
  if (session.walking()) {
    count_missed(session, Still::Walking);
    behind.passed.clear();  // the rest of it is the next walk's
    earlier = behind.walk.sources();
    initials = behind.walk.unfinished();
  }
  if (initial) {
    const bool known = std::any_of(initials.begin(), initials.end(), [&](const CatchUp::Initial& unfinished) {
      return unfinished.route == initial->route && unfinished.filter == initial->filter;
    });
    if (initials.size() >= kMostInitials) {  // more than it needs, rather than more and more filters
      std::erase_if(initials, [&](const CatchUp::Initial& unfinished) { return unfinished.route == initial->route; });
      initial->filter = {};
    }
    if (!known) initials.push_back(std::move(*initial));
  }
  if (session.cursor.joined()) {
    leave_begun_message(session);
    session.cursor.each_pending(
        [&](const LogMark& mark, std::string_view message) { behind.log.append(message, mark); });
  }
  std::vector<std::pair<std::size_t, LatestValues::Slot>> waiting;  // for their time; not in the audience it goes to
  session.audience->pacing.each_waiting(
      [&](std::size_t route, LatestValues::Slot slot) { waiting.emplace_back(route, slot); });
  leave(session);
  auto& audience = audience_for(session, selection_of(session));
  add_member(audience, session);
  worker_.count_member(audience.role, 1);

  auto all = sources(audience, sequence_, false);
  for (auto& source : all) {
    for (const auto& before : earlier) {  // it had not got all of these yet
      if (before.route == source.route) source.since = before.since;
    }
  }
  walk(session, CatchUp(std::move(all), sequence_, std::move(initials)), Why::Joining);
  for (const auto& [route, slot] : waiting) {
    const auto* entry = latest_[route].at(slot, worker_.now());
    const bool wanted = entry != nullptr && audience.selection.takes(route, entry->key, entry->position);
    if (wanted) behind.walk.repeat(route, slot);
  }
  if (behind.cursor.at_end()) step(session);
  if (session.receiver != nullptr) worker_.mark_dirty(*session.receiver);
}

}  // namespace omnibroker::core
