#include "api_counters.hpp"

#include <cctype>
#include <string>

namespace omnibroker::plugins::nucleus {

using omnibroker::nucleus::Status;

ApiCounters::ApiCounters(const Host& host)
    : requests(host.counter("nucleus_requests_total", "Requests that clients of the API have sent.")),
      bytes_in(
          host.counter("nucleus_received_bytes_total", "Bytes of the messages that clients of the API have sent.")),
      bytes_out(host.counter("nucleus_sent_bytes_total", "Bytes of the messages that are for clients of the API.")),
      clients(host.gauge("nucleus_clients", "Connections to the API on which somebody has logged in.")),
      subscriptions(
          host.gauge("nucleus_subscriptions", "Subscriptions of clients of the API, and places in channels.")),
      channels(host.gauge("nucleus_channel_members", "Places of clients of the API in channels.")),
      slow_readers(host.counter("nucleus_slow_readers_total",
                                "Subscriptions and channels that ended because their client did not read.")) {
  for (std::size_t i = 0; i < kStatuses; ++i) {
    const auto status = static_cast<Status>(i);
    switch (status) {
      case Status::Ok:
      case Status::Done:
      case Status::Idle:
      case Status::Latest:
      case Status::PartiallyCompleted: continue;
      default: break;
    }
    std::string word(omnibroker::nucleus::name(status));
    for (char& letter : word) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    const auto name = "nucleus_answers_" + word + "_total";
    const auto doc = "Answers of the API with the status " + std::string(omnibroker::nucleus::name(status)) + ".";
    failures_[i] = host.counter(name.c_str(), doc.c_str());
  }
}

void ApiCounters::failed(Status status) const { failures_[static_cast<std::size_t>(status)].add(); }

}  // namespace omnibroker::plugins::nucleus
