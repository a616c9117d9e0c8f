#include "control_channel.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kWriting{5};  // for each part that the other side takes

}  // namespace

ControlChannel::~ControlChannel() { ::close(descriptor_); }

/// False: the deadline has passed, or the waker has spoken.
bool ControlChannel::wait_for(short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    std::array<pollfd, 2> watched{pollfd{descriptor_, events, 0}, pollfd{waker_, POLLIN, 0}};
    const int ready = ::poll(watched.data(), watched.size(), left > 0 ? static_cast<int>(left) : 0);
    if (ready < 0 && errno == EINTR) continue;
    woken_ = watched[1].revents != 0;
    if (woken_) return false;
    if (watched[0].revents != 0) return true;
    if (ready < 0 || left <= 0) return false;
  }
}

ControlChannel::Got ControlChannel::read_line(std::string& line, std::size_t longest,
                                              std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::size_t searched = 0;
  while (true) {
    if (const auto end = received_.find('\n', searched); end != std::string::npos && end <= longest) {
      line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return Got::Line;
    }
    searched = received_.size();
    if (received_.size() > longest) return Got::TooLong;
    if (!wait_for(POLLIN, deadline)) return woken_ ? Got::Woken : Got::TimedOut;
    std::array<char, 16 * 1024> part;
    const auto count = ::recv(descriptor_, part.data(), part.size(), 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return Got::Closed;
    received_.append(part.data(), static_cast<std::size_t>(count));
  }
}

/// False: nothing more will ever go.
bool ControlChannel::send_what_fits() {
  while (!unsent_.empty() && !broken_) {
    const auto count = ::send(descriptor_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) broken_ = true;
    if (count > 0) unsent_.erase(0, static_cast<std::size_t>(count));
  }
  return !broken_;
}

bool ControlChannel::is_left() const {
  char next = 0;
  return ::recv(descriptor_, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool ControlChannel::write_line(std::string_view line) {
  unsent_.append(line).push_back('\n');
  while (send_what_fits() && !unsent_.empty()) {
    if (!wait_for(POLLOUT, Clock::now() + kWriting)) broken_ = true;
  }
  return !broken_;
}

void ControlChannel::offer_line(std::string_view line) {
  if (!send_what_fits() || !unsent_.empty()) return;
  unsent_.append(line).push_back('\n');
  static_cast<void>(send_what_fits());
}

}  // namespace omnibroker::tools
