#include "providers/http/local_files.hpp"

#include "engine/log.hpp"

#include <cstdlib>
#include <fstream>

namespace omniclient::http {
namespace {

namespace fs = std::filesystem;

/// The URL's own name, since programs look at what it ends with.
std::string file_name(const Url& url) {
  constexpr std::size_t kMost = 200;
  const auto path = url.path.value_or("");
  auto name = path.substr(path.rfind('/') + 1);
  if (name.size() > kMost) name = name.substr(name.size() - kMost);
  if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string::npos) name = "index";
  return name;
}

}  // namespace

void LocalFiles::remove_all() {
  std::lock_guard lock(mutex_);
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  folder_.clear();
  copies_.clear();
}

LocalFiles::Copy LocalFiles::known(const Url& url) {
  std::lock_guard lock(mutex_);
  std::error_code error;
  const auto found = copies_.find(make_url(url));
  if (found == copies_.end()) return {};
  if (fs::exists(found->second.path, error)) return found->second;
  copies_.erase(found);  // Temporary folders are tidied up.
  return {};
}

void LocalFiles::get(const OperationPtr& operation, const Url& url, bool download, Done<PathReply> done) {
  host_.pool.post([this, operation, url, download, done = std::move(done)] {
    const auto copy = known(url);
    PathReply there;
    there.result = copy.path.empty() ? eOmniClientResult_ErrorNotFound : eOmniClientResult_Ok;
    there.path = copy.path;
    if (!download) return done(std::move(there));
    web_.read(operation, url, copy.seen, [this, url, there, done](const FetchReply& fetched) {
      if (fetched.unchanged) return done(there);
      if (fetched.result != eOmniClientResult_Ok) return done(failed_as<PathReply>(fetched));
      host_.pool.post([this, url, fetched, done] { done(keep(url, fetched)); });
    });
  });
}

/// In the pool.
PathReply LocalFiles::keep(const Url& url, const FetchReply& fetched) {
  const auto folder = next_folder();
  const auto path = folder / file_name(url);
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);  // Both, where somebody has tidied up.
  std::ofstream file(path, std::ios::binary);
  const auto bytes = fetched.content->view();
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (folder.empty() || error || !file) {
    log::warning("http", {path.string(), ": the copy cannot be written"});
    return failed<PathReply>(eOmniClientResult_Error);
  }
  PathReply reply;
  reply.result = eOmniClientResult_Ok;
  reply.path = path.string();
  std::lock_guard lock(mutex_);
  copies_[make_url(url)] = {reply.path, fetched.seen};
  return reply;
}

/// Empty where none can be made.
fs::path LocalFiles::next_folder() {
  std::lock_guard lock(mutex_);
  if (folder_.empty()) {
    std::error_code error;
    auto pattern = (fs::temp_directory_path(error) / "omniclient-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) return {};
    folder_ = pattern;
  }
  return folder_ / std::to_string(++last_);
}

}  // namespace omniclient::http
