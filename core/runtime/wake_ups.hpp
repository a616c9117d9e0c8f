#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace omnibroker::core {

/// The connections that can be woken, each with its worker, and which of them wait for it.
///
/// Whoever wakes one does not know its worker, and it may be on its way to another one meanwhile: so that it waits is
/// kept here, and whichever worker has it takes that. One that waits already is not asked for again.
///
/// Threads: any; for one connection, `add`, `move`, `remove` and `take` come from its worker.
class WakeUps {
 public:
  /// From now on it can be woken, on this worker.
  void add(std::uint64_t connection, unsigned worker);
  /// It is on this worker now. True: it has been asked for meanwhile.
  bool move(std::uint64_t connection, unsigned worker);
  void remove(std::uint64_t connection);
  /// The worker that must be told; nothing: it knows already, or the connection cannot be woken.
  std::optional<unsigned> ask(std::uint64_t connection);
  /// Whether it was waiting; from here on it does not.
  bool take(std::uint64_t connection);

 private:
  struct Entry {
    unsigned worker = 0;
    bool waiting = false;
  };
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Entry> entries_;  // guarded by mutex_
};

}  // namespace omnibroker::core
