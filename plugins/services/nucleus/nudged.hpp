#pragma once

#include "api_client.hpp"
#include "hub.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace omnibroker::plugins::nucleus {

/// A subscription to what is in a file or a live object. A change only says that there is something new: what that is
/// is read from the store, from where the client is, by one piece of work at a time and only while the client reads. So
/// it costs nothing that grows to be slow, and nothing is told twice or left out.
///
/// Lifecycle: made, `start`ed once; ends by `stop`, or when `catch_up` says so. Threads: as its bases.
class Nudged : public Hub::Subscription, public Stream, public std::enable_shared_from_this<Nudged> {
 public:
  Nudged(const ApiClientPtr& client, const Ticket& ticket, std::string path)
      : client_(client), nucleus_(client->nucleus()), ticket_(ticket), path_(std::move(path)) {}

  /// On a thread of the pool. The request is answered by the first `catch_up`.
  void start(const ApiClientPtr& client);

  bool tell(const store::Change& change) override;
  bool check() override;
  void lost() override;
  void stop() override;

 protected:
  enum class Next { Wait, Again, End };
  /// Sends what there is for the client, or that it ends, by its functions for streams; one call at a time. Again:
  /// there is more.
  virtual Next catch_up(ApiClient& client) = 0;

  const std::string& path() const { return path_; }
  const Ticket& ticket() const { return ticket_; }
  /// The client has been told something already.
  bool is_begun() const { return ticket_.charge->released(); }

 private:
  void nudge();
  void work();
  void end();

  const std::weak_ptr<ApiClient> client_;
  Nucleus& nucleus_;
  const Ticket ticket_;
  const std::string path_;
  std::mutex mutex_;
  bool working_ = false;  // guarded by mutex_, as the next two
  bool nudged_ = false;
  bool ended_ = false;
};

}  // namespace omnibroker::plugins::nucleus
