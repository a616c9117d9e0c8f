#include "run.hpp"

#include "pace.hpp"
#include "process_usage.hpp"

#include <algorithm>
#include <random>
#include <sys/prctl.h>
#include <utility>

namespace omnibroker::load {
namespace {

constexpr auto kLongestTurn = std::chrono::milliseconds(50);
constexpr std::uint64_t kOneSecond = 1'000'000'000;
constexpr std::uint64_t kDrainPatience = 2 * kOneSecond;
constexpr std::uint64_t kCatchUpPatience = 10 * kOneSecond;
constexpr std::uint64_t kLargestBlock = 256u << 20;  // bytes of prepared messages

std::uint64_t in_nanoseconds(std::chrono::nanoseconds span) { return static_cast<std::uint64_t>(span.count()); }
double in_seconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

std::string fresh_run() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 8; ++i) name.push_back("0123456789abcdef"[random() % 16]);
  return name;
}

Status check(const Settings& settings) {
  const auto wrong = [](std::string sentence) { return Error{ErrorCode::InvalidArgument, std::move(sentence)}; };
  if (settings.publishers == 0) return wrong("There is nobody to publish");
  if (settings.publishers > settings.prims) return wrong("There are more publishers than objects to publish");
  if (settings.pausing > settings.clients) return wrong("There are more clients to pause than clients");
  if (settings.prims * settings.size > kLargestBlock) return wrong("All objects together have more than 256 MiB");
  return {};
}

/// One run, step by step.
class Run {
 public:
  Run(const Settings& settings, const Wire& wire, Target target, const RunClock& clock, bool (*end_asked)())
      : settings_(settings),
        numbering_{settings.prims, settings.publishers},
        wire_(wire),
        clock_(clock),
        end_asked_(end_asked),
        crowd_(wire, std::move(target), clock),
        pace_(settings, crowd_) {}

  Result<Outcome> run() {
    if (auto used = read_usage(); !used) return used.error();
    if (outcome_.server) outcome_.server->memory_before = usage_.memory_kib;
    const auto begun = clock_.now();
    if (auto gathered = crowd_.gather(settings_, end_asked_); !gathered) return gathered.error();
    outcome_.connect_seconds = in_seconds(clock_.now() - begun);
    give_probes();

    turn_until(clock_.now() + in_nanoseconds(settings_.hold));
    if (auto used = read_usage(); !used) return used.error();
    if (outcome_.server) outcome_.server->memory_connected = usage_.memory_kib;

    pace_.begin(clock_.now());
    publish_until(clock_.now() + in_nanoseconds(settings_.warmup));
    if (auto measured = measure(); !measured) return measured.error();
    if (settings_.pausing != 0) let_catch_up();
    drain();
    crowd_.dismiss();
    conclude();
    return std::move(outcome_);
  }

 private:
  bool over() const { return end_asked_() || nobody_publishes(); }

  bool nobody_publishes() const {
    const auto ended = [](const Publisher& one) { return one.seat.client.stage() == Client::Stage::Ended; };
    return std::all_of(crowd_.publishers().begin(), crowd_.publishers().end(), ended);
  }

  Status read_usage() {
    if (settings_.server_pid == 0) return {};
    const auto usage = usage_of(settings_.server_pid);
    if (!usage) return usage.error();
    usage_ = usage.value();
    if (!outcome_.server) outcome_.server.emplace();
    return {};
  }

  void give_probes() {
    if (settings_.source == Source::Server) return;  // one message again and again has no order
    auto& seats = crowd_.subscribers();
    // Neither the first that a server serves nor the last.
    const auto witness = (seats.size() - settings_.pausing) / 2;
    for (std::size_t i = 0; i < seats.size(); ++i) {
      const bool pausing = i + settings_.pausing >= seats.size();
      if (i != witness && !settings_.check_all && !pausing) continue;
      auto* const latencies = pausing ? nullptr : &outcome_.latency;
      seats[i].client.look_with(std::make_unique<Probe>(wire_.layout(), numbering_, latencies, span_));
    }
  }

  void turn_until(std::uint64_t end) {
    for (auto now = clock_.now(); now < end && !over(); now = clock_.now()) {
      crowd_.turn(std::min<std::chrono::nanoseconds>(kLongestTurn, std::chrono::nanoseconds(end - now)));
    }
  }

  void publish_until(std::uint64_t end) {
    for (auto now = clock_.now(); now < end && !over(); now = clock_.now()) {
      const auto until = std::min(pace_.publish(now), end);
      now = clock_.now();
      const std::chrono::nanoseconds left(until - std::min(now, until));
      crowd_.turn(std::min<std::chrono::nanoseconds>(kLongestTurn, left));
    }
  }

  Status measure() {
    pause(true);
    if (auto used = read_usage(); !used) return used.error();
    const auto cpu = usage_.cpu;
    const auto own = own_cpu();
    const auto received = received_by_all();
    const auto sent = sent_by_all();
    const auto begun = clock_.now();
    span_ = {begun, UINT64_MAX};

    publish_until(begun + in_nanoseconds(settings_.measured));

    const auto ended = clock_.now();
    span_.end = ended;
    outcome_.deliveries = received_by_all() - received;
    outcome_.sent_measured = sent_by_all() - sent;
    outcome_.seconds = in_seconds(ended - begun);
    outcome_.own_cpu_seconds = in_seconds(in_nanoseconds(own_cpu() - own));
    if (auto used = read_usage(); !used) return used.error();
    if (outcome_.server) {
      outcome_.server->cpu_seconds = in_seconds(in_nanoseconds(usage_.cpu - cpu));
      outcome_.server->memory_measured = usage_.memory_kib;
    }
    return {};
  }

  std::uint64_t received_by_all() {
    std::uint64_t sum = 0;
    for (const auto& seat : crowd_.subscribers()) sum += seat.client.updates();
    return sum;
  }

  std::uint64_t sent_by_all() {
    if (settings_.source == Source::Server) return 0;
    std::uint64_t sum = 0;
    for (const auto& publisher : crowd_.publishers()) sum += publisher.publication.newest();
    return sum;
  }

  void pause(bool paused) {
    auto& seats = crowd_.subscribers();
    for (std::size_t i = seats.size() - settings_.pausing; i < seats.size(); ++i) {
      if (seats[i].client.stage() == Client::Stage::Ready) crowd_.pause(seats[i], paused);
    }
  }

  /// Those that paused read again; publishing goes on until they have the newest message of each object.
  void let_catch_up() {
    std::vector<std::uint64_t> newest(settings_.prims);
    for (std::uint64_t prim = 0; prim < settings_.prims; ++prim) {
      newest[prim] = crowd_.publishers()[prim % numbering_.publishers].publication.newest_of(prim);
    }
    auto& seats = crowd_.subscribers();
    std::vector<Seat*> behind;
    for (std::size_t i = seats.size() - settings_.pausing; i < seats.size(); ++i) behind.push_back(&seats[i]);
    for (auto* seat : behind) seat->client.probe()->await(newest);
    pause(false);

    const auto begun = clock_.now();
    const auto done = [](const Seat* seat) {
      return seat->client.stage() == Client::Stage::Ended || seat->client.probe()->has_awaited();
    };
    auto now = begun;
    for (; !std::all_of(behind.begin(), behind.end(), done); now = clock_.now()) {
      if (now - begun > kCatchUpPatience || over()) break;
      publish_until(now + kOneSecond / 1000);
    }
    outcome_.paused.up_to_date = std::all_of(behind.begin(), behind.end(), done);
    outcome_.paused.up_to_date_after = in_seconds(now - begun);
  }

  /// Sends what is stamped, and waits until every client has got everything, or nothing comes any more.
  void drain() {
    const auto sent = sent_by_all();
    auto received = received_by_all();
    const auto begun = clock_.now();
    auto progress = begun;
    while (!end_asked_() && clock_.now() - progress < kDrainPatience && settings_.source != Source::Server) {
      if (clock_.now() - begun > in_nanoseconds(settings_.drain)) return;
      bool all = true;
      for (auto& publisher : crowd_.publishers()) {
        if (!publisher.publication.unsent().empty() && !publisher.seat.client.blocked()) crowd_.push(publisher);
        all &= publisher.publication.unsent().empty() || publisher.seat.client.stage() == Client::Stage::Ended;
      }
      for (const auto& seat : crowd_.subscribers()) all &= !is_counted(seat) || seat.client.updates() >= sent;
      if (all) return;
      crowd_.turn(std::chrono::milliseconds(10));
      const auto now_received = received_by_all();
      if (now_received != received) progress = clock_.now();
      received = now_received;
    }
  }

  /// Whether a client should have got everything.
  bool is_counted(const Seat& seat) const {
    const auto index = static_cast<std::size_t>(&seat - crowd_.subscribers().data());
    const bool pausing = index + settings_.pausing >= crowd_.subscribers().size();
    return !pausing && !settings_.unregistered && !was_ended(seat);
  }

  static bool was_ended(const Seat& seat) {
    return seat.client.stage() == Client::Stage::Ended && seat.client.reason() != Client::kLeft;
  }

  void conclude() {
    outcome_.sent = sent_by_all();
    outcome_.received = received_by_all();
    outcome_.received_least = UINT64_MAX;
    for (const auto& seat : crowd_.subscribers()) {
      const auto updates = seat.client.updates();
      if (is_counted(seat)) {
        outcome_.received_least = std::min(outcome_.received_least, updates);
        outcome_.received_most = std::max(outcome_.received_most, updates);
        outcome_.lost += outcome_.sent - std::min(outcome_.sent, updates);
      }
      if (seat.client.probe() != nullptr) conclude(seat, *seat.client.probe());
    }
    if (outcome_.received_least == UINT64_MAX) outcome_.received_least = 0;
    outcome_.ended = crowd_.ended();
    outcome_.first_end = crowd_.first_end();
    outcome_.refusals = crowd_.refusals();
  }

  void conclude(const Seat& seat, const Probe& probe) {
    const auto index = static_cast<std::size_t>(&seat - crowd_.subscribers().data());
    outcome_.strange += probe.strange();
    if (index + settings_.pausing >= crowd_.subscribers().size()) {
      ++outcome_.paused.clients;
      outcome_.paused.ended += was_ended(seat) ? 1 : 0;
      outcome_.paused.skipped += probe.lost();
      outcome_.reordered += probe.reordered();
      return;
    }
    ++outcome_.checking;
    outcome_.duplicated += probe.duplicated();
    outcome_.reordered += probe.reordered();
  }

  const Settings& settings_;
  const Numbering numbering_;
  const Wire& wire_;
  const RunClock& clock_;
  bool (*const end_asked_)();
  Crowd crowd_;
  Pace pace_;
  MeasuredSpan span_{UINT64_MAX, UINT64_MAX};
  ProcessUsage usage_;
  Outcome outcome_;
};

}  // namespace

Result<Outcome> run_load(const Settings& settings, bool (*end_asked)()) {
  if (auto checked = check(settings); !checked) return checked.error();
  auto layout = UpdateLayout::of_size(settings.size, fresh_run());
  if (!layout) return layout.error();
  if (auto allowed = allow_files(settings.clients + settings.publishers); !allowed) return allowed.error();
  auto target = Target::find(settings.url);
  if (!target) return target.error();
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // a message is sent when it is due, not up to 50 microseconds later
  const Wire wire(settings.dialect, std::move(layout).value());
  const RunClock clock;
  return Run(settings, wire, std::move(target).value(), clock, end_asked).run();
}

}  // namespace omnibroker::load
