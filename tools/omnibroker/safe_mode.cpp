#include "safe_mode.hpp"

#include "containment/crash_reports.hpp"
#include "plugin/catalog.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace omnibroker::tools {
namespace {

constexpr const char* kWhatToDo = "build the plugin again, or remove its reports with `omnibroker crashes --clear`";

class Removal {
 public:
  Removal(const core::Catalog& catalog, std::vector<core::CrashingPlugin> crashing, SafeMode& result)
      : catalog_(catalog), crashing_(std::move(crashing)), result_(result) {}

  /// Notes the component where it has to go.
  bool goes(const core::ComponentConfig& component) {
    const auto* library = library_of(component);
    if (library != nullptr) note(component, *library);
    return library != nullptr;
  }

  /// The route itself, where its handler or a filter goes that it requires; otherwise perhaps a filter of it.
  bool goes(core::RouteConfig& route) {
    std::erase_if(route.filters, [&](const auto& filter) { return !filter.required && goes(filter); });
    const core::CrashingPlugin* because_of = nullptr;
    for (const auto& filter : route.filters) {
      const auto* library = library_of(filter);
      if (library == nullptr) continue;
      note(filter, *library);
      because_of = library;
    }
    if (goes(route.handler)) return true;
    if (because_of != nullptr) note(route.handler, *because_of);
    return because_of != nullptr;
  }

  const core::CrashingPlugin* library_of(const core::ComponentConfig& component) const {
    if (component.type == nullptr) return nullptr;
    const auto hash = catalog_.origin(*component.type).hash;
    const auto found =
        std::find_if(crashing_.begin(), crashing_.end(), [&](const auto& each) { return each.sha256 == hash; });
    return found == crashing_.end() ? nullptr : &*found;
  }

 private:
  void note(const core::ComponentConfig& component, const core::CrashingPlugin& library) {
    result_.left_out.push_back({component.name, library.plugin, library.sha256, library.crashes});
  }

  const core::Catalog& catalog_;
  const std::vector<core::CrashingPlugin> crashing_;
  SafeMode& result_;
};

}  // namespace

Result<SafeMode> apply_safe_mode(core::BrokerConfig& config, const core::Catalog& catalog,
                                 const std::filesystem::path& folder) {
  SafeMode result;
  result.folder = folder;
  if (folder.empty()) return result;
  const auto reports = core::read_crash_reports(folder);
  Removal removal(catalog,
                  core::crashing_plugins(reports, config.crashes.safe_mode_after, config.crashes.safe_mode_window),
                  result);
  if (const auto* library = removal.library_of(config.reply); library != nullptr) {
    return Error{ErrorCode::Unavailable, "reply: plugin " + library->plugin + " (" + library->sha256.substr(0, 12) +
                                             ") has crashed " + std::to_string(library->crashes) +
                                             " times, and nothing can be served without it; the reports are in " +
                                             folder.string() + "; " + kWhatToDo};
  }
  std::erase_if(config.endpoints, [&](const auto& endpoint) { return removal.goes(endpoint.component); });
  std::erase_if(config.bridges, [&](const auto& bridge) { return removal.goes(bridge.component); });
  std::erase_if(config.routes, [&](auto& route) { return removal.goes(route); });
  if (removal.goes(config.notices)) config.notices = {};
  return result;
}

void warn_of(const SafeMode& safe_mode, core::Log& log) {
  struct Library {
    const SafeMode::LeftOut* first = nullptr;
    std::string components;
  };
  std::map<std::string, Library> libraries;
  for (const auto& one : safe_mode.left_out) {
    auto& library = libraries[one.sha256];
    library.first = &one;
    library.components += (library.components.empty() ? "" : ", ") + one.component;
  }
  for (const auto& [hash, library] : libraries) {
    log.warn("Safe mode: what a plugin makes that has crashed again and again is left out",
             {{"plugin", library.first->plugin},
              {"sha256", hash},
              {"crashes", library.first->crashes},
              {"components", library.components},
              {"reports", safe_mode.folder.string()},
              {"to_do", kWhatToDo}});
  }
}

}  // namespace omnibroker::tools
