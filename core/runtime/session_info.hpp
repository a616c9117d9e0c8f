#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace omnibroker::core {

/// One client, for people.
struct SessionInfo {
  std::string client_id;
  std::string role;  ///< Empty: not registered.
  std::string component;
  unsigned generation = 0;
  std::string peer;  ///< Empty: no connection now.
  unsigned worker = 0;
  std::size_t pending = 0;  ///< Bytes that it has not taken.
  std::uint64_t dropped = 0;
  bool catching_up = false;
  std::chrono::seconds age{0};
};

}  // namespace omnibroker::core
