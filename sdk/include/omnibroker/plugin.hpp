#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/bridge.hpp>
#include <omnibroker/config.hpp>
#include <omnibroker/detail/component_tables.hpp>
#include <omnibroker/detail/transport_tables.hpp>
#include <omnibroker/handler.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/notices.hpp>
#include <omnibroker/transport.hpp>
#include <omnibroker/version.hpp>

/// Makes a shared library an omnibroker plugin. Once per library, in one source file:
///
/// ```
/// #include <omnibroker/plugin.hpp>
///
/// class Shout final : public omnibroker::Handler {
///  public:
///   struct Config { std::string suffix = "!"; };
///   static const omnibroker::ConfigSpec<Config>& spec() {
///     static const auto spec = omnibroker::ConfigSpec<Config>{}.field("suffix", &Config::suffix, "What is added.");
///     return spec;
///   }
///   Shout(omnibroker::Host host, Config config) : host_(host), config_(std::move(config)) {}
///   omnibroker::Outcome handle(const omnibroker::Message& message, omnibroker::Call& call) override { ... }
/// };
///
/// OMNIBROKER_PLUGIN("shout", "1.0.0", "Says it louder.", omnibroker::component<Shout>("shout", "Adds a suffix."))
/// ```
/// A component type without options leaves out `Config` and `spec()`, and is constructed from the host alone. One with
/// `omnibroker_reconfigured reconfigure(const Config& before, const Config& after, std::string& error)` takes changed
/// options in place. A handler, filter or bridge with `Status export_state(const Sink& out)` and `Status
/// import_state(std::string_view state)` gives what it knows to the generation that takes its place
/// (omnibroker_state_v1 says when, and what each answer means).
#define OMNIBROKER_PLUGIN(name, version, doc, ...)                                                       \
  extern "C" OMNIBROKER_EXPORT const omnibroker_plugin* omnibroker_plugin_entry_v1(void) {               \
    try {                                                                                                \
      static const ::omnibroker::detail::PluginDescriptor descriptor(name, version, doc, {__VA_ARGS__}); \
      return descriptor.get();                                                                           \
    } catch (...) {                                                                                      \
      return nullptr;                                                                                    \
    }                                                                                                    \
  }

namespace omnibroker {
namespace detail {

#if defined(__clang__)
inline constexpr const char* kBuild = "clang " __clang_version__ ", sdk " OMNIBROKER_SDK_VERSION;
#else
inline constexpr const char* kBuild = "gcc " __VERSION__ ", sdk " OMNIBROKER_SDK_VERSION;
#endif

class PluginDescriptor {
 public:
  PluginDescriptor(const char* name, const char* version, const char* doc,
                   std::initializer_list<const omnibroker_component_type*> components)
      : components_(components), raw_{sizeof(omnibroker_plugin),
                                      OMNIBROKER_ABI_MAJOR,
                                      OMNIBROKER_ABI_MINOR,
                                      name,
                                      version,
                                      doc,
                                      "Apache-2.0",
                                      kBuild,
                                      OMNIBROKER_SANITIZERS,
                                      components_.data(),
                                      components_.size()} {}

  const omnibroker_plugin* get() const { return &raw_; }

 private:
  std::vector<const omnibroker_component_type*> components_;
  omnibroker_plugin raw_;
};

template <class T>
const void* find_table(const char* id) noexcept {
  const auto is = [id](const char* known) { return std::strcmp(id, known) == 0; };
  if (is(OMNIBROKER_LIFECYCLE)) return &ComponentTables<T>::lifecycle;
  static_assert(
      !MentionsState<T> || Stateful<T>,
      "State is carried by two functions: Status export_state(const Sink&), Status import_state(string_view)");
  if constexpr (Stateful<T>) {
    if (is(OMNIBROKER_STATE)) return &StateTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Handler, T>) {
    if (is(OMNIBROKER_HANDLER)) return &HandlerTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Filter, T>) {
    if (is(OMNIBROKER_FILTER)) return &FilterTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Reply, T>) {
    if (is(OMNIBROKER_REPLY)) return &ReplyTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Notices, T>) {
    if (is(OMNIBROKER_NOTICES)) return &NoticesTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Bridge, T>) {
    if (is(OMNIBROKER_BRIDGE)) return &BridgeTable<T>::table;
  }
  if constexpr (std::is_base_of_v<Transport, T>) {
    if (is(OMNIBROKER_TRANSPORT)) return &TransportTable<T>::table;
    if constexpr (Handover<T>) {
      if (is(OMNIBROKER_SESSION_HANDOVER)) return &HandoverTable<T>::table;
    }
  }
  return nullptr;
}

template <class T>
constexpr omnibroker_kind kind_of() {
  if constexpr (std::is_base_of_v<Transport, T>) return OMNIBROKER_KIND_TRANSPORT;
  if constexpr (std::is_base_of_v<Filter, T>) return OMNIBROKER_KIND_FILTER;
  if constexpr (std::is_base_of_v<Bridge, T>) return OMNIBROKER_KIND_BRIDGE;
  return OMNIBROKER_KIND_HANDLER;
}

}  // namespace detail

/// Describes a component type for OMNIBROKER_PLUGIN. The kind follows from the base class (Transport, Handler, Filter,
/// Reply, Notices, Bridge); a service is a Transport that names its kind.
template <class T>
const omnibroker_component_type* component(const char* name, const char* doc,
                                           omnibroker_kind kind = detail::kind_of<T>()) {
  static const char* const needs[] = {OMNIBROKER_HOST_LOG, OMNIBROKER_HOST_METRICS};
  static const omnibroker_component_type type = [&] {
    const omnibroker_option* const* options = nullptr;
    std::size_t count = 0;
    if constexpr (detail::Configured<T>) {
      options = T::spec().options().data();
      count = T::spec().options().size();
    }
    return omnibroker_component_type{sizeof(omnibroker_component_type),
                                     kind,
                                     name,
                                     doc,
                                     options,
                                     count,
                                     needs,
                                     2,
                                     detail::ComponentTables<T>::create,
                                     detail::ComponentTables<T>::destroy,
                                     detail::find_table<T>};
  }();
  return &type;
}

}  // namespace omnibroker
