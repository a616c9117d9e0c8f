#include "progress.hpp"

#include "OmniClient.h"

#include <cstdio>
#include <mutex>
#include <string>
#include <unistd.h>

namespace omni::progress {
namespace {

constexpr int kWidth = 30;

std::mutex mutex;
bool drawn = false;
uint32_t handle = 0;

void clear_locked() {
  if (drawn) std::fputs("\r\033[K", stderr);
  drawn = false;
}

std::string name_of(const std::string& url) {
  const auto slash = url.find_last_of('/', url.size() < 2 ? 0 : url.size() - 2);
  char text[64];
  size_t size = sizeof text;
  const auto name = slash == std::string::npos ? url : url.substr(slash + 1);
  return omniClientMakePrintable(name.c_str(), text, &size) != nullptr ? text : name.substr(0, 20);
}

void tell(void*, char const* url, OmniClientFileStatus status, int percentage) noexcept {
  std::lock_guard lock(mutex);
  if (percentage <= 0 || percentage >= 100) return clear_locked();
  const int done = percentage * kWidth / 100;
  const auto bar =
      std::string(static_cast<std::size_t>(done), '#') + std::string(static_cast<std::size_t>(kWidth - done), '.');
  std::fprintf(stderr, "\r\033[K%s %s [%s] %d%%", omniClientGetFileStatusString(status), name_of(url).c_str(),
               bar.c_str(), percentage);
  std::fflush(stderr);
  drawn = true;
}

}  // namespace

void show() {
  if (isatty(STDERR_FILENO) == 1) handle = omniClientRegisterFileStatusCallback(nullptr, tell);
}

void clear() {
  std::lock_guard lock(mutex);
  clear_locked();
}

void hide() {
  if (handle != 0) omniClientUnregisterCallback(handle);
  handle = 0;
  clear();
}

}  // namespace omni::progress
