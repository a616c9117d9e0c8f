#include "tool.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace omnibroker::plugins::nucleus::tool {
namespace {

constexpr std::size_t kLongest = 1024;

volatile std::sig_atomic_t interrupted = 0;

/// A terminal that does not show what is typed, until it is destroyed, also when a signal ends this. Signals come only
/// while input is waited for, so that none is between a look and a wait.
class Silence {
 public:
  Silence() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : signals_) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, &mask_);
    struct sigaction action {};
    action.sa_handler = [](int signal) { interrupted = signal; };
    for (std::size_t i = 0; i < kSignals; ++i) ::sigaction(signals_[i], &action, &before_[i]);
    if (::tcgetattr(STDIN_FILENO, &settings_) != 0) return;
    auto silent = settings_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  /// A line has been typed, or the input has ended.
  void wait_for_input() const {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    while (::ppoll(&input, 1, nullptr, &mask_) < 0 && errno == EINTR && interrupted == 0) continue;
    if (interrupted != 0) throw Failure("interrupted");
  }

  ~Silence() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings_);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    for (std::size_t i = 0; i < kSignals; ++i) ::sigaction(signals_[i], &before_[i], nullptr);
  }

 private:
  static constexpr std::size_t kSignals = 3;
  static constexpr int signals_[kSignals] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[kSignals] = {};
  sigset_t mask_ = {};
  struct termios settings_ = {};
  bool changed_ = false;
};

/// Up to the end of the line, or of what there is to read.
std::string read_all(int descriptor, bool one_line, const std::string& from) {
  std::string text;
  char byte = 0;
  while (text.size() <= kLongest) {
    const auto got = ::read(descriptor, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Failure(from + " cannot be read: " + std::strerror(errno));
    if (got == 0 || (one_line && byte == '\n')) return text;
    text += byte;
  }
  throw Failure("a password has at most " + std::to_string(kLongest) + " bytes: " + from + " has more");
}

std::string ask(const Silence& silence, const std::string& question) {
  std::fputs(question.c_str(), stderr);
  silence.wait_for_input();
  auto text = read_all(STDIN_FILENO, /*one_line=*/true, "the terminal");
  std::fputc('\n', stderr);
  return text;
}

std::string ask_twice(const std::string& user) {
  std::string password;
  try {
    const Silence silence;  // before the question: what is typed then is not shown, and not lost
    password = ask(silence, "Password of " + user + ": ");
    if (ask(silence, "The same once more: ") != password) throw Failure("the two passwords are not the same");
  } catch (...) {
    if (interrupted != 0) ::raise(interrupted);  // as if it had not been heard
    throw;
  }
  if (interrupted != 0) ::raise(interrupted);
  return password;
}

std::string from_file(const std::string& file) {
  if (file == "-") return read_all(STDIN_FILENO, false, "standard input");
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw Failure(file + " cannot be read: " + std::strerror(errno));
  try {
    auto text = read_all(descriptor, false, file);
    ::close(descriptor);
    return text;
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace

std::string read_password(const std::optional<std::string>& file, const std::string& user) {
  std::string password;
  if (file) {
    password = from_file(*file);
    if (password.ends_with('\n')) password.pop_back();
    if (password.ends_with('\r')) password.pop_back();
  } else {
    if (::isatty(STDIN_FILENO) == 0) {
      throw Failure(
          "there is no terminal to ask for a password on: give --password-file FILE, or - for standard input");
    }
    password = ask_twice(user);
  }
  if (password.empty()) throw Failure("the password is empty");
  return password;
}

}  // namespace omnibroker::plugins::nucleus::tool
