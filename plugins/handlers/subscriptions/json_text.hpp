#pragma once

#include <string>
#include <string_view>

namespace omnibroker::plugins::subscriptions {

/// `text`, which is UTF-8, as a JSON string with its quotes.
std::string json_text(std::string_view text);

}  // namespace omnibroker::plugins::subscriptions
