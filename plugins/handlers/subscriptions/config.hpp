#pragma once

#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::plugins::subscriptions {

/// How the messages that clients choose from name and place their objects: options of `subscribe` and of `snapshot`.
struct Config {
  std::string key_field = "prim_path";
  TextList position = {"latitude", "longitude", "height"};
};

const ConfigSpec<Config>& config_spec();

}  // namespace omnibroker::plugins::subscriptions
