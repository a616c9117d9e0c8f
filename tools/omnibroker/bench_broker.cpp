#include "bench_broker.hpp"

#include "client_session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::tools {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(30);
constexpr auto kStopTimeout = std::chrono::seconds(30);
constexpr auto kEarlyStopTimeout = std::chrono::seconds(2);  // of one that serves nobody yet
constexpr std::chrono::milliseconds kSignalSlice{
    100};  // a signal between a check and a wait is seen this much later at most

std::string configuration(std::uint64_t workers) {
  return "workers: " + std::to_string(workers) + R"(
listeners:
  bench: { address: "127.0.0.1:0" }
transports:
  realtime: { plugin: websocket, listener: bench, path: /ws }
routes:
  client_register: { from: anyone, handler: client_register }
  coordinate_update:
    from: omniverse_extension
    to: web_ui
    handler: coordinate_update
    latest_by: prim_path
    slow_clients: conflate
limits:
  messages_per_second: off
  frames_per_second: off
  max_connections: 1000000
  max_connections_per_address: off
  register_timeout: off
log: { level: warn }
)";
}

Error not_started(const std::string& why) {
  return {ErrorCode::Unavailable, "A broker for the benchmark did not start: " + why};
}

/// A file of its own with `text` in it.
Result<std::filesystem::path> write_fresh_file(const std::string& text) {
  auto name = (std::filesystem::temp_directory_path() / "omnibroker-bench-XXXXXX.yaml").string();
  const int descriptor = ::mkostemps(name.data(), 5, O_CLOEXEC);
  if (descriptor < 0) return not_started(name + ": " + std::strerror(errno));
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(descriptor);
  if (!written) return not_started(name + ": " + std::strerror(errno));
  return std::filesystem::path(name);
}

/// Holds the signals that ask for the end back, so that none meets a child with the handlers of its parent: there it
/// would set a flag that nobody reads, and be lost.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~SignalsHeldBack() { let_through(); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  void let_through() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

/// The child, between fork and exec: it prints into `output`, and does not outlive its parent.
[[noreturn]] void become_broker(const char* config, int output, pid_t parent, const SignalsHeldBack& held_back) {
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) std::signal(signal, SIG_DFL);
  held_back.let_through();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it was gone before the line above
  ::setpgid(0, 0);                          // Ctrl-C is for the parent, which ends the child
  ::dup2(output, STDOUT_FILENO);
  const std::array<const char*, 4> words = {"omnibroker", "run", config, nullptr};
  ::execv("/proc/self/exe", const_cast<char* const*>(words.data()));
  ::_exit(127);
}

/// A child that becomes a broker; negative where there is none.
pid_t fork_broker(const char* config, int output) {
  const SignalsHeldBack held_back;
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become_broker(config, output, parent, held_back);
  return child;
}

}  // namespace

Result<std::unique_ptr<BenchBroker>> BenchBroker::start(std::uint64_t workers) {
  auto config = write_fresh_file(configuration(workers));
  if (!config) return config.error();
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return not_started(std::strerror(errno));
  const pid_t child = fork_broker(config->c_str(), pipe[1]);
  ::close(pipe[1]);
  if (child < 0) {
    ::close(pipe[0]);
    return not_started(std::strerror(errno));
  }
  std::unique_ptr<BenchBroker> broker(new BenchBroker(child, pipe[0], std::move(config).value()));
  if (auto serves = broker->wait_until_it_serves(); !serves) return serves.error();
  return broker;
}

Status BenchBroker::wait_until_it_serves() {
  std::string printed;
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  for (;;) {
    const auto begin = printed.find("ws://");
    const auto end = begin == std::string::npos ? begin : printed.find('\n', begin);
    if (end != std::string::npos) {
      url_ = printed.substr(begin, end - begin);
      return {};
    }
    if (end_requested()) return not_started("interrupted");
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return not_started("it does not say that it serves");
    pollfd watched{output_, POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(std::min(left, kSignalSlice).count())) <= 0) continue;
    std::array<char, 4096> bytes{};
    const auto got = ::read(output_, bytes.data(), bytes.size());
    if (got == 0) return not_started("it ended");
    if (got > 0) printed.append(bytes.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) return not_started(std::strerror(errno));
  }
}

BenchBroker::~BenchBroker() {
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + (url_.empty() ? kEarlyStopTimeout : kStopTimeout);
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      break;
    }
    ::poll(nullptr, 0, 10);
  }
  ::close(output_);
  std::error_code ignored;
  std::filesystem::remove(config_, ignored);
}

}  // namespace omnibroker::tools
