// The part of a running broker that replaces components while it runs.

#include "broker/running.hpp"
#include "broker/stand_still.hpp"
#include "broker/state_transfer.hpp"
#include "config/components.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::chrono::milliseconds kProgress{50};  // how often it is told
constexpr std::chrono::seconds kPatience{10};       // with what a component that goes has begun

std::chrono::nanoseconds percentile(const std::vector<std::chrono::nanoseconds>& sorted, double part) {
  if (sorted.empty()) return std::chrono::nanoseconds(0);
  const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[at];
}

std::size_t connections_of(const Seat& seat, const Generation& but) {
  std::size_t count = 0;
  for (const auto& generation : seat.generations) {
    if (generation.get() != &but) count += generation->connections();
  }
  return count;
}

}  // namespace

std::string_view to_string(GenerationInfo::State state) {
  switch (state) {
    case GenerationInfo::State::Current: return "current";
    case GenerationInfo::State::Canary: return "canary";
    case GenerationInfo::State::Previous: return "previous";
    default: return "draining";
  }
}

Result<SwapReport> Broker::Running::swap(const ComponentConfig& wanted, const Broker::Progress& progress,
                                         const std::optional<Canary>& canary) {
  const std::lock_guard lock(operations);
  if (!serving) return Error{ErrorCode::Unavailable, "The broker is stopping"};
  auto* seat = find_seat(wanted.name);
  if (seat == nullptr || seat->current == nullptr) {
    return Error{ErrorCode::NotFound, "There is no component " + wanted.name};
  }
  if (canary && seat->mount == nullptr) {
    return Error{ErrorCode::Unsupported,
                 wanted.name + " has no connections of which a share could go to a new generation"};
  }
  const auto& present = *seat->current;
  if (wanted.type == &present.component->type() && wanted.values.same_values(present.config.values) &&
      wanted.isolation == present.config.isolation) {
    return Error{ErrorCode::Conflict,
                 wanted.name + " runs exactly this already, as generation " + std::to_string(present.number)};
  }
  const auto components_before = components.size();
  auto required = wanted;
  required.required = true;  // that it cannot be made is an error here, whatever it would be at the start
  auto made = make_generation(required, config);
  auto status = made ? start_new(**made) : Status(made.error());
  StateTransfer state(*this);
  if (status) {
    state.add(*seat, *(*made)->component);
    status = state.run();
  }
  if (!status) {
    while (components.size() > components_before) discard_last_component();
    return status.error();
  }
  (*made)->config.required = wanted.required;
  auto& next = add_generation(*seat, std::move(*made));
  std::optional<CanaryReport> tried;
  if (canary) {
    if (status = try_canary(*seat, next, *canary, tried.emplace()); !status) return status.error();
  }
  log.info("A new generation takes over", {{"name", seat->name},
                                           {"generation", next.number},
                                           {"plugin", next.config.plugin},
                                           {"version", next.origin.version}});
  auto report = turn_to(*seat, next, state, progress);
  report.canary = tried;
  return report;
}

Status Broker::Running::start_new(Generation& made) {
  auto status = made.component->start();
  record_of(*made.component).has_started();
  return status;
}

/// One that nothing uses yet: drained and stopped as far as it had come, then destroyed.
void Broker::Running::discard_last_component() {
  auto component = std::move(components.back());
  components.pop_back();
  const auto name = component->name();
  if (const auto status = end(std::move(component), Clock::now() + kPatience); !status) {
    log.warn("A component did not stop cleanly", {{"name", name}, {"reason", status.error().message}});
  }
}

Status Broker::Running::end(std::unique_ptr<Component> component, Clock::time_point until) {
  Status status;
  const auto state = component->state();
  if (state == Component::State::Started) status = drain(*component, until);
  const bool has_taken =
      state == Component::State::Prepared || state == Component::State::Started || state == Component::State::Draining;
  if (has_ended_its_work(*component, until) && has_taken) {
    const auto stopped = component->stop();
    if (status) status = stopped;
  }
  destroy(std::move(component), until);
  return status;
}

/// When its work has ended; otherwise it is left behind.
void Broker::Running::destroy(std::unique_ptr<Component> component, Clock::time_point until) {
  const bool idle = has_ended_its_work(*component, until);
  if (!idle || component->state() == Component::State::Stuck) {
    left_behind.push_back(std::move(component));
    return;
  }
  auto* record = &record_of(*component);
  component.reset();
  records.remove_if([record](const ComponentRecord& one) { return &one == record; });
}

Result<SwapReport> Broker::Running::rollback(std::string_view name, const Broker::Progress& progress) {
  const std::lock_guard lock(operations);
  if (!serving) return Error{ErrorCode::Unavailable, "The broker is stopping"};
  auto* seat = find_seat(name);
  if (seat == nullptr || seat->current == nullptr) {
    return Error{ErrorCode::NotFound, "There is no component " + std::string(name)};
  }
  if (seat->previous == nullptr) {
    return Error{ErrorCode::NotFound, seat->name +
                                          " has no generation to go back to: none was replaced within the last " +
                                          std::to_string(rollback_window().count()) + " s"};
  }
  log.info("Going back to the previous generation", {{"name", seat->name}, {"generation", seat->previous->number}});
  StateTransfer state(*this);
  state.add(*seat, *seat->previous->component);
  if (const auto status = state.run(); !status) {
    if (!state.was_tried()) return status.error();
    if (seat->previous->component->state() == Component::State::Stuck) {  // a thread is inside: never called again
      const std::lock_guard view_lock(view);
      seat->previous = nullptr;
      return status.error();
    }
    // What is to be left may be broken: it does not bar the way back.
    log.warn("The previous generation goes on with what it knew itself",
             {{"name", seat->name}, {"reason", status.error().message}});
    state.give_up(status.error().message);
  }
  return turn_to(*seat, *seat->previous, state, progress);
}

void Broker::Running::take_over(Seat& seat, Generation& next) {
  const std::lock_guard lock(view);
  seat.previous = seat.current;
  if (seat.previous != nullptr) seat.previous->replaced = Clock::now();
  seat.current = &next;
  if (auto* named = find_component(config, seat.name)) *named = next.config;
}

void Broker::Running::turn_pipeline(std::shared_ptr<const Pipeline> next, StandStill* still) {
  const auto ask = [&](const std::function<std::size_t(Worker&)>& question) {
    static_cast<void>(still != nullptr ? still->ask(question) : ask_workers(question));
  };
  shared->set_pipeline(next);
  ask([&next](Worker& worker) {
    worker.learn(next);
    return 0;
  });
  ask([](Worker& worker) {
    worker.admit_by_learned();
    return 0;
  });
}

/// From here on nothing can fail: what does not move stays where it is.
SwapReport Broker::Running::turn_to(Seat& seat, Generation& next, StateTransfer& state,
                                    const Broker::Progress& progress) {
  SwapReport report;
  report.name = seat.name;
  report.from = seat.current->number;
  report.to = next.number;
  const auto begun = Clock::now();
  take_over(seat, next);
  if (seat.mount != nullptr) {
    move_connections(seat, report, progress);
  } else {
    turn_pipeline(compose(config).value(), state.still());  // the roles are those that there are
    state.end();
    state.report_to(report);
  }
  report.took = Clock::now() - begun;
  log.info("A generation has taken over", {{"name", seat.name},
                                           {"from", report.from},
                                           {"to", report.to},
                                           {"moved", report.moved},
                                           {"staying", report.staying}});
  return report;
}

/// Sends to the current generation what comes from now on, and moves what uses the other ones.
void Broker::Running::move_connections(Seat& seat, SwapReport& report, const Broker::Progress& progress) {
  auto& next = *seat.current;
  for (const auto& handover : seat.handovers) handover->abandon();
  seat.handovers.clear();
  seat.mount->current.store(next.endpoint.get(), std::memory_order_release);
  const auto concerned = connections_of(seat, next);
  for (const auto& generation : seat.generations) {
    if (generation.get() == &next) continue;
    auto handover = std::make_shared<Handover>(*generation->endpoint, *next.endpoint, shared->workers.size());
    seat.handovers.push_back(handover);
    for (auto& worker : shared->workers) worker->post([handover](Worker& w) { w.hand_over(handover); });
  }
  const auto moved = [&] {
    std::size_t count = 0;
    for (const auto& handover : seat.handovers) count += handover->counts().moved;
    return count;
  };
  for (const auto& handover : seat.handovers) {
    bool done = false;
    while (!done) {
      if (progress) progress(moved(), std::max(concerned, moved()));
      done = handover->wait_until_done(kProgress);
    }
  }

  std::vector<std::chrono::nanoseconds> freezes;
  for (const auto& handover : seat.handovers) {
    const auto more = handover->freezes();
    freezes.insert(freezes.end(), more.begin(), more.end());
    if (report.refusal.empty()) report.refusal = handover->first_refusal();
  }
  std::sort(freezes.begin(), freezes.end());
  report.moved = moved();
  report.staying = connections_of(seat, next);
  report.freeze_p50 = percentile(freezes, 0.50);
  report.freeze_p99 = percentile(freezes, 0.99);
  report.freeze_max = percentile(freezes, 1.00);
}

std::chrono::seconds Broker::Running::rollback_window() const {
  return std::chrono::duration_cast<std::chrono::seconds>(config.limits.rollback_window);
}

void Broker::Running::retire_what_is_over() {
  const std::unique_lock lock(operations, std::try_to_lock);
  if (!lock.owns_lock() || !serving) return;
  const auto now = Clock::now();
  for (auto& seat : seats) {
    if (seat->previous != nullptr && now - seat->previous->replaced >= config.limits.rollback_window) {
      const std::lock_guard view_lock(view);
      seat->previous = nullptr;
    }
    for (std::size_t i = 0; i < seat->generations.size() && !ending;) {
      auto& generation = *seat->generations[i];
      const bool needed = &generation == seat->current || &generation == seat->previous || is_used(generation);
      if (needed || !retire(*seat, generation)) {
        ++i;
        continue;
      }
      const std::lock_guard view_lock(view);
      seat->generations.erase(seat->generations.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  const std::lock_guard view_lock(view);
  std::erase_if(seats, [](const auto& seat) { return seat->current == nullptr && seat->generations.empty(); });
}

/// Asks every worker; after a `no` of all of them nobody can begin to use it, since nothing leads to it any more.
bool Broker::Running::is_used(const Generation& generation) {
  if (generation.endpoint == nullptr) return shared->deferred.uses(generation.component->self());
  const auto& endpoint = *generation.endpoint;
  if (endpoint.exchanges.load(std::memory_order_acquire) > 0) return true;
  return ask_workers([&endpoint](Worker& worker) { return worker.uses(endpoint) ? 1 : 0; }) > 0;
}

/// A step of it, without waiting for work that goes on. True when it has ended.
bool Broker::Running::retire(Seat& seat, Generation& generation) {
  auto& component = *generation.component;
  const auto& name = generation.config.name;
  const auto now = Clock::now();
  if (generation.retiring == Clock::time_point{}) {
    generation.retiring = now;
    std::erase_if(seat.handovers, [&](const auto& one) {
      const bool of_it = &one->from == generation.endpoint.get() || &one->to == generation.endpoint.get();
      if (of_it) one->abandon();
      return of_it;
    });
    if (const auto* endpoint = generation.endpoint.get()) {
      static_cast<void>(ask_workers([endpoint](Worker& worker) {
        worker.forget(*endpoint);
        return 0;
      }));
    }
    if (const auto status = drain(component, now); !status) {
      log.warn("A generation did not drain cleanly",
               {{"name", name}, {"generation", generation.number}, {"reason", status.error().message}});
    }
  }
  if (record_of(component).work() > 0 && now - generation.retiring < kPatience) return false;
  const auto found =
      std::find_if(components.begin(), components.end(), [&](const auto& one) { return one.get() == &component; });
  auto owned = std::move(*found);
  components.erase(found);
  if (const auto status = end(std::move(owned), now); !status) {
    log.warn("A generation did not end cleanly",
             {{"name", name}, {"generation", generation.number}, {"reason", status.error().message}});
  }
  log.info("A generation has ended", {{"name", name}, {"generation", generation.number}});
  return true;
}

std::vector<GenerationInfo> Broker::Running::generations() {
  std::vector<GenerationInfo> all;
  const auto now = Clock::now();
  {
    const std::lock_guard lock(view);
    for (const auto& seat : seats) {
      for (auto at = seat->generations.rbegin(); at != seat->generations.rend(); ++at) {
        const auto& one = **at;
        const bool is_tried = seat->mount != nullptr && one.endpoint.get() == seat->mount->canary.load();
        const auto state = &one == seat->current    ? GenerationInfo::State::Current
                           : is_tried               ? GenerationInfo::State::Canary
                           : &one == seat->previous ? GenerationInfo::State::Previous
                                                    : GenerationInfo::State::Draining;
        all.push_back({seat->name, one.number, one.config.plugin, one.origin.version, one.origin.hash, state,
                       one.connections(), std::chrono::duration_cast<std::chrono::seconds>(now - one.since),
                       seat->drained && &one == seat->current});
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const GenerationInfo& a, const GenerationInfo& b) {
    return a.name != b.name ? a.name < b.name : a.state < b.state;
  });
  return all;
}

std::vector<SessionInfo> Broker::Running::sessions() {
  const std::shared_lock lock(lifetime);
  std::mutex mutex;
  std::vector<SessionInfo> all;
  static_cast<void>(ask_workers([&](Worker& worker) {
    auto some = worker.describe_sessions();
    const std::lock_guard all_lock(mutex);
    all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    return 0;
  }));
  return all;
}

bool Broker::Running::disconnect(std::string_view client_id) {
  const std::shared_lock lock(lifetime);
  return ask_workers([client_id](Worker& worker) { return worker.kick(client_id) ? 1 : 0; }) > 0;
}

/// Runs `question` on every worker and adds up what they answer. None while the broker does not serve.
std::size_t Broker::Running::ask_workers(const std::function<std::size_t(Worker&)>& question) {
  if (!serving) return 0;
  std::atomic<std::size_t> sum{0};
  std::vector<std::promise<void>> answered(shared->workers.size());
  for (std::size_t i = 0; i < answered.size(); ++i) {
    shared->workers[i]->post([&, i](Worker& worker) {
      sum += question(worker);
      answered[i].set_value();
    });
  }
  for (auto& one : answered) one.get_future().wait();
  return sum.load();
}

Result<SwapReport> Broker::swap(const ComponentConfig& wanted, const Progress& progress,
                                const std::optional<Canary>& canary) {
  return running_->swap(wanted, progress, canary);
}
Result<SwapReport> Broker::rollback(std::string_view name, const Progress& progress) {
  return running_->rollback(name, progress);
}
std::vector<GenerationInfo> Broker::generations() const { return running_->generations(); }
std::vector<SessionInfo> Broker::sessions() const { return running_->sessions(); }
bool Broker::disconnect(std::string_view client_id) { return running_->disconnect(client_id); }

}  // namespace omnibroker::core
