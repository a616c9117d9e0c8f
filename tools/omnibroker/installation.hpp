#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// Where the folders of plugins are: those of the configuration, those of OMNIBROKER_PLUGIN_PATH, then those that
/// belong to this executable, in a build tree (`../plugins`) or installed (`../lib/omnibroker/plugins`). Only folders
/// that exist, but for the configuration's own: one that is missing there is a mistake that must show.
std::vector<std::filesystem::path> plugin_folders(const std::vector<std::string>& configured);

/// The configuration that `omnibroker run` takes by itself: `configs/gateway.yaml` of the current folder, of the source
/// tree that this executable was built in, or of the installation. NotFound names where it was looked for.
Result<std::filesystem::path> default_config();

/// This executable.
std::filesystem::path executable_path();

/// The program that a command of a plugin is: `omnibroker-NAME`, which came with the plugin and lies in
/// `libexec/omnibroker` beside this executable's folder, in a build tree or installed. NotFound says where it was
/// looked for.
Result<std::filesystem::path> command_program(const std::string& name);

/// How to call this executable from the current folder, for what is shown to a person.
std::string program_name();

}  // namespace omnibroker::tools
