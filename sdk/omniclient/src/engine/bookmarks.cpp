#include "engine/bookmarks.hpp"

#include "engine/log.hpp"
#include "url/characters.hpp"

#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace omniclient {
namespace {

std::string as_field(const std::string& text) {
  std::string field;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '%' || c == 0x7F) {
      append_encoded(field, c);
    } else {
      field += c;
    }
  }
  return field;
}

/// Holds the lock of a file as long as it lives.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& file)
      : descriptor_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ >= 0) held_ = flock(descriptor_, LOCK_EX) == 0;
  }
  ~FileLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace

Bookmarks::Map Bookmarks::read() const {
  Map map;
  std::ifstream lines(file_);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) map[decoded(line.substr(0, tab))] = decoded(line.substr(tab + 1));
  }
  return map;
}

template <class Change>
void Bookmarks::change(const Change& change) {
  if (file_.empty()) {
    log::error("bookmarks", {"There is no folder for bookmarks: neither XDG_CONFIG_HOME nor HOME is an absolute path"});
    return;
  }
  std::error_code error;
  std::filesystem::create_directories(file_.parent_path(), error);
  const FileLock lock(file_.string() + ".lock");
  if (!lock.held()) {
    log::error("bookmarks", {"Cannot change the bookmarks in '", file_.string(), "': the file cannot be locked"});
    return;
  }
  if (std::filesystem::exists(file_, error) && access(file_.c_str(), R_OK) != 0) {
    log::error("bookmarks", {"Cannot change the bookmarks in '", file_.string(), "': the file cannot be read"});
    return;
  }
  Map map = read();
  change(map);
  const std::string fresh = file_.string() + ".new";
  {
    std::ofstream lines(fresh, std::ios::trunc);
    for (const auto& [name, url] : map) lines << as_field(name) << '\t' << as_field(url) << '\n';
    lines.close();
    if (!lines) {
      log::error("bookmarks", {"Cannot write '", fresh, "'"});
      return;
    }
  }
  std::filesystem::rename(fresh, file_, error);
  if (error) log::error("bookmarks", {"Cannot replace '", file_.string(), "': ", error.message()});
}

void Bookmarks::add(const std::string& name, const std::string& url) {
  change([&](Map& map) { map[name] = url; });
}

void Bookmarks::remove(const std::string& name) {
  change([&](Map& map) { map.erase(name); });
}

}  // namespace omniclient
