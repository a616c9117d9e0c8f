#pragma once

#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <memory>

namespace omniclient {

/// Nucleus servers: `omniverse://host[:port]/path`. It has every ability that a provider can have; what one server has
/// depends on that server.
std::unique_ptr<Provider> make_omniverse_provider(const ProviderHost& host);

}  // namespace omniclient
