#include "config.hpp"

#include <algorithm>
#include <string_view>

namespace omnibroker::plugins::subscriptions {
namespace {

Status check(const Config& config) {
  const auto count = [&](std::string_view axis) {
    return std::count(config.position.begin(), config.position.end(), axis);
  };
  if (config.key_field.empty()) return Error{ErrorCode::InvalidArgument, "key_field must not be empty"};
  if (count("latitude") != 1 || count("longitude") != 1 || count("height") > 1) {
    return Error{ErrorCode::InvalidArgument,
                 "position must name latitude and longitude once each, and height at most once"};
  }
  return {};
}

}  // namespace

const ConfigSpec<Config>& config_spec() {
  static const auto spec =
      ConfigSpec<Config>{}
          .field("key_field", &Config::key_field,
                 "The member of a request that holds the pattern of keys. Clients expect the name of the route's "
                 "`latest_by` field.")
          .example("sensor_id")
          .field("position", &Config::position,
                 "What the route's `position` fields mean, in their order; a bounding box is turned into it. A route "
                 "without a height may leave out the last one, and then takes boxes without heights only.")
          .choices("latitude|longitude|height")
          .example("[longitude, latitude]")
          .check(check);
  return spec;
}

}  // namespace omnibroker::plugins::subscriptions
