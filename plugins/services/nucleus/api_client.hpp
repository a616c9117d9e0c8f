#pragma once

#include "api_counters.hpp"
#include "lane.hpp"
#include "nucleus.hpp"
#include "outbox.hpp"
#include "params.hpp"
#include "pool.hpp"
#include "rules.hpp"

#include <atomic>
#include <cstdint>
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

/// What the requests of one connection that are not answered yet cost together.
struct Load {
  std::atomic<std::size_t> requests{0};
  std::atomic<std::size_t> bytes{0};
  std::shared_ptr<Outbox> outbox;
};

/// The part of one request in its connection's load: from when it was begun until it is answered or nobody is left who
/// could.
///
/// Threads: any.
class Charge {
 public:
  Charge(std::shared_ptr<Load> load, std::size_t bytes);
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge();
  /// True once: whoever is told so answers the request.
  bool release();
  bool released() const { return released_; }

 private:
  const std::shared_ptr<Load> load_;
  const std::size_t bytes_;
  std::atomic<bool> released_{false};
};

/// What an answer needs of its request.
struct Ticket {
  std::uint64_t id = 0;
  std::shared_ptr<Charge> charge = nullptr;
};

/// What has come as one ConnLib message. It is not kept for the answer: that is what the ticket in it is for.
struct ApiRequest : Ticket {
  std::string command;
  nlohmann::json params;                              ///< The whole object.
  std::shared_ptr<const std::string> blob = nullptr;  ///< Null: there was none.
  std::size_t size = 0;                               ///< Bytes of the message.
  std::size_t values = 0;                             ///< In `params`.
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
  /// It ends by itself, and is no subscription.
  virtual bool ends() const { return false; }
};

/// The client at the other end of one connection to the API, as all work that is done for it sees it.
///
/// Reads are done beside one another and may overtake each other; they wait while the client does not read. Changes are
/// begun in the order in which they came, one at a time, and the store keeps that order; their answers come when they
/// are on the disk. One that looks at what is there is begun when those before it are done. Whatever a stream sends
/// comes before the message that ends it.
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
    std::string peer = {};  ///< Its address.
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
  bool log_in(const store::User& user, std::string& session_token);
  bool is_logged_in() const;
  store::Actor actor() const;

  // Answers. Each request that was begun is ended by one of `answer` and `fail`, or by its stream; what comes behind
  // that, or behind a `stop`, is dropped.
  /// False: there are too many.
  bool begin(ApiRequest& request);
  void answer(const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob = nullptr);
  void fail(const Ticket& ticket, wire::Status status, std::string_view message = {});
  void fail(const Ticket& ticket, const store::Error& error);
  /// Of a request that `begin` did not take.
  void refuse(std::uint64_t id, wire::Status status, std::string_view message);
  /// One of several answers, which comes before the last one.
  void more(const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob = nullptr);

  // Work.
  void read(ApiRequest request, std::function<void(const ApiRequest&)> work);
  /// `looks`: whether it decides by what is there, and so waits for the changes before it to be done; null: it does
  /// not.
  void change(ApiRequest request, std::function<void(const ApiRequest&)> work,
              std::function<bool(const ApiRequest&)> looks = nullptr);
  /// More of a read that sends something and goes on, as the client reads.
  void read_on(std::function<void()> work);
  /// From within a change: those behind it are not begun until `go_on_with_changes`.
  void hold_changes() { changes_->hold(nullptr); }
  void go_on_with_changes() { changes_->go_on(); }
  /// Submits a change, unless the connection has ended: nothing is locked for one that is gone.
  template <class Command, class Done>
  void submit(Command command, Done done) {
    const auto by = actor();
    const std::lock_guard lock(submitting_);
    if (gone_) return;
    ++under_way_;
    store().submit(by, std::move(command),
                   [self = shared_from_this(), done = std::move(done)](store::Result<typename Command::Answer> result) {
                     done(std::move(result));
                     self->settle();
                   });
  }
  /// Whether it may ask for more now: what it has sent and what it has not read are bounded, and before somebody has
  /// logged in there are few requests at a time, since a password costs a tenth of a second.
  bool is_ready() const;

  // Streams.
  /// The id will be a stream's, so that a `stop` finds it however soon it comes. False: it is one's already.
  bool expect(const Ticket& ticket);
  /// False: there are too many, which has been answered, or it has been stopped, or the connection has ended.
  bool add(const Ticket& ticket, std::shared_ptr<Stream> stream);
  /// What a stream sends. False: it is over, and nothing has been sent.
  bool tell(const Stream& stream, const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob = nullptr);
  /// The same for what nobody asked for: only while the client reads. Where it does not, the stream has ended.
  bool offer(const Stream& stream, const Ticket& ticket, Json fields,
             std::shared_ptr<const std::string> blob = nullptr);
  /// The last thing that a stream sends; with `fin`, unless the request has not been answered yet.
  void finish(const Stream& stream, const Ticket& ticket, Json fields);
  void finish(const Stream& stream, const Ticket& ticket, wire::Status status);
  /// The same where it cannot go on: ACCESS_LOST where the right to read has gone.
  void finish(const Stream& stream, const Ticket& ticket, const store::Error& error);
  bool has(const Stream& stream, std::uint64_t id) const;
  /// Ends a stream for its client. Nothing happens where there is none.
  void stop(std::uint64_t id);
  /// To those of its subscriptions that are for this.
  void notify(const Json& fields);
  /// The connection is gone: everything that hangs on it ends.
  void end();

 private:
  /// An id that is a stream's, or will be one's.
  struct Held {
    std::shared_ptr<Stream> stream;  // null: not yet
    std::shared_ptr<Charge> charge;
    bool told = false;  // something has been sent
  };
  enum class Push { Always, WhileThereIsRoom };

  Json failure(wire::Status status, std::string_view message) const;
  static Outgoing message(std::uint64_t id, Json& fields, std::shared_ptr<const std::string> blob);
  bool send(const Stream& stream, const Ticket& ticket, Outgoing message, Push push);
  void forget(std::map<std::uint64_t, Held>::iterator held);
  /// A change is done.
  void settle();
  /// False: no change is under way.
  bool wait_for_changes(std::function<void()> work);

  const Place place_;
  const std::shared_ptr<Outbox> outbox_;
  const std::string connection_;
  const std::shared_ptr<Load> load_;
  const std::shared_ptr<Lane> reads_, changes_;
  mutable std::mutex mutex_;
  std::string user_;  // guarded by mutex_, as all below; empty: nobody
  std::int64_t user_id_ = 0;
  std::map<std::uint64_t, Held> streams_;
  std::size_t subscriptions_ = 0;
  bool ended_ = false;
  std::mutex submitting_;  // held while a change is handed to the store; nothing else is taken with it but by the store
  bool gone_ = false;      // guarded by submitting_
  std::atomic<std::size_t> under_way_{0};  // changes that the store has and has not answered
  std::mutex settling_;                    // held for moments; of the lane's and the pool's locks within it
  bool waits_ = false;                     // guarded by settling_: a change waits for those before it
};

using ApiClientPtr = std::shared_ptr<ApiClient>;

/// The protocol's name for what the store says.
wire::Status status_of(store::Code code);
wire::Entry entry_of(const store::Entry& entry);
/// Of seconds since 1970.
double seconds(store::Time time);

/// Submits a change, and answers with what `fields` makes of the store's answer.
template <class Command, class Fields>
void submit(const ApiClientPtr& client, const Ticket& request, Command command, Fields fields) {
  client->submit(std::move(command),
                 [client, ticket = Ticket(request), fields](store::Result<typename Command::Answer> result) {
                   if (!result) return client->fail(ticket, result.error());
                   client->answer(ticket, fields(*result));
                 });
}

}  // namespace omnibroker::plugins::nucleus
