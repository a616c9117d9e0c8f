#pragma once

#include "errand.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace omnibroker::plugins::nucleus {

namespace store = omnibroker::nucleus::store;

/// Without '/' at the end, but for the root's.
std::string plain_path(std::string_view path);
/// The folder that a path is in, without '/' at the end but for the root's; of the root: empty.
std::string parent_of(std::string_view path);

/// Tells subscriptions what the store tells, each the changes that are behind its beginning, in their order.
///
/// The store's writer only queues here what somebody wants to be told: what is done with it, which asks the store and
/// writes JSON, is done by one piece of work at a time on a thread that may wait. Where that is behind by a large
/// bound, subscriptions that something more would be for end, rather than have a gap. What one change does with many
/// paths is always taken whole: it is bounded by what the store makes of one change.
///
/// Lifecycle: outlives the store, and the subscriptions. Threads: any, but where it says otherwise.
class Hub {
 public:
  /// What wants to be told. Its functions come one at a time, from work of the pool; they may block for moments, and
  /// must not call `add` or `remove`.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    virtual ~Subscription() = default;
    /// False: it wants no more.
    virtual bool tell(const store::Change& change) = 0;
    /// Somebody's rights have changed. False: it may know no more, and has ended.
    virtual bool check() = 0;
    /// Changes have been lost for it, so it has ended.
    virtual void lost() = 0;
  };
  enum class Of { Path, Folder, Everything };

  /// `run`: runs work on a thread that may block; false: it cannot.
  /// `most`: how many changes may wait to be told.
  explicit Hub(Errand::Run run, std::size_t most = 100'000) : most_(most), work_(std::move(run), [this] { work(); }) {}

  /// From here on: changes of a path, of what lies in a folder (and of the folder itself), or of everything.
  void add(Of of, const std::string& path, const store::Store& store, std::shared_ptr<Subscription> subscription);
  /// From here on `tell` is not begun for it any more.
  void remove(Of of, const std::string& path, const Subscription* subscription);
  /// The store's listener.
  void changed(const store::Change& change);
  /// Rights are others now: every subscription is asked whether it may go on. Does not wait.
  void check();
  /// Goes on where no thread was free when something came. To be called once in a while.
  void go_on() { work_.go_on(); }

 private:
  struct Entry {
    std::uint64_t since = 0;
    std::shared_ptr<Subscription> subscription;
  };
  using Table = std::unordered_map<std::string, std::vector<Entry>>;
  /// A subscription, and where it is to be found.
  struct Found {
    Of of;
    std::string path;
    std::shared_ptr<Subscription> subscription;
  };

  Table& table(Of of);
  void work();
  bool next(store::Change& change);
  bool is_check_due();
  void tell(const store::Change& change);
  bool is_for_somebody(const store::Change& change);
  std::vector<Found> find(const store::Change& change);
  void check_all();
  void tell_lost();
  void remove_locked(Of of, const std::string& path, const Subscription* subscription,
                     std::shared_ptr<Subscription>& removed);

  const std::size_t most_;
  std::mutex mutex_;
  std::deque<store::Change> queue_;            // guarded by mutex_
  std::vector<Found> lost_;                    // guarded by mutex_
  std::uint64_t queued_ = 0, taken_ = 0;       // changes since it began; guarded by mutex_
  std::deque<std::uint64_t> checks_;           // guarded by mutex_: behind so many changes; at most two wait
  Table of_path_, of_folder_, of_everything_;  // guarded by mutex_
  Errand work_;
};

}  // namespace omnibroker::plugins::nucleus
