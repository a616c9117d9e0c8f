#pragma once

#include <vector>

#include <omnibroker/config.hpp>
#include <omnibroker/message.hpp>
#include <omnibroker/result.hpp>
#include <omnibroker/subscriptions.hpp>

namespace omnibroker::plugins::subscriptions {

/// Reads a bounding box as GeoJSON has it (RFC 7946, section 5): four numbers, west, south, east, north; or six, with
/// the lowest height behind south and the highest behind north. A west that is larger than the east crosses the 180th
/// meridian, and becomes two boxes.
///
/// `position`: what the route's fields mean, in their order, which becomes that of the boxes' dimensions. An error says
/// what the field `bbox` must be.
Result<std::vector<Subscription::Box>> read_bounding_box(const Json& bbox, const TextList& position);

}  // namespace omnibroker::plugins::subscriptions
