#pragma once

#include <string>

#include <Poco/JSON/Object.h>

namespace omnibroker::tools {

/// What a change comes to, or has come to, as people read it.
std::string plan_text(const Poco::JSON::Object& plan);
std::string apply_text(const Poco::JSON::Object& report);

}  // namespace omnibroker::tools
