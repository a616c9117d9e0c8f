#pragma once

#include "providers/file/descriptor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace omniclient::files {

/// What inotify is asked to look at, for whom. Folders that several ask for are watched once.
///
/// The kernel allows a user only so many watches, and the setting `file.max_watches` allows this process only so many.
/// Who gets none is told, and has to look again from time to time.
///
/// Threads: everything from every thread.
class Watches {
 public:
  using Watcher = std::uint64_t;

  /// A folder, and which events of it matter.
  struct Wanted {
    std::string folder;
    std::string name;        ///< Of this item alone; empty: of all.
    bool only_self = false;  ///< Only that the folder itself goes away.

    friend bool operator==(const Wanted&, const Wanted&) = default;
  };

  explicit Watches(std::function<std::int64_t()> max);

  /// What can be read when something has happened; -1 where the kernel gave none.
  int descriptor() const { return inotify_.number(); }

  /// Replaces what `watcher` wants. False where it does not get all of it; it gets what it can.
  bool watch(Watcher watcher, const std::vector<Wanted>& wanted);
  void forget(Watcher watcher);

  /// Reads what has happened; answers whom it concerns.
  std::set<Watcher> read_events();

  std::size_t size() const;

 private:
  struct Watched {
    std::multimap<Watcher, Wanted> wanted;
  };

  int add(const Wanted& wanted);
  void release(Watcher watcher, const std::set<int>& kept);
  void concern(std::set<Watcher>& found, int watch, std::uint32_t mask, const std::string& name);

  const std::function<std::int64_t()> max_;
  Descriptor inotify_;
  mutable std::mutex mutex_;
  std::map<int, Watched> watched_;
  std::map<Watcher, std::set<int>> of_watcher_;
};

}  // namespace omniclient::files
