#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace omnibroker::core {

class Worker;

/// While this lives every worker stands still in the middle of nothing: no message is being handled, and none is on its
/// way from one worker to another. They do what they are asked, and nothing else.
///
/// Lifecycle: the constructor comes back when all stand still; the destructor lets them go on.
/// Threads: one, which is no worker.
class StandStill {
 public:
  explicit StandStill(const std::vector<std::unique_ptr<Worker>>& workers);
  StandStill(const StandStill&) = delete;
  StandStill& operator=(const StandStill&) = delete;
  ~StandStill();

  /// Runs `question` on every worker, and adds up what they answer.
  std::size_t ask(std::function<std::size_t(Worker&)> question);

 private:
  void stand(Worker& worker);

  const std::size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<std::size_t(Worker&)> question_;  // guarded by mutex_, like all that follows
  std::size_t asked_ = 0;                         // questions so far
  std::size_t answered_ = 0;                      // workers that have answered the last one
  std::size_t sum_ = 0;
  std::size_t standing_ = 0;
  bool over_ = false;
};

}  // namespace omnibroker::core
