#pragma once

#include <array>
#include <cstddef>
#include <nucleus/types.hpp>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::nucleus {

/// What the API counts. Threads: any.
class ApiCounters {
 public:
  explicit ApiCounters(const Host& host);

  /// An answer that says that something was not done.
  void failed(omnibroker::nucleus::Status status) const;

  Metric requests, bytes_in, bytes_out;
  Metric clients, subscriptions, channels;  ///< Now.
  Metric slow_readers;

 private:
  static constexpr std::size_t kStatuses = static_cast<std::size_t>(omnibroker::nucleus::Status::SlowDown) + 1;
  std::array<Metric, kStatuses> failures_;  // of those that are failures
};

}  // namespace omnibroker::plugins::nucleus
