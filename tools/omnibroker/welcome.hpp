#pragma once

#include "broker/broker.hpp"

#include <string>
#include <vector>

namespace omnibroker::tools {

/// What a person reads when the broker serves: where, and what to try next.
std::string welcome_text(const std::vector<core::Broker::Listening>& listening);

}  // namespace omnibroker::tools
