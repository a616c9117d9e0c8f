#pragma once

#include "runtime/audience.hpp"
#include "session/latest_values.hpp"
#include "session/outbound_log.hpp"
#include "session/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

struct Shared;
class RouteTable;
class Worker;

/// A message that has been accepted: what every worker does with it.
struct Delivery {
  const Route* route = nullptr;
  std::uint64_t epoch = 0;  ///< Of the pipeline that it was admitted by, whose the route is.
  std::string_view payload;
  std::string_view latest_key;
  Position position;
  Stamp stamp{};
};

/// Who gets what on one worker: the audiences with their logs, the last values, and the sessions that are behind.
///
/// A delivered message is put into the last values, written once per transport and variant, and appended once to the
/// log of each audience that wants it. What a member has not taken is its own affair: past the bounds of its routes it
/// leaves the stream (`fall_behind`), and comes back by way of the last values (Behind).
///
/// Lifecycle: the worker's. Threads: the worker's.
class Fanout {
 public:
  using Clock = std::chrono::steady_clock;

  Fanout(Worker& worker, Shared& shared);
  /// The worker has turned to another pipeline; `before` is the routes of the one before it.
  void learn(const RouteTable& before);

  void deliver(const Delivery& delivery);

  /// A registered session begins to get what its role gets: first the latest values.
  void join(Session& session);
  void leave(Session& session);

  /// One change of what a session gets, to be made once the message that asks for it has been accepted.
  struct Change {
    enum class Kind { Subscribe, Unsubscribe, Snapshot };
    Kind kind = Kind::Subscribe;
    SessionSubscription subscription;  ///< Unsubscribe: only its id.
  };
  /// As the subscriptions table says; on OK, `change` is what to do.
  omnibroker_status check_subscribe(const Session& session, const omnibroker_subscription& wanted, Change& change,
                                    std::string& error) const;
  omnibroker_status check_snapshot(const Session& session, const omnibroker_subscription& wanted, Change& change,
                                   std::string& error) const;
  static omnibroker_status check_unsubscribe(const Session& session, std::string_view id, Change& change);
  void apply(Session& session, Change change);
  /// To the audience of what the session wants, and of its transport's encoding, as they are now. What is pending goes
  /// first, in the bytes in which it was written.
  void change_audience(Session& session);
  /// Nobody here gets messages in this generation's encoding any more.
  void forget(const Endpoint& endpoint);
  /// From now on the client is told what it misses.
  static void want_notices(Session& session);

  /// Marks the connections of everybody for whom something is due.
  void mark_due();
  /// When everybody has been offered what there is: who is behind, and what comes next for those who are. True where a
  /// session could take more at once.
  bool settle();
  /// When something must be sent or looked at without anything happening; `max`: never.
  Clock::time_point next_due() const;
  void each_second();

  const std::string& encoded(Endpoint& endpoint, std::uint32_t variant, std::string_view payload);
  const LatestValues* latest(std::string_view type) const;

 private:
  static constexpr std::size_t kStepBytes = 64 * 1024;    // of latest values, for one session in one turn
  static constexpr std::size_t kTurnBytes = 1024 * 1024;  // of latest values, for all sessions in one turn
  static constexpr std::size_t kKeptBytes = 256 * 1024;
  static constexpr std::size_t kMostSnapshots = 32;

  // Audiences
  Audience& audience_for(const Session& session, Selection selection);
  void set_bounds(Audience& audience) const;
  EncodedOnce& encoding_of(Endpoint& endpoint, std::uint32_t variant);
  void drop_unused();
  void add_member(Audience& audience, Session& session);
  void leave_audience(Session& session);
  void see_who_is_inside(Audience& audience);
  Selection selection_of(const Session& session) const;

  // Delivery
  void offer(Audience& audience, const Delivery& delivery, LatestValues::Slot slot, std::uint64_t born);
  enum class Again { No, Yes };  ///< Whether the message must be sent although the last values do not show that.
  void append(Audience& audience, const Route& route, std::string_view bytes, LatestValues::Slot slot, Again again);
  void keep_for_those_apart(Audience& audience, std::string_view bytes, const LogMark& mark);
  /// False: there is no room, and its policy is to end the connection.
  bool keep(Session& session, std::string_view bytes, const LogMark& mark);
  void send_due_keys(Audience& audience);
  void mark(Audience& audience, std::chrono::nanoseconds interval);
  const std::string& encoded_once(EncodedOnce& encoding, std::string_view payload);
  std::uint32_t milliseconds() const;

  // Sessions that get latest values
  enum class Routes { All, Conflated };
  std::vector<CatchUp::Source> sources(const Audience& audience, Routes routes) const;
  Behind& behind(Session& session);
  void walk(Session& session, CatchUp catch_up, Behind::Stage stage);
  void stop_walking(Session& session);
  enum class Still { Walking, Done };
  void count_missed(Session& session, Still still);
  void leave_begun_message(Session& session);
  std::size_t step(Session& session);

  // Slow sessions
  void bound(Audience& audience);
  void check_lag(Audience& audience);
  /// `older_than`, of what it may be left with: only the messages before that moment go.
  void fall_behind(Session& session, std::optional<std::uint32_t> older_than);
  void drop_oldest(Session& session, std::optional<std::uint32_t> older_than);
  void conflate(Session& session);
  void disconnect(Session& session);
  void miss(Session& session, std::size_t route, MissReason reason, std::uint64_t count);
  void tell_missed(Session& session);
  SlowClients policy(const Audience& audience, std::size_t route) const;

  omnibroker_status check(const Session& session, const omnibroker_subscription& wanted, SessionSubscription& made,
                          std::string& error) const;
  static void add_snapshot(std::vector<CatchUp::Snapshot>& snapshots, CatchUp::Snapshot added);
  bool take_pending_along(Session& session);
  std::vector<CatchUp::Source> still_to_come(const Audience& audience,
                                             const std::vector<CatchUp::Source>& earlier) const;

  Worker& worker_;
  Shared& shared_;
  const Clock::time_point origin_;
  SegmentPool pool_;
  std::uint64_t sequence_ = 0;
  std::deque<LatestValues> latest_;  // by route; they never move, since walks refer to them
  std::vector<std::unique_ptr<EncodedOnce>> encodings_;
  std::vector<std::vector<std::unique_ptr<Audience>>> audiences_;  // by role
  std::vector<Audience*> dirty_;
  std::vector<Audience*> served_;
  std::vector<Audience*> waiting_;
  std::vector<Session*> walking_;
  std::size_t next_walking_ = 0;  // whose turn it is
  std::vector<omnibroker_session> to_tell_;
  std::vector<Session*> looked_at_;  // members, while some of them may leave
  Clock::time_point next_lag_check_ = Clock::time_point::max();
  Clock::time_point next_key_ = Clock::time_point::max();
  std::string one_encoding_;
};

}  // namespace omnibroker::core
