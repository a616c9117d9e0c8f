#include "nudged.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

void Nudged::start(const ApiClientPtr& client) {
  nucleus_.hub().add(Hub::Of::Path, path_, client->store(), shared_from_this());
  // Whoever has stopped it in between did not find it there.
  if (!client->has(*this, ticket_.id)) return end();
  nudge();
}

bool Nudged::tell(const store::Change&) {
  nudge();
  const std::lock_guard lock(mutex_);
  return !ended_;
}

/// Reading shows whether it still may.
bool Nudged::check() {
  nudge();
  return true;
}

void Nudged::lost() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  if (const auto client = client_.lock()) client->finish(*this, ticket_, wire::Status::AccessLost);
}

void Nudged::stop() { end(); }

void Nudged::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  nucleus_.hub().remove(Hub::Of::Path, path_, this);
}

void Nudged::nudge() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    nudged_ = true;
    if (std::exchange(working_, true)) return;
  }
  const auto client = client_.lock();
  if (!client) return;
  client->outbox().when_there_is_room(
      [self = shared_from_this(), &pool = client->place().pool] { pool.run_in_time([self] { self->work(); }); });
}

void Nudged::work() {
  const auto client = client_.lock();
  if (!client) return;
  const bool room = client->outbox().has_room();  // others may have been quicker
  bool go = false;
  {
    const std::lock_guard lock(mutex_);
    go = room && !ended_;
    if (go) nudged_ = false;
  }
  const auto next = go ? catch_up(*client) : Next::Wait;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    working_ = false;
    again = !ended_ && next != Next::End && (nudged_ || next == Next::Again);
  }
  if (next == Next::End) end();
  if (again) nudge();
}

}  // namespace omnibroker::plugins::nucleus
