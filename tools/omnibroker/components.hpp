#pragma once

#include "config/broker_config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::tools {

/// Every component of a configuration, each once, in the order of the file. They belong to `config`.
std::vector<const core::ComponentConfig*> components_of(const core::BrokerConfig& config);

/// The transport or service of this name, or null.
const core::EndpointConfig* find_endpoint(const core::BrokerConfig& config, std::string_view name);

/// ` (did you mean "transports.realtime"?)`, or what there is to choose from.
std::string instead_of(std::string_view name, const std::vector<const core::ComponentConfig*>& components);

}  // namespace omnibroker::tools
