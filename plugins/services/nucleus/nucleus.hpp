#pragma once

#include "channels.hpp"
#include "errand.hpp"
#include "hub.hpp"
#include "pool.hpp"
#include "store/store.hpp"
#include "tokens.hpp"
#include "uploads.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::plugins::nucleus {

/// Who is connected to the API: by connection id, for those who come by HTTP in their name.
///
/// Threads: any.
class Sessions {
 public:
  void add(const std::string& connection, const std::string& token, store::Actor user);
  void remove(const std::string& connection);
  /// The user of this connection, where the token is its own.
  std::optional<store::Actor> user(const std::string& connection, std::string_view token) const;

 private:
  struct One {
    std::string token;
    store::Actor user;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, One> sessions_;  // guarded by mutex_
};

/// One data folder, open, with all that belongs to it while it is: what the components on its ports and paths have in
/// common, so that a change that comes in by one is told to who is connected to another.
///
/// Lifecycle: the first component of a folder opens it, the last one closes it. Connections and work refer to it
/// without owning it: they are gone before their component stops. Threads: any.
class Nucleus {
 public:
  /// The one of this folder, opened where it is not. Conflict: it is open with other options. Unavailable: another
  /// process has it.
  static Result<std::shared_ptr<Nucleus>> open(const std::string& folder, const store::Options& options);
  /// Lets go of it; closes it where nobody else has it.
  static void let_go(std::shared_ptr<Nucleus> nucleus);

  Nucleus(const Nucleus&) = delete;
  Nucleus& operator=(const Nucleus&) = delete;

  /// Work that belongs to no connection is done by whichever component is there.
  void add_pool(Pool& pool);
  void remove_pool(Pool& pool);
  struct FirstAdmin {
    std::string user = {};                     ///< Empty: there are users already.
    std::filesystem::path password_file = {};  ///< Empty: the password was given.
  };
  /// Makes an administrator where there are no users. Without a name he is `omniverse`, with a random password in a
  /// file of the data folder that nobody else may read. Waits for the disk. InvalidArgument for a name that is none.
  Result<FirstAdmin> make_first_admin(const std::string& user, const std::string& password);

  /// The component behind a pool wants that what was deleted longer ago is destroyed; 0: that nothing is. Of several
  /// the one that keeps longest decides, until its pool is removed; where none says anything, nothing is destroyed.
  void keep_deleted(const Pool& of, std::chrono::nanoseconds how_long);
  /// What is due: locks whose time is over, and now and then uploads that are forgotten, what was deleted long ago, and
  /// contents that nothing names, when `interval` has passed. To be called about once a second, on a thread that must
  /// not wait.
  void look_after(std::chrono::nanoseconds interval);

  /// Who may do what is other than it was, in a way that the store tells nobody: groups, users. Those who have lost a
  /// right by it hear nothing more that is said from here on. Any thread; does not wait.
  void rights_changed();
  /// The store has refused something: where it has no room, what nothing names any more is removed now. Any thread;
  /// does not wait.
  void refused(const store::Error& error);
  /// A connection is gone, and its locks with it, as soon as the store does it.
  void release(const std::string& connection);

  store::Store& store() { return *store_; }
  Hub& hub() { return hub_; }
  Channels& channels() { return channels_; }
  Sessions& sessions() { return sessions_; }
  Uploads& uploads() { return *uploads_; }
  const AccessTokens& tokens() const { return *tokens_; }
  /// Signs what clients bring back: addresses of contents, connection ids.
  std::string sign(std::string_view text) const { return signature(secret_, text); }

 private:
  Nucleus();
  bool run(std::function<void()> work);
  void listen(const store::Change& change);
  void tidy();

  std::mutex first_admin_;  // held while there is perhaps none
  std::mutex mutex_;
  std::vector<Pool*> pools_;                                                              // guarded by mutex_
  std::chrono::steady_clock::time_point last_tidied_ = std::chrono::steady_clock::now();  // guarded by mutex_
  std::chrono::steady_clock::time_point made_room_{};                                     // guarded by mutex_
  std::map<const Pool*, std::chrono::nanoseconds> keep_deleted_;                          // guarded by mutex_
  std::vector<std::string> unreleased_;                                                   // guarded by mutex_
  Hub hub_;
  Channels channels_;
  Errand look_after_channels_;
  Errand tidy_;
  Sessions sessions_;
  std::string secret_;
  std::unique_ptr<AccessTokens> tokens_;
  std::uint64_t quota_ = 0;
  std::unique_ptr<store::Store> store_;  // its writer tells the hub until it is destroyed
  std::unique_ptr<Uploads> uploads_;
};

}  // namespace omnibroker::plugins::nucleus
