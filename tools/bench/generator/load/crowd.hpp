#pragma once

#include "client.hpp"
#include "publication.hpp"
#include "run_clock.hpp"
#include "settings.hpp"
#include "target.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::load {

/// A client, and what epoll watches it for.
struct Seat {
  Client client;
  std::uint32_t watched = 0;
};

/// A client with frames to send.
struct Publisher {
  Seat seat;
  Publication publication;
};

/// All clients of a run on one epoll, from the first connection to the last.
///
/// Lifecycle: `gather` once, then `turn` as often as wanted; `dismiss` or the destructor ends all.
/// Threads: one.
class Crowd {
 public:
  /// `wire` outlives it.
  Crowd(const Wire& wire, Target target, const RunClock& clock);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Connects subscribers, then publishers, and waits until each has said who it is and was accepted. Unavailable or
  /// ResourceExhausted: which one failed, and why; Unavailable also where `end_asked` says to leave it.
  Status gather(const Settings& settings, bool (*end_asked)());

  /// Waits at most `longest` for something to happen, and handles what did.
  void turn(std::chrono::nanoseconds longest);

  /// Gives the kernel what `publisher` has stamped, and watches for room where it does not take all.
  void push(Publisher& publisher);

  /// Lets a client read nothing, or go on.
  void pause(Seat& seat, bool paused);

  /// Says goodbye to every server.
  void dismiss();

  std::vector<Seat>& subscribers() { return subscribers_; }
  std::vector<Publisher>& publishers() { return publishers_; }
  const std::vector<Seat>& subscribers() const { return subscribers_; }
  const std::vector<Publisher>& publishers() const { return publishers_; }

  /// Clients that the server has ended, or whose connection was lost.
  std::uint64_t ended() const { return ended_; }
  /// Why the first of them did, for people.
  const std::string& first_end() const { return first_end_; }

  /// What answered errors said, with how often: 20 kinds, and the rest together.
  struct Refusal {
    std::string text;
    std::uint64_t count;
  };
  const std::vector<Refusal>& refusals() const { return refusals_; }

 private:
  Status connect(const std::vector<Seat*>& seats, std::uint64_t first_number, bool (*end_asked)());
  void watch(Seat& seat);
  void handle(Seat& seat, std::uint32_t events);
  void note_end(const Client& client);
  void count_refusals(Client& client);

  const Wire& wire_;
  const Target target_;
  const RunClock& clock_;
  const int epoll_;
  ReadBuffer buffer_;
  std::vector<Seat> subscribers_;
  std::vector<Publisher> publishers_;
  std::uint64_t ended_ = 0;
  std::string first_end_;
  std::vector<Refusal> refusals_;
};

}  // namespace omnibroker::load
