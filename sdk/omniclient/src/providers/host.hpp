#pragma once

#include "OmniClient.h"
#include "engine/credentials.hpp"
#include "engine/loop.hpp"
#include "engine/pool.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace omniclient {

/// What connections are told of the program, and how they behave, as the program has set it.
struct Connecting {
  std::string product_name;
  std::string product_version;
  std::string product_extra;
  std::map<std::string, std::string> http_headers;
  bool bypass_list_cache = false;
  OmniClientCacheBypassStatus cache_bypass = eOmniClientCacheBypassStatus_Disabled;
};

/// What the engine lends its providers. Outlives them.
struct ProviderHost {
  Loop& loop;
  Pool& pool;
  Credentials& credentials;
  std::function<std::int64_t(const char* setting, std::int64_t otherwise)> setting;
  /// `server` is `scheme://host[:port]`. Connecting and Connected are what new callbacks are told; the others end that.
  std::function<void(const std::string& server, OmniClientConnectionStatus)> connection_status;
  /// As it is now. From every thread.
  std::function<Connecting()> connecting;
};

}  // namespace omniclient
