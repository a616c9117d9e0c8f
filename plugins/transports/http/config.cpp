#include "config.hpp"

namespace omnibroker::plugins::http {
namespace {

bool is_origin(const std::string& text) {
  if (text == "*" || text == "null") return true;
  const auto scheme_end = text.find("://");
  return scheme_end != std::string::npos && scheme_end > 0 && scheme_end + 3 < text.size() &&
         text.find_first_of("/?# ", scheme_end + 3) == std::string::npos;
}

Status check(const Config& config) {
  for (const auto& [name, role] : config.status_roles) {
    if (name == "total" || name == "registered") {
      return Error{ErrorCode::InvalidArgument, "status_roles: the name is taken by another count: " + name};
    }
  }
  for (const auto& origin : config.allowed_origins) {
    if (!is_origin(origin)) {
      return Error{ErrorCode::InvalidArgument,
                   "allowed_origins: not an origin, which is written https://host or https://host:port: " + origin};
    }
  }
  return {};
}

}  // namespace

const ConfigSpec<Config>& config_spec() {
  using namespace std::chrono_literals;
  static const auto spec =
      ConfigSpec<Config>{}
          .field("service_name", &Config::service_name, "What GET /health calls the service.")
          .reloadable()
          .field("service_version", &Config::service_version, "The version that GET /health answers.")
          .reloadable()
          .field(
              "status_roles", &Config::status_roles,
              "The counts that GET /status answers beside the totals: the name of each, and the role that it counts.")
          .reloadable()
          .example("{robots: robot, screens: web_ui}")
          .field(
              "allowed_origins", &Config::allowed_origins,
              "Origins whose web pages may use the gateway; * is every one. With a list, other pages can read nothing, "
              "and change nothing. Programs that are not web pages are not affected.")
          .reloadable()
          .example("[\"https://map.example.com\", \"http://localhost:3000\"]")
          .field("metrics", &Config::metrics, "Whether GET /metrics answers the broker's metrics to everyone who asks.")
          .reloadable()
          .field("objects", &Config::objects,
                 "The message types whose latest messages GET /objects answers to everyone who asks, of routes with "
                 "`latest_by`; the first is what it answers where the query has no `type`. Empty: there is no such "
                 "path.")
          .reloadable()
          .example("[coordinate_update, sensor_reading]")
          .field(
              "request_timeout", &Config::request_timeout,
              "How long a request may take from its head to its answer. A body that is not whole by then is answered "
              "with 408.")
          .reloadable()
          .range(10ms, std::chrono::milliseconds(1h))
          .field("events_keep_alive", &Config::events_keep_alive,
                 "How often a comment is sent on a quiet event stream, so that proxies do not take it for dead.")
          .reloadable()
          .range(0ms, std::chrono::milliseconds(1h))
          .check(check);
  return spec;
}

}  // namespace omnibroker::plugins::http
