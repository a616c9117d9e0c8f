#include "components.hpp"

#include "config/wording.hpp"

#include <algorithm>

namespace omnibroker::tools {

std::vector<const core::ComponentConfig*> components_of(const core::BrokerConfig& config) {
  std::vector<const core::ComponentConfig*> all;
  for (const auto& endpoint : config.endpoints) all.push_back(&endpoint.component);
  for (const auto& bridge : config.bridges) all.push_back(&bridge.component);
  for (const auto& route : config.routes) {
    for (const auto& filter : route.filters) all.push_back(&filter);
    all.push_back(&route.handler);
  }
  all.push_back(&config.reply);
  if (!config.notices.plugin.empty()) all.push_back(&config.notices);
  return all;
}

const core::EndpointConfig* find_endpoint(const core::BrokerConfig& config, std::string_view name) {
  const auto found = std::find_if(config.endpoints.begin(), config.endpoints.end(),
                                  [&](const auto& endpoint) { return endpoint.component.name == name; });
  return found == config.endpoints.end() ? nullptr : &*found;
}

std::string instead_of(std::string_view name, const std::vector<const core::ComponentConfig*>& components) {
  std::vector<std::string_view> names;
  for (const auto* component : components) names.emplace_back(component->name);
  const auto meant = core::did_you_mean(name, names);
  if (!meant.empty() || names.empty()) return meant;
  return "; there is " + core::listing(names);
}

}  // namespace omnibroker::tools
