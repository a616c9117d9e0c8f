#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// A program that runs as the process of an isolated component: the words behind its name end with what is given to
/// `start`.
struct ComponentProgram {
  std::string path = "/proc/self/exe";
  std::vector<std::string> words = {"omnibroker", "isolated-component"};
};

/// The broker's end of one such process.
///
/// It begins with nothing of the broker's but its environment, its folder and its standard error (which is its standard
/// output, too): one socket is descriptor `kSocket`, nothing else is open. It is the leader of a process group of its
/// own, so that a terminal's Ctrl-C does not reach it, and what it starts ends with it.
///
/// Lifecycle: the destructor kills what has not ended, and waits for it: no zombie is left.
/// Threads: one; the kernel kills the process when the thread that started it ends.
class ChildProcess {
 public:
  static constexpr int kSocket = 3;

  static Result<std::unique_ptr<ChildProcess>> start(const ComponentProgram& program, const std::string& word);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  int socket() const { return socket_; }
  /// Readable when the process has ended; -1 where the kernel has no such thing.
  int ended_descriptor() const { return ended_; }

  /// Gives it `patience` to end by itself, then kills it and its group. Answers how it ended, once and for all: "signal
  /// SIGKILL", "exit status 0".
  const std::string& end(std::chrono::milliseconds patience);

 private:
  ChildProcess(pid_t pid, int socket, int ended) : pid_(pid), socket_(socket), ended_(ended) {}

  const pid_t pid_;
  const int socket_;
  const int ended_;
  std::string how_;  // it ended
};

}  // namespace omnibroker::core
