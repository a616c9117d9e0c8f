#include "session/directory.hpp"

#include "session/session.hpp"

#include <array>
#include <stdexcept>

#include <openssl/rand.h>

namespace omnibroker::core {

omnibroker_session SessionDirectory::next_number(unsigned worker) {
  return ((last_number_.fetch_add(1, std::memory_order_relaxed) + 1) << kWorkerBits) | worker;
}

std::string SessionDirectory::make_client_id() {
  std::array<unsigned char, 16> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("The system gave no random bytes");
  }
  random[6] = static_cast<unsigned char>((random[6] & 0x0f) | 0x40);
  random[8] = static_cast<unsigned char>((random[8] & 0x3f) | 0x80);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  id.reserve(36);
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id.push_back('-');
    id.push_back(kDigits[random[i] >> 4]);
    id.push_back(kDigits[random[i] & 0x0f]);
  }
  return id;
}

void SessionDirectory::registered(int role) {
  registered_.fetch_add(1, std::memory_order_relaxed);
  with_role_[static_cast<std::size_t>(role)].fetch_add(1, std::memory_order_relaxed);
}

void SessionDirectory::closed(int role) {
  total_.fetch_sub(1, std::memory_order_relaxed);
  if (role < 0) return;
  registered_.fetch_sub(1, std::memory_order_relaxed);
  with_role_[static_cast<std::size_t>(role)].fetch_sub(1, std::memory_order_relaxed);
}

void SessionDirectory::set_most_detached(std::size_t most) {
  const std::lock_guard lock(mutex_);
  most_detached_ = most;
}

bool SessionDirectory::add_key(const std::string& key, omnibroker_session number) {
  const std::lock_guard lock(mutex_);
  if (keys_.size() >= most_detached_) return false;
  return keys_.emplace(key, number).second;
}

void SessionDirectory::remove_key(const std::string& key) {
  const std::lock_guard lock(mutex_);
  keys_.erase(key);
}

void SessionDirectory::hide(omnibroker_session number) {
  const std::lock_guard lock(mutex_);
  std::erase_if(keys_, [number](const auto& entry) { return entry.second == number; });
}

omnibroker_session SessionDirectory::find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(key);
  return found == keys_.end() ? 0 : found->second;
}

}  // namespace omnibroker::core
