#pragma once

#include "config/broker_config.hpp"
#include "config/loader.hpp"
#include "config/sections.hpp"

#include <string>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Reads one use of a plugin: the broker's own keys, and the options of the plugin's type beside them.
///
/// A type that cannot be found, or does not fit the place, is an error where the component is required, and a warning
/// where it is not; then its options cannot be checked, and are not.
class ComponentReader {
 public:
  /// `instead`: a plugin that stands for the one that the file gives.
  ComponentReader(const TypeLookup& find_type, ReadContext& context, PluginOverride instead)
      : find_type_(find_type), context_(context), instead_(std::move(instead)) {}

  /// `place` is a map. `name` is unique in the broker: `transports.realtime`.
  ComponentConfig read_map(const Place& place, const Section& section, std::string name);

  /// `place` is a plugin's name, or a map.
  ComponentConfig read(const Place& place, const Section& section, std::string name);

 private:
  void check_isolation(const Place& place, const Section& section, const ComponentConfig& component);
  Result<const omnibroker_component_type*> find(const std::string& plugin, const Section& section) const;

  const TypeLookup& find_type_;
  ReadContext& context_;
  const PluginOverride instead_;
};

}  // namespace omnibroker::core
