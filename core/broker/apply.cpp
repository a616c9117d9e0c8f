// The part of a running broker that comes to another configuration: everything new first, then one step that cannot
// fail.

#include "broker/running.hpp"
#include "broker/state_transfer.hpp"
#include "config/components.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <sys/socket.h>
#include <utility>

namespace omnibroker::core {
namespace {

using Kind = PlannedStep::Kind;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

const ListenerConfig* find_listener_config(const BrokerConfig& config, std::string_view name) {
  const auto found = std::find_if(config.listeners.begin(), config.listeners.end(),
                                  [&](const auto& listener) { return listener.name == name; });
  return found == config.listeners.end() ? nullptr : &*found;
}

}  // namespace

/// What has been made for a change, and nothing uses yet.
struct Broker::Running::Prepared {
  explicit Prepared(Running& broker) : state(broker) {}

  struct Made {
    Seat* seat = nullptr;
    std::unique_ptr<Generation> generation;
  };
  struct Reconfigured {
    Seat* seat = nullptr;
    ConfigValues before;
  };
  std::size_t components_before = 0;
  std::size_t bridges_before = 0;
  LimitsConfig limits_before;
  std::vector<Made> made;
  std::vector<Reconfigured> reconfigured;
  std::vector<std::unique_ptr<Listener>> listeners;
  /// Of listeners that stay, where they change.
  std::map<std::string, std::vector<std::unique_ptr<ListeningSocket>>, std::less<>> sockets;
  /// By the name of a listener: the one that has its address until now, and gives it away.
  std::map<std::string, Listener*, std::less<>> givers;
  std::map<std::string, std::shared_ptr<TlsContext>, std::less<>> tls;
  StateTransfer state;  ///< Of what gets a new generation.
};

Plan Broker::Running::plan(const BrokerConfig& next) {
  RunningFacts facts;
  facts.runs = [this](std::string_view name) { return current(name) != nullptr; };
  facts.made_with = [this](std::string_view name) {
    const auto* generation = current(name);
    return MadeWith{generation->limits, generation->roles};
  };
  facts.limits_read = [this](std::string_view name) { return record_of(*current(name)->component).limits_read(); };
  facts.tls_files_differ = [this](const ListenerConfig& wanted) {
    const auto* listener = find_listener(wanted.name);
    return listener != nullptr && listener->tls() != nullptr && listener->tls()->files_differ();
  };
  return make_plan(config, next, facts);
}

Result<ApplyReport> Broker::Running::apply(BrokerConfig next, const Broker::Progress& progress) {
  const std::lock_guard lock(operations);
  if (!serving) return Error{ErrorCode::Unavailable, "The broker is stopping"};
  ApplyReport report;
  report.done = plan(next);
  if (!report.done.only_by_restart.empty()) {
    return Error{ErrorCode::Conflict, "Only a restart can change " + joined(report.done.only_by_restart)};
  }
  if (report.done.empty()) return report;
  Prepared prepared(*this);
  if (auto status = prepare(report.done, next, prepared); !status) {
    undo(prepared);
    return status.error();
  }
  commit(std::move(next), prepared, report, progress);
  for (const auto& step : report.done.steps) {
    log.info("The configuration has changed",
             {{"name", step.name}, {"change", to_string(step.kind)}, {"details", joined(step.details)}});
  }
  return report;
}

Status Broker::Running::prepare(Plan& plan, const BrokerConfig& next, Prepared& prepared) {
  prepared.components_before = components.size();
  prepared.bridges_before = bridges.size();
  prepared.limits_before = config.limits;
  if (auto possible = compose(next); !possible)
    return possible.error();        // with what runs; the roles are what may not fit
  shared->set_limits(next.limits);  // components ask for them when they are made
  if (auto status = prepare_listeners(plan, next, prepared); !status) return status;
  for (const auto& step : plan.steps) {
    const auto* wanted = find_component(next, step.name);
    if (wanted == nullptr || (step.kind != Kind::Add && step.kind != Kind::Replace)) continue;
    if (auto status = make_for(*wanted, next, prepared); !status) return status;
  }
  for (auto& step : plan.steps) {
    if (step.kind != Kind::Reconfigure) continue;
    const auto& wanted = *find_component(next, step.name);
    auto& seat = *find_seat(step.name);
    std::string reason;
    const auto answer = seat.current->component->reconfigure(wanted.values, reason);
    if (answer == OMNIBROKER_APPLIED) {
      prepared.reconfigured.push_back({&seat, seat.current->config.values});
    } else if (answer == OMNIBROKER_NEEDS_REPLACE) {
      step.kind = Kind::Replace;
      if (auto status = make_for(wanted, next, prepared); !status) return status;
    } else {
      return Error{ErrorCode::InvalidArgument, reason};
    }
  }
  for (auto& made : prepared.made) {
    if (made.generation->component->state() == Component::State::Started) continue;
    if (auto status = start_new(*made.generation); !status) return status;
  }
  for (const auto& made : prepared.made) prepared.state.add(*made.seat, *made.generation->component);
  return prepared.state.run();
}

Status Broker::Running::prepare_listeners(const Plan& plan, const BrokerConfig& next, Prepared& prepared) {
  for (const auto& wanted : next.listeners) {
    const auto* step = plan.find("listeners." + wanted.name);
    if (step == nullptr) continue;
    auto* giver = giver_of(wanted, next);
    if (giver != nullptr) prepared.givers.emplace(wanted.name, giver);
    if (step->kind == Kind::Add) {
      auto opened = open_listener(wanted, giver == nullptr);
      if (!opened) return opened.error();
      prepared.listeners.push_back(std::move(*opened));
      continue;
    }
    auto tls = open_tls(wanted);
    if (!tls) return tls.error();
    prepared.tls.emplace(wanted.name, std::move(*tls));
    const bool stays = find_listener_config(config, wanted.name)->address == wanted.address;
    if (drained || stays || giver != nullptr) continue;
    auto sockets = ListeningSocket::open(wanted.address, static_cast<int>(wanted.backlog));
    if (!sockets) return sockets.error();
    prepared.sockets.emplace(wanted.name, std::move(*sockets));
  }
  return {};
}

/// The listener that has this address and will not have it any more: renamed, or it has another one then.
Listener* Broker::Running::giver_of(const ListenerConfig& wanted, const BrokerConfig& next) const {
  for (const auto& present : config.listeners) {
    if (present.name == wanted.name || present.address != wanted.address) continue;
    const auto* later = find_listener_config(next, present.name);
    if (later == nullptr || later->address != present.address) return find_listener(present.name);
  }
  return nullptr;
}

Status Broker::Running::make_for(const ComponentConfig& wanted, const BrokerConfig& next, Prepared& prepared) {
  auto required = wanted;
  required.required = true;  // a change that leaves out what it asks for is none
  left_out.erase(wanted.name);
  const bool may_be_left_out = !wanted.required && current(wanted.name) == nullptr;  // as at the start
  const auto before = components.size();
  auto made = make_generation(required, next);
  if (made && may_be_left_out) {
    if (auto status = start_new(**made); !status) made = status.error();
  }
  if (!made && may_be_left_out) {
    while (components.size() > before) discard_last_component();
    log.warn("A component that is not required was left out",
             {{"name", wanted.name}, {"reason", made.error().message}});
    return {};
  }
  if (!made) return made.error();
  (*made)->config.required = wanted.required;
  prepared.made.push_back({&seat_for(wanted.name), std::move(*made)});
  return {};
}

void Broker::Running::undo(Prepared& prepared) {
  shared->set_limits(prepared.limits_before);
  for (auto at = prepared.reconfigured.rbegin(); at != prepared.reconfigured.rend(); ++at) {
    std::string reason;
    if (at->seat->current->component->reconfigure(at->before, reason) == OMNIBROKER_APPLIED) continue;
    log.error("A component did not take its options back", {{"name", at->seat->name}, {"reason", reason}});
  }
  prepared.made.clear();
  while (components.size() > prepared.components_before) discard_last_component();
  bridges.resize(prepared.bridges_before);
  static_cast<void>(ask_workers([&](Worker& worker) {
    worker.drop_early(prepared.bridges_before);
    return 0;
  }));
}

/// Nothing here can fail.
void Broker::Running::commit(BrokerConfig next, Prepared& prepared, ApplyReport& report,
                             const Broker::Progress& progress) {
  if (next.log.level != config.log.level) log.set_level(next.log.level);
  const bool other_deadline = next.limits.call_deadline != config.limits.call_deadline;
  {
    const std::lock_guard lock(view);
    for (auto& one : prepared.reconfigured) {
      one.seat->current->config.values = find_component(next, one.seat->name)->values;
    }
    config = std::move(next);
  }
  if (other_deadline) watch_calls();
  for (auto& made : prepared.made) {
    auto& seat = *made.seat;
    auto& generation = add_generation(seat, std::move(made.generation));
    if (seat.current != nullptr) {
      auto& swap = report.swaps.emplace_back();
      swap.name = seat.name;
      swap.from = seat.current->number;
      swap.to = generation.number;
    }
    take_over(seat, generation);
  }
  const auto gone = vacate_gone();
  turn_pipeline(compose(config).value(), prepared.state.still());  // prepare has seen that it can be
  prepared.state.end();
  for (auto& swap : report.swaps) prepared.state.report_to(swap);
  open_prepared(prepared);
  move_replaced(report, progress);
  for (auto* seat : gone) send_away(*seat);
  close_gone();
  list_listening();
}

/// Everything is at its path before anybody is accepted there.
void Broker::Running::open_prepared(Prepared& prepared) {
  std::vector<Listener*> to_watch;
  for (const auto& [name, giver] : prepared.givers) {  // who comes meanwhile waits in the kernel
    unwatch(*giver);
    prepared.sockets[name] = std::move(giver->sockets);
  }
  for (auto& opened : prepared.listeners) {
    if (prepared.givers.contains(opened->name)) opened->sockets = std::move(prepared.sockets[opened->name]);
    to_watch.push_back(shared->listeners.emplace_back(std::move(opened)).get());
  }
  for (const auto& wanted : config.listeners) {
    const auto tls = prepared.tls.find(wanted.name);
    if (tls == prepared.tls.end()) continue;
    auto& listener = *find_listener(wanted.name);
    auto table = std::make_unique<ListenerTable>(*listener.owned_table);
    table->tls = tls->second;
    set_table(listener, std::move(table));
    if (const auto sockets = prepared.sockets.find(wanted.name); sockets != prepared.sockets.end()) {
      unwatch(listener);
      listener.sockets = std::move(sockets->second);
      to_watch.push_back(&listener);
    } else {
      for (const auto& socket : listener.sockets) ::listen(socket->descriptor(), static_cast<int>(wanted.backlog));
    }
  }
  mount_all();
  for (auto* listener : to_watch) watch(*listener);
}

/// Components that the configuration does not have any more: their seats, which nothing leads to from here on.
std::vector<Seat*> Broker::Running::vacate_gone() {
  std::vector<Seat*> gone;
  for (const auto& seat : seats) {
    const auto* named = find_component(config, seat->name);
    const bool stays = named != nullptr && (named->type != nullptr || named->required);
    if (seat->current == nullptr || stays) continue;
    end_departure(seat->name, Departure::End::Undone);  // whoever has this name one day was not meant
    const std::lock_guard lock(view);
    seat->mount.reset();
    seat->listener = nullptr;
    seat->drained = false;
    seat->current->replaced = Clock::now();
    seat->current = seat->previous = nullptr;
    gone.push_back(seat.get());
  }
  return gone;
}

/// The connections of everything that has a new generation.
void Broker::Running::move_replaced(ApplyReport& report, const Broker::Progress& progress) {
  for (auto& swap : report.swaps) {
    auto& seat = *find_seat(swap.name);
    if (seat.mount == nullptr) continue;
    const auto begun = Clock::now();
    move_connections(seat, swap, progress);
    swap.took = Clock::now() - begun;
  }
}

/// Ends the connections of what is gone, as a stop of the broker would.
void Broker::Running::send_away(Seat& seat) {
  for (const auto& generation : seat.generations) {
    const auto* endpoint = generation->endpoint.get();
    if (endpoint == nullptr) continue;
    for (auto& worker : shared->workers) {
      worker->post([endpoint](Worker& w) { w.shut_down_connections_of(*endpoint); });
    }
  }
}

void Broker::Running::close_gone() {
  for (const auto& listener : shared->listeners) {
    if (listener->gone || find_listener_config(config, listener->name) != nullptr) continue;
    listener->gone = true;
    unwatch(*listener);
    listener->sockets.clear();
  }
}

/// The sockets may be others only behind an `unwatch`: the worker looks at them later.
void Broker::Running::watch(Listener& listener) {
  if (listener.sockets.empty()) return;  // drained
  shared->workers.front()->post([&listener](Worker& worker) { worker.watch(listener); });
}

/// Comes back when nobody is accepted by it any more.
void Broker::Running::unwatch(Listener& listener) {
  shared->workers.front()->post([&listener](Worker& worker) { worker.unwatch(listener); });
  static_cast<void>(ask_workers([](Worker&) { return 0; }));
}

Plan Broker::plan(const BrokerConfig& next) const {
  const std::lock_guard lock(running_->operations);
  return running_->plan(next);
}
Result<ApplyReport> Broker::apply(BrokerConfig next, const Progress& progress) {
  return running_->apply(std::move(next), progress);
}

}  // namespace omnibroker::core
