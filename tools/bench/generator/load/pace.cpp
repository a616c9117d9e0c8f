#include "pace.hpp"

#include <algorithm>

namespace omnibroker::load {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStall = kSecond / 4;

}  // namespace

void Pace::begin(std::uint64_t now) {
  since_ = progress_ = now;
  forgiven_.assign(crowd_.subscribers().size(), 0);
}

std::uint64_t Pace::publish(std::uint64_t now) {
  if (settings_.source == Source::Server) return publish_once(now);
  return settings_.rate > 0 ? publish_due(now) : publish_all(now);
}

std::uint64_t Pace::publish_once(std::uint64_t now) {
  auto& publisher = crowd_.publishers().front();
  if (publisher.publication.newest() == 0) publisher.publication.stamp(1, now);
  crowd_.push(publisher);
  return UINT64_MAX;
}

std::uint64_t Pace::publish_due(std::uint64_t now) {
  const auto per_message = static_cast<double>(kSecond) / settings_.rate;
  auto due = static_cast<std::uint64_t>(static_cast<double>(now - since_) / per_message) + 1;
  if (static_cast<double>(due) > static_cast<double>(sent_) + settings_.rate + 1) {
    since_ = now;
    sent_ = 0;
    due = 1;
  }
  auto& publishers = crowd_.publishers();
  for (; sent_ < due; ++sent_) {
    auto& publisher = publishers[turn_];
    if (publisher.publication.stamp(1, now) == 0) {
      crowd_.push(publisher);  // its block is used up
      if (publisher.publication.stamp(1, now) == 0) break;
    }
    turn_ = (turn_ + 1) % publishers.size();
  }
  for (auto& publisher : publishers) {
    if (!publisher.publication.unsent().empty()) crowd_.push(publisher);
  }
  return since_ + static_cast<std::uint64_t>(static_cast<double>(sent_) * per_message);
}

std::uint64_t Pace::publish_all(std::uint64_t now) {
  auto& publishers = crowd_.publishers();
  auto room = room_in_window(now);
  bool more = false;
  for (std::size_t i = 0; i < publishers.size(); ++i) {
    auto& [seat, publication] = publishers[(turn_ + i) % publishers.size()];
    if (seat.client.blocked()) continue;
    if (publication.unsent().empty()) {
      const auto stamped = publication.stamp(room, now);
      room -= stamped;
      sent_ += stamped;
    }
    crowd_.push(publishers[(turn_ + i) % publishers.size()]);
    more |= room > 0 && !seat.client.blocked();
  }
  turn_ = (turn_ + 1) % publishers.size();
  return more ? now : now + kStall;
}

std::uint64_t Pace::room_in_window(std::uint64_t now) {
  const auto& seats = crowd_.subscribers();
  auto slowest = sent_;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const auto& client = seats[i].client;
    if (client.paused() || client.stage() != Client::Stage::Ready) continue;
    slowest = std::min(slowest, client.updates() + forgiven_[i]);
  }
  const auto behind = sent_ - slowest;
  if (slowest != slowest_) {
    slowest_ = slowest;
    progress_ = now;
  }
  if (behind >= settings_.window && now - progress_ > kStall) {
    forgive();
    return settings_.window;
  }
  return settings_.window - std::min(behind, settings_.window);
}

void Pace::forgive() {
  const auto& seats = crowd_.subscribers();
  for (std::size_t i = 0; i < seats.size(); ++i) forgiven_[i] = sent_ - std::min(sent_, seats[i].client.updates());
}

}  // namespace omnibroker::load
