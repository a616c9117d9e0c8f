#include "plugin/probe.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::core {
namespace {

using Clock = std::chrono::steady_clock;

// What the child writes: one of these, then for kRefused the code as a digit and the sentence. A child that ends
// without a word was ended by the library.
constexpr char kFine = '+';
constexpr char kRefused = '-';

Error refused(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }

/// Undoes what the process has set up for itself: a crash must end the child as the signal that it is.
void become_expendable() {
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    std::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere >= 0) {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, number);
  }
}

[[noreturn]] void look_and_leave(const std::function<Status()>& look, int answer_to) {
  become_expendable();
  const auto status = look();
  std::string answer(1, status ? kFine : kRefused);
  if (!status) answer += static_cast<char>('0' + static_cast<int>(status.error().code)) + status.error().message;
  const char* rest = answer.data();
  for (std::size_t left = answer.size(); left > 0;) {
    const auto written = ::write(answer_to, rest, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest += written;
    left -= static_cast<std::size_t>(written);
  }
  ::_exit(0);
}

/// Everything the child writes until it closes its end; nothing when the deadline came first.
std::optional<std::string> read_until(int from, Clock::time_point deadline) {
  std::string answer;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd readable{from, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return answer;
    if (ready <= 0) continue;
    std::array<char, 4096> part;
    const auto count = ::read(from, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return answer;
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

std::string seconds(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s" : std::to_string(time.count()) + " ms";
}

Status judge(const std::string& answer, int status) {
  if (answer == std::string_view(&kFine, 1)) return {};
  if (answer.size() > 2 && answer[0] == kRefused) {
    return Error{static_cast<ErrorCode>(answer[1] - '0'), answer.substr(2)};
  }
  if (WIFSIGNALED(status))
    return refused("It crashed while it was being loaded (" + signal_name(WTERMSIG(status)) + ")");
  return refused("It ended the process while it was being loaded (exit status " + std::to_string(WEXITSTATUS(status)) +
                 ")");
}

}  // namespace

Status probe_in_child(const std::function<Status()>& look, std::chrono::milliseconds deadline) {
  std::array<int, 2> channel{};
  if (::pipe2(channel.data(), O_CLOEXEC) != 0) {
    return Error{ErrorCode::Unavailable, "It could not be probed: " + std::generic_category().message(errno)};
  }
  const pid_t child = ::fork();
  if (child == 0) look_and_leave(look, channel[1]);
  ::close(channel[1]);
  if (child < 0) {
    const int error = errno;
    ::close(channel[0]);
    return Error{ErrorCode::Unavailable, "It could not be probed: " + std::generic_category().message(error)};
  }

  const auto answer = read_until(channel[0], Clock::now() + deadline);
  ::close(channel[0]);
  // Also when it has closed its end: one that crashed keeps the status it crashed with, and one that closed every
  // descriptor to go on running must not be waited for.
  ::kill(child, SIGKILL);
  const int status = wait_for(child);
  if (!answer) return refused("It did not come back within " + seconds(deadline) + " while it was being loaded");
  return judge(*answer, status);
}

}  // namespace omnibroker::core
