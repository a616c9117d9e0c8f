// Which section holds what: the table behind reading, the schema and the reference.
#include "config/sections.hpp"

#include <initializer_list>

namespace omnibroker::core {
namespace {

std::vector<const omnibroker_option*> joined(std::initializer_list<Options> lists) {
  std::vector<const omnibroker_option*> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Section endpoint_section(omnibroker_kind kind) {
  return {joined({component_spec().options(), endpoint_spec().options()}), {}, kind, nullptr};
}

}  // namespace

std::vector<std::string_view> Section::keys() const {
  std::vector<std::string_view> names;
  for (const auto* option : options) names.emplace_back(option->name);
  for (const auto& part : parts) names.emplace_back(part.key);
  return names;
}

const Section& root_section() {
  using Form = Part::Form;
  static const Section section{
      joined({root_spec().options()}),
      {{"plugins", "Where plugins come from.", Form::One, &plugins_section()},
       {"listeners", "Sockets on which clients connect. Transports and services share them.", Form::Named,
        &listener_section(), "listener"},
       {"transports", "Protocols that carry messages, each on a path of a listener.", Form::Named, &transport_section(),
        "transport"},
       {"services", "Plugins that answer requests on a path without taking part in routing.", Form::Named,
        &service_section(), "service"},
       {"bridges", "Plugins that join other systems, each with a role as if it were a client.", Form::Named,
        &bridge_section(), "bridge"},
       {"routes", "What happens to each message type: who may send it, who handles it, who gets it.", Form::Named,
        &route_section(), "message type"},
       {"roles",
        "What clients can register as. A role exists by being named in a route or bridge; only a title that "
        "cannot be made from its name is given here.",
        Form::Named, &role_section(), "role"},
       {"reply", "The plugin that says what an ack and an error look like; the plugin `reply` if it is left out.",
        Form::Component, &reply_section()},
       {"notices",
        "The plugin that writes the broker's own messages to clients that ask for them: a welcome, and what a slow "
        "client "
        "has missed. Without it there are none.",
        Form::Component, &notices_section()},
       {"limits", "Bounds on what clients can ask for.", Form::One, &limits_section()},
       {"control", "How the running broker is looked at and changed.", Form::One, &control_section()},
       {"crashes", "What a crash leaves behind, and when its plugin is not loaded any more.", Form::One,
        &crashes_section()},
       {"log", "The broker's log.", Form::One, &log_section()}},
      0,
      nullptr};
  return section;
}

const Section& plugins_section() {
  static const Section section{joined({plugins_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& listener_section() {
  static const Section section{
      joined({listener_spec().options()}),
      {{"tls", "TLS with these files; without it, plain text.", Part::Form::One, &tls_section()}},
      0,
      nullptr};
  return section;
}

const Section& tls_section() {
  static const Section section{joined({tls_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& transport_section() {
  static const Section section = endpoint_section(OMNIBROKER_KIND_TRANSPORT);
  return section;
}

const Section& service_section() {
  static const Section section = endpoint_section(OMNIBROKER_KIND_SERVICE);
  return section;
}

const Section& bridge_section() {
  static const Section section{
      joined({component_spec().options(), bridge_spec().options()}), {}, OMNIBROKER_KIND_BRIDGE, nullptr};
  return section;
}

const Section& route_section() {
  static const Section section{joined({route_spec().options()}),
                               {{"handler", "The plugin that gives the message its meaning.", Part::Form::Component,
                                 &handler_section(), nullptr, true},
                                {"filters", "Plugins that see the message before the handler, in this order.",
                                 Part::Form::Components, &filter_section()}},
                               0,
                               nullptr};
  return section;
}

const Section& role_section() {
  static const Section section{joined({role_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& handler_section() {
  static const Section section{joined({component_spec().options()}), {}, OMNIBROKER_KIND_HANDLER, OMNIBROKER_HANDLER};
  return section;
}

const Section& filter_section() {
  static const Section section{joined({component_spec().options()}), {}, OMNIBROKER_KIND_FILTER, nullptr};
  return section;
}

const Section& reply_section() {
  static const Section section{joined({component_spec().options()}), {}, OMNIBROKER_KIND_HANDLER, OMNIBROKER_REPLY};
  return section;
}

const Section& notices_section() {
  static const Section section{joined({component_spec().options()}), {}, OMNIBROKER_KIND_HANDLER, OMNIBROKER_NOTICES};
  return section;
}

const Section& limits_section() {
  static const Section section{joined({limits_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& control_section() {
  static const Section section{joined({control_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& crashes_section() {
  static const Section section{joined({crashes_spec().options()}), {}, 0, nullptr};
  return section;
}

const Section& log_section() {
  static const Section section{joined({log_spec().options()}), {}, 0, nullptr};
  return section;
}

std::string misfit(const omnibroker_component_type& type, const Section& section) {
  const auto name = std::string(type.name);
  if (type.kind != section.component) {
    return name + " is a " + std::string(kind_name(type.kind)) + ", expected a " +
           std::string(kind_name(section.component));
  }
  const bool offers = section.table == nullptr || type.table == nullptr || type.table(section.table) != nullptr;
  if (!offers) return name + " does not offer " + section.table + ", which it needs here";
  for (std::size_t i = 0; i < type.option_count; ++i) {
    for (const auto* own : section.options) {
      if (std::string_view(own->name) != type.options[i]->name) continue;
      return name + " has an option " + own->name + ", which is a key of the broker's own here";
    }
  }
  return {};
}

}  // namespace omnibroker::core
