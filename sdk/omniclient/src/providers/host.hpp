#pragma once

#include "OmniClient.h"
#include "engine/loop.hpp"
#include "engine/pool.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace omniclient {

/// What the engine lends its providers. Outlives them.
struct ProviderHost {
  Loop& loop;
  Pool& pool;
  std::function<std::int64_t(const char* setting, std::int64_t otherwise)> setting;
  /// `server` is `scheme://host[:port]`.
  std::function<void(const std::string& server, OmniClientConnectionStatus)> connection_status;
  /// How long failed work is repeated.
  std::function<OmniClientRetryBehavior()> retries;
  /// What every HTTP request says: the name of the program, and what omniClientSetHttpHeader has set.
  std::function<std::map<std::string, std::string>()> http_headers;
};

}  // namespace omniclient
