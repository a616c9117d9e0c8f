#include "found_types.hpp"

#include "installation.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace omnibroker::tools {

FoundTypes find_types(const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> path(folders.begin(), folders.end());
  if (path.empty()) path = plugin_folders({});

  FoundTypes found;
  found.catalog = std::make_unique<core::Catalog>(path);
  for (const auto& folder : path) {
    for (const auto& report : found.catalog->scan(folder)) {
      if (report.plugin == nullptr) continue;
      for (std::size_t i = 0; i < report.plugin->component_count; ++i) {
        found.types.push_back(report.plugin->components[i]);
      }
    }
  }
  const auto order = [](const omnibroker_component_type* type) {
    return std::pair(type->kind, std::string_view(type->name));
  };
  std::sort(found.types.begin(), found.types.end(), [&](auto* a, auto* b) { return order(a) < order(b); });
  const auto same = [&](auto* a, auto* b) { return order(a) == order(b); };
  found.types.erase(std::unique(found.types.begin(), found.types.end(), same), found.types.end());
  return found;
}

}  // namespace omnibroker::tools
