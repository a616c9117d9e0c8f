#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::plugins::nucleus {

/// Of the discovery service.
struct DiscoveryConfig {
  std::uint32_t auth_port = 3100;
  std::uint32_t api_port = 3009;
};

/// Of the authentication service.
struct AuthConfig {
  std::string data;
  ByteSize quota{0};
  std::chrono::nanoseconds access_token_lifetime = std::chrono::hours(24);
  std::chrono::nanoseconds refresh_token_lifetime = std::chrono::hours(24 * 30);
  std::string first_admin;
  std::string first_admin_password;
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(20);
};

/// Of the Nucleus API.
struct ApiConfig {
  std::string data;
  ByteSize quota{0};
  std::uint32_t lft_port = 3030;
  ByteSize lft_threshold{65'536};
  std::uint32_t max_subscriptions = 1'000;
  std::uint32_t max_in_flight = 1'000;
  std::chrono::nanoseconds backoff_time = std::chrono::milliseconds(500);
  std::chrono::nanoseconds tidy_interval = std::chrono::minutes(30);
  std::chrono::nanoseconds keep_deleted{0};
  ByteSize max_unread{16 * 1024 * 1024};
  std::chrono::nanoseconds login_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(20);
};

/// Of large-file transfer.
struct LftConfig {
  std::string data;
  ByteSize quota{0};
  ByteSize max_part{64 * 1024 * 1024};
  std::chrono::nanoseconds max_silence = std::chrono::minutes(1);
};

const ConfigSpec<DiscoveryConfig>& discovery_spec();
const ConfigSpec<AuthConfig>& auth_spec();
const ConfigSpec<ApiConfig>& api_spec();
const ConfigSpec<LftConfig>& lft_spec();

}  // namespace omnibroker::plugins::nucleus
