#pragma once

#include <string>
#include <string_view>

namespace omnibroker::plugins::http {

/// `text` as a JSON string, quotes included. The one place where this transport writes text into JSON.
std::string json_text(std::string_view text);

}  // namespace omnibroker::plugins::http
