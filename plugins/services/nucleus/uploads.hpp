#pragma once

#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

namespace store = omnibroker::nucleus::store;

/// Contents that come in parts by HTTP, until an asset names them.
///
/// Each belongs to the user who has begun it. One that nobody has touched for `kLifetime` is thrown away. One that a
/// change has named counts no more, and goes when the next one begins. Where there are too many, the oldest that is
/// whole goes for a new one: the change that it was for has been refused.
/// Threads: any, on threads that may block.
class Uploads {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours kLifetime{1};
  static constexpr std::size_t kMost = 1000;  ///< At a time.
  static constexpr std::size_t kMostOfOneUser = 100;

  explicit Uploads(store::Store& store) : store_(store) {}

  struct Begun {
    std::string id;            ///< Nobody can guess it.
    std::uint64_t number = 0;  ///< The protocol has a number, too; it means nothing here.
  };
  /// SlowDown where there are too many; Denied for one who may not write anything.
  store::Result<Begun> begin(const store::Actor& by);
  /// InvalidContentId for one that is not there, or somebody else's; Denied for one who may not write any more; and
  /// what `store::Upload::write` says. What was not written throws it away.
  store::Status write(const std::string& id, const store::Actor& by, std::uint64_t offset, std::string_view bytes);
  /// What has been uploaded, whole. May be asked for several times; then nothing more can be written.
  store::Result<store::Content> content(const std::string& id, const std::string& user);
  void drop_forgotten();

 private:
  struct One {
    std::string user;
    std::shared_mutex mutex;  // shared: a part is being written
    std::optional<store::Upload> upload;
    std::uint64_t end = 0;  // guarded by Uploads::mutex_, as the next ones
    std::optional<store::Content> content;
    Clock::time_point touched{};
  };
  store::Status may_write(const store::Actor& by) const;
  /// Makes room: the oldest content that is whole and that no change has taken, of one user or (empty) of all, goes.
  /// False where there is none. With the lock held.
  bool drop_refused(const std::string& user, std::shared_ptr<One>& dropped);
  std::shared_ptr<One> find(const std::string& id, const std::string& user);

  store::Store& store_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<One>> all_;  // guarded by mutex_
  std::uint64_t last_number_ = 0;                    // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
