// What values are called.
#include "OmniClient.h"

#include <array>
#include <cstddef>

namespace {

template <std::size_t N>
char const* name(const std::array<char const*, N>& names, int value) {
  return value >= 0 && static_cast<std::size_t>(value) < N ? names[static_cast<std::size_t>(value)] : "Unknown";
}

constexpr std::array<char const*, Count_eOmniClientLogLevel> kLevels = {"Debug", "Verbose", "Info", "Warning", "Error"};
constexpr std::array<char const*, Count_eOmniClientResult> kResults = {"Ok",
                                                                       "OkLatest",
                                                                       "OkNotYetFound",
                                                                       "Error",
                                                                       "ErrorConnection",
                                                                       "ErrorNotSupported",
                                                                       "ErrorAccessDenied",
                                                                       "ErrorNotFound",
                                                                       "ErrorBadVersion",
                                                                       "ErrorAlreadyExists",
                                                                       "ErrorSourceIsDest",
                                                                       "ErrorAccessLost",
                                                                       "ErrorLocked",
                                                                       "ErrorBadRequest",
                                                                       "ErrorFolderNotEmpty",
                                                                       "ErrorWrongType",
                                                                       "ErrorUnsupportedVersion"};
constexpr std::array<char const*, Count_eOmniClientConnectionStatus> kConnections = {
    "Connecting", "Connected",     "ConnectError", "Disconnected", "SignedOut",          "NoUsername",
    "AuthAbort",  "AuthCancelled", "AuthError",    "AuthFailed",   "ServerIncompatible", "InvalidHost"};
constexpr std::array<char const*, Count_eOmniClientFileStatus> kFiles = {
    "Reading", "Writing", "Copying", "Moving", "Deleting", "Obliterating", "LiveUpdateSending", "LiveUpdateReceived",
    "Listing", "Stating"};
constexpr std::array<char const*, Count_eOmniClientCacheBypassStatus> kBypasses = {"Enabled", "Disabled"};

}  // namespace

char const* omniClientGetLogLevelString(OmniClientLogLevel level) noexcept { return name(kLevels, level); }
char omniClientGetLogLevelChar(OmniClientLogLevel level) noexcept { return name(kLevels, level)[0]; }
char const* omniClientGetResultString(OmniClientResult result) noexcept { return name(kResults, result); }
char const* omniClientGetConnectionStatusString(OmniClientConnectionStatus status) noexcept {
  return name(kConnections, status);
}
char const* omniClientGetFileStatusString(OmniClientFileStatus status) noexcept { return name(kFiles, status); }
char const* omniClientGetCacheBypassStatusString(OmniClientCacheBypassStatus status) noexcept {
  return name(kBypasses, status);
}
