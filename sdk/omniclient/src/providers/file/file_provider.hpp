#pragma once

#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <memory>

namespace omniclient {

/// The local file system: `file:` URLs and raw paths. What blocks runs in the host's pool.
std::unique_ptr<Provider> make_file_provider(const ProviderHost& host);

}  // namespace omniclient
