#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// What became of one plugin file: a visible record, not a log line that scrolled by.
struct PluginReport {
  enum class State { Loaded, Refused };
  std::filesystem::path file;    ///< As found.
  std::filesystem::path staged;  ///< What was loaded: named by the content's hash. Empty when refused before.
  std::string hash;              ///< SHA-256 of the content, hex.
  State state = State::Refused;
  std::vector<std::string> reasons;           ///< Why it was refused, or what is worth knowing; each a sentence.
  const omnibroker_plugin* plugin = nullptr;  ///< Null when refused. Lives as long as the process.
};

/// Finds, stages, loads and keeps plugin libraries.
///
/// A library is never loaded from the path an operator may overwrite: its bytes are copied to a file named by their
/// hash in a staging folder, and loaded from there with its symbols bound now and kept local. The same content is
/// loaded once. Libraries stay mapped until the process ends (docs/decisions).
///
/// Threads: any; loading is serialized.
class Catalog {
 public:
  /// `path`: folders to look in, in order. `staging`: made if absent; empty: a fresh folder for this process, removed
  /// at the end.
  explicit Catalog(std::vector<std::filesystem::path> path, std::filesystem::path staging = {});
  ~Catalog();

  struct Found {
    const omnibroker_plugin* plugin = nullptr;
    const omnibroker_component_type* type = nullptr;
  };
  /// A component type by the name that a configuration gives: `websocket` (that file in the first folder that has it,
  /// and the type of the same name), `file:type` for another type in a file, or a path with a slash. Loads the file if
  /// need be. NotFound names where it was looked for and what is there under similar names; other codes carry the
  /// refusal.
  Result<Found> find(std::string_view name);

  /// Which library a type that `find` answered comes from. An empty hash: from none of these.
  struct Origin {
    std::string hash;
    std::string version;           ///< Of the plugin.
    std::filesystem::path staged;  ///< The copy that was loaded.
  };
  Origin origin(const omnibroker_component_type& type) const;

  /// Loads one file, whatever folder it is in.
  PluginReport load(const std::filesystem::path& file);

  /// Every plugin file in one folder, sorted by name, loaded or refused, each with its reasons. Each file is looked at
  /// in a child process first, so that one that crashes on loading is a refusal like any other.
  std::vector<PluginReport> scan(const std::filesystem::path& folder);

  /// What has been loaded or refused so far.
  std::vector<PluginReport> reports() const;

 private:
  struct Libraries;
  std::unique_ptr<Libraries> libraries_;
};

}  // namespace omnibroker::core
