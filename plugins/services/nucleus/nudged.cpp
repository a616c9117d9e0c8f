#include "nudged.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

void Nudged::start(const ApiClientPtr& client) {
  nucleus_.hub().add(Hub::Of::Path, path_, client->store(), shared_from_this());
  if (client->outbox().closed()) nucleus_.hub().remove(Hub::Of::Path, path_, this);
  nudge();
}

bool Nudged::tell(const store::Change&) {
  nudge();
  const std::lock_guard lock(mutex_);
  return !ended_;
}

void Nudged::lost() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  const auto client = client_.lock();
  if (!client || !client->remove(id_)) return;
  client->more(id_, {{"status", wire::name(wire::Status::AccessLost)}, {"fin", true}});
}

void Nudged::stop() {
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
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    nudged_ = false;
    ended = ended_;
  }
  if (ended) return abandon(client);
  const auto next = catch_up(client);
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    working_ = false;
    if (next == Next::End) ended_ = true;
    again = !ended_ && (nudged_ || next == Next::Again);
  }
  if (next == Next::End) client->remove(id_), nucleus_.hub().remove(Hub::Of::Path, path_, this);
  if (again) nudge();
}

}  // namespace omnibroker::plugins::nucleus
