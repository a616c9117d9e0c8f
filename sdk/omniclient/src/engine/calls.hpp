#pragma once

#include "OmniClient.h"
#include "engine/operation.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

namespace omniclient {

class Channels;

/// Somebody of the program who is called back: a request or a registration. Its state belongs to Calls.
class Callee {
 public:
  virtual ~Callee() = default;

 private:
  friend class Calls;
  bool closed_ = false;
  bool answered_ = false;  ///< A first call has returned.
  std::size_t pending_ = 0;
  std::size_t waiters_ = 0;  ///< Threads that wait for the first call.
  std::vector<std::thread::id> running_;
  std::condition_variable changed_;
};

/// One request, from the call that made it to its last callback.
class Request final : public Callee {
 public:
  enum class Kind { Once, Stream };

  const OmniClientRequestId id;
  const Kind kind;
  const std::shared_ptr<Operation> operation = std::make_shared<Operation>();
  Channels* channels = nullptr;  ///< Who was asked to join one; on the loop's thread.

  Request(OmniClientRequestId number, Kind what, std::function<void()> fail)
      : id(number), kind(what), fail_(std::move(fail)) {}

 private:
  friend class Calls;
  bool ended_ = false;  ///< The last call has been queued.
  std::function<void()> fail_;
};

/// The requests of an engine, and the thread that calls the program back.
///
/// Rules: calls are made one after the other in the order in which they were posted. A request is called exactly once
/// (Stream: as often as it likes) unless it is stopped. After `close` or `stop` has returned, nothing of that callee
/// runs and nothing ever will. Whoever waits on the callbacks' thread makes those calls meanwhile that somebody waits
/// for, and no others: so a callback that waits for another one does not wait for ever, and calls are not nested deeper
/// than there are waits. Waiting for oneself returns at once.
///
/// At most kMaxPending calls of one callee wait. A stream that gets more than that ends: `fail` of its request is its
/// last call. A registration loses the newest call, and a line in the log says so.
///
/// Lifecycle: `start`, then `finish` once; from then on nothing begins. Threads: everything from every thread; no lock
/// is held while the program is called.
class Calls {
 public:
  static constexpr std::size_t kMaxPending = 65536;

  Calls() = default;
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  /// `keep` lives as long as the thread.
  void start(std::shared_ptr<void> keep);

  /// Tells all providers that nobody wants their answers any more.
  void cancel_all();

  /// Fails what has not been answered, makes all calls that are left, waits for calls that run on other threads, and
  /// ends the thread. On the callbacks' thread itself it makes them right there.
  void finish();

  /// Null once `finish` has begun. `fail` makes the program's callback say that the connection is gone.
  std::shared_ptr<Request> begin(Request::Kind kind, std::function<void()> fail);
  std::shared_ptr<Request> find(OmniClientRequestId id);

  enum class Then { More, End };
  /// Queues a call of the program. `call` may be null: nobody is called, but the request has been answered.
  void post(const std::shared_ptr<Request>& request, std::function<void()> call, Then then);
  void post(const std::shared_ptr<Callee>& callee, std::function<void()> call);
  /// The same for a call that requests wait for, so that whoever waits for a request makes this call, too.
  void post_awaited(const std::shared_ptr<Callee>& callee, std::function<void()> call);
  /// Queues something that belongs to nobody.
  void post(std::function<void()> call);

  /// Makes a call on this thread, with the same guarantees. Not where another thread calls the callee at the moment, or
  /// a call of it waits, which comes first: see `is_idle`.
  void call_here(const std::shared_ptr<Callee>& callee, const std::function<void()>& call);

  void stop(OmniClientRequestId id);
  void close(const std::shared_ptr<Callee>& callee);

  /// Whether it was answered, or is none that could be waited for, before `limit` was over.
  bool wait(OmniClientRequestId id, std::optional<std::chrono::milliseconds> limit);

  /// Whether no call of it runs or waits.
  bool is_idle(const Callee& callee);

  /// Whether its first call has returned.
  bool is_answered(const std::shared_ptr<Request>& request);

  bool on_callback_thread() const { return std::this_thread::get_id() == thread_id_; }
  /// Whether the caller is called by this, however far down.
  bool inside_a_call();

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;
  struct Task {
    std::shared_ptr<Callee> callee;
    std::shared_ptr<Request> ends;
    std::function<void()> call;
    bool awaited = false;
  };

  void run();
  /// The first call whose callee is not called by another thread at the moment.
  std::deque<Task>::iterator first_due();
  void make_first_call(Lock& lock);
  /// The first call that somebody waits for. False where there is none.
  bool make_awaited_call(Lock& lock);
  void make_call(Lock& lock, Task task);
  void call_of(Lock& lock, Callee& callee, const std::function<void()>& call);
  void enqueue(Task task);
  void post(const std::shared_ptr<Callee>& callee, std::function<void()> call, bool awaited);
  void forget(Request& request);
  void close_locked(Lock& lock, Callee& callee);
  void changed(Callee& callee);
  bool wait_until(Lock& lock, Callee& callee, const std::function<bool()>& done,
                  std::optional<Clock::time_point> deadline);

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Task> queue_;
  std::unordered_map<OmniClientRequestId, std::shared_ptr<Request>> requests_;
  bool finishing_ = false;
  bool finished_ = false;
  std::vector<std::thread::id> calling_;  ///< Once for each call that runs, in whatever thread.
  std::condition_variable called_;
  std::thread thread_;
  std::thread::id thread_id_;
};

}  // namespace omniclient
