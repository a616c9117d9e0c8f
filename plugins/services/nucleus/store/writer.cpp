#include "writer.hpp"

namespace omnibroker::nucleus::store {

namespace {

/// Changes of one transaction: enough that a disk's wait costs each nearly nothing, few enough that the first one need
/// not wait for ever.
constexpr std::size_t kBatch = 1024;

}  // namespace

Writer::Writer(const std::filesystem::path& file, ContentFolder& contents, Locks& locks, const Options& options,
               Listener listener)
    : listener_(std::move(listener)),
      limit_(options.queue),
      database_(file, Database::Mode::Write),
      shop_{database_, contents, options, locks} {
  database_.run("PRAGMA cache_size = -32768");            // 32 MiB.
  database_.run("PRAGMA journal_size_limit = 67108864");  // What a long reader made grow does not stay.
  load_counters();
  thread_ = std::thread([this] { serve(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Writer::push(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < limit_ && !stopping_) {
      queue_.push_back(std::move(job));
      ++jobs_queued_;
    }
  }
  if (!job) {
    wake_.notify_one();
    return;
  }
  job->fail({Code::SlowDown, "too many changes wait for the disk: " + std::to_string(limit_)});
  job->answer();
}

void Writer::settle() {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [&, last = jobs_queued_] { return jobs_answered_ >= last; });
}

std::uint64_t Writer::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Writer::Batch Writer::take() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
  Batch batch;
  while (!queue_.empty() && batch.size() < kBatch) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Writer::serve() {
  while (true) {
    auto batch = take();
    if (batch.empty()) return;
    commit(batch);
    tell(batch);
    const std::lock_guard lock(mutex_);
    jobs_answered_ += batch.size();
    answered_.notify_all();
  }
}

void Writer::commit(Batch& batch) {
  const auto counters = shop_.counters;
  const auto used = shop_.used;
  bool committing = false;
  try {
    database_.run("BEGIN IMMEDIATE");
    for (auto& job : batch) make(*job);
    if (shop_.counters.transaction == counters.transaction) {
      database_.run("ROLLBACK");  // Nobody has changed anything.
      shop_.counters = counters;
      shop_.named.clear();
      return;
    }
    save_counters();
    committing = true;
    database_.run("COMMIT");
    shop_.contents.pins()->uncertain = false;
    ++commits_;
    changes_ += shop_.counters.transaction - counters.transaction;
    // Before what is used grows by them: what counts twice for a moment would refuse somebody.
    for (const auto* pin : shop_.named) pin->name();
  } catch (const std::exception& failure) {
    if (committing) shop_.contents.pins()->uncertain = true;
    shop_.counters = counters;
    shop_.used = used;
    give_up(batch, failure);
  }
  shop_.named.clear();
  shop_.locks.publish();
  shop_.contents.pins()->used = shop_.used;
  transaction_ = shop_.counters.transaction;
}

void Writer::give_up(Batch& batch, const std::exception& failure) {
  try {
    if (database_.in_transaction()) database_.run("ROLLBACK");
  } catch (const Refusal&) {
    // SQLite has rolled back by itself, or will when the next transaction begins.
  }
  shop_.locks.undo();
  const auto* refusal = dynamic_cast<const Refusal*>(&failure);
  for (auto& job : batch) {
    // One that was refused, too: perhaps because of another of them, which has not happened now.
    job->changes.clear();
    const auto why = refusal ? refusal->error() : Error{Code::InternalError, failure.what()};
    try {
      if (job->needs_no_disk()) {
        run(*job);
      } else {
        job->fail(why);
      }
    } catch (const std::exception&) {
      job->fail(why);
    }
  }
}

void Writer::run(Job& job) {
  Writing writing(shop_, job.actor());
  job.run(writing);
  job.changes = std::move(writing.changes);
  for (auto& [node, lock] : writing.lock_changes) {
    if (lock || shop_.locks.working().contains(node)) shop_.locks.set(node, std::move(lock));
  }
}

void Writer::make(Job& job) {
  const auto counters = shop_.counters;
  const auto used = shop_.used;
  const auto named = shop_.named.size();
  database_.query("SAVEPOINT change").run();
  std::optional<Error> error;
  try {
    run(job);
  } catch (const SqlFailure& failure) {
    if (!failure.harmless()) throw;
    error = failure.error();
  } catch (const Refusal& refusal) {
    error = refusal.error();
  } catch (const std::exception& failure) {
    error = Error{Code::InternalError, failure.what()};
  }
  if (error) {
    shop_.counters = counters;
    shop_.used = used;
    shop_.named.resize(named);
    database_.query("ROLLBACK TO change").run();
    job.fail(std::move(*error));
  }
  database_.query("RELEASE change").run();
}

void Writer::tell(Batch& batch) {
  for (auto& job : batch) {
    if (listener_) {
      for (const auto& change : job->changes) listener_(change);
    }
    job->answer();
    job.reset();
  }
}

void Writer::load_counters() {
  auto query = database_.query("SELECT name, value FROM counters");
  while (query.step()) {
    const auto name = query.text(0);
    auto& counter = name == "transaction" ? shop_.counters.transaction
                    : name == "etag"      ? shop_.counters.etag
                    : name == "used"      ? shop_.used
                                          : shop_.counters.object;
    counter = query.number(1);
  }
  shop_.contents.pins()->used = shop_.used;
  transaction_ = shop_.counters.transaction;
}

void Writer::save_counters() {
  const auto save = [&](const char* name, std::uint64_t value) {
    database_.query("UPDATE counters SET value = ? WHERE name = ?").bind(value).bind(name).run();
  };
  save("transaction", shop_.counters.transaction);
  save("etag", shop_.counters.etag);
  save("object", shop_.counters.object);
  save("used", shop_.used);
}

}  // namespace omnibroker::nucleus::store
