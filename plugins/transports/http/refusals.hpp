#pragma once

#include <cstdint>
#include <string_view>

namespace omnibroker::plugins::http {

/// The HTTP status of the error that a message was refused with.
///
/// | code | status |
/// | --- | --- |
/// | `INVALID_JSON`, `INVALID_MESSAGE_FORMAT`, `UNKNOWN_MESSAGE_TYPE`, `UNSUPPORTED_CLIENT_TYPE` | 400 |
/// | `CLIENT_NOT_REGISTERED` | 401 |
/// | `UNAUTHORIZED` | 403 |
/// | `REGISTRATION_FAILED` | 409: it contradicts what the session is |
/// | `RESOURCE_EXHAUSTED` | 429 |
/// | `INTERNAL_ERROR` | 500 |
/// | `UNAVAILABLE` | 503 |
/// | every other | 422: well formed, and handling it failed |
unsigned status_of_code(std::string_view code);

/// The code for what HTTP itself refuses with this status: 404 is `NOT_FOUND`.
std::string_view code_of_status(std::uint32_t status);

}  // namespace omnibroker::plugins::http
