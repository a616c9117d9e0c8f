#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace omniclient {

/// The user's bookmarks, in a file that all of the user's programs share: one line each, the name and the URL with a
/// tab between them, both percent-encoded where they must be. Changes are made under a lock of the file system and
/// replace the file as a whole, so nobody sees half a change and no change is lost. The name sorts.
///
/// Threads: everything from every thread. Blocks for as long as files do.
class Bookmarks {
 public:
  using Map = std::map<std::string, std::string>;

  explicit Bookmarks(std::filesystem::path file) : file_(std::move(file)) {}

  const std::filesystem::path& file() const { return file_; }
  Map read() const;
  /// Makes the file and its folder where they are missing. Failures are logged.
  void add(const std::string& name, const std::string& url);
  void remove(const std::string& name);

 private:
  template <class Change>
  void change(const Change& change);

  std::filesystem::path file_;
};

}  // namespace omniclient
