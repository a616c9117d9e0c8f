#pragma once

#include "config/broker_config.hpp"

#include <string_view>
#include <vector>

namespace omnibroker::core {

/// Every component of a configuration, each once, in the order of the file. They belong to `config`.
std::vector<const ComponentConfig*> components_of(const BrokerConfig& config);

/// The component of this name, or null.
const ComponentConfig* find_component(const BrokerConfig& config, std::string_view name);
ComponentConfig* find_component(BrokerConfig& config, std::string_view name);

/// The transport or service of this name, or null.
const EndpointConfig* find_endpoint(const BrokerConfig& config, std::string_view name);

}  // namespace omnibroker::core
