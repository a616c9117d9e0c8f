#pragma once

#include "crowd.hpp"
#include "latency_histogram.hpp"
#include "settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::load {

/// What a run found. Counts are of the whole run, unless they say that they are of the measured span.
struct Outcome {
  double seconds = 0;                ///< The measured span.
  std::uint64_t sent = 0;            ///< By all publishers; 0 where the server repeats by itself.
  std::uint64_t sent_measured = 0;   ///< In the measured span.
  std::uint64_t deliveries = 0;      ///< What all clients got in the measured span.
  std::uint64_t received = 0;        ///< What all clients got.
  std::uint64_t received_least = 0;  ///< By one client; clients that paused or were ended are left out.
  std::uint64_t received_most = 0;

  std::uint64_t lost = 0;  ///< Sent, and not received by a client that did not pause and was not ended; of all of them.
  std::uint64_t duplicated = 0, reordered = 0, strange = 0;  ///< Seen by the clients that check.
  std::uint64_t checking = 0;                                ///< How many those are.
  LatencyHistogram latency;  ///< Of messages sent in the measured span, by those clients.

  std::uint64_t ended = 0;  ///< Clients that were ended by the server, or lost.
  std::string first_end;
  std::vector<Crowd::Refusal> refusals;

  struct Server {
    double cpu_seconds = 0;              ///< In the measured span.
    std::uint64_t memory_before = 0;     ///< KiB, before the first client.
    std::uint64_t memory_connected = 0;  ///< With all clients, after `hold`.
    std::uint64_t memory_measured = 0;   ///< At the end of the measured span.
  };
  std::optional<Server> server;
  double own_cpu_seconds = 0;  ///< Of the generator, in the measured span.
  double connect_seconds = 0;

  /// Of the clients that read nothing while it was measured. Zeros where there were none.
  struct Paused {
    std::uint64_t clients = 0;
    std::uint64_t ended = 0;      ///< Ended by the server meanwhile.
    std::uint64_t skipped = 0;    ///< Messages that they never got.
    bool up_to_date = true;       ///< All that were not ended got the newest message of each object.
    double up_to_date_after = 0;  ///< Seconds after they read again: the last of them.
  } paused;
};

/// Makes load as `settings` say, and answers what it found. `end_asked` is asked often; the run then ends early.
/// Unavailable: no connection. InvalidArgument: settings that contradict each other. ResourceExhausted: open files.
Result<Outcome> run_load(const Settings& settings, bool (*end_asked)());

}  // namespace omnibroker::load
