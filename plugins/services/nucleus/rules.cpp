#include "rules.hpp"

namespace omnibroker::plugins::nucleus {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDataDoc =
    "The folder that everything is kept in, made where it is not there. Services that name the same folder are one "
    "Nucleus.";
constexpr const char* kQuotaDoc =
    "Bytes of all contents together, each counted once; what goes beyond is refused. `0B`: as much as the disk has. "
    "The same "
    "in all services of one folder.";
constexpr const char* kPingDoc =
    "After how long a silence the client is pinged. One that does not answer until the next is gone.";

constexpr ByteSize kib(std::uint64_t count) { return {count * 1024}; }
constexpr ByteSize mib(std::uint64_t count) { return {count * 1024 * 1024}; }
constexpr ByteSize kMostBytes{std::uint64_t{1} << 50};

}  // namespace

const ConfigSpec<DiscoveryConfig>& discovery_spec() {
  static const auto spec =
      ConfigSpec<DiscoveryConfig>{}
          .field(
              "auth_port", &DiscoveryConfig::auth_port,
              "Where the authentication service is, for clients that come to this service at the path `/` of a port of "
              "its own. Clients that come to `/omni/discovery` are sent to `/omni/auth` and `/omni/api` instead.")
          .range(1u, 65'535u)
          .field("api_port", &DiscoveryConfig::api_port, "The same for the Nucleus API.")
          .range(1u, 65'535u);
  return spec;
}

const ConfigSpec<AuthConfig>& auth_spec() {
  static const auto spec =
      ConfigSpec<AuthConfig>{}
          .field("data", &AuthConfig::data, kDataDoc)
          .required()
          .example("/var/lib/omnibroker/nucleus")
          .field("quota", &AuthConfig::quota, kQuotaDoc)
          .range(ByteSize{0}, kMostBytes)
          .field("access_token_lifetime", &AuthConfig::access_token_lifetime,
                 "How long somebody who has logged in may connect to the API by the token that he got.")
          .range<std::chrono::nanoseconds>(1s, 365 * 24h)
          .field("refresh_token_lifetime", &AuthConfig::refresh_token_lifetime,
                 "How long he can get a new one without his password.")
          .range<std::chrono::nanoseconds>(1s, 365 * 24h)
          .field("first_admin", &AuthConfig::first_admin,
                 "The name of an administrator who is made when the folder has no users yet. Empty: he is `omniverse`, "
                 "with a "
                 "random password in the file `first-password` of the folder.")
          .example("omniverse")
          .field("first_admin_password", &AuthConfig::first_admin_password,
                 "His password. It is only used when he is made; he may change it then.")
          .secret()
          .field("ping_interval", &AuthConfig::ping_interval, kPingDoc)
          .range<std::chrono::nanoseconds>(0s, 1h)
          .check([](const AuthConfig& config) -> Status {
            if (config.first_admin.empty() == config.first_admin_password.empty()) return {};
            return Error{ErrorCode::InvalidArgument,
                         "first_admin and first_admin_password belong together: one is given without the other"};
          });
  return spec;
}

const ConfigSpec<ApiConfig>& api_spec() {
  static const auto spec =
      ConfigSpec<ApiConfig>{}
          .field("data", &ApiConfig::data, kDataDoc)
          .required()
          .example("/var/lib/omnibroker/nucleus")
          .field("quota", &ApiConfig::quota, kQuotaDoc)
          .range(ByteSize{0}, kMostBytes)
          .field("lft_port", &ApiConfig::lft_port,
                 "Where large-file transfer is, for clients that come to this service at the path `/` of a port of its "
                 "own. "
                 "Clients that come to `/omni/api` are sent to `/omni/lft` instead.")
          .range(1u, 65'535u)
          .field(
              "lft_threshold", &ApiConfig::lft_threshold,
              "Contents of more bytes are read by HTTP (large-file transfer), and clients are told to write them so.")
          .range(ByteSize{0}, mib(64))
          .field("max_subscriptions", &ApiConfig::max_subscriptions,
                 "Subscriptions and channels of one connection at one time; more are refused with QUOTA_REACHED.")
          .range(1u, 1'000'000u)
          .field("max_in_flight", &ApiConfig::max_in_flight,
                 "Requests of one connection that are not answered yet; more are refused with SLOW_DOWN.")
          .range(1u, 100'000u)
          .field("backoff_time", &ApiConfig::backoff_time, "How long a client that was told SLOW_DOWN should wait.")
          .range<std::chrono::nanoseconds>(1ms, 1min)
          .field("tidy_interval", &ApiConfig::tidy_interval,
                 "How often contents that nothing names any more, and uploads that were forgotten, are removed.")
          .range<std::chrono::nanoseconds>(1s, 24h)
          .field("keep_deleted", &ApiConfig::keep_deleted,
                 "How long what was deleted can be brought back; then it is destroyed with its checkpoints. `0s`: for "
                 "ever, but for all except the newest eight of one path.")
          .range<std::chrono::nanoseconds>(0s, 10 * 365 * 24h)
          .field("max_unread", &ApiConfig::max_unread,
                 "What may wait for one client that does not read. Past it no more of its requests are taken, and a "
                 "subscription or channel that has something for it ends with QUOTA_REACHED.")
          .range(kib(64), mib(1024))
          .field("login_timeout", &ApiConfig::login_timeout,
                 "How long a connection may be there without anybody having logged in. Until then its messages have at "
                 "most 64 KiB. `off`: for ever.")
          .range<std::chrono::nanoseconds>(0s, 1h)
          .field("ping_interval", &ApiConfig::ping_interval, kPingDoc)
          .range<std::chrono::nanoseconds>(0s, 1h);
  return spec;
}

const ConfigSpec<LftConfig>& lft_spec() {
  static const auto spec = ConfigSpec<LftConfig>{}
                               .field("data", &LftConfig::data, kDataDoc)
                               .required()
                               .example("/var/lib/omnibroker/nucleus")
                               .field("quota", &LftConfig::quota, kQuotaDoc)
                               .range(ByteSize{0}, kMostBytes)
                               .field("max_part", &LftConfig::max_part,
                                      "The largest body of one PUT. A content comes in as many of them as it needs.")
                               .range(mib(5), mib(1024))
                               .field("max_silence", &LftConfig::max_silence,
                                      "How long a client may send nothing of a body that it has begun; then it is "
                                      "answered 408, and the connection is closed.")
                               .range<std::chrono::nanoseconds>(1s, 1h);
  return spec;
}

}  // namespace omnibroker::plugins::nucleus
