#include "stop_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

}  // namespace

StopSignals::StopSignals() : thread_id_(static_cast<int>(syscall(SYS_gettid))) {
  const auto set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::Happened StopSignals::take(const std::chrono::nanoseconds* timeout) {
  const auto set = awaited();
  int signal = -1;
  if (timeout == nullptr) {
    do signal = sigwaitinfo(&set, nullptr);
    while (signal < 0 && errno == EINTR);
  } else {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*timeout);
    const timespec span{static_cast<std::time_t>(seconds.count()), static_cast<long>((*timeout - seconds).count())};
    signal = sigtimedwait(&set, nullptr, &span);
  }
  switch (signal) {
    case SIGTERM: return {Event::Stop, "SIGTERM"};
    case SIGINT: return {Event::Stop, "SIGINT"};
    case SIGHUP: return {Event::Reload, "SIGHUP"};
    case SIGUSR1: return {done_ ? Event::WorkIsDone : Event::DeadlinePassed};  // from another process it means nothing
    default: return {Event::DeadlinePassed};
  }
}

StopSignals::Happened StopSignals::wait() {
  for (;;) {
    if (const auto happened = take(nullptr); happened.event != Event::DeadlinePassed) return happened;
  }
}

StopSignals::Happened StopSignals::wait_until(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::nanoseconds left = std::max(deadline - now, std::chrono::steady_clock::duration::zero());
    const auto happened = take(&left);
    if (happened.event != Event::DeadlinePassed || left.count() == 0) return happened;
  }
}

void StopSignals::settle() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
  while (true) {
    const auto event = wait_until(end).event;
    if (event == Event::DeadlinePassed) return;
    if (event == Event::WorkIsDone) return work_is_done();  // for the next wait
  }
}

void StopSignals::work_is_done() {
  done_ = true;
  syscall(SYS_tgkill, getpid(), thread_id_, SIGUSR1);
}

}  // namespace omnibroker::tools
