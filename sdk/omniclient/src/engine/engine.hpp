#pragma once

#include "engine/aliases.hpp"
#include "engine/bookmarks.hpp"
#include "engine/calls.hpp"
#include "engine/credentials.hpp"
#include "engine/live.hpp"
#include "engine/log.hpp"
#include "engine/loop.hpp"
#include "engine/pool.hpp"
#include "engine/registrations.hpp"
#include "engine/retries.hpp"
#include "engine/settings.hpp"
#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace omniclient {

/// Where a reference of the program leads.
struct Target {
  Url url;
  std::string text;
  Provider* provider = nullptr;
  OmniClientResult problem = eOmniClientResult_Ok;  ///< Why there is no provider.
};

/// Everything that runs between omniClientInitialize and omniClientShutdown. There is one at a time.
///
/// Threads: everything from every thread.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// The one that runs. Starts it where nothing was started yet; null after `shut_down`.
  static std::shared_ptr<Engine> get();
  /// The one that runs, or the one that is being shut down: for what ends something, which must be ended then as well.
  /// Starts none.
  static std::shared_ptr<Engine> get_until_stopped();
  /// Starts it again after a shutdown, too.
  static void initialize();
  /// Returns when everything has ended, also where another thread shuts it down at that moment; but inside of one of
  /// its calls it does not wait for that other thread.
  static void shut_down();

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Calls& calls() { return calls_; }
  Loop& loop() { return loop_; }
  Pool& pool() { return pool_; }
  Registrations& registrations() { return registrations_; }
  Live& live() { return live_; }
  Credentials& credentials() { return credentials_; }
  Retries& retries() { return retries_; }
  Settings& settings() { return settings_; }
  Bookmarks& bookmarks() { return bookmarks_; }

  /// Made absolute with the base URL of this thread, normalized, with aliases replaced.
  Target target(const char* reference);
  Target target(const Url& absolute);

  Aliases& aliases() { return aliases_; }

  void add_search_path(const std::string& path);
  void remove_search_path(const std::string& path);
  /// The newest first.
  std::vector<std::string> search_paths() const;

  /// What providers are told through their host. Changes it under the lock and answers what `change` answers.
  template <class Change>
  auto connecting(const Change& change) {
    std::lock_guard lock(mutex_);
    return change(connecting_);
  }

 private:
  struct Current;
  static Current& current();
  static void wait_until_stopped(Current& state, std::unique_lock<std::mutex>& lock);

  Engine();
  void start();
  void stop();
  Provider* provider_of(const Url& url) const;

  std::shared_ptr<const log::Route> log_route_;
  Calls calls_;
  Settings settings_;
  Bookmarks bookmarks_;
  Aliases aliases_;
  Loop loop_;
  Pool pool_;
  Registrations registrations_{calls_};
  Live live_{calls_, loop_, registrations_};
  Credentials credentials_{calls_, loop_, registrations_};
  Retries retries_{loop_};
  std::map<std::string, std::unique_ptr<Provider>> providers_;  ///< By scheme; does not change.

  mutable std::mutex mutex_;
  std::vector<std::string> search_paths_;
  Connecting connecting_;
};

}  // namespace omniclient
