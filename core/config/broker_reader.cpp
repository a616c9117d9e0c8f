#include "config/broker_reader.hpp"

#include "config/addresses.hpp"
#include "config/files.hpp"
#include "config/wording.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace omnibroker::core {
namespace {

const Node& empty_map() {
  static const Node node = [] {
    Node made;
    made.kind = Node::Kind::Map;
    return made;
  }();
  return node;
}

}  // namespace

Place BrokerReader::as_map(const Place& place, const char* expected) {
  if (place.node->kind == Node::Kind::Map) return place;
  if (place.node->kind != Node::Kind::Null) {
    context_.findings.error(place.node->mark, place.path, std::string("expected ") + expected);
  }
  return {&empty_map(), place.mark, place.path};
}

Place BrokerReader::section_at(const Place& parent, std::string_view key) {
  const auto* entry = parent.node->find(key);
  if (entry != nullptr) return as_map(parent.child(*entry), "a map of options");
  return {&empty_map(), parent.mark, parent.path.empty() ? std::string(key) : parent.path + "." + std::string(key)};
}

template <class Take>
void BrokerReader::for_each_named(const Place& root, std::string_view key, std::string (*problem)(std::string_view),
                                  Take take) {
  const auto* section = root.node->find(key);
  if (section == nullptr) return;
  const auto map = as_map(root.child(*section), "a map of names");
  for (const auto& entry : map.node->entries) {
    const auto place = map.child(entry);
    if (const auto wrong = problem(entry.key); !wrong.empty()) context_.findings.error(entry.mark, place.path, wrong);
    const auto options = as_map(place, "a map of options");
    const bool is_usable = place.node->kind == Node::Kind::Map || place.node->kind == Node::Kind::Null;
    if (is_usable) take(options, entry.key);  // otherwise everything in it would be reported as missing, too
  }
}

ReadBroker BrokerReader::read(const Node& root_node) {
  const Place root{&root_node, root_node.mark, {}};
  ReadBroker broker;
  broker.root = root;
  refuse_unknown_keys(root, root_section().keys(), context_.findings);
  broker.options = root_spec().read(root, context_);
  broker.plugin_path = read_plugin_path(root);
  for_each_named(root, "listeners", name_problem,
                 [&](const Place& place, const std::string& name) { read_listener(place, name, broker); });
  for_each_named(root, "transports", name_problem, [&](const Place& place, const std::string& name) {
    read_endpoint(place, transport_section(), "transports." + name, broker);
  });
  for_each_named(root, "services", name_problem, [&](const Place& place, const std::string& name) {
    read_endpoint(place, service_section(), "services." + name, broker);
  });
  for_each_named(root, "bridges", name_problem,
                 [&](const Place& place, const std::string& name) { read_bridge(place, name, broker); });
  for_each_named(root, "routes", type_problem,
                 [&](const Place& place, const std::string& type) { read_route(place, type, broker); });
  for_each_named(root, "roles", name_problem,
                 [&](const Place& place, const std::string& name) { read_role(place, name, broker); });
  broker.reply = read_reply(root);
  if (const auto* notices = root_node.find("notices"); notices != nullptr) {
    broker.notices = components_.read(root.child(*notices), notices_section(), "notices");
  }
  const auto limits = section_at(root, "limits");
  refuse_unknown_keys(limits, limits_section().keys(), context_.findings);
  broker.limits = limits_spec().read(limits, context_);
  broker.control = read_control(root);
  broker.crashes = read_crashes(root);
  broker.log = read_log(root);
  return broker;
}

std::vector<std::string> BrokerReader::read_plugin_path(const Place& root) {
  const auto place = section_at(root, "plugins");
  refuse_unknown_keys(place, plugins_section().keys(), context_.findings);
  auto path = plugins_spec().read(place, context_).plugin_path;
  for (auto& folder : path) resolve_file(place, "path", folder);
  return path;
}

/// A file in the configuration is relative to the file that names it, so that a folder of them can be moved as one.
void BrokerReader::resolve_file(const Place& place, std::string_view key, std::string& file) const {
  const auto* entry = place.node->find(key);
  if (entry == nullptr || file.empty()) return;
  file = relative_to(entry->mark.file->folder, file).string();
}

void BrokerReader::read_listener(const Place& place, const std::string& name, ReadBroker& broker) {
  refuse_unknown_keys(place, listener_section().keys(), context_.findings);
  auto listener = listener_spec().read(place, context_);
  listener.name = name;
  listener.position = position_of(place.mark);
  const auto* tls = place.node->find("tls");
  if (tls != nullptr && tls->value.kind == Node::Kind::Scalar) {
    context_.findings.error(tls->value.mark, place.path + ".tls", "expected a map with certificate and key");
  } else if (tls != nullptr) {
    const auto section = as_map(place.child(*tls), "a map with certificate and key");
    refuse_unknown_keys(section, tls_section().keys(), context_.findings);
    listener.tls = tls_spec().read(section, context_);
    resolve_file(section, "certificate", listener.tls.certificate);
    resolve_file(section, "key", listener.tls.key);
  }
  broker.listeners.push_back({std::move(listener), place});
}

void BrokerReader::read_endpoint(const Place& place, const Section& section, std::string name, ReadBroker& broker) {
  auto endpoint = endpoint_spec().read(place, context_);
  endpoint.component = components_.read_map(place, section, std::move(name));
  broker.endpoints.push_back({std::move(endpoint), place});
}

void BrokerReader::read_bridge(const Place& place, const std::string& name, ReadBroker& broker) {
  auto bridge = bridge_spec().read(place, context_);
  bridge.component = components_.read_map(place, bridge_section(), "bridges." + name);
  broker.bridges.push_back({std::move(bridge), place});
}

void BrokerReader::read_route(const Place& place, const std::string& type, ReadBroker& broker) {
  refuse_unknown_keys(place, route_section().keys(), context_.findings);
  auto route = route_spec().read(place, context_);
  route.type = type;
  route.position = position_of(place.mark);
  const auto* handler = place.node->find("handler");
  if (handler != nullptr) {
    route.handler = components_.read(place.child(*handler), handler_section(), "handlers." + type);
  } else {
    context_.findings.error(place.mark, place.path,
                            "handler is missing: the plugin that gives the message its meaning");
  }
  if (const auto* filters = place.node->find("filters"); filters != nullptr) read_filters(place.child(*filters), route);
  broker.routes.push_back({std::move(route), place});
}

void BrokerReader::read_filters(const Place& place, RouteConfig& route) {
  if (place.node->kind == Node::Kind::Null) return;
  if (place.node->kind != Node::Kind::List) {
    return context_.findings.error(place.node->mark, place.path, "expected a list of plugins: [a, b]");
  }
  for (std::size_t i = 1; i <= place.node->items.size(); ++i) {
    route.filters.push_back(
        components_.read(place.item(i), filter_section(), "filters." + route.type + "." + std::to_string(i)));
  }
}

void BrokerReader::read_role(const Place& place, const std::string& name, ReadBroker& broker) {
  refuse_unknown_keys(place, role_section().keys(), context_.findings);
  auto role = role_spec().read(place, context_);
  role.name = name;
  broker.roles.push_back({std::move(role), place});
}

ComponentConfig BrokerReader::read_reply(const Place& root) {
  if (const auto* entry = root.node->find("reply"); entry != nullptr) {
    auto reply = components_.read(root.child(*entry), reply_section(), "reply");
    if (!reply.required) {
      context_.findings.error(entry->value.mark, "reply.required",
                              "expected true: without replies nobody could be told of a mistake");
    }
    return reply;
  }
  Node name;
  name.kind = Node::Kind::Scalar;
  name.text = "reply";
  name.mark = root.mark;
  return components_.read({&name, root.mark, "reply"}, reply_section(), "reply");
}

Read<ControlConfig> BrokerReader::read_control(const Place& root) {
  const auto place = section_at(root, "control");
  refuse_unknown_keys(place, control_section().keys(), context_.findings);
  auto control = control_spec().read(place, context_);
  if (control.is_path() && !control.socket.empty()) {
    resolve_file(place, "socket", control.socket);
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(control.socket, failed);
    if (!failed) control.socket = absolute.lexically_normal().string();  // clients run in other folders
  }
  return {std::move(control), place};
}

CrashesConfig BrokerReader::read_crashes(const Place& root) {
  const auto place = section_at(root, "crashes");
  refuse_unknown_keys(place, crashes_section().keys(), context_.findings);
  auto crashes = crashes_spec().read(place, context_);
  if (crashes.is_path()) {
    resolve_file(place, "folder", crashes.folder);
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(crashes.folder, failed);
    if (!failed) crashes.folder = absolute.lexically_normal().string();  // a process may change its folder
  }
  return crashes;
}

LogConfig BrokerReader::read_log(const Place& root) {
  const auto place = section_at(root, "log");
  refuse_unknown_keys(place, log_section().keys(), context_.findings);
  auto log = log_spec().read(place, context_);
  resolve_file(place, "file", log.file);
  if (!log.file.empty() && log.output != LogOutput::File) {
    context_.findings.warning(place.child(*place.node->find("file")).node->mark, "log.file",
                              "has no effect without output: file");
  }
  return log;
}

}  // namespace omnibroker::core
