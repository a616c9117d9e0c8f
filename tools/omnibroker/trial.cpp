#include "trial.hpp"

#include "command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 64 * 1024;
constexpr const char* kMark = "OMNIBROKER_TRYING=1";

Error refused(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }
Error could_not(int error) {
  return {ErrorCode::Unavailable,
          "A process to try the plugin in could not be started: " + std::generic_category().message(error)};
}

/// How the child begins: with nothing of the broker's but its environment, and as if no signal had been set up.
struct Start {
  Start() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&usual, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Start() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  void write_to(int descriptor) {
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, descriptor, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  }

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

int start(const Trial& trial, int output, pid_t& child) {
  std::vector<std::string> words = {"omnibroker", "check"};
  if (!trial.component.empty()) words.push_back("--try=" + trial.component);
  if (!trial.plugin.empty()) words.push_back("--plugin=" + trial.plugin);
  words.insert(words.end(), {"--", trial.file});
  std::vector<char*> arguments, variables;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  std::string mark = kMark;
  variables.push_back(mark.data());
  variables.push_back(nullptr);

  Start how;
  how.write_to(output);
  return posix_spawn(&child, "/proc/self/exe", &how.files, &how.attributes, arguments.data(), variables.data());
}

enum class End { Closed, TooLate, Woken };

/// Reads what the child says until it closes its end; what is too much is thrown away.
End listen_to(int from, int waker, Clock::time_point deadline, std::string& said) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return End::TooLate;
    std::array<pollfd, 2> watched{pollfd{from, POLLIN, 0}, pollfd{waker, POLLIN, 0}};
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left));
    if (ready <= 0) continue;
    if (watched[1].revents != 0) return End::Woken;
    std::array<char, 4096> part;
    const auto count = ::read(from, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return End::Closed;
    if (said.size() < kMostOutput) said.append(part.data(), static_cast<std::size_t>(count));
  }
}

/// One that has said all ends at once; one that has merely closed its output does not have for ever.
void wait_shortly(pid_t child) {
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (process < 0) return;
  pollfd ended{process, POLLIN, 0};
  while (::poll(&ended, 1, 1000) < 0 && errno == EINTR) {
  }
  ::close(process);
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

Status judge(const Trial& trial, std::string said, int status) {
  while (said.ends_with('\n')) said.pop_back();
  if (WIFSIGNALED(status)) {
    return refused("The plugin crashed while it was tried in a process of its own: " + signal_name(WTERMSIG(status)));
  }
  const auto last = (trial.component.empty() ? trial.file : trial.component) + ": ok";
  const bool fine = said == last || said.ends_with("\n" + last);
  if (WEXITSTATUS(status) == kDone && fine) return {};
  if (WEXITSTATUS(status) == kRefused && !said.empty()) return refused(std::move(said));
  return refused("The plugin ended the process that it was tried in (exit status " +
                 std::to_string(WEXITSTATUS(status)) + ")");
}

}  // namespace

Status try_in_child(const Trial& trial, std::chrono::milliseconds deadline, int waker) {
  std::array<int, 2> channel{};
  if (::pipe2(channel.data(), O_CLOEXEC) != 0) return could_not(errno);
  pid_t child = -1;
  const int failed = start(trial, channel[1], child);
  ::close(channel[1]);
  if (failed != 0) {
    ::close(channel[0]);
    return could_not(failed);
  }

  std::string said;
  const auto end = listen_to(channel[0], waker, Clock::now() + deadline, said);
  ::close(channel[0]);
  int status = 0;
  if (end == End::Closed) wait_shortly(child);
  ::kill(-child, SIGKILL);  // what has ended keeps the status that it ended with; what it has started must not go on
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (end == End::Woken) return Error{ErrorCode::Unavailable, "The broker is stopping"};
  if (end == End::TooLate) {
    return refused("The plugin did not come back within " + std::to_string(deadline.count() / 1000) +
                   " s while it was tried in a process of its own");
  }
  return judge(trial, std::move(said), status);
}

}  // namespace omnibroker::tools
