// The part of a running broker that is taken out of use, as a whole or one transport or service of it, and back.

#include "broker/running.hpp"
#include "runtime/departure.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::chrono::milliseconds kToldEvery{50};  // how often it is told
constexpr std::chrono::milliseconds kBetweenDrainLooks{50};
constexpr int kLooksAtLeast = 2;  // who is on the way to another worker at the first one has arrived at the second one
constexpr std::chrono::seconds kGrace{5};  // for those who have been told

std::string subject(std::string_view name) { return name.empty() ? "The broker" : std::string(name); }

Error is_stopping() { return {ErrorCode::Unavailable, "The broker is stopping"}; }

}  // namespace

/// Null: it is about the whole broker.
Result<Seat*> Broker::Running::seat_to_drain(std::string_view name) const {
  if (name.empty()) return static_cast<Seat*>(nullptr);
  auto* seat = find_seat(name);
  if (seat == nullptr || seat->current == nullptr) {
    return Error{ErrorCode::NotFound, "There is no component " + std::string(name)};
  }
  if (seat->mount == nullptr) {
    return Error{ErrorCode::Unsupported, seat->name + " has no connections that could be told to go"};
  }
  return seat;
}

Result<std::shared_ptr<Departure>> Broker::Running::begin_drain(std::string_view name, std::chrono::milliseconds over) {
  const std::lock_guard lock(operations);
  if (!serving || ending) return is_stopping();
  auto found = seat_to_drain(name);
  if (!found) return found.error();
  auto* seat = *found;
  const bool again = seat == nullptr ? drained : seat->drained;
  const auto present = departures.find(name);
  const bool goes_on = present != departures.end() && present->second->is_under_way();
  if (again && !goes_on) {
    return Error{ErrorCode::Conflict, subject(name) + " is drained already, and all clients have been told to go"};
  }
  end_departure(name, Departure::End::TakenOver);
  if (!again) take_out_of_use(seat);
  return departures[std::string(name)] = tell_all_in(name, over);
}

/// From here on nothing new comes.
void Broker::Running::take_out_of_use(Seat* seat) {
  {
    const std::lock_guard lock(view);
    (seat == nullptr ? drained : seat->drained) = true;
  }
  if (seat != nullptr) {
    seat->mount->drained.store(true, std::memory_order_release);
    return;
  }
  for (const auto& listener : shared->listeners) {
    unwatch(*listener);
    listener->sockets.clear();
  }
  list_listening();
}

/// Oldest connections first, whatever workers they are on, each with the same time between them.
std::shared_ptr<Departure> Broker::Running::tell_all_in(std::string_view name, std::chrono::milliseconds over) {
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, unsigned>> all;  // with the worker
  static_cast<void>(ask_workers([&](Worker& worker) {
    const auto some = worker.staying_connections(name);
    const std::lock_guard all_lock(mutex);
    for (const auto id : some) all.emplace_back(id, worker.index());
    return 0;
  }));
  std::sort(all.begin(), all.end());

  const auto begun = Clock::now();
  std::vector<std::vector<Departure::Turn>> turns(shared->workers.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto after = over * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(all.size());
    turns[all[i].second].push_back({all[i].first, begun + after});
  }
  auto departure = std::make_shared<Departure>(std::string(name), over, all.size(), turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    shared->workers[i]->post([departure, mine = std::move(turns[i])](Worker& w) { w.send_off(departure, mine); });
  }
  log.info("Clients are told to go", {{"of", name.empty() ? std::string_view("the broker") : name},
                                      {"clients", all.size()},
                                      {"over_ms", over.count()}});
  return departure;
}

/// Where one goes on. Who has been told stays told.
void Broker::Running::end_departure(std::string_view name, Departure::End how) {
  const auto found = departures.find(name);
  if (found == departures.end() || !found->second->end(how)) return;
  for (auto& worker : shared->workers) worker->post([](Worker& w) { w.drop_ended_departures(); });
}

/// Of the whole broker, or of this transport or service, also those that move from one worker to another just now.
std::size_t Broker::Running::open_connections(std::string_view name) {
  if (name.empty()) return shared->open_connections();
  const std::lock_guard lock(view);
  const auto* seat = find_seat(name);
  std::size_t count = 0;
  if (seat == nullptr) return count;
  for (const auto& generation : seat->generations) count += generation->connections();
  return count;
}

/// Holds nothing that a change of the broker needs.
Result<DrainReport> Broker::Running::await_drain(Departure& departure, const Broker::Progress& progress) {
  const auto tell = [&] {
    if (progress) progress(departure.told(), departure.told() + departure.left());
  };
  while (!departure.wait_until_told(kToldEvery) && !ending && open_connections(departure.name) > 0) tell();
  DrainReport report{departure.name, departure.over, 0, 0};
  const auto until = Clock::now() + kGrace;
  for (int look = 0; look < kLooksAtLeast || (report.staying > 0 && Clock::now() < until); ++look) {
    if (ending || departure.wait_until_ended(look == 0 ? std::chrono::milliseconds(0) : kBetweenDrainLooks)) break;
    const std::shared_lock lock(lifetime);
    report.staying = ask_workers([&](Worker& worker) { return worker.tell_those_left(departure); });
    tell();
  }
  report.told = departure.told();
  if (ending) return is_stopping();
  if (!departure.end(Departure::End::Finished)) {
    const bool undone = departure.ended() == Departure::End::Undone;
    return Error{ErrorCode::Conflict,
                 subject(departure.name) +
                     (undone ? " is not drained any more: it was undone when "
                             : " is drained by another command now; when it came, ") +
                     std::to_string(report.told) +
                     (report.told == 1 ? " client had been told to go" : " clients had been told to go")};
  }
  for (auto& worker : shared->workers) worker->post([](Worker& w) { w.drop_ended_departures(); });
  log.info("Clients have been told to go", {{"of", departure.name.empty() ? "the broker" : departure.name},
                                            {"told", report.told},
                                            {"staying", report.staying}});
  return report;
}

Status Broker::Running::undo_drain(std::string_view name) {
  const std::lock_guard lock(operations);
  if (!serving || ending) return is_stopping();
  auto found = seat_to_drain(name);
  if (!found) return found.error();
  auto* seat = *found;
  if (!(seat == nullptr ? drained : seat->drained)) {
    return Error{ErrorCode::Conflict, subject(name) + " is not drained"};
  }
  if (seat == nullptr) {
    if (auto status = listen_again(); !status) return status;
  } else {
    end_departure(name, Departure::End::Undone);
    const std::lock_guard view_lock(view);
    seat->drained = false;
    seat->mount->drained.store(false, std::memory_order_release);
  }
  log.info("It is not drained any more", {{"of", name.empty() ? std::string_view("the broker") : name}});
  return {};
}

/// At every address of the configuration as it is now, or at none.
Status Broker::Running::listen_again() {
  std::map<std::string, std::vector<std::unique_ptr<ListeningSocket>>> opened;
  for (const auto& wanted : config.listeners) {
    auto sockets = ListeningSocket::open(wanted.address, static_cast<int>(wanted.backlog));
    if (!sockets) return sockets.error();
    opened.emplace(wanted.name, std::move(*sockets));
  }
  end_departure({}, Departure::End::Undone);  // before anybody is accepted who could be told
  for (auto& [listener_name, sockets] : opened) {
    auto& listener = *find_listener(listener_name);
    listener.sockets = std::move(sockets);
    watch(listener);
  }
  {
    const std::lock_guard lock(view);
    drained = false;
  }
  list_listening();
  for (const auto& one : listening) log.info("Listening", {{"listener", one.listener}, {"address", one.address}});
  return {};
}

Result<std::shared_ptr<Departure>> Broker::begin_drain(std::string_view name, std::chrono::milliseconds over) {
  return running_->begin_drain(name, over);
}
Result<DrainReport> Broker::await_drain(Departure& departure, const Progress& progress) {
  return running_->await_drain(departure, progress);
}
Status Broker::undo_drain(std::string_view name) { return running_->undo_drain(name); }
bool Broker::is_draining() const {
  const std::lock_guard lock(running_->view);
  return running_->drained;
}

}  // namespace omnibroker::core
