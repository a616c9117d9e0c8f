#pragma once

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/loader.hpp"

#include <deque>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {

/// Reads a configuration's text, main file and included files, into one tree.
///
/// Each file is parsed and its variables are replaced on its own; then its `include:` is taken out and the named files
/// are merged in. Maps merge by key. A key that two files give is an error: which one would win is nothing that a
/// reader of either file could see.
///
/// Lifecycle: nodes refer to files that this object owns.
/// Threads: one at a time.
class Sources {
 public:
  static constexpr std::size_t kMaxFiles = 64;
  static constexpr std::size_t kMaxIncludeDepth = 8;

  Sources(const Environment& environment, Findings& findings) : environment_(environment), findings_(findings) {}

  /// False when there is no tree to go on with: the main file cannot be read, or is not YAML.
  bool read_file(const std::filesystem::path& file);
  bool read_text(std::string_view text, const std::string& name);

  /// A map, always; the mark of an empty file is its beginning.
  const Node& root() const { return root_; }
  /// As they were named, the main one first.
  std::vector<std::filesystem::path> files() const;

 private:
  SourceFile& add(std::string name, std::filesystem::path folder);
  bool parse(std::string_view text, const SourceFile& file, Node& node);
  void include_all(Node& node, const SourceFile& file);
  void include_one(const Place& place, const SourceFile& from, Node& into);
  void merge(Node& into, Node from, const std::string& path);

  const Environment& environment_;
  Findings& findings_;
  std::deque<SourceFile> files_;
  std::vector<std::filesystem::path> open_;  ///< The chain of files that include one another now.
  std::set<std::filesystem::path> read_;
  Node root_;
};

}  // namespace omnibroker::core
