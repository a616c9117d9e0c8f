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
/// Lifecycle: the constructor comes back when all stand still, or when one of them has not come within a second,
/// because it is inside a call that takes long: then nobody does. The destructor lets them go on. Threads: one, which
/// is no worker.
class StandStill {
 public:
  explicit StandStill(const std::vector<std::unique_ptr<Worker>>& workers);
  StandStill(const StandStill&) = delete;
  StandStill& operator=(const StandStill&) = delete;
  ~StandStill();

  bool all_stand() const { return all_stand_; }
  /// Runs `question` on every worker, and adds up what they answer. Only where all stand.
  std::size_t ask(std::function<std::size_t(Worker&)> question);

 private:
  /// Shared with a worker that comes late, maybe when the rest of this is gone.
  struct Common {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<std::size_t(Worker&)> question;  // guarded by mutex, like all that follows
    std::size_t asked = 0;                         // questions so far
    std::size_t answered = 0;                      // workers that have answered the last one
    std::size_t sum = 0;
    std::size_t standing = 0;
    bool over = false;

    void stand(Worker& worker);
  };

  const std::size_t count_;
  const std::shared_ptr<Common> common_ = std::make_shared<Common>();
  bool all_stand_ = false;
};

}  // namespace omnibroker::core
