#pragma once

#include "engine/loop.hpp"
#include "providers/provider.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

namespace omniclient {

/// Repeats what has failed in a way that passes (Reply::passing), as omniClientSetRetries says: attempt n comes
/// base * n * n and up to jitter * n more after the one before it, and none when that would be later than max after the
/// first.
///
/// Threads: everything from every thread.
class Retries {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Retries(Loop& loop) : loop_(loop) {}

  /// Answers what was set before. Holds for what begins from now on.
  OmniClientRetryBehavior set(OmniClientRetryBehavior behavior);

  /// Calls `attempt` on the loop's thread, where it must be the caller, too; again while it answers what passes and
  /// somebody wants it. `done` gets the last answer.
  template <class R>
  void run(const OperationPtr& operation, std::function<void(Done<R>)> attempt, Done<R> done) {
    once<R>({operation, get(), std::chrono::steady_clock::now(), 0, 0}, std::move(attempt), std::move(done));
  }

  /// After the loop has stopped.
  void stop();

  /// How long to wait before attempt `count`, the first repetition being 1. `chance` is 0 to 1.
  static Milliseconds wait_before(const OmniClientRetryBehavior& behavior, std::uint32_t count, double chance);

 private:
  struct Row {
    OperationPtr operation;
    OmniClientRetryBehavior behavior;
    std::chrono::steady_clock::time_point begin;
    std::uint32_t count;
    std::uint64_t number;  ///< Its place among those that wait; 0 before it has waited.
  };

  template <class R>
  void once(Row row, const std::function<void(Done<R>)>& attempt, Done<R> done) {
    attempt([this, row, attempt, done](R reply) mutable {
      const auto wait = reply.passing && !row.operation->cancelled() ? next(row, reply.wait_ms) : std::nullopt;
      if (!wait) return done(std::move(reply));
      loop_.post([this, row, wait = *wait, attempt, done] {
        after(row, wait, [this, attempt, done](const Row& again) { once<R>(again, attempt, done); });
      });
    });
  }

  OmniClientRetryBehavior get() const;
  /// Counts, and answers how long to wait; nothing where it is given up.
  static std::optional<Milliseconds> next(Row& row, std::uint32_t least_ms);
  /// On the loop's thread, where it calls it later unless the operation is cancelled before.
  void after(Row row, Milliseconds wait, std::function<void(const Row&)> call);
  std::unique_ptr<Loop::Timer> take(std::uint64_t number);

  Loop& loop_;
  mutable std::mutex mutex_;
  OmniClientRetryBehavior behavior_{120000, 100, 100};
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Loop::Timer>> waiting_;
};

}  // namespace omniclient
