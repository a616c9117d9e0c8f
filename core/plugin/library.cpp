#include "plugin/library.hpp"

#include <deque>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#define BOOST_DLL_USE_STD_FS  // then there is no Boost library to link
#include <boost/dll/shared_library.hpp>

namespace omnibroker::core {
namespace {

/// Boost.DLL reports every library that does not load as "Bad file descriptor"; the linker's own text says why.
std::string linker_text(const std::filesystem::path& file) {
  const char* raw = dlerror();
  std::string text = raw == nullptr ? "the dynamic linker gave no reason" : raw;
  const std::string prefix = file.string() + ": ";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  if (text.find("failed to map segment") != std::string::npos) {
    text += " (is " + file.parent_path().string() + " mounted noexec?)";
  }
  return text;
}

/// Never destroyed, so never unmapped, and still reachable for a leak checker.
void keep(boost::dll::shared_library library) {
  static auto& mutex = *new std::mutex;
  static auto& kept = *new std::deque<boost::dll::shared_library>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(library));
}

}  // namespace

Result<Library> open_library(const std::filesystem::path& file) {
  std::error_code failed;
  dlerror();  // forgets an earlier failure
  boost::dll::shared_library library(file, failed, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (failed) return Error{ErrorCode::InvalidArgument, linker_text(file)};

  Library opened;
  if (library.has(OMNIBROKER_ENTRY_SYMBOL)) {
    opened.entry = &library.get<const omnibroker_plugin*()>(OMNIBROKER_ENTRY_SYMBOL);
  }
  keep(std::move(library));
  if (opened.entry == nullptr) {
    return Error{ErrorCode::InvalidArgument,
                 "it does not export " OMNIBROKER_ENTRY_SYMBOL ", so it is not an omnibroker plugin"};
  }
  return opened;
}

}  // namespace omnibroker::core
