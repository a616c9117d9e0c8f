#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// What all workers know of all sessions: how many there are, and which detached one belongs to a key.
///
/// Threads: any.
class SessionDirectory {
 public:
  SessionDirectory(std::size_t roles, std::size_t most_detached) : with_role_(roles), most_detached_(most_detached) {}

  /// A number that has not been used before, for a session on `worker`.
  omnibroker_session next_number(unsigned worker);
  /// A random UUID (RFC 9562, version 4).
  static std::string make_client_id();

  void opened() { total_.fetch_add(1, std::memory_order_relaxed); }
  void registered(int role);
  void closed(int role);

  void set_most_detached(std::size_t most);
  /// False when the key is taken, or when there are too many detached sessions.
  bool add_key(const std::string& key, omnibroker_session number);
  void remove_key(const std::string& key);
  /// Makes a session unfindable at once, while its worker has yet to close it.
  void hide(omnibroker_session number);
  omnibroker_session find(std::string_view key) const;

  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  std::uint64_t registered() const { return registered_.load(std::memory_order_relaxed); }
  std::uint64_t with_role(std::size_t role) const { return with_role_[role].load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> last_number_{0};
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> registered_{0};
  std::vector<std::atomic<std::uint64_t>> with_role_;
  mutable std::mutex mutex_;
  std::size_t most_detached_;  // guarded by mutex_
  std::map<std::string, omnibroker_session, std::less<>> keys_;  // guarded by mutex_
};

}  // namespace omnibroker::core
