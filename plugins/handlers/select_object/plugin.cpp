#include <cstddef>

#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::select_object {
namespace {

constexpr std::size_t kLongestPrimPath = 1024;

/// A user of a map chose an object: Omniverse selects it in the scene. Goes out as it came in.
///
/// Threads: no state.
class SelectObject final : public Handler {
 public:
  static constexpr const char* failure_code = "OBJECT_SELECTION_FAILED";
  static constexpr const char* noun = "object selection commands";

  explicit SelectObject(Host) {}

  Outcome handle(const Message& message, Call&) override {
    if (const auto prim_path = fields::require_path(message, "prim_path", kLongestPrimPath); !prim_path) {
      return fields::refuse(prim_path.error());
    }
    if (const auto timestamp = fields::optional_string(message, "timestamp"); !timestamp) {
      return fields::refuse(timestamp.error());
    }
    return Outcome::accept();
  }
};

}  // namespace
}  // namespace omnibroker::plugins::select_object

OMNIBROKER_PLUGIN("select_object", "1.0.0", "Selections from maps to Omniverse.",
                  omnibroker::component<omnibroker::plugins::select_object::SelectObject>("select_object",
                                                                                          "Checks prim_path."))
