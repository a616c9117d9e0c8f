#include "isolation/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::core {
namespace {

Error could_not(int error) {
  return {ErrorCode::Unavailable,
          "A process for the component could not be started: " + std::generic_category().message(error)};
}

/// How the child begins.
struct Start {
  explicit Start(int socket) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, socket, ChildProcess::kSocket);
    posix_spawn_file_actions_addclosefrom_np(&files, ChildProcess::kSocket + 1);

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
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
  ~Start() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : "signal SIG" + std::string(name);
}

std::string told(int status) {
  return WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const ComponentProgram& program, const std::string& word) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return could_not(errno);
  auto words = program.words;
  words.push_back(word);
  std::vector<char*> arguments;
  for (auto& one : words) arguments.push_back(one.data());
  arguments.push_back(nullptr);

  const Start how(ends[1]);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program.path.c_str(), &how.files, &how.attributes, arguments.data(), environ);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return could_not(failed);
  }
  const auto ended = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // close-on-exec by itself
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, ends[0], ended));
}

ChildProcess::~ChildProcess() {
  static_cast<void>(end(std::chrono::milliseconds(0)));
  ::close(socket_);
  if (ended_ >= 0) ::close(ended_);
}

const std::string& ChildProcess::end(std::chrono::milliseconds patience) {
  if (!how_.empty()) return how_;
  if (ended_ >= 0 && patience.count() > 0) {
    pollfd ended{ended_, POLLIN, 0};
    while (::poll(&ended, 1, static_cast<int>(patience.count())) < 0 && errno == EINTR) {
    }
  }
  // One that has ended keeps the status that it ended with; what it has started must not go on.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  how_ = told(status);
  return how_;
}

}  // namespace omnibroker::core
