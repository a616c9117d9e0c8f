#pragma once

#include "providers/host.hpp"
#include "providers/omniverse/session.hpp"
#include "providers/provider.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace omniclient::omniverse {

struct Looked;

/// What is in folders that are listed again and again: answered from memory while the server tells of every change.
///
/// A folder is followed, by a subscription, from its second list on, or when some of its items are asked for after its
/// first one; so whoever lists each folder once pays nothing. A list that is asked for after the subscription has begun
/// is good until something in it is said to have changed. That is then asked for again: an event says that there is
/// another state, and nothing here believes that it says which, so it does no harm when it comes late, twice, or in
/// another order. What is changed from here has changed when that is answered, before anybody is told so: who changes
/// something and looks then sees what he has done. This holds for all sessions, since one server has several names.
///
/// Nothing outlives the connection, the subscription, or `omniverse.list_cache_ms`. Folders and their items are
/// bounded; those that were not used for the longest time go first.
///
/// Lifecycle: until it is destroyed, which must be after the loop has ended or on it. Threads: the loop's alone.
class ListCache : public std::enable_shared_from_this<ListCache> {
 public:
  /// What a change is of: an item, or also everything in it.
  enum class Reach { Item, Tree };

  explicit ListCache(const ProviderHost& host);
  ~ListCache();
  ListCache(const ListCache&) = delete;
  ListCache& operator=(const ListCache&) = delete;

  /// Answer from memory or ask the server. Paths are those of `path_of`; nothing deleted, no branch, no checkpoint.
  void list(const SessionPtr& session, const OperationPtr& operation, const std::string& path, Done<ListReply> done);
  void stat(const SessionPtr& session, const OperationPtr& operation, const std::string& path, Done<EntryReply> done);

  /// Something at a path may be another thing by now.
  void changed(const std::string& path, Reach reach);
  /// Rights may be others now: everything is asked for again.
  void changed_everywhere();
  /// Ends the subscriptions of a session. False where it has none.
  bool leave(const Session& session);

 private:
  using Clock = std::chrono::steady_clock;
  using Key = std::pair<const Session*, std::string>;

  /// A list that has been asked for, and what was said to have changed since then.
  struct Look {
    Clock::time_point begun;
    std::set<std::string> changed;
    bool everything = false;
  };
  struct Waiting {
    OperationPtr operation;
    Done<ListReply> done;
  };
  struct Folder {
    SessionPtr session;
    std::string path;
    std::uint64_t subscription = 0;
    bool kept = true;
    bool followed = false;         ///< The server has said that it tells of changes.
    std::vector<Waiting> waiting;  ///< For that.
    bool whole = false;            ///< `entries` is what is there, but for `changed`.
    std::map<std::string, Entry> entries;
    std::set<std::string> changed;
    std::uint64_t changes = 0;  ///< That anything was said to have changed.
    std::size_t size = 0;       ///< Of the list that was known last.
    std::size_t unasked = 0;    ///< What was told since somebody asked for anything.
    std::size_t missed = 0;     ///< Items that were asked for while nothing was known.
    std::weak_ptr<Look> look;
    Clock::time_point known_at;
    Clock::time_point used_at;
  };
  using FolderPtr = std::shared_ptr<Folder>;
  /// A folder that is not followed and was listed once.
  struct Seen {
    std::size_t size = 0;
    std::size_t asked = 0;  ///< Items.
  };

  bool is_on();
  std::chrono::milliseconds keep() const;
  std::size_t bound(const char* setting, std::int64_t otherwise) const;
  bool is_known(const Folder& folder) const;
  static void use(Folder& folder);
  FolderPtr find(const Session& session, const std::string& path) const;

  // Which folders are worth it.
  Seen* seen(const Key& key);
  void note(const Key& key, std::size_t size);
  void list_unknown(const SessionPtr& session, const OperationPtr& operation, const std::string& path,
                    Done<ListReply> done);

  FolderPtr follow(const SessionPtr& session, const std::string& path);
  void heard(const FolderPtr& folder, const Answer& answer);
  void begun(const FolderPtr& folder);
  void ended(const FolderPtr& folder, const Answer& answer);
  void happened(Folder& folder, const nlohmann::json& fields);
  void happened_at(Folder& folder, const std::string& path);
  void look(const FolderPtr& folder, const OperationPtr& operation, Done<ListReply> done);
  void looked(const FolderPtr& folder, Look& look, const Looked& reply);
  void stat_again(const FolderPtr& folder, const OperationPtr& operation, const std::string& name,
                  Done<EntryReply> done);
  void learn(Folder& folder, const std::string& name, const EntryReply& reply);

  void forget(Folder& folder, const std::string& name);
  void forget(Folder& folder);
  void drop(const FolderPtr& folder);
  void drop_all();
  void make_room(const FolderPtr& but);
  void wait_to_tidy();
  void tidy();

  const ProviderHost host_;
  std::map<Key, FolderPtr> folders_;
  std::size_t entries_ = 0;                              ///< Of all folders.
  std::map<Key, Seen> seen_, seen_before_;               ///< Two generations, so that what is old goes.
  Clock::time_point turned_{};                           ///< When the newer one began.
  std::map<const Session*, Clock::time_point> resting_;  ///< Whose server wants no more subscriptions until then.
  std::unique_ptr<Loop::Timer> timer_;
};

}  // namespace omniclient::omniverse
