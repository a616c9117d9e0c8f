#pragma once

#include <string>
#include <string_view>

namespace omnibroker::plugins::http {

/// openapi.json as it was built in; it describes the transport as mounted at `/api`.
std::string_view openapi_resource();

/// The same for another mount.
std::string openapi_document(std::string_view mount);

}  // namespace omnibroker::plugins::http
