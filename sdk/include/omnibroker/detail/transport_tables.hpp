#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>
#include <omnibroker/detail/component_tables.hpp>
#include <omnibroker/transport.hpp>

/// What component_tables.hpp is for the other kinds, for transports and services.
namespace omnibroker::detail {

template <class T>
concept Handover = requires(T& transport, Exchange& exchange, const Sink& sink, Connection connection) {
  transport.export_session(exchange, sink);
  transport.import_session(connection, std::string_view{});
};

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

}  // namespace omnibroker::detail
