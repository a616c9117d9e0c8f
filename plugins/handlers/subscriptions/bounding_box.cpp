#include "bounding_box.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::plugins::subscriptions {
namespace {

constexpr std::size_t kFlat = 4;
constexpr std::size_t kWithHeights = 6;

struct Range {
  double low = std::numeric_limits<double>::lowest();
  double high = std::numeric_limits<double>::max();

  bool within(double minimum, double maximum) const { return low >= minimum && high <= maximum; }
};

/// What the numbers of a bounding box mean. A longitude's low end may lie east of its high end.
struct Edges {
  Range latitude;
  Range longitude;
  std::optional<Range> height;
};

Error must(std::string_view what) { return {ErrorCode::InvalidArgument, "Field 'bbox' must " + std::string(what)}; }

Result<Edges> read_edges(const Json& bbox) {
  const auto count = bbox.is_array() ? bbox.size() : 0;
  if (count != kFlat && count != kWithHeights) {
    return must(
        "be an array of four numbers (west, south, east, north) or six (west, south, lowest, east, north, highest)");
  }
  std::array<double, kWithHeights> numbers{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto element = bbox.at(i);
    if (!element || !element->second.is_number()) return must("hold numbers alone");
    numbers[i] = element->second.number();
  }
  const auto opposite = count / 2;
  Edges edges{{numbers[1], numbers[opposite + 1]}, {numbers[0], numbers[opposite]}, std::nullopt};
  if (count == kWithHeights) edges.height = Range{numbers[2], numbers[opposite + 2]};
  return edges;
}

Status check(const Edges& edges) {
  const Range west_to_east{std::min(edges.longitude.low, edges.longitude.high),
                           std::max(edges.longitude.low, edges.longitude.high)};
  if (!west_to_east.within(-180, 180)) return must("have its west and east between -180 and 180");
  if (!edges.latitude.within(-90, 90)) return must("have its south and north between -90 and 90");
  if (edges.latitude.low > edges.latitude.high) return must("not have its south above its north");
  if (edges.height && edges.height->low > edges.height->high)
    return must("not have its lowest height above its highest");
  return {};
}

/// As many dimensions as are needed to compare what the box bounds.
Subscription::Box box_of(const Edges& edges, Range longitude, const TextList& position) {
  Subscription::Box box;
  box.dimensions = 0;
  for (std::size_t i = 0; i < position.size() && i < box.low.size(); ++i) {
    Range range;
    if (position[i] == "latitude") range = edges.latitude;
    if (position[i] == "longitude") range = longitude;
    if (position[i] == "height" && edges.height) range = *edges.height;
    box.low[i] = range.low;
    box.high[i] = range.high;
    if (position[i] != "height" || edges.height) box.dimensions = static_cast<std::uint32_t>(i + 1);
  }
  return box;
}

}  // namespace

Result<std::vector<Subscription::Box>> read_bounding_box(const Json& bbox, const TextList& position) {
  auto read = read_edges(bbox);
  if (!read) return read.error();
  const Edges& edges = *read;
  if (const auto status = check(edges); !status) return status.error();
  if (edges.height && std::find(position.begin(), position.end(), "height") == position.end()) {
    return must("be four numbers (west, south, east, north): positions have no height here");
  }
  const auto [west, east] = edges.longitude;
  if (west <= east) return std::vector{box_of(edges, {west, east}, position)};
  return std::vector{box_of(edges, {west, 180}, position), box_of(edges, {-180, east}, position)};
}

}  // namespace omnibroker::plugins::subscriptions
