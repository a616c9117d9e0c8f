#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {

class Findings;

/// A file that configuration text came from.
struct SourceFile {
  std::string name;              ///< As errors show it.
  std::filesystem::path folder;  ///< Where relative paths in it start; empty: the current folder.
  int order = 0;                 ///< The main file is 0, then included files as they were read.
};

/// Where something stands; line and column counted from 1, columns in bytes. The file outlives the mark.
struct Mark {
  const SourceFile* file = nullptr;
  int line = 0;
  int column = 0;
};

struct Entry;

/// One value of a document, with its place. Aliases have been replaced by copies of what they stand for.
struct Node {
  enum class Kind { Null, Scalar, List, Map };
  Kind kind = Kind::Null;
  bool is_broken = false;      ///< A Scalar whose variables could not be replaced: reported, and not looked at again.
  bool quoted = false;         ///< A scalar in quotes or in block style: always a text, never a number or a boolean.
  std::string text;            ///< Of a Scalar.
  Mark mark;                   ///< Of its first character.
  std::vector<Node> items;     ///< Of a List.
  std::vector<Entry> entries;  ///< Of a Map: no key twice, in the order of the file.

  const Entry* find(std::string_view key) const;
  bool is_text() const { return kind == Kind::Scalar && !is_broken; }
};

struct Entry {
  std::string key;
  Mark mark;  ///< Of the key.
  Node value;
};

/// `routes.select_object`; a key with anything else than letters, digits, _ and - stands in quotes.
std::string path_below(const std::string& path, const std::string& key);

/// A node with the words that errors need: which path it has, and where to point when something is missing in it.
struct Place {
  const Node* node = nullptr;
  Mark mark;
  std::string path;

  /// The value under `entry`, which is one of this node's.
  Place child(const Entry& entry) const;
  /// The same for an element of a list; counted from 1.
  Place item(std::size_t index) const;
};

/// What a configuration may be at most. Nobody writes such files by hand; what is bigger is a mistake, or an attack.
inline constexpr std::size_t kMaxFileSize = 1024 * 1024;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 100'000;                 ///< With aliases replaced.
inline constexpr std::size_t kMaxAliasedBytes = 4 * 1024 * 1024;  ///< Text that aliases may repeat.

/// Reads one YAML document. Adds what is wrong to `findings`: one syntax error, or every key that is given twice. False
/// after a syntax error: then `root` means nothing. Ends with an error for any bytes whatever, in bounded memory.
bool parse_document(std::string_view text, const SourceFile& file, Node& root, Findings& findings);

}  // namespace omnibroker::core
