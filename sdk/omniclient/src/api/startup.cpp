#include "api/start.hpp"
#include "engine/log.hpp"

#include <cstdlib>

using namespace omniclient;  // NOLINT: every function of this file is an entry point

namespace {

constexpr std::uint64_t kOldest = std::uint64_t{18} << 32;  // 0.18, without its patch

std::string version_text(std::uint64_t version) {
  return std::to_string(version >> 48) + "." + std::to_string(version >> 32 & 0xFFFF) + "." +
         std::to_string(version & 0xFFFFFFFF);
}

/// Empty where the caller may go on.
std::string refusal(std::uint64_t version) {
  const auto major = version >> 48;
  const auto minor = version >> 32 & 0xFFFF;
  if ((version & ~std::uint64_t{0xFFFFFFFF}) == kOldest) {
    const char* accepted = std::getenv("OMNICLIENT_ACCEPT_0_18");
    if (accepted != nullptr && std::string_view(accepted) == "1") return {};
    return "0.18 has other values for some results; OMNICLIENT_ACCEPT_0_18=1 accepts it all the same";
  }
  if (major != OMNICLIENT_VERSION_MAJOR) return "the major version must be " + std::to_string(OMNICLIENT_VERSION_MAJOR);
  if (minor > OMNICLIENT_VERSION_MINOR) {
    return "the minor version must not be above " + std::to_string(OMNICLIENT_VERSION_MINOR);
  }
  return {};
}

}  // namespace

bool omniClientInitialize(uint64_t version) noexcept {
  const auto refused = refusal(version);
  if (!refused.empty()) {
    log::error("engine",
               {"A program for version ", version_text(version), " of the client library is refused by version ",
                version_text(kOmniClientVersion), ": ", refused});
    return false;
  }
  Engine::initialize();
  return true;
}

void omniClientShutdown() noexcept { Engine::shut_down(); }

char const* omniClientGetVersionString() noexcept { return OMNICLIENT_BUILD_STRING; }

void omniClientSetProductInfo(char const* name, char const* version, char const* extra) noexcept {
  const auto engine = Engine::get();
  if (!engine) return;
  engine->connecting([&](Connecting& connecting) {
    connecting.product_name = api::text(name);
    connecting.product_version = api::text(version);
    connecting.product_extra = api::text(extra);
  });
}

bool omniClientTraceStart() noexcept { return false; }
void omniClientTraceStop() noexcept {}

void omniClientSetLogCallback(OmniClientLogCallback callback) noexcept { log::set_callback(callback); }
void omniClientSetLogLevel(OmniClientLogLevel level) noexcept { log::set_level(level); }
