#pragma once

#include "config/components.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::tools {

/// ` (did you mean "transports.realtime"?)`, or what there is to choose from.
std::string instead_of(std::string_view name, const std::vector<const core::ComponentConfig*>& components);

}  // namespace omnibroker::tools
