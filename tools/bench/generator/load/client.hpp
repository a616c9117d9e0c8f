#pragma once

#include "probe.hpp"
#include "receiver.hpp"
#include "run_clock.hpp"
#include "target.hpp"
#include "wire.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::load {

/// What all clients of a run read into, one after the other.
class ReadBuffer {
 public:
  static constexpr std::size_t kRead = 256 * 1024;

  ReadBuffer() : bytes_(new char[Receiver::kLargestOther + kRead + 64]) {}
  char* data() { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_;
};

/// One WebSocket client on a non-blocking socket: connects, upgrades, says who it is, counts what comes, answers pings.
///
/// Lifecycle: `connect` once; then `ready` whenever epoll says so, until `stage` is Ended. The destructor closes.
/// Threads: one.
class Client {
 public:
  enum class Stage : std::uint8_t { Connecting, Upgrading, Greeting, Ready, Ended };

  /// The reason of a client that said goodbye by itself.
  static constexpr const char* kLeft = "left";

  /// `wire` and `target` outlive it.
  Client(const Wire& wire, const Target& target, Role role);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;

  /// Begins to connect; to a server on 127.0.0.0/8 from the address 127.0.0.(1 + `number` / 20000), because one address
  /// has fewer ports than a server may have clients.
  Status connect(std::uint64_t number);

  /// Does what the socket is ready for: at most one read.
  void ready(std::uint32_t events, ReadBuffer& buffer, const RunClock& clock);

  /// Sends `bytes`, whole frames, as far as the kernel takes them, and answers how far that was.
  std::size_t send(std::string_view bytes);

  /// Whether a frame of the caller's has been sent in part: pongs then wait until it is whole.
  void in_frame(bool yes);

  /// Ends it from here, without a word, or with a close frame where one may be sent.
  void end(std::string reason);
  void leave();

  int descriptor() const { return descriptor_; }
  Role role() const { return role_; }
  Stage stage() const { return stage_; }
  /// What epoll should watch it for.
  std::uint32_t interest() const;

  /// Stops reading, or goes on.
  void pause(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }
  /// Whether the kernel took less than was given; `ready` clears it.
  bool blocked() const { return blocked_; }

  std::uint64_t updates() const { return receiver_.updates(); }
  void look_with(std::unique_ptr<Probe> probe) { probe_ = std::move(probe); }
  Probe* probe() const { return probe_.get(); }

  /// Why it ended, for people.
  const std::string& reason() const { return reason_; }
  /// The errors that it was answered, and forgets them.
  std::vector<std::string> take_refusals() { return std::exchange(refusals_, {}); }

 private:
  void read_some(ReadBuffer& buffer, const RunClock& clock);
  std::size_t read_upgrade(std::string_view bytes);
  void act_on(std::vector<Notice>& notices);
  void say(std::string frame);
  void flush();

  const Wire* wire_;
  const Target* target_;
  int descriptor_ = -1;
  Stage stage_ = Stage::Connecting;
  const Role role_;
  bool paused_ = false;
  bool blocked_ = false;
  bool in_frame_ = false;
  Receiver receiver_;
  std::unique_ptr<Probe> probe_;
  std::string rest_;    // what was read and not consumed
  std::string unsaid_;  // greetings and pongs that the kernel has not taken
  std::string reason_;
  std::vector<std::string> refusals_;
};

}  // namespace omnibroker::load
