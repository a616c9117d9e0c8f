#pragma once

#include <cstring>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/bridge.hpp>
#include <omnibroker/config.hpp>
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
concept Configured = requires {
  typename T::Config;
  T::spec();
};

template <class T>
concept Reconfigurable = Configured<T> && requires(T& component, const typename T::Config& config, std::string& error) {
  { component.reconfigure(config, config, error) } -> std::convertible_to<omnibroker_reconfigured>;
};

template <class T>
concept Handover = requires(T& transport, Exchange& exchange, const Sink& sink, Connection connection) {
  transport.export_session(exchange, sink);
  transport.import_session(connection, std::string_view{});
};

template <class T>
concept Stateful = requires(T& component, const Sink& out, std::string_view state) {
  { component.export_state(out) } -> std::convertible_to<Status>;
  { component.import_state(state) } -> std::convertible_to<Status>;
};

template <class T>
concept MentionsState = requires {
  &T::export_state;
}
|| requires { &T::import_state; };

template <class T>
concept Refusing = requires(const T& transport, std::uint32_t status, std::string_view sentence, std::string& out) {
  transport.refusal(status, sentence, out, out);
};

template <class T>
concept HasVariants = requires(const T& transport, const omnibroker_payload& payload, const Sink& out) {
  transport.encode_variant(std::uint32_t{}, payload, out);
};

template <class T>
concept Waking = T::wakes;

/// What `create` makes: the component itself follows with `configure`, when its configuration is known.
template <class T>
struct Instance {
  explicit Instance(const omnibroker_host* raw)
      : host(raw),
        messages(host.table<omnibroker_host_message_v1>(OMNIBROKER_HOST_MESSAGE)),
        calls(host.table<omnibroker_host_call_v1>(OMNIBROKER_HOST_CALL)),
        exceptions(host.counter("plugin_exceptions_total", "Exceptions that the plugin layer caught.")) {}

  Host host;
  const omnibroker_host_message_v1* messages;
  const omnibroker_host_call_v1* calls;
  Metric exceptions;
  std::unique_ptr<T> component;
};

/// Runs `body`; what it throws becomes a log line, a count and `fallback`. Nothing crosses the boundary.
template <class T, class Body, class Value>
Value guarded(Instance<T>& instance, const char* step, Value fallback, Body body) noexcept {
  const char* what = "not a std::exception";
  std::string copy;
  try {
    return body();
  } catch (const std::exception& error) {
    try {
      copy = error.what();
      what = copy.c_str();
    } catch (...) {
      what = "out of memory";
    }
  } catch (...) {
  }
  try {
    instance.exceptions.add();
    instance.host.log().error("Plugin threw an exception", {{"step", step}, {"what", what}});
  } catch (...) {
  }
  return fallback;
}

inline omnibroker_status crossing(const Status& status, const omnibroker_sink* error) {
  if (status) return OMNIBROKER_OK;
  Sink(error).append(status.error().message);
  return static_cast<omnibroker_status>(status.error().code);
}

template <class T>
struct ComponentTables {
  using Self = Instance<T>;
  static Self& self(void* raw) { return *static_cast<Self*>(raw); }

  /// A step of the lifecycle that may fail; an exception's text is the error.
  template <class Body>
  static omnibroker_status step(void* raw, const omnibroker_sink* error, Body body) noexcept {
    try {
      return crossing(body(self(raw)), error);
    } catch (const std::exception& caught) {
      Sink(error).append(caught.what());
    } catch (...) {
      Sink(error).append("threw something that is not a std::exception");
    }
    return OMNIBROKER_INTERNAL;
  }

  static omnibroker_status create(const omnibroker_host* host, void** out, const omnibroker_sink* error) noexcept {
    try {
      *out = new Self(host);
      return OMNIBROKER_OK;
    } catch (const std::exception& caught) {
      Sink(error).append(caught.what());
    } catch (...) {
      Sink(error).append("threw something that is not a std::exception");
    }
    return OMNIBROKER_INTERNAL;
  }
  static void destroy(void* raw) noexcept {
    auto* instance = static_cast<Self*>(raw);
    guarded(*instance, "destroy", 0, [&] { return instance->component.reset(), 0; });
    delete instance;
  }

  static omnibroker_status configure(void* raw, const omnibroker_config* config,
                                     const omnibroker_sink* error) noexcept {
    return step(raw, error, [&](Self& instance) -> Status {
      if constexpr (Configured<T>) {
        auto parsed = T::spec().parse(*config);
        if (!parsed) return parsed.error();
        instance.component = std::make_unique<T>(instance.host, std::move(*parsed));
      } else {
        static_cast<void>(config);
        instance.component = std::make_unique<T>(instance.host);
      }
      return {};
    });
  }

  static omnibroker_reconfigured reconfigure(void* raw, const omnibroker_config* before, const omnibroker_config* after,
                                             const omnibroker_sink* error) noexcept {
    if constexpr (Reconfigurable<T>) {
      return guarded(self(raw), "reconfigure", omnibroker_reconfigured{OMNIBROKER_REJECTED}, [&] {
        auto old_config = T::spec().parse(*before);
        auto new_config = T::spec().parse(*after);
        if (!old_config || !new_config) {
          Sink(error).append((old_config ? new_config : old_config).error().message);
          return omnibroker_reconfigured{OMNIBROKER_REJECTED};
        }
        std::string reason;
        const omnibroker_reconfigured answer = self(raw).component->reconfigure(*old_config, *new_config, reason);
        Sink(error).append(reason);
        return answer;
      });
    } else {
      static_cast<void>(raw), static_cast<void>(before), static_cast<void>(after), static_cast<void>(error);
      return OMNIBROKER_NEEDS_REPLACE;
    }
  }

  static constexpr omnibroker_lifecycle_v1 lifecycle{
      sizeof(omnibroker_lifecycle_v1),
      configure,
      [](void* raw, const omnibroker_sink* error) {
        return step(raw, error, [](Self& s) { return s.component->prepare(); });
      },
      [](void* raw, const omnibroker_sink* error) {
        return step(raw, error, [](Self& s) { return s.component->start(); });
      },
      reconfigure,
      [](void* raw, const omnibroker_sink* error) {
        return step(raw, error, [](Self& s) { return s.component->drain(); });
      },
      [](void* raw, const omnibroker_sink* error) {
        return step(raw, error, [](Self& s) { return s.component->stop(); });
      },
      [](void* raw, const omnibroker_sink* detail) {
        return guarded(self(raw), "health", omnibroker_health{OMNIBROKER_FAILED}, [&] {
          const Health health = self(raw).component->health();
          Sink(detail).append(health.detail);
          return health.state;
        });
      },
  };
};

/// What a component knows, on its way to its successor; an exception's text is the error.
template <class T>
struct StateTable {
  using Tables = ComponentTables<T>;

  static omnibroker_status state_export(void* raw, const omnibroker_sink* out, const omnibroker_sink* error) noexcept {
    return Tables::step(raw, error, [&](auto& s) -> Status { return s.component->export_state(Sink(out)); });
  }
  static omnibroker_status state_import(void* raw, omnibroker_text state, const omnibroker_sink* error) noexcept {
    return Tables::step(raw, error, [&](auto& s) -> Status { return s.component->import_state(view(state)); });
  }
  static constexpr omnibroker_state_v1 table{sizeof(omnibroker_state_v1), state_export, state_import};
};

/// Decides about one message; an exception refuses it with INTERNAL_ERROR.
template <class T, class Decide>
omnibroker_action decide(Instance<T>& instance, const char* step, omnibroker_call* raw_call,
                         const omnibroker_message* raw_message, Decide body) noexcept {
  return guarded(instance, step, omnibroker_action{OMNIBROKER_REFUSE}, [&] {
    const Message message(instance.messages, raw_message);
    Call call(instance.calls, raw_call);
    const Outcome outcome = body(*instance.component, message, call);
    if (outcome.action() == OMNIBROKER_REFUSE)
      instance.calls->refuse(raw_call, text(outcome.code()), text(outcome.message()));
    return outcome.action();
  });
}

template <class T>
struct HandlerTable {
  static omnibroker_action handle(void* raw, omnibroker_call* call, const omnibroker_message* message) noexcept {
    return decide(ComponentTables<T>::self(raw), "handle", call, message,
                  [](T& component, const Message& m, Call& c) { return component.handle(m, c); });
  }
  static constexpr const char* failure_code() {
    if constexpr (requires { T::failure_code; }) return T::failure_code;
    return nullptr;
  }
  static constexpr const char* noun() {
    if constexpr (requires { T::noun; }) return T::noun;
    return nullptr;
  }
  static constexpr omnibroker_handler_v1 table{sizeof(omnibroker_handler_v1), handle, failure_code(), noun()};
};

template <class T>
struct FilterTable {
  static omnibroker_action filter(void* raw, omnibroker_call* call, const omnibroker_message* message) noexcept {
    return decide(ComponentTables<T>::self(raw), "filter", call, message,
                  [](T& component, const Message& m, Call& c) { return component.filter(m, c); });
  }
  static constexpr omnibroker_filter_v1 table{sizeof(omnibroker_filter_v1), filter};
};

template <class T>
struct ReplyTable {
  static void ack(void* raw, omnibroker_text original_type, const omnibroker_sink* out) noexcept {
    guarded(ComponentTables<T>::self(raw), "ack", 0,
            [&] { return ComponentTables<T>::self(raw).component->ack(view(original_type), Sink(out)), 0; });
  }
  static void error(void* raw, omnibroker_text code, omnibroker_text message, const omnibroker_sink* out) noexcept {
    guarded(ComponentTables<T>::self(raw), "error", 0,
            [&] { return ComponentTables<T>::self(raw).component->error(view(code), view(message), Sink(out)), 0; });
  }
  static constexpr omnibroker_reply_v1 table{sizeof(omnibroker_reply_v1), ack, error};
};

template <class T>
struct NoticesTable {
  static void welcome(void* raw, omnibroker_text client_id, const omnibroker_sink* out) noexcept {
    guarded(ComponentTables<T>::self(raw), "welcome", 0, [&] {
      Sink(out).append(ComponentTables<T>::self(raw).component->welcome(view(client_id)));
      return 0;
    });
  }
  static void status(void* raw, const omnibroker_notice* notice, const omnibroker_sink* out) noexcept {
    guarded(ComponentTables<T>::self(raw), "status", 0, [&] {
      Sink(out).append(ComponentTables<T>::self(raw).component->status(*notice));
      return 0;
    });
  }
  static constexpr omnibroker_notices_v1 table{sizeof(omnibroker_notices_v1), T::subprotocol, welcome, status};
};

template <class T>
struct BridgeTable {
  static void deliver(void* raw, const omnibroker_payload* payload) noexcept {
    guarded(ComponentTables<T>::self(raw), "deliver", 0,
            [&] { return ComponentTables<T>::self(raw).component->deliver(*payload), 0; });
  }
  static void reply(void* raw, const omnibroker_reply* reply) noexcept {
    guarded(ComponentTables<T>::self(raw), "reply", 0,
            [&] { return ComponentTables<T>::self(raw).component->reply(*reply), 0; });
  }
  static constexpr omnibroker_bridge_v1 table{sizeof(omnibroker_bridge_v1), deliver, reply};
};

template <class T>
struct TransportTable {
  using Tables = ComponentTables<T>;
  struct State {
    std::unique_ptr<Exchange> exchange;
    Connection connection;
  };

  /// A callback that threw leaves the exchange in doubt: the connection ends, and with it the doubt.
  template <class Body>
  static void on(void* raw, void* state, const char* step, Body body) noexcept {
    auto& held = *static_cast<State*>(state);
    const bool done = guarded(Tables::self(raw), step, false, [&] { return body(*held.exchange), true; });
    if (!done) held.connection.close(Flush::No);
  }

  static omnibroker_status open(void* raw, omnibroker_connection* connection, const omnibroker_request* request,
                                void** state) noexcept {
    auto& instance = Tables::self(raw);
    Connection lent(instance.host, connection);
    return guarded(instance, "open", omnibroker_status{OMNIBROKER_INTERNAL}, [&]() -> omnibroker_status {
      auto exchange = instance.component->open(lent, Request(request));
      if (exchange == nullptr) return OMNIBROKER_CLOSED;
      *state = new State{std::move(exchange), lent};
      return OMNIBROKER_OK;
    });
  }
  static std::size_t receive(void* raw, void* state, std::uint8_t* bytes, std::size_t size) noexcept {
    std::size_t consumed = size;
    on(raw, state, "receive", [&](Exchange& exchange) { consumed = exchange.receive({bytes, size}); });
    return consumed;
  }
  static void end_of_input(void* raw, void* state) noexcept {
    on(raw, state, "end_of_input", [](Exchange& exchange) { exchange.end_of_input(); });
  }
  static void timer(void* raw, void* state) noexcept {
    on(raw, state, "timer", [](Exchange& exchange) { exchange.timer(); });
  }
  static void reply(void* raw, void* state, std::uint64_t correlation, const omnibroker_reply* reply) noexcept {
    on(raw, state, "reply", [&](Exchange& exchange) { exchange.reply(correlation, *reply); });
  }
  static void woken(void* raw, void* state) noexcept {
    on(raw, state, "woken", [](Exchange& exchange) { exchange.woken(); });
  }
  static void shutdown(void* raw, void* state, omnibroker_shutdown_reason reason, omnibroker_text sentence) noexcept {
    on(raw, state, "shutdown",
       [&](Exchange& exchange) { exchange.shutdown(static_cast<ShutdownReason>(reason), view(sentence)); });
  }
  static void closed(void* raw, void* state) noexcept {
    guarded(Tables::self(raw), "closed", 0, [&] { return delete static_cast<State*>(state), 0; });
  }
  static void encode(void* raw, const omnibroker_payload* payload, const omnibroker_sink* out) noexcept {
    guarded(Tables::self(raw), "encode", 0,
            [&] { return Tables::self(raw).component->encode(*payload, Sink(out)), 0; });
  }
  static void refusal(void* raw, std::uint32_t status, omnibroker_text sentence, const omnibroker_sink* content_type,
                      const omnibroker_sink* body) noexcept {
    if constexpr (Refusing<T>) {
      guarded(Tables::self(raw), "refusal", 0, [&] {
        std::string type, content;
        Tables::self(raw).component->refusal(status, view(sentence), type, content);
        Sink(content_type).append(type);
        Sink(body).append(content);
        return 0;
      });
    } else {
      static_cast<void>(raw), static_cast<void>(status), static_cast<void>(sentence);
      static_cast<void>(content_type), static_cast<void>(body);
    }
  }
  static void encode_variant(void* raw, std::uint32_t variant, const omnibroker_payload* payload,
                             const omnibroker_sink* out) noexcept {
    if constexpr (HasVariants<T>) {
      guarded(Tables::self(raw), "encode_variant", 0,
              [&] { return Tables::self(raw).component->encode_variant(variant, *payload, Sink(out)), 0; });
    } else {
      static_cast<void>(raw), static_cast<void>(variant), static_cast<void>(payload), static_cast<void>(out);
    }
  }
  static constexpr omnibroker_transport_v1 table{sizeof(omnibroker_transport_v1),
                                                 open,
                                                 receive,
                                                 end_of_input,
                                                 timer,
                                                 reply,
                                                 shutdown,
                                                 closed,
                                                 encode,
                                                 Refusing<T> ? refusal : nullptr,
                                                 HasVariants<T> ? encode_variant : nullptr,
                                                 Waking<T> ? woken : nullptr};

  static omnibroker_status session_export(void* raw, void* state, const omnibroker_sink* out) noexcept {
    return guarded(Tables::self(raw), "session_export", omnibroker_status{OMNIBROKER_INTERNAL}, [&] {
      return Tables::self(raw).component->export_session(*static_cast<State*>(state)->exchange, Sink(out));
    });
  }
  static omnibroker_status session_import(void* raw, omnibroker_connection* connection, omnibroker_text blob,
                                          void** state, const omnibroker_sink* error) noexcept {
    auto& instance = Tables::self(raw);
    return guarded(instance, "session_import", omnibroker_status{OMNIBROKER_INTERNAL}, [&]() -> omnibroker_status {
      Connection lent(instance.host, connection);
      auto exchange = instance.component->import_session(lent, view(blob));
      if (!exchange) {
        Sink(error).append(exchange.error().message);
        return static_cast<omnibroker_status>(exchange.error().code);
      }
      *state = new State{std::move(*exchange), lent};
      return OMNIBROKER_OK;
    });
  }
};

template <class T>
struct HandoverTable {
  static constexpr omnibroker_session_handover_v1 table{
      sizeof(omnibroker_session_handover_v1), TransportTable<T>::session_export, TransportTable<T>::session_import};
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
