#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>
#include <omnibroker/bridge.hpp>
#include <omnibroker/config.hpp>
#include <omnibroker/handler.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/notices.hpp>

/// Between the C boundary of abi.h and the C++ classes of a plugin: a table of functions for each kind of component,
/// whose functions find the object, call it, and let no exception out. Used by plugin.hpp alone.
namespace omnibroker::detail {

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
concept Stateful = requires(T& component, const Sink& out, std::string_view state) {
  { component.export_state(out) } -> std::convertible_to<Status>;
  { component.import_state(state) } -> std::convertible_to<Status>;
};

template <class T>
concept MentionsState = requires {
  &T::export_state;
}
|| requires { &T::import_state; };

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

}  // namespace omnibroker::detail
