#include "engine/calls.hpp"

#include "engine/log.hpp"

#include <algorithm>
#include <atomic>
#include <pthread.h>

namespace omniclient {
namespace {

/// Ids are never used again, also not by the next engine of the process.
std::atomic<OmniClientRequestId> last_id{kInvalidRequestId};

}  // namespace

void Calls::start(std::shared_ptr<void> keep) {
  std::lock_guard lock(mutex_);
  thread_ = std::thread([this, keep = std::move(keep)] {
    pthread_setname_np(pthread_self(), "omni callbacks");
    run();
  });
  thread_id_ = thread_.get_id();
}

void Calls::run() {
  Lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return first_due() != queue_.end() || (queue_.empty() && finished_); });
    if (queue_.empty()) return;
    make_first_call(lock);
  }
}

std::deque<Calls::Task>::iterator Calls::first_due() {
  return std::find_if(queue_.begin(), queue_.end(), [this](const Task& task) {
    if (!task.callee) return true;
    const auto& running = task.callee->running_;
    return std::all_of(running.begin(), running.end(), [this](auto id) { return id == thread_id_; });
  });
}

void Calls::make_first_call(Lock& lock) {
  const auto first = first_due();
  auto task = std::move(*first);
  queue_.erase(first);
  make_call(lock, std::move(task));
}

bool Calls::make_awaited_call(Lock& lock) {
  const auto is_due = [](const Task& task) {
    if (!task.callee || (!task.awaited && task.callee->waiters_ == 0)) return false;
    return task.callee->running_.empty();  // The calls of one callee are made one after the other.
  };
  const auto found = std::find_if(queue_.begin(), queue_.end(), is_due);
  if (found == queue_.end()) return false;
  auto task = std::move(*found);
  queue_.erase(found);
  make_call(lock, std::move(task));
  return true;
}

void Calls::make_call(Lock& lock, Task task) {
  if (!task.callee) {
    lock.unlock();
    task.call();
    task = {};
    lock.lock();
    return;
  }
  --task.callee->pending_;
  if (!task.callee->closed_) call_of(lock, *task.callee, task.call);
  if (task.ends) {
    task.ends->closed_ = true;
    forget(*task.ends);
  }
  changed(*task.callee);
  // What the call holds is the program's or a provider's, and may do anything when it goes.
  lock.unlock();
  task = {};
  lock.lock();
}

void Calls::call_of(Lock& lock, Callee& callee, const std::function<void()>& call) {
  const auto self = std::this_thread::get_id();
  callee.running_.push_back(self);
  calling_.push_back(self);
  lock.unlock();
  if (call) {
    try {
      call();
    } catch (...) {
      log::error("callbacks", {"A callback threw an exception, which none may"});
    }
  }
  lock.lock();
  callee.running_.erase(std::find(callee.running_.begin(), callee.running_.end(), self));
  calling_.erase(std::find(calling_.begin(), calling_.end(), self));
  called_.notify_all();
  callee.answered_ = true;
  changed(callee);
}

void Calls::changed(Callee& callee) {
  callee.changed_.notify_all();
  work_.notify_all();  // Whoever waits on the callbacks' thread waits there.
}

void Calls::forget(Request& request) { requests_.erase(request.id); }

std::shared_ptr<Request> Calls::begin(Request::Kind kind, std::function<void()> fail) {
  std::lock_guard lock(mutex_);
  if (finishing_) return nullptr;
  auto request = std::make_shared<Request>(++last_id, kind, std::move(fail));
  requests_.emplace(request->id, request);
  return request;
}

std::shared_ptr<Request> Calls::find(OmniClientRequestId id) {
  std::lock_guard lock(mutex_);
  const auto found = requests_.find(id);
  return found == requests_.end() ? nullptr : found->second;
}

void Calls::enqueue(Task task) {
  queue_.push_back(std::move(task));
  work_.notify_all();
}

void Calls::post(const std::shared_ptr<Request>& request, std::function<void()> call, Then then) {
  bool overflown = false;
  {
    std::lock_guard lock(mutex_);
    if (request->closed_ || request->ended_ || finished_) return;
    overflown = then == Then::More && request->pending_ >= kMaxPending;
    if (overflown) then = Then::End;
    request->ended_ = then == Then::End;
    ++request->pending_;
    enqueue({request, request->ended_ ? request : nullptr, overflown ? request->fail_ : std::move(call), false});
  }
  if (!overflown) return;
  log::error("callbacks", {"A request ends: its callback has not kept up with what comes"});
  request->operation->cancel();
}

void Calls::post(const std::shared_ptr<Callee>& callee, std::function<void()> call) {
  post(callee, std::move(call), false);
}

void Calls::post_awaited(const std::shared_ptr<Callee>& callee, std::function<void()> call) {
  post(callee, std::move(call), true);
}

void Calls::post(const std::shared_ptr<Callee>& callee, std::function<void()> call, bool awaited) {
  {
    std::lock_guard lock(mutex_);
    if (callee->closed_ || finished_) return;
    if (callee->pending_ < kMaxPending) {
      ++callee->pending_;
      enqueue({callee, nullptr, std::move(call), awaited});
      return;
    }
  }
  log::warning("callbacks", {"A registered callback does not keep up; a call of it was dropped"});
}

void Calls::post(std::function<void()> call) {
  std::lock_guard lock(mutex_);
  if (!finished_) enqueue({nullptr, nullptr, std::move(call), false});
}

void Calls::call_here(const std::shared_ptr<Callee>& callee, const std::function<void()>& call) {
  Lock lock(mutex_);
  const auto self = std::this_thread::get_id();
  const auto& running = callee->running_;
  const bool elsewhere = std::any_of(running.begin(), running.end(), [self](auto id) { return id != self; });
  if (!callee->closed_ && !finished_ && callee->pending_ == 0 && !elsewhere) call_of(lock, *callee, call);
}

bool Calls::is_idle(const Callee& callee) {
  std::lock_guard lock(mutex_);
  return callee.pending_ == 0 && callee.running_.empty();
}

bool Calls::wait_until(Lock& lock, Callee& callee, const std::function<bool()>& done,
                       std::optional<Clock::time_point> deadline) {
  const bool here = on_callback_thread();
  while (!done()) {
    if (deadline && Clock::now() >= *deadline) return false;
    if (here && make_awaited_call(lock)) continue;
    auto& condition = here ? work_ : callee.changed_;
    if (!deadline) {
      condition.wait(lock);
    } else {
      condition.wait_until(lock, *deadline);
    }
  }
  return true;
}

void Calls::close_locked(Lock& lock, Callee& callee) {
  callee.closed_ = true;
  changed(callee);
  const auto self = std::this_thread::get_id();
  wait_until(
      lock, callee,
      [&callee, self] {
        return std::all_of(callee.running_.begin(), callee.running_.end(), [self](auto id) { return id == self; });
      },
      std::nullopt);
}

void Calls::close(const std::shared_ptr<Callee>& callee) {
  Lock lock(mutex_);
  close_locked(lock, *callee);
}

void Calls::stop(OmniClientRequestId id) {
  const auto request = find(id);
  if (!request) return;
  {
    Lock lock(mutex_);
    request->closed_ = true;
  }
  request->operation->cancel();
  Lock lock(mutex_);
  close_locked(lock, *request);
  forget(*request);  // Last, so that whoever stops it at the same time waits as well.
}

bool Calls::wait(OmniClientRequestId id, std::optional<std::chrono::milliseconds> limit) {
  const auto request = find(id);
  if (!request) return true;
  std::optional<Clock::time_point> deadline;
  constexpr auto kForEver = std::chrono::hours(24 * 365);
  if (limit && *limit < kForEver) deadline = Clock::now() + *limit;
  const auto self = std::this_thread::get_id();
  Lock lock(mutex_);
  ++request->waiters_;
  work_.notify_all();  // The callbacks' thread may be waiting, and make no call that nobody waits for.
  const bool waited = wait_until(
      lock, *request,
      [&request, self] {
        const auto& running = request->running_;
        return request->answered_ || (request->closed_ && running.empty()) ||
               std::find(running.begin(), running.end(), self) != running.end();
      },
      deadline);
  --request->waiters_;
  return waited;
}

bool Calls::inside_a_call() {
  const auto self = std::this_thread::get_id();
  std::lock_guard lock(mutex_);
  return self == thread_id_ || std::find(calling_.begin(), calling_.end(), self) != calling_.end();
}

bool Calls::is_answered(const std::shared_ptr<Request>& request) {
  std::lock_guard lock(mutex_);
  return request->answered_ || !request->running_.empty();
}

void Calls::cancel_all() {
  std::vector<std::shared_ptr<Request>> running;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, request] : requests_) running.push_back(request);
  }
  for (const auto& request : running) request->operation->cancel();
}

void Calls::finish() {
  std::vector<std::shared_ptr<Request>> left;
  {
    std::lock_guard lock(mutex_);
    if (finishing_) return;
    finishing_ = true;
    for (const auto& [id, request] : requests_) left.push_back(request);
  }
  std::sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  for (const auto& request : left) request->operation->cancel();
  Lock lock(mutex_);
  for (const auto& request : left) {
    if (request->closed_ || request->ended_) continue;
    request->ended_ = true;
    ++request->pending_;
    // A stream that has been answered has nothing left to say.
    const bool owes = !request->answered_ && request->running_.empty();
    enqueue({request, request, owes ? request->fail_ : nullptr, false});
  }
  const auto self = std::this_thread::get_id();
  const auto alone = [this, self] {
    return std::all_of(calling_.begin(), calling_.end(), [self](auto id) { return id == self; });
  };
  if (on_callback_thread()) {
    // A call on another thread may wait for one that is made here.
    for (;;) {
      if (first_due() != queue_.end()) {
        make_first_call(lock);
      } else if (queue_.empty() && alone()) {
        break;
      } else {
        work_.wait(lock);
      }
    }
    finished_ = true;
    thread_.detach();
    return;
  }
  finished_ = true;
  work_.notify_all();
  lock.unlock();
  thread_.join();
  lock.lock();
  called_.wait(lock, alone);
}

}  // namespace omniclient
