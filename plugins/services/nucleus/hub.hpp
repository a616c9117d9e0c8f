#pragma once

#include "store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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
/// The store's writer only queues here: what is done with a change, which asks the store and writes JSON, is done by
/// one piece of work at a time on a thread that may wait. Where that does not keep up with the writer by a large bound,
/// every subscription ends, rather than one with a gap.
///
/// Lifecycle: outlives the store, and the subscriptions. Threads: any, but where it says otherwise.
class Hub {
 public:
  /// What wants to be told. `tell` and `lost` come one at a time, from work of the pool; they may block for moments,
  /// and must not call `add` or `remove`.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    virtual ~Subscription() = default;
    /// False: it wants no more.
    virtual bool tell(const store::Change& change) = 0;
    /// Changes have been lost for it, so it has ended.
    virtual void lost() = 0;
  };
  enum class Of { Path, Folder, Everything };

  /// `run`: runs work on a thread that may block; false: it cannot.
  explicit Hub(std::function<bool(std::function<void()>)> run) : run_(std::move(run)) {}

  /// From here on: changes of a path, of what lies in a folder (and of the folder itself), or of everything.
  void add(Of of, const std::string& path, const store::Store& store, std::shared_ptr<Subscription> subscription);
  /// From here on `tell` is not begun for it any more.
  void remove(Of of, const std::string& path, const Subscription* subscription);
  /// The store's listener.
  void changed(const store::Change& change);
  /// Goes on where no thread was free when something came. To be called once in a while.
  void go_on();

 private:
  static constexpr std::size_t kMost = 100'000;

  struct Entry {
    std::uint64_t since = 0;
    std::shared_ptr<Subscription> subscription;
  };
  using Table = std::unordered_map<std::string, std::vector<Entry>>;

  Table& table(Of of);
  void begin();
  void work();
  bool next(store::Change& change);
  void tell(const store::Change& change);
  void gather(Of of, const std::string& path, const store::Change& change,
              std::vector<std::pair<Of, std::shared_ptr<Subscription>>>& told);
  void lose_all();

  const std::function<bool(std::function<void()>)> run_;
  std::mutex mutex_;
  std::deque<store::Change> queue_;            // guarded by mutex_
  bool working_ = false;                       // guarded by mutex_
  bool lost_ = false;                          // guarded by mutex_
  Table of_path_, of_folder_, of_everything_;  // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
