#include "config/components.hpp"

#include <algorithm>

namespace omnibroker::core {

std::vector<const ComponentConfig*> components_of(const BrokerConfig& config) {
  std::vector<const ComponentConfig*> all;
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

const ComponentConfig* find_component(const BrokerConfig& config, std::string_view name) {
  for (const auto* component : components_of(config)) {
    if (component->name == name) return component;
  }
  return nullptr;
}

ComponentConfig* find_component(BrokerConfig& config, std::string_view name) {
  return const_cast<ComponentConfig*>(find_component(static_cast<const BrokerConfig&>(config), name));
}

const EndpointConfig* find_endpoint(const BrokerConfig& config, std::string_view name) {
  const auto found = std::find_if(config.endpoints.begin(), config.endpoints.end(),
                                  [&](const auto& endpoint) { return endpoint.component.name == name; });
  return found == config.endpoints.end() ? nullptr : &*found;
}

}  // namespace omnibroker::core
