#pragma once

#include "config/broker_config.hpp"
#include "config/component_reader.hpp"
#include "config/sections.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::core {

/// What one section of the file came to, with the place to point at when a relation between sections is wrong.
template <class T>
struct Read {
  T config;
  Place place;

  /// Where the option `key` stands, or else the section.
  Mark at(std::string_view key) const {
    const auto* entry = place.node->find(key);
    return entry == nullptr ? place.mark : entry->value.mark;
  }
  /// Whether the file gives a text for `key`; anything else there has been reported.
  bool gives(std::string_view key) const {
    const auto* entry = place.node->find(key);
    return entry != nullptr && entry->value.is_text();
  }
};

/// Everything that was read, not yet checked against one another.
struct ReadBroker {
  Place root;
  RootOptions options;
  std::vector<std::string> plugin_path;
  std::vector<Read<ListenerConfig>> listeners;
  std::vector<Read<EndpointConfig>> endpoints;
  std::vector<Read<BridgeConfig>> bridges;
  std::vector<Read<RouteConfig>> routes;  ///< `from` still holds `anyone`.
  std::vector<Read<RoleConfig>> roles;
  ComponentConfig reply;
  ComponentConfig notices;
  LimitsConfig limits;
  Read<ControlConfig> control;
  CrashesConfig crashes;
  LogConfig log;
};

/// Reads a tree section by section.
class BrokerReader {
 public:
  BrokerReader(const TypeLookup& find_type, ReadContext& context, PluginOverride instead = {})
      : components_(find_type, context, std::move(instead)), context_(context) {}

  /// The result refers to `root`.
  ReadBroker read(const Node& root);

  /// Only `plugins:`.
  std::vector<std::string> read_plugin_path(const Place& root);
  /// Only `crashes:`.
  CrashesConfig read_crashes(const Place& root);

 private:
  template <class Take>
  void for_each_named(const Place& root, std::string_view key, std::string (*problem)(std::string_view), Take take);
  /// The map at a key; an empty one where the key is missing, has no value, or (reported) is no map.
  Place section_at(const Place& parent, std::string_view key);
  Place as_map(const Place& place, const char* expected);

  void read_listener(const Place& place, const std::string& name, ReadBroker& broker);
  void read_endpoint(const Place& place, const Section& section, std::string name, ReadBroker& broker);
  void read_bridge(const Place& place, const std::string& name, ReadBroker& broker);
  void read_route(const Place& place, const std::string& type, ReadBroker& broker);
  void read_role(const Place& place, const std::string& name, ReadBroker& broker);
  void read_filters(const Place& place, RouteConfig& route);
  ComponentConfig read_reply(const Place& root);
  Read<ControlConfig> read_control(const Place& root);
  LogConfig read_log(const Place& root);
  void resolve_file(const Place& place, std::string_view key, std::string& file) const;

  ComponentReader components_;
  ReadContext& context_;
};

}  // namespace omnibroker::core
