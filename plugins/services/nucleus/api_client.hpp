#pragma once

#include "nucleus.hpp"
#include "outbox.hpp"
#include "pool.hpp"
#include "rules.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <nucleus/types.hpp>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

namespace wire = omnibroker::nucleus;

/// What has come as one ConnLib message.
struct ApiRequest {
  std::uint64_t id = 0;
  std::string command;
  nlohmann::json params;                              ///< The whole object.
  std::shared_ptr<const std::string> blob = nullptr;  ///< Null: there was none.
};

/// A call with more than one answer, which goes on until somebody stops it: a subscription, a channel.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;
  /// No more answers. Called once, by any thread, with nothing held.
  virtual void stop() = 0;
  /// It is told what the server has to say to everybody.
  virtual bool is_for_notices() const { return false; }
};

/// What the API counts. Threads: any.
struct ApiCounters {
  explicit ApiCounters(const Host& host)
      : requests(host.counter("nucleus_requests_total", "Requests that clients of the API have sent.")),
        slowed_down(host.counter("nucleus_slow_down_total", "Requests that were refused with SLOW_DOWN.")),
        slow_readers(host.counter("nucleus_slow_readers_total",
                                  "Subscriptions and channels that ended because their client did not read.")) {}

  Metric requests, slowed_down, slow_readers;
};

/// The client at the other end of one connection to the API, as all work that is done for it sees it.
///
/// Reads are done beside one another and may overtake each other. Changes are begun in the order in which they came,
/// one at a time, and the store keeps that order; their answers come when they are on the disk.
///
/// Lifecycle: shared by the connection and its work; `end` when the connection does. Threads: any.
class ApiClient : public std::enable_shared_from_this<ApiClient> {
 public:
  using Json = nlohmann::json;

  /// What does not change while the connection lives.
  struct Place {
    Host host;
    Nucleus& nucleus;
    Pool& pool;
    const ApiConfig& rules;
    const ApiCounters& counters;
    std::string lft_address;
    std::uint64_t max_message = 0;
  };

  ApiClient(Place place, std::shared_ptr<Outbox> outbox);

  Nucleus& nucleus() const { return place_.nucleus; }
  store::Store& store() const { return place_.nucleus.store(); }
  const ApiConfig& rules() const { return place_.rules; }
  const Place& place() const { return place_; }
  Outbox& outbox() const { return *outbox_; }
  /// 16 letters and digits: which connection this is, for locks and channels.
  const std::string& connection() const { return connection_; }

  // Who it is.
  /// False: somebody has logged in already.
  bool log_in(const std::string& user, std::string& session_token);
  bool is_logged_in() const;
  store::Actor actor() const;

  // Answers. Each request that was begun is ended by one of `answer`, `fail` and `begun`.
  bool begin(const ApiRequest& request);
  void answer(const ApiRequest& request, Json fields, std::shared_ptr<const std::string> blob = nullptr);
  void fail(const ApiRequest& request, wire::Status status, std::string_view message = {});
  void fail(const ApiRequest& request, const store::Error& error);
  /// Of a request that `begin` did not take.
  void refuse(const ApiRequest& request, wire::Status status, std::string_view message);
  /// The answer to what goes on as a stream.
  void begun(const ApiRequest& request, Json fields, std::shared_ptr<const std::string> blob = nullptr);
  /// There is no answer to it: it was stopped before.
  void drop(const ApiRequest& request);
  /// One more of them. The first form always goes out; the second one only while the client reads.
  void more(std::uint64_t id, Json fields, std::shared_ptr<const std::string> blob = nullptr);
  bool offer(std::uint64_t id, Json fields, std::shared_ptr<const std::string> blob = nullptr);

  // Work.
  void read(ApiRequest request, std::function<void(const ApiRequest&)> work);
  void change(ApiRequest request, std::function<void(const ApiRequest&)> work);
  /// Whether it may ask for more now: what it has sent and what it has not read are bounded, and before somebody has
  /// logged in there are few requests at a time, since a password costs a tenth of a second.
  bool is_ready() const;

  /// A stream has ended because its client does not read what it is sent.
  void note_slow(std::uint64_t id) const;

  // Streams.
  /// False: there are as many as there may be, or one with this id, or the connection has ended.
  bool add(std::uint64_t id, std::shared_ptr<Stream> stream);
  /// Forgets it without stopping it. Null: it has been stopped before.
  std::shared_ptr<Stream> remove(std::uint64_t id);
  /// To those of its subscriptions that are for this.
  void notify(const Json& fields);
  /// The connection is gone: everything that hangs on it ends.
  void end();

 private:
  struct Change {
    ApiRequest request;
    std::function<void(const ApiRequest&)> work;
  };
  Json failure(wire::Status status, std::string_view message) const;
  void send(std::uint64_t id, Json& fields, std::shared_ptr<const std::string> blob);
  static Outgoing message(std::uint64_t id, Json& fields, std::shared_ptr<const std::string> blob);
  void do_changes();

  const Place place_;
  const std::shared_ptr<Outbox> outbox_;
  const std::string connection_;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> bytes_in_flight_{0};
  mutable std::mutex mutex_;
  std::string user_;  // guarded by mutex_, as all below; empty: nobody
  std::map<std::uint64_t, std::shared_ptr<Stream>> streams_;
  std::deque<Change> changes_;
  bool changing_ = false;
  bool ended_ = false;
};

using ApiClientPtr = std::shared_ptr<ApiClient>;

/// The protocol's name for what the store says.
wire::Status status_of(store::Code code);
wire::Entry entry_of(const store::Entry& entry);
/// Of seconds since 1970.
double seconds(store::Time time);

/// A path with branch and checkpoint from the first of these parameters that is there: a text, or an object with
/// `path`, `branch` and `checkpoint`; for a text they lie beside it. Empty where there is none.
store::PathAtVersion path_in(const nlohmann::json& params, std::initializer_list<const char*> names = {"path", "uri"});
/// The first of these parameters that is a text.
std::string text_in(const nlohmann::json& params, std::initializer_list<const char*> names);
bool flag_in(const nlohmann::json& params, const char* name);
/// `message`, where there is one.
std::optional<std::string> message_in(const nlohmann::json& params);

/// Submits a change, and answers with what `fields` makes of the store's answer.
template <class Command, class Fields>
void submit(const ApiClientPtr& client, const ApiRequest& request, Command command, Fields fields) {
  client->store().submit(client->actor(), std::move(command),
                         [client, request, fields](store::Result<typename Command::Answer> result) {
                           if (!result) return client->fail(request, result.error());
                           client->answer(request, fields(*result));
                         });
}

}  // namespace omnibroker::plugins::nucleus
