#include "readers.hpp"

namespace omnibroker::nucleus::store {

std::unique_ptr<Database> Readers::take_one() {
  {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [&] { return in_use_ < most_; });
    ++in_use_;
    if (!idle_.empty()) {
      auto database = std::move(idle_.back());
      idle_.pop_back();
      return database;
    }
  }
  try {
    return std::make_unique<Database>(file_, Database::Mode::Read);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void Readers::give_back(std::unique_ptr<Database> database) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (database) idle_.push_back(std::move(database));
  }
  free_.notify_one();
}

}  // namespace omnibroker::nucleus::store
