#pragma once

#include "config/broker_config.hpp"

#include <filesystem>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// Where `auto` puts crash reports: in the first of these folders that can be used. `$STATE_DIRECTORY/crashes` (systemd
/// sets it for a service with `StateDirectory=`), `$XDG_STATE_HOME/omnibroker/crashes`, as root
/// `/var/lib/omnibroker/crashes`, `~/.local/state/omnibroker/crashes`, `/tmp/omnibroker-<uid>/crashes`.
std::vector<std::filesystem::path> crash_folders();

/// The folder that a configuration means, made where it is not there; an empty path where it wants none. Unavailable:
/// it cannot be made, or other users could put something there.
Result<std::filesystem::path> open_crash_folder(const core::CrashesConfig& config);

/// The folders where reports may lie that a configuration means. Nothing is made.
std::vector<std::filesystem::path> existing_crash_folders(const core::CrashesConfig& config);

}  // namespace omnibroker::tools
