#pragma once

#include "config/broker_config.hpp"
#include "config/kind_name.hpp"
#include "config/section_spec.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

struct Section;

/// What stands under a key that is not a plain option.
struct Part {
  enum class Form {
    One,         ///< A map: the section itself.
    Named,       ///< A map of names to sections.
    Component,   ///< A plugin's name, or a map with `plugin` and its options.
    Components,  ///< A list of those.
  };
  const char* key;
  const char* doc;
  Form form;
  const Section* section;
  const char* name_of = nullptr;  ///< Of Named: what the names are: "message type".
  bool required = false;
};

/// A map of the configuration: which keys it has. The whole file is one of these; reading, the schema, the reference
/// and the search for unknown keys all walk the same tables.
struct Section {
  std::vector<const omnibroker_option*> options;
  std::vector<Part> parts;
  /// Not 0: a component; the options of its plugin's type stand beside the section's own.
  omnibroker_kind component = 0;
  /// Of a component: the table that its type must offer here, beside being of the kind. Null: any.
  const char* table = nullptr;

  std::vector<std::string_view> keys() const;
};

/// Top-level options that are nobody's section.
struct RootOptions {
  std::vector<std::string> include;
  unsigned workers = 0;
};

const SectionSpec<RootOptions>& root_spec();
const SectionSpec<BrokerConfig>& plugins_spec();
const SectionSpec<ListenerConfig>& listener_spec();
const SectionSpec<TlsConfig>& tls_spec();
const SectionSpec<ComponentConfig>& component_spec();  ///< `plugin` and `required`.
const SectionSpec<EndpointConfig>& endpoint_spec();    ///< What a transport or service has beside those.
const SectionSpec<BridgeConfig>& bridge_spec();        ///< What a bridge has beside those.
const SectionSpec<RouteConfig>& route_spec();          ///< `from` holds `anyone` as if it were a role.
const SectionSpec<RoleConfig>& role_spec();
const SectionSpec<LimitsConfig>& limits_spec();
const SectionSpec<ControlConfig>& control_spec();
const SectionSpec<CrashesConfig>& crashes_spec();
const SectionSpec<LogConfig>& log_spec();

const Section& root_section();
const Section& plugins_section();
const Section& listener_section();
const Section& tls_section();
const Section& transport_section();
const Section& service_section();
const Section& bridge_section();
const Section& route_section();
const Section& role_section();
const Section& handler_section();
const Section& filter_section();
const Section& reply_section();
const Section& notices_section();
const Section& limits_section();
const Section& control_section();
const Section& crashes_section();
const Section& log_section();

/// Whether a component of this type can stand where `section` is; why not as a sentence, or empty.
std::string misfit(const omnibroker_component_type& type, const Section& section);

}  // namespace omnibroker::core
