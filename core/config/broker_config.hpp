#pragma once

#include "config/values.hpp"
#include "telemetry/log.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/config.hpp>

namespace omnibroker::core {

/// Where a component runs.
enum class Isolation {
  None,    ///< In the broker.
  Process  ///< In a process of its own.
};

/// One use of a plugin's component type: which, under which name, with which options.
struct ComponentConfig {
  std::string name;    ///< Unique in the broker: `transports.realtime`, `handlers.coordinate_update`, `reply`.
  std::string plugin;  ///< As the file gives it: a component type's name, or a path to a library.
  omnibroker_kind kind = OMNIBROKER_KIND_HANDLER;
  bool required = true;                             ///< A required component that cannot start stops the start.
  const omnibroker_component_type* type = nullptr;  ///< What `plugin` was when this was read; null: nobody looked.
  ConfigValues values;                              ///< In the order of the type's options; empty where there is none.
  SourcePosition position;
  Isolation isolation = Isolation::None;
};

/// `tls:` of a listener; empty paths mean plain TCP.
struct TlsConfig {
  std::string certificate;  ///< PEM, the chain, leaf first.
  std::string key;          ///< PEM.
};

/// `listeners.<name>`
struct ListenerConfig {
  std::string name;
  std::string address;  ///< `localhost:8000` (IPv4 and IPv6 loopback), `0.0.0.0:8000`, `[::]:8000`, `unix:/run/x.sock`.
  unsigned backlog = 1024;
  TlsConfig tls;
  SourcePosition position;
};

/// `transports.<name>` and `services.<name>`: a component that takes requests.
struct EndpointConfig {
  ComponentConfig component;
  std::string listener;
  std::string path;  ///< Begins with `/`; takes this path and everything below it.
};

/// `bridges.<name>`
struct BridgeConfig {
  ComponentConfig component;
  std::string role;
};

enum class SlowClients { Conflate, DropOldest, Disconnect };

/// `routes.<message type>`
struct RouteConfig {
  std::string type;
  bool from_anyone = false;       ///< `from: anyone`: also those who have not registered.
  std::vector<std::string> from;  ///< Roles; empty and not `from_anyone`: every registered client.
  std::vector<std::string> to;    ///< Roles; empty: nobody.
  ComponentConfig handler;
  std::vector<ComponentConfig> filters;
  bool ack = false;               ///< The sender gets an ack for each message that went through.
  bool require_receiver = false;  ///< Nobody in the audience: the handler's failure code.
  std::string latest_by;          ///< A field's name; empty: last values are not kept.
  std::uint64_t latest_max = 100'000;
  std::chrono::nanoseconds latest_max_age{0};  ///< 0: for ever.
  std::vector<std::string> position_fields;    ///< `position`: fields with numbers, for subscriptions with a box.
  SlowClients slow_clients = SlowClients::Conflate;
  ByteSize max_backlog{0};                     ///< What a client may hold back; 0: as in `limits`.
  std::chrono::nanoseconds max_lag{0};         ///< How old what it has not read may be; 0: any age.
  std::chrono::nanoseconds flush_interval{0};  ///< 0: at the end of each turn of the event loop.
  std::uint32_t max_rate = 0;                  ///< Messages a second from one session; 0: no limit.
  SourcePosition position;
};

/// `roles.<name>`: only where the derived title does not do.
struct RoleConfig {
  std::string name;
  std::string title;  ///< In sentences: `Web UI`.
};

/// `limits:`. Zero means off, where the option says that it can be.
struct LimitsConfig {
  ByteSize max_message{64 * 1024};
  ByteSize max_request_head{16 * 1024};
  std::uint32_t max_headers = 100;
  ByteSize max_body{64 * 1024};
  std::uint32_t max_connections = 65'536;
  std::uint32_t max_connections_per_address = 4'096;
  std::uint32_t max_detached_sessions = 10'000;
  std::chrono::nanoseconds head_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds register_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(120);
  std::chrono::nanoseconds keep_alive_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds session_timeout = std::chrono::seconds(60);  ///< A detached session that nobody uses.
  std::chrono::nanoseconds linger = std::chrono::seconds(5);
  std::chrono::nanoseconds stop_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds isolation_timeout =
      std::chrono::seconds(10);                                         ///< With one message, in a process of its own.
  std::chrono::nanoseconds rollback_window = std::chrono::minutes(10);  ///< Zero: a swap cannot be taken back.
  std::uint32_t messages_per_second = 5'000;
  std::uint32_t frames_per_second = 10'000;
  std::uint32_t max_subscriptions = 32;
  ByteSize max_control_queue{1024 * 1024};  ///< Answers that one client has not read.
  ByteSize max_backlog{4 * 1024 * 1024};    ///< What one audience's slowest reader may hold back.
  std::chrono::nanoseconds max_stall =
      std::chrono::seconds(30);  ///< A client that reads nothing for this long is closed.
  std::chrono::nanoseconds call_deadline = std::chrono::seconds(2);  ///< Of a call into a component; it is reported.
};

/// `control:`: where commands reach the running broker.
struct ControlConfig {
  std::string socket = "auto";  ///< A path; `auto`: one that the broker chooses; `off`: none.
  bool watch = false;           ///< Apply the configuration when one of its files changes.

  bool is_path() const { return socket != "auto" && socket != "off"; }
};

/// `crashes:`: what is kept of a crash, and what follows from it.
struct CrashesConfig {
  std::string folder = "auto";        ///< Of the reports. A path; `auto`: one that the broker chooses; `off`: none.
  std::uint32_t safe_mode_after = 3;  ///< Crashes inside one library; 0: it is loaded whatever it did.
  std::chrono::nanoseconds safe_mode_window = std::chrono::minutes(10);  ///< That these crashes lie apart at most.

  bool is_path() const { return folder != "auto" && folder != "off"; }
};

/// The whole configuration of a broker: read once, checked, immutable. Everything here has been checked for itself;
/// that names refer to something (a route's listener, a role) has been checked too.
struct BrokerConfig {
  std::string file;
  unsigned workers = 0;                  ///< 0: one per processor core.
  std::vector<std::string> plugin_path;  ///< Where plugins are looked for, before the broker's own folder.
  std::vector<ListenerConfig> listeners;
  std::vector<EndpointConfig> endpoints;  ///< Transports, then services, in the order of the file.
  std::vector<BridgeConfig> bridges;
  std::vector<RouteConfig> routes;
  std::vector<RoleConfig> roles;  ///< Every role that a route or bridge names, with its title.
  ComponentConfig reply;
  ComponentConfig notices;  ///< Its `plugin` is empty where there is none.
  LimitsConfig limits;
  ControlConfig control;
  CrashesConfig crashes;
  LogConfig log;
};

}  // namespace omnibroker::core
