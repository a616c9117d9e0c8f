#pragma once

#include "change.hpp"
#include "content_folder.hpp"
#include "database.hpp"
#include "locks.hpp"
#include "writing.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace omnibroker::nucleus::store {

/// A change that waits for the writer, with whom to tell how it went.
class Job {
 public:
  explicit Job(Actor actor) : actor_(std::move(actor)) {}
  virtual ~Job() = default;

  const Actor& actor() const { return actor_; }
  /// Makes the change. A Refusal leaves what it has done to the caller.
  virtual void run(Writing& writing) = 0;
  /// It changes nothing but locks, which are in memory, and is done even if the disk refuses to note its number: a
  /// connection is gone whatever the disk says.
  virtual bool needs_no_disk() const = 0;
  virtual void fail(Error error) = 0;
  virtual void answer() = 0;

  std::vector<Change> changes = {};

 private:
  const Actor actor_;
};

template <class Command>
class CommandJob final : public Job {
 public:
  CommandJob(Actor actor, Command command, Completion<typename Command::Answer> done)
      : Job(std::move(actor)), command_(std::move(command)), done_(std::move(done)) {}

  void run(Writing& writing) override { result_.emplace(perform(writing, *command_)); }
  bool needs_no_disk() const override {
    return std::is_same_v<Command, ReleaseConnection> || std::is_same_v<Command, ReleaseExpiredLocks>;
  }
  void fail(Error error) override { result_.emplace(std::move(error)); }
  void answer() override {
    command_.reset();  // Who is told so finds that its contents are not held any more.
    if (done_) done_(std::move(*result_));
  }

 private:
  std::optional<Command> command_;  ///< Holds its contents until it is answered.
  const Completion<typename Command::Answer> done_;
  std::optional<Result<typename Command::Answer>> result_;
};

/// The one thread that changes the database.
///
/// It takes all jobs that wait, makes each within a savepoint of one transaction, commits, which waits for the disk
/// once, and then tells the listener and the askers, in order. A change that is refused costs the others nothing; a
/// disk that fails refuses all of the transaction.
///
/// Lifecycle: from the constructor on; the destructor does what is queued first.
/// Threads: any.
class Writer {
 public:
  Writer(const std::filesystem::path& file, ContentFolder& contents, Locks& locks, const Options& options,
         Listener listener);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues a job; or answers SlowDown at once, on this thread.
  void push(std::unique_ptr<Job> job);
  /// Waits until all that was queued before is answered. Not from a completion or the listener.
  void settle();

  std::uint64_t transaction_id() const { return transaction_.load(); }
  std::uint64_t queued() const;
  std::uint64_t commits() const { return commits_.load(); }
  std::uint64_t changes() const { return changes_.load(); }

 private:
  using Batch = std::vector<std::unique_ptr<Job>>;

  void serve();
  Batch take();
  /// Makes and commits; what it could not is answered by the jobs themselves.
  void commit(Batch& batch);
  void make(Job& job);
  void run(Job& job);
  /// Undoes what was not committed, and answers why; or does it without the disk.
  void give_up(Batch& batch, const std::exception& failure);
  void tell(Batch& batch);
  void load_counters();
  void save_counters();

  const Listener listener_;
  const std::size_t limit_;
  Database database_;
  Workshop shop_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable answered_;
  std::deque<std::unique_ptr<Job>> queue_;  ///< Guarded by the mutex, like the next ones.
  std::uint64_t jobs_queued_ = 0;
  std::uint64_t jobs_answered_ = 0;
  bool stopping_ = false;

  std::atomic<std::uint64_t> transaction_ = 0;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> changes_ = 0;
  std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace omnibroker::nucleus::store
