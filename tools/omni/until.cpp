#include "until.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace omni {
namespace {

volatile std::sig_atomic_t signalled_pipe = -1;

void tell(int pipe) {
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(pipe, "", 1);
  errno = error;
}

void take_signal(int) { tell(signalled_pipe); }

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Until::Until() {
  if (pipe2(pipe_, O_CLOEXEC) != 0) std::abort();
  signalled_pipe = pipe_[1];
  handle(take_signal);
}

Until::~Until() {
  handle(SIG_DFL);
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

void Until::end() { tell(pipe_[1]); }

void Until::wait() {
  char byte = 0;
  while (::read(pipe_[0], &byte, 1) < 0 && errno == EINTR) continue;
}

}  // namespace omni
