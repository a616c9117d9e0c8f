#pragma once

#include "providers/omniverse/socket.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace omniclient::omniverse {

class SowsClient;

/// Where the services of a server are.
struct Services {
  Address auth;
  Address api;
};

/// Where discovery may be, of a server that a URL names: `wss` and `ws` at `/omni/discovery` of the port that is named
/// or of 443 and 80, and where no port is named `ws` at `discovery_port`.
std::vector<Address> discovery_addresses(const std::string& host, const std::optional<std::string>& port,
                                         const std::string& discovery_port);

/// `localhost`, names in `.local` and `.localhost`, and private addresses: nothing secret leaves the premises.
bool is_near(const std::string& host);

/// Finds the services of a server. All addresses are tried at once. The first that answers is taken, but for a server
/// that is not near one without TLS only after one with TLS has failed, and not at all where that one has a bad
/// certificate.
///
/// Destroying it gives up; `done` is called once and may do that. Threads: the loop's alone.
class Discovery {
 public:
  /// With services, or with the problem of the address that was tried first.
  using Done = std::function<void(std::optional<Services>, const Problem&)>;
  Discovery(Loop& loop, const std::vector<Address>& addresses, bool near, std::chrono::milliseconds limit, Done done);
  ~Discovery();

 private:
  struct Candidate;
  void ask(Candidate& candidate);
  void failed(Candidate& candidate, const Problem& problem);
  void decide();

  const bool near_;
  const Done done_;
  std::vector<std::unique_ptr<Candidate>> candidates_;
  std::unique_ptr<Loop::Timer> timer_;
  bool decided_ = false;
};

}  // namespace omniclient::omniverse
