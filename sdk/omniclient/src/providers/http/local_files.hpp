#pragma once

#include "providers/host.hpp"
#include "providers/http/web.hpp"

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace omniclient::http {

/// Copies of what is on web servers, for programs that want a path. A copy that is there is asked about with a
/// conditional request, and taken where the server says that it is as it was. A new version is another file, so a path
/// that was told keeps its content.
///
/// The copies are in a folder of this process alone, which is made when it is needed and goes with this. So they are as
/// many as there were versions asked for. Lifecycle: `remove_all` and the end come after those of the pool and the web.
/// Threads: `get` from every thread.
class LocalFiles {
 public:
  LocalFiles(const ProviderHost& host, Web& web) : host_(host), web_(web) {}
  ~LocalFiles() { remove_all(); }
  LocalFiles(const LocalFiles&) = delete;
  LocalFiles& operator=(const LocalFiles&) = delete;

  void remove_all();

  /// Without `download` only what is there already is found, and not asked about.
  void get(const OperationPtr& operation, const Url& url, bool download, Done<PathReply> done);

 private:
  struct Copy {
    std::string path;
    Again seen;
  };

  /// The copy that is there; without a path where none is, or where somebody has removed it.
  Copy known(const Url& url);
  PathReply keep(const Url& url, const FetchReply& fetched);
  std::filesystem::path next_folder();

  const ProviderHost& host_;
  Web& web_;
  std::mutex mutex_;
  std::map<std::string, Copy> copies_;  ///< The newest, by URL.
  std::filesystem::path folder_;
  unsigned last_ = 0;
};

}  // namespace omniclient::http
