#include "password_gate.hpp"

#include <functional>
#include <utility>

namespace omnibroker::plugins::nucleus {

PasswordGate& PasswordGate::of_process() {
  static PasswordGate gate;
  return gate;
}

std::shared_ptr<void> PasswordGate::enter(std::string_view peer) {
  std::string host(peer.substr(0, peer.rfind(':')));
  const std::lock_guard lock(mutex_);
  if (all_ >= most_) return nullptr;
  auto& his = of_one_[host];
  if (his >= most_of_one_peer_) return nullptr;
  ++all_;
  ++his;
  return {this, [this, host = std::move(host)](void*) { leave(host); }};
}

void PasswordGate::leave(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  --all_;
  const auto his = of_one_.find(peer);
  if (--his->second == 0) of_one_.erase(his);
}

}  // namespace omnibroker::plugins::nucleus
