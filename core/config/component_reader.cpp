#include "config/component_reader.hpp"

#include "config/wording.hpp"

#include <utility>

namespace omnibroker::core {

Result<const omnibroker_component_type*> ComponentReader::find(const std::string& plugin,
                                                               const Section& section) const {
  if (!find_type_) return nullptr;
  const auto found = find_type_(plugin);
  if (!found) return found;
  const auto reason = misfit(*found.value(), section);
  return reason.empty() ? found : Error{ErrorCode::InvalidArgument, reason};
}

void ComponentReader::check_isolation(const Place& place, const Section& section, const ComponentConfig& component) {
  if (component.isolation == Isolation::None) return;
  if (&section == &handler_section() || &section == &bridge_section()) return;
  const bool is_reply = &section == &reply_section() || &section == &notices_section();
  const auto what = is_reply ? "what writes replies and notices" : std::string(kind_name(section.component)) + "s";
  context_.findings.error(place.node->find("isolation")->value.mark, place.path + ".isolation",
                          "process is not supported for " + what + ", only for handlers of routes and for bridges");
}

ComponentConfig ComponentReader::read_map(const Place& place, const Section& section, std::string name) {
  auto component = component_spec().read(place, context_);
  component.name = std::move(name);
  component.kind = section.component;
  component.position = position_of(place.mark);
  check_isolation(place, section, component);
  const bool is_replaced = !component.plugin.empty() && component.name == instead_.component;
  if (is_replaced) component.plugin = instead_.plugin;
  const auto* plugin = place.node->find("plugin");
  if (plugin == nullptr || component.plugin.empty()) {
    if (plugin != nullptr && plugin->value.is_text()) {
      context_.findings.error(plugin->value.mark, place.path + ".plugin", "a plugin's name cannot be empty");
    }
    return component;
  }

  const auto type = find(component.plugin, section);
  if (!type) {
    const auto problem = "cannot use plugin " + shown(component.plugin) + ": " + type.error().message;
    const auto path = place.path + ".plugin";
    component.required || is_replaced ? context_.findings.error(plugin->value.mark, path, problem)
                                      : context_.findings.warning(plugin->value.mark, path, "left out: " + problem);
    return component;
  }
  component.type = type.value();
  if (component.type == nullptr) return component;  // nobody to ask

  const Options options(type.value()->options, type.value()->option_count);
  auto known = section.keys();
  for (const auto* option : options) known.emplace_back(option->name);
  refuse_unknown_keys(place, known, context_.findings);
  component.values = read_options(options, place, context_);
  return component;
}

ComponentConfig ComponentReader::read(const Place& place, const Section& section, std::string name) {
  if (place.node->kind == Node::Kind::Map) return read_map(place, section, std::move(name));
  if (place.node->kind != Node::Kind::Scalar) {
    context_.findings.error(place.node->mark, place.path,
                            "expected the name of a plugin, or a map with plugin and its options");
    return ComponentConfig{std::move(name), {}, section.component, true, nullptr, {}, position_of(place.mark)};
  }
  Node map;
  map.kind = Node::Kind::Map;
  map.mark = place.node->mark;
  map.entries.push_back({"plugin", place.node->mark, *place.node});
  return read_map({&map, map.mark, place.path}, section, std::move(name));
}

}  // namespace omnibroker::core
