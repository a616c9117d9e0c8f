#pragma once

#include "config/broker_config.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// One mistake in a configuration. Prints as `file:line:column: path: problem`.
struct ConfigError {
  SourcePosition position;
  std::string path;     ///< `routes.coordinate_update.from`; empty for the file as a whole.
  std::string problem;  ///< What is wrong and what was expected, with the nearest name where one is near.

  std::string to_string() const;
};

/// What reading a configuration came to: all errors at once, sorted by position, or none.
struct LoadedConfig {
  BrokerConfig config;
  std::vector<ConfigError> errors;
  std::vector<std::filesystem::path> files;  ///< That it came from: the file, what it includes, secrets, certificates.
  std::vector<ConfigError> warnings;         ///< Legal, and probably not meant: no route lets anyone register.
};

/// Answers the component type behind a plugin's name, or why there is none.
using TypeLookup = std::function<Result<const omnibroker_component_type*>(std::string_view plugin)>;

/// Where `${NAME}` and `env:NAME` look: the environment, or a test's own map. Answers false for an unknown name.
using Environment = std::function<bool(const std::string& name, std::string& value)>;
Environment process_environment();

/// A plugin to take in the place of the one that the file gives to a component; without a name, none. The options of
/// the file are then checked against this one's specification. It must be usable, also where the component is not
/// required.
struct PluginOverride {
  std::string component;  ///< `transports.realtime`
  std::string plugin;     ///< As a file would give it.
};

/// Reads a file and everything it includes. `find_type` is asked once per component; without it (null) plugins' options
/// are not checked.
LoadedConfig load_config(const std::filesystem::path& file, const TypeLookup& find_type,
                         const Environment& environment = process_environment(), const PluginOverride& instead = {});

/// The same from text; `name` stands for the file in errors, and includes are relative to the current folder.
LoadedConfig parse_config(std::string_view text, const std::string& name, const TypeLookup& find_type,
                          const Environment& environment = process_environment());

/// Only `plugins.path` of a file, so that plugins can be found before the rest is read. Empty where the file is
/// unreadable.
std::vector<std::string> plugin_path_of(const std::filesystem::path& file,
                                        const Environment& environment = process_environment());

/// Only `crashes:` of a file, so that also a crash while plugins are found leaves a report. The defaults where it is
/// unreadable; what is wrong with it shows when the whole file is read.
CrashesConfig crashes_config_of(const std::filesystem::path& file,
                                const Environment& environment = process_environment());

/// The effective configuration, every default filled in and secrets as ***, as YAML that could be read again.
std::string dump_config(const BrokerConfig& config, const TypeLookup& find_type);

/// The JSON Schema (draft 2020-12) of the whole configuration; the options of each given component type are part of it.
std::string config_schema(const std::vector<const omnibroker_component_type*>& types);

/// The reference of one component type's options, or of the broker's own sections, for a terminal (plain text) or
/// docs/configuration.md (Markdown).
enum class ReferenceFormat { Text, Markdown };
std::string describe_type(const omnibroker_component_type& type, ReferenceFormat format);
std::string describe_broker(ReferenceFormat format);

}  // namespace omnibroker::core
