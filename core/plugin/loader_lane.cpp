#include "plugin/loader_lane.hpp"

#include "containment/call_marks.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace omnibroker::core {

struct LoaderLane::State {
  struct Job {
    std::function<void()> step;
    enum class Phase { Queued, Running, Done } phase = Phase::Queued;
    std::chrono::steady_clock::time_point began;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> queue;
  std::thread thread;
  std::size_t generation = 0;  // of `thread`; a thread that finds another number here has been given up
  std::size_t stuck = 0;
  bool stopping = false;

  static void serve(const std::shared_ptr<State>& state, std::size_t generation);
  static void start_thread(const std::shared_ptr<State>& state);
};

void LoaderLane::State::start_thread(const std::shared_ptr<State>& state) {
  // The thread owns the state too: it may outlive the lane, stuck in a step.
  state->thread = std::thread([state, generation = state->generation] { serve(state, generation); });
}

void LoaderLane::State::serve(const std::shared_ptr<State>& state, std::size_t generation) {
  register_this_thread();
  std::unique_lock lock(state->mutex);
  while (true) {
    state->changed.wait(lock, [&] { return state->stopping || !state->queue.empty(); });
    if (state->queue.empty()) return;
    const auto job = state->queue.front();
    state->queue.pop_front();
    job->phase = Job::Phase::Running;
    job->began = std::chrono::steady_clock::now();
    state->changed.notify_all();

    lock.unlock();
    job->step();
    job->step = nullptr;  // what the step owns is let go here, not by whoever waits
    lock.lock();

    job->phase = Job::Phase::Done;
    state->changed.notify_all();
    if (generation != state->generation) {
      --state->stuck;  // it came back after all; another thread has taken its place
      return;
    }
  }
}

LoaderLane::LoaderLane() : state_(std::make_shared<State>()) { State::start_thread(state_); }

LoaderLane::~LoaderLane() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    thread = std::move(state_->thread);
  }
  state_->changed.notify_all();
  thread.join();
}

bool LoaderLane::run(std::function<void()> step, std::chrono::milliseconds deadline) {
  const auto job = std::make_shared<State::Job>();
  job->step = std::move(step);

  std::unique_lock lock(state_->mutex);
  state_->queue.push_back(job);
  state_->changed.notify_all();
  // The time of the steps before it is not this step's: each of those has a deadline of its own.
  state_->changed.wait(lock, [&] { return job->phase != State::Job::Phase::Queued; });
  const bool done =
      state_->changed.wait_until(lock, job->began + deadline, [&] { return job->phase == State::Job::Phase::Done; });
  if (done) return true;

  ++state_->stuck;
  ++state_->generation;
  state_->thread.detach();
  State::start_thread(state_);
  return false;
}

std::size_t LoaderLane::stuck() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stuck;
}

}  // namespace omnibroker::core
