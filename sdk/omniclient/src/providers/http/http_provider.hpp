#pragma once

#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <memory>

namespace omniclient {

/// `http:` and `https:`: what can be had of any web server, which is reading. What ends with a slash is a folder, and
/// so is what the server sends there by adding one. Changes are found by asking again, every `http.poll_ms`.
std::unique_ptr<Provider> make_http_provider(const ProviderHost& host);

}  // namespace omniclient
