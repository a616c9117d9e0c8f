#pragma once

namespace omni {

/// What a command that goes on waits for: that it is interrupted (^C, or SIGTERM), or that it has come to its end.
/// There is one at a time.
class Until {
 public:
  /// From here on a signal ends the waiting, and not the program.
  Until();
  ~Until();
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;

  /// From every thread.
  void end();
  void wait();

 private:
  int pipe_[2];
};

}  // namespace omni
