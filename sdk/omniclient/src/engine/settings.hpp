#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace omniclient {

/// Where this user's settings and bookmarks are: `$XDG_CONFIG_HOME/omniclient`, or `~/.config/omniclient`. Empty where
/// there is neither.
std::filesystem::path settings_folder();
/// Empty where there is no such folder.
std::filesystem::path in_settings_folder(const char* name);

/// Settings by name: what the program has set, over what the file `settings.conf` says (lines `key = value`, `#`
/// comments).
///
/// Names: `file.max_watches` (folders that are watched by inotify, 8192), `file.poll_ms` (how often the others are
/// looked at, 1000). Threads: everything from every thread.
class Settings {
 public:
  Settings() { reload(); }

  void reload();
  std::optional<std::string> get(const std::string& key) const;
  std::int64_t number(const std::string& key, std::int64_t otherwise) const;
  void set(const std::string& key, std::int64_t value);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;
};

}  // namespace omniclient
