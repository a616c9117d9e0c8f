#include "errand.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

/// One run, which knows when it is thrown away.
class Errand::Turn {
 public:
  explicit Turn(Errand& errand) : errand_(errand) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!begun_) errand_.not_begun();
  }
  void begin() {
    begun_ = true;
    errand_.carry_out();
  }

 private:
  Errand& errand_;
  bool begun_ = false;
};

void Errand::ask() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    if (std::exchange(working_, true)) return;
  }
  begin();
}

void Errand::go_on() {
  {
    const std::lock_guard lock(mutex_);
    if (!asked_ || std::exchange(working_, true)) return;
  }
  begin();
}

void Errand::begin() {
  static_cast<void>(run_([turn = std::make_shared<Turn>(*this)] { turn->begin(); }));
}

void Errand::carry_out() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = false;
  }
  body_();
  {
    const std::lock_guard lock(mutex_);
    working_ = asked_;
    if (!working_) return;
  }
  begin();
}

void Errand::not_begun() {
  const std::lock_guard lock(mutex_);
  working_ = false;  // `go_on`, or whoever asks next, tries again
}

}  // namespace omnibroker::plugins::nucleus
