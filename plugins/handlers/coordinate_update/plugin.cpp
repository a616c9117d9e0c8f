#include <cstddef>
#include <string>
#include <string_view>

#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::coordinate_update {
namespace {

constexpr std::size_t kLongestPrimPath = 1024;

/// Where an object of the scene is on the globe.
///
/// What goes out is what came in, byte by byte, so that numbers keep the sender's digits and fields that are unknown
/// here reach who knows them. Only a missing height is added: receivers may rely on it.
///
/// Threads: no state.
class CoordinateUpdate final : public Handler {
 public:
  static constexpr const char* failure_code = "COORDINATE_UPDATE_FAILED";
  static constexpr const char* noun = "coordinate updates";

  explicit CoordinateUpdate(Host) {}

  Outcome handle(const Message& message, Call& call) override {
    if (const auto prim_path = fields::require_path(message, "prim_path", kLongestPrimPath); !prim_path) {
      return fields::refuse(prim_path.error());
    }
    if (const auto latitude = fields::require_number(message, "latitude", -90, 90); !latitude) {
      return fields::refuse(latitude.error());
    }
    if (const auto longitude = fields::require_number(message, "longitude", -180, 180); !longitude) {
      return fields::refuse(longitude.error());
    }
    const auto height = fields::optional_number(message, "height");
    if (!height) return fields::refuse(height.error());
    if (const auto metadata = fields::optional_object(message, "metadata"); !metadata) {
      return fields::refuse(metadata.error());
    }
    if (const auto timestamp = fields::optional_string(message, "timestamp"); !timestamp) {
      return fields::refuse(timestamp.error());
    }

    if (!height.value()) call.replace(with_height(message.payload()));
    return Outcome::accept();
  }

 private:
  /// `payload` ends with the brace that closes it, and has members before it.
  static std::string with_height(std::string_view payload) {
    constexpr std::string_view kHeight = R"(,"height":0.0})";
    std::string changed;
    changed.reserve(payload.size() + kHeight.size());
    return changed.append(payload.substr(0, payload.size() - 1)).append(kHeight);
  }
};

}  // namespace
}  // namespace omnibroker::plugins::coordinate_update

OMNIBROKER_PLUGIN("coordinate_update", "1.0.0", "Coordinates from Omniverse to maps.",
                  omnibroker::component<omnibroker::plugins::coordinate_update::CoordinateUpdate>(
                      "coordinate_update",
                      "Checks prim_path, latitude, longitude, height and metadata; adds height 0.0."))
