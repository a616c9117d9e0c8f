#pragma once

#include "engine/loop.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio::ip {
class tcp;
template <class Protocol>
class basic_endpoint;
}  // namespace boost::asio::ip

namespace omniclient::omniverse {

/// Asks the system for the addresses of a host. That may take minutes where a name server is silent, and nothing ends
/// it before. So each question has a thread of its own: it holds up no other one, and nobody waits for it.
///
/// Lifecycle: asks from construction; `done` is called once, later, unless this is destroyed before, which it may be by
/// what it calls. Threads: the loop's alone.
class Lookup {
 public:
  struct Found {
    std::vector<std::string> addresses;  ///< As numbers, in the order in which to try them.
    std::string problem;                 ///< Why there are none.
  };
  using Done = std::function<void(const Found&)>;
  using Ask = std::function<Found(const std::string& host)>;

  /// `limit`: how long until it is a problem. `ask` is what the thread does; it may take as long as it likes.
  Lookup(Loop& loop, const std::string& host, std::chrono::milliseconds limit, Done done, Ask ask = ask_system);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  static Found ask_system(const std::string& host);

 private:
  struct State;
  const std::shared_ptr<State> state_;
  std::unique_ptr<Loop::Timer> timer_;
};

/// What Asio connects to; `port` in digits.
std::vector<boost::asio::ip::basic_endpoint<boost::asio::ip::tcp>> endpoints_of(const Lookup::Found& found,
                                                                                const std::string& port);

}  // namespace omniclient::omniverse
