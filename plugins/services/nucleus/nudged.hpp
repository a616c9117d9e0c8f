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
  Nudged(const ApiClientPtr& client, std::uint64_t id, std::string path)
      : client_(client), nucleus_(client->nucleus()), id_(id), path_(std::move(path)) {}

  /// On a thread of the pool. `request` is answered by the first `catch_up`.
  void start(const ApiClientPtr& client);

  bool tell(const store::Change& change) override;
  void lost() override;
  void stop() override;

 protected:
  enum class Next { Wait, Again, End };
  /// Sends what there is for the client; one call at a time. Again: there is more. End: it has sent that it ends.
  virtual Next catch_up(const ApiClientPtr& client) = 0;
  /// It has ended: a request that has not been answered will not be.
  virtual void abandon(const ApiClientPtr& client) = 0;

  const std::string& path() const { return path_; }
  std::uint64_t id() const { return id_; }

 private:
  void nudge();
  void work();

  const std::weak_ptr<ApiClient> client_;
  Nucleus& nucleus_;
  const std::uint64_t id_;
  const std::string path_;
  std::mutex mutex_;
  bool working_ = false;  // guarded by mutex_, as the next two
  bool nudged_ = false;
  bool ended_ = false;
};

}  // namespace omnibroker::plugins::nucleus
