#pragma once

#include "control_operations.hpp"

#include <atomic>
#include <list>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace omnibroker::core {
class Log;
}

namespace omnibroker::tools {

class ControlChannel;
class ControlSocket;

/// A descriptor that everybody who waits for it sees, once it has been touched.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  int descriptor() const { return descriptor_; }
  void wake() const;

 private:
  const int descriptor_;
};

/// Takes commands from the control socket and lets `operations` carry them out. A line is a JSON object:
///
///     {"command":"swap","name":"transports.realtime","plugin":"/path/x.so"}
///     {"progress":{"moved":3,"of":100}}
///     {"result":{...}}      or {"error":{"code":"NOT_FOUND","message":"..."}}
///
/// Only the broker's own user and root are heard. A few connections at a time, a thread for each; a line is short; one
/// that says nothing for a minute, or what is no JSON object, is closed.
///
/// Lifecycle: serves from its making to its end, which waits for the commands that are being carried out. `waker` must
/// be touched before.
class ControlServer {
 public:
  ControlServer(const ControlSocket& socket, ControlOperations& operations, const Waker& waker, core::Log& log);
  ~ControlServer();

 private:
  struct Served {
    std::thread thread;
    std::atomic<bool> done{false};
    std::atomic<bool> left{false};  // whoever asked has left, and what he asked for goes on
  };

  void accept_all();
  void accept_one();
  bool begin_to_serve(int descriptor, ucred peer);
  void serve(Served& one, int descriptor, ucred peer);
  bool answer(Served& one, ControlChannel& channel, const std::string& line, const ucred& peer);
  void note(const std::string& command, const std::string& about, const Error* refusal, const ucred& peer);

  const ControlSocket& socket_;
  ControlOperations& operations_;
  const Waker& waker_;
  core::Log& log_;
  std::list<Served> served_;  // by the accepting thread alone
  std::thread accepting_;
};

}  // namespace omnibroker::tools
