#pragma once

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// Whether the body may be read as JSON: `application/json`, with no charset but UTF-8, and no content coding. A body
/// of no declared type is taken for what it must be.
bool is_json(const Request& request);

}  // namespace omnibroker::plugins::http
