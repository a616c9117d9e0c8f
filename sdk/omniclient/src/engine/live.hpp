#pragma once

#include "engine/calls.hpp"
#include "engine/live_queue.hpp"
#include "engine/loop.hpp"
#include "engine/registrations.hpp"
#include "providers/provider.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace omniclient {

/// Live reads of the program: what has arrived and waits to be processed, and who is told about it.
///
/// Threads: everything from every thread. `process` calls live reads on its caller's thread; where another thread is at
/// it, or the caller itself further up, it returns at once, and that one does it.
class Live {
 public:
  Live(Calls& calls, Loop& loop, Registrations& registrations)
      : calls_(calls), loop_(loop), registrations_(registrations) {}

  void configure(LiveQueue::Delay delay);

  /// For as long as the result lives, `latest` knows the URL.
  std::shared_ptr<void> open(const std::string& url);

  /// Keeps an update for `process`, which calls it back when all earlier calls of the request have returned. False
  /// where there is no room for it.
  bool arrived(const std::shared_ptr<Request>& request, const std::string& url, const LiveUpdate& update,
               std::function<void()> call);
  /// Notes the time of an update that does not wait.
  void received(const std::string& url, const LiveUpdate& update);

  /// Drops what a request has not been given yet.
  void forget(const Request& request);

  void process();
  void process_up_to(const std::string& url, std::uint64_t server_time_us);
  std::uint64_t latest(const std::string& url) const;

  /// Tells who registered for it.
  void announce(OmniClientLiveUpdateType type, OmniClientResult result, const std::string& url, std::uint64_t object,
                std::uint64_t sequence, std::uint64_t server_time_us);

  /// What was sent and is not confirmed yet.
  void sent(OmniClientRequestId id);
  void confirmed(OmniClientRequestId id);
  void wait_for_pending();

  /// After the loop has stopped.
  void stop();

 private:
  using Due = std::vector<std::function<void()>>;
  /// `take` is called with the lock held.
  void process_what(std::function<Due()> take);
  void tell_processed();
  /// Sees to it that the program hears of what is not due yet. The lock is held.
  void hold_back();
  static LiveQueue::Time now();

  /// What is read. Shared with everything that reads, which may outlive this.
  struct Reads {
    struct Opened {
      int readers = 0;
      std::uint64_t latest = 0;
    };
    std::mutex mutex;
    std::map<std::string, Opened> urls;
  };

  Calls& calls_;
  Loop& loop_;
  Registrations& registrations_;
  mutable std::mutex mutex_;
  LiveQueue queue_;
  std::set<OmniClientRequestId> pending_;
  bool processing_ = false;
  std::deque<std::function<Due()>> asked_;  ///< While it was being done.
  const std::shared_ptr<Reads> reads_ = std::make_shared<Reads>();
  std::unique_ptr<Loop::Timer> more_;
};

}  // namespace omniclient
