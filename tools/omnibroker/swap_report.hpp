#pragma once

#include "control_client.hpp"

#include <string>

#include <Poco/JSON/Object.h>

namespace omnibroker::tools {

/// What a swap or rollback has come to, for people.
std::string swap_report_text(const Poco::JSON::Object& report);

/// Shows how many connections have moved, where a person looks at standard error.
ControlClient::Progress shown_progress();

}  // namespace omnibroker::tools
