#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

/// How many passwords may wait to be checked at a time: each costs a tenth of a second of a thread, whoever sends it,
/// and nobody has to be anybody to send one.
///
/// Threads: any.
class PasswordGate {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kMostOfOnePeer = 64;

  /// The one of this process: its threads are what all data folders share.
  static PasswordGate& of_process();

  explicit PasswordGate(std::size_t most = kMost, std::size_t most_of_one_peer = kMostOfOnePeer)
      : most_(most), most_of_one_peer_(most_of_one_peer) {}

  /// A place, until it is destroyed; it must not outlive the gate. Null: there is none, and the client should try again
  /// later. `peer`: its address; what stands behind the last ':' is a port and does not count.
  std::shared_ptr<void> enter(std::string_view peer);

 private:
  void leave(const std::string& peer);

  const std::size_t most_;
  const std::size_t most_of_one_peer_;
  std::mutex mutex_;
  std::size_t all_ = 0;                                     // guarded by mutex_
  std::map<std::string, std::size_t, std::less<>> of_one_;  // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
