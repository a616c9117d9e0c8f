// The part of a running broker that tries a new generation with a share of the new connections.

#include "broker/running.hpp"
#include "telemetry/log.hpp"

#include <mutex>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{100};
/// So many failures may be chance, as may be less than twice what the present generation has, and one in a hundred.
constexpr std::uint64_t kChance = 3;
constexpr double kAllowed = 0.01;

double rate(std::uint64_t failed, std::uint64_t opened) {
  return opened == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(opened);
}

std::string in_words(std::uint64_t failed, std::uint64_t opened) {
  return std::to_string(failed) + (failed == 1 ? " failure" : " failures") + " in " + std::to_string(opened) +
         (opened == 1 ? " connection" : " connections");
}

}  // namespace

bool CanaryReport::is_worse() const {
  return failed >= kChance && rate(failed, opened) > 2 * rate(present_failed, present_opened) + kAllowed;
}

/// Comes back when the time is over, when the new one is worse, or when the broker is about to stop.
Status Broker::Running::try_canary(Seat& seat, Generation& next, const Canary& canary, CanaryReport& report) {
  const auto& present = *seat.current->endpoint;
  const auto opened = present.opened.load(), failed = present.failed.load();
  const auto look = [&] {
    report.opened = next.endpoint->opened.load();
    report.failed = next.endpoint->failed.load();
    report.present_opened = present.opened.load() - opened;
    report.present_failed = present.failed.load() - failed;
  };
  log.info("A share of the new connections goes to a new generation", {{"name", seat.name},
                                                                       {"generation", next.number},
                                                                       {"percent", canary.percent},
                                                                       {"for_ms", canary.lasting.count()}});
  seat.mount->permille.store(static_cast<unsigned>(canary.percent * 10 + 0.5));
  seat.mount->canary.store(next.endpoint.get(), std::memory_order_release);
  const auto until = Clock::now() + canary.lasting;
  {
    std::unique_lock lock(ending_mutex);
    while (!ending && Clock::now() < until) {
      ending_changed.wait_for(lock, kBetweenLooks);
      look();
      if (report.is_worse()) break;
    }
  }
  seat.mount->canary.store(nullptr, std::memory_order_release);
  look();
  if (!report.is_worse() && !ending) return {};

  SwapReport back;
  back.name = seat.name;
  move_connections(seat, back, {});
  if (ending) return Error{ErrorCode::Unavailable, "The broker is stopping"};
  return Error{ErrorCode::Conflict, "The new generation of " + seat.name + " had " +
                                        in_words(report.failed, report.opened) + ", the present one " +
                                        in_words(report.present_failed, report.present_opened) +
                                        "; its connections are back at the present one"};
}

void Broker::Running::end_waits() {
  {
    const std::lock_guard lock(ending_mutex);
    ending = true;
  }
  ending_changed.notify_all();
}

}  // namespace omnibroker::core
