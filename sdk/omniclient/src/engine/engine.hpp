#pragma once

#include "engine/bookmarks.hpp"
#include "engine/calls.hpp"
#include "engine/live.hpp"
#include "engine/loop.hpp"
#include "engine/pool.hpp"
#include "engine/registrations.hpp"
#include "engine/settings.hpp"
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
  OmniClientResult problem = eOmniClientResult_Ok;  ///< ErrorBadRequest or ErrorNotSupported: there is no provider.
};

/// Everything that runs between omniClientInitialize and omniClientShutdown. There is one at a time.
///
/// Threads: everything from every thread.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  /// The one that runs. Starts it where nothing was started yet; null after `shut_down`.
  static std::shared_ptr<Engine> get();
  /// Starts it again after a shutdown, too.
  static void initialize();
  static void shut_down();

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Calls& calls() { return calls_; }
  Loop& loop() { return loop_; }
  Pool& pool() { return pool_; }
  Registrations& registrations() { return registrations_; }
  Live& live() { return live_; }
  Settings& settings() { return settings_; }
  Bookmarks& bookmarks() { return bookmarks_; }

  /// Made absolute with the base URL of this thread, normalized, with aliases replaced.
  Target target(const char* reference);
  Target target(const Url& absolute);

  void set_alias(const std::string& source, const std::optional<std::string>& destination);

  void add_search_path(const std::string& path);
  void remove_search_path(const std::string& path);
  /// The newest first.
  std::vector<std::string> search_paths() const;

  /// What connections are told and how they behave; kept here for the providers that have any.
  struct Connecting {
    std::string product_name;
    std::string product_version;
    std::string product_extra;
    OmniClientRetryBehavior retries{120000, 100, 100};
    std::map<std::string, std::string> http_headers;
    bool bypass_list_cache = false;
    OmniClientCacheBypassStatus cache_bypass = eOmniClientCacheBypassStatus_Disabled;
  };
  /// Changes it under the lock and answers what `change` answers.
  template <class Change>
  auto connecting(const Change& change) {
    std::lock_guard lock(mutex_);
    return change(connecting_);
  }

 private:
  Engine();
  void start();
  void stop();
  Provider* provider_of(const Url& url) const;
  Url without_alias(Url url) const;

  Calls calls_;
  Settings settings_;
  Bookmarks bookmarks_;
  Loop loop_;
  Pool pool_;
  Registrations registrations_{calls_};
  Live live_{calls_, loop_, registrations_};
  std::map<std::string, std::unique_ptr<Provider>> providers_;  ///< By scheme; does not change.

  mutable std::mutex mutex_;
  std::map<std::string, std::string> aliases_;
  std::vector<std::string> search_paths_;
  Connecting connecting_;
};

}  // namespace omniclient
