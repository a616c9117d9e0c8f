#include "net/event_loop.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::core {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (epoll_ < 0 || event_ < 0) fail("An event loop could not be made");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &event) != 0) fail("An event loop could not be made");
}

EventLoop::~EventLoop() {
  ::close(event_);
  ::close(epoll_);
}

void EventLoop::add(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("A socket could not be watched");
}

void EventLoop::modify(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) != 0) fail("A socket could not be watched");
}

void EventLoop::remove(int descriptor) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

void EventLoop::wait(std::chrono::milliseconds timeout) {
  const int count =
      ::epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), static_cast<int>(timeout.count()));
  if (count < 0 && errno != EINTR) fail("Waiting for sockets failed");
  ready_count_ = count < 0 ? 0 : static_cast<std::size_t>(count);
}

void EventLoop::dispatch() {
  for (std::size_t i = 0; i < ready_count_; ++i) {
    const auto& event = ready_[i];
    if (event.data.ptr == nullptr) {
      std::uint64_t counted = 0;
      [[maybe_unused]] const auto drained = ::read(event_, &counted, sizeof counted);
    } else {
      static_cast<Watcher*>(event.data.ptr)->ready(event.events);
    }
  }
  ready_count_ = 0;
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
}

}  // namespace omnibroker::core
