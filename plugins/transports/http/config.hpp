#pragma once

#include <chrono>
#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::plugins::http {

struct Config {
  std::string service_name = "Omni Web Gateway";
  std::string service_version = "1.0.0";
  TextMap status_roles = {{"omniverse_clients", "omniverse_extension"}, {"web_clients", "web_ui"}};
  TextList allowed_origins = {"*"};
  bool metrics = true;
  TextList objects = {"coordinate_update"};
  std::chrono::milliseconds request_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds events_keep_alive = std::chrono::seconds(15);
};

/// All of it can be changed in place.
const ConfigSpec<Config>& config_spec();

}  // namespace omnibroker::plugins::http
