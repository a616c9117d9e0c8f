#include "isolation/child_link.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace omnibroker::core {
namespace {

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

void ChildLink::send(std::string_view frames) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return gone_ || !writing_ || pending_.size() < kMost; });
  if (gone_) return;
  pending_.append(frames);
  if (!writing_) write(lock);
}

void ChildLink::send_if_idle(std::string_view frames) {
  std::unique_lock lock(mutex_);
  if (gone_ || writing_) return;
  pending_.append(frames);
  write(lock);
}

void ChildLink::write(std::unique_lock<std::mutex>& lock) {
  writing_ = true;
  while (!pending_.empty() && !gone_) {
    sending_.swap(pending_);
    lock.unlock();
    const bool sent = send_all(socket_, sending_);
    sending_.clear();
    lock.lock();
    gone_ = gone_ || !sent;
    room_.notify_all();
  }
  writing_ = false;
}

}  // namespace omnibroker::core
