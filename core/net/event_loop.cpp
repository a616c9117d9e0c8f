#include "net/event_loop.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::core {
namespace {

constexpr int kEventsPerWait = 512;

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
  std::array<epoll_event, kEventsPerWait> events;
  const int count = ::epoll_wait(epoll_, events.data(), kEventsPerWait, static_cast<int>(timeout.count()));
  if (count < 0 && errno != EINTR) fail("Waiting for sockets failed");
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      std::uint64_t counted = 0;
      [[maybe_unused]] const auto drained = ::read(event_, &counted, sizeof counted);
    } else {
      static_cast<Watcher*>(event.data.ptr)->ready(event.events);
    }
  }
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
}

}  // namespace omnibroker::core
