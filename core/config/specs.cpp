// Every option of the broker itself: names, defaults, bounds and what each does.
#include "config/sections.hpp"

#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>

namespace omnibroker::detail {

/// Enumerations of the broker's own configuration are written as one of these words, in the order of the enumerators.
template <class Enum>
struct ChoiceTraits {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_CHOICE;
  static std::string canonical(Enum value) {
    return OptionTraits<Enum>::words[static_cast<int>(value) - OptionTraits<Enum>::first];
  }
  static Enum read(const omnibroker_value& value) {
    int index = OptionTraits<Enum>::first;
    for (const auto* word : OptionTraits<Enum>::words) {
      if (view(value.text) == word) return static_cast<Enum>(index);
      ++index;
    }
    return static_cast<Enum>(OptionTraits<Enum>::first);
  }
};

template <>
struct OptionTraits<core::SlowClients> : ChoiceTraits<core::SlowClients> {
  static constexpr int first = 0;
  static constexpr const char* words[] = {"conflate", "drop_oldest", "disconnect"};
};
template <>
struct OptionTraits<core::Isolation> : ChoiceTraits<core::Isolation> {
  static constexpr int first = 0;
  static constexpr const char* words[] = {"none", "process"};
};
template <>
struct OptionTraits<core::LogLevel> : ChoiceTraits<core::LogLevel> {
  static constexpr int first = 1;
  static constexpr const char* words[] = {"debug", "info", "warn", "error"};
};
template <>
struct OptionTraits<core::LogFormat> : ChoiceTraits<core::LogFormat> {
  static constexpr int first = 0;
  static constexpr const char* words[] = {"text", "json"};
};
template <>
struct OptionTraits<core::LogOutput> : ChoiceTraits<core::LogOutput> {
  static constexpr int first = 0;
  static constexpr const char* words[] = {"console", "file", "syslog"};
};

}  // namespace omnibroker::detail

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kNever{0};
constexpr std::uint32_t kMost = 100'000'000;

constexpr ByteSize kib(std::uint64_t count) { return {count * 1024}; }
constexpr ByteSize mib(std::uint64_t count) { return {count * 1024 * 1024}; }

}  // namespace

const SectionSpec<RootOptions>& root_spec() {
  static const auto spec =
      SectionSpec<RootOptions>{}
          .field("include", &RootOptions::include,
                 "Other files that are part of this one, relative to it. Maps merge by key; a key may be given once.")
          .example("[transports.yaml, routes.yaml]")
          .field("workers", &RootOptions::workers, "Threads with an event loop each; `auto`: one per processor core.")
          .choices("auto")
          .range(1u, 1024u);
  return spec;
}

const SectionSpec<BrokerConfig>& plugins_spec() {
  static const auto spec = SectionSpec<BrokerConfig>{}
                               .field("path", &BrokerConfig::plugin_path,
                                      "Folders that are searched for plugins before the broker's own, in this order; "
                                      "relative to the file.")
                               .example("[/opt/acme/plugins]");
  return spec;
}

const SectionSpec<ListenerConfig>& listener_spec() {
  static const auto spec =
      SectionSpec<ListenerConfig>{}
          .field("address", &ListenerConfig::address,
                 "Where clients connect: host:port, [IPv6]:port or unix:/path. `localhost` is loopback only, IPv4 and "
                 "IPv6; `0.0.0.0` and `[::]` open it to the network. Port 0: any free one.")
          .required()
          .example("localhost:8000")
          .field("backlog", &ListenerConfig::backlog, "Connections that the kernel holds until they are accepted.")
          .range(1u, 65'535u);
  return spec;
}

const SectionSpec<TlsConfig>& tls_spec() {
  static const auto spec = SectionSpec<TlsConfig>{}
                               .field("certificate", &TlsConfig::certificate,
                                      "PEM file with the certificate chain, the leaf first; relative to the file.")
                               .required()
                               .example("tls/server.crt")
                               .field("key", &TlsConfig::key, "PEM file with the private key; relative to the file.")
                               .required()
                               .example("tls/server.key");
  return spec;
}

const SectionSpec<ComponentConfig>& component_spec() {
  static const auto spec =
      SectionSpec<ComponentConfig>{}
          .field("plugin", &ComponentConfig::plugin,
                 "The component type: a plugin's name, plugin:type for another type in it, or the path of a library.")
          .required()
          .field("required", &ComponentConfig::required,
                 "Whether the broker refuses to start without it. Otherwise it is left out, with a warning.")
          .field(
              "isolation", &ComponentConfig::isolation,
              "`process`: it runs in a process of its own, whose end is a restart, not the broker's end; for handlers "
              "and bridges alone, and not for the hot path.")
          .choices("none|process");
  return spec;
}

const SectionSpec<EndpointConfig>& endpoint_spec() {
  static const auto spec =
      SectionSpec<EndpointConfig>{}
          .field("listener", &EndpointConfig::listener, "The listener whose connections it serves.")
          .required()
          .example("public")
          .field("path", &EndpointConfig::path,
                 "It takes requests for this path and everything below it; the longest path on a listener wins.")
          .required()
          .example("/ws");
  return spec;
}

const SectionSpec<BridgeConfig>& bridge_spec() {
  static const auto spec =
      SectionSpec<BridgeConfig>{}
          .field("role", &BridgeConfig::role, "The role it takes part with: it sends and gets what that role may.")
          .required()
          .example("web_ui");
  return spec;
}

const SectionSpec<RouteConfig>& route_spec() {
  static const auto spec =
      SectionSpec<RouteConfig>{}
          .field("from", &RouteConfig::from,
                 "Roles that may send it; `anyone`: also clients that have not registered. Empty: every registered "
                 "client.")
          .example("web_ui")
          .field("to", &RouteConfig::to, "Roles that get it. Empty: nobody, the handler alone.")
          .example("[web_ui, dashboard]")
          .field("ack", &RouteConfig::ack, "The sender gets an ack for each message that went through.")
          .field("require_receiver", &RouteConfig::require_receiver,
                 "A message that nobody is there to get is refused, with the handler's failure code.")
          .field(
              "latest_by", &RouteConfig::latest_by,
              "The field that says what a message is about. The latest message of each is kept, and whoever registers "
              "for the route gets them at once. Empty: none are kept.")
          .example("prim_path")
          .field("latest_max", &RouteConfig::latest_max, "How many latest messages are kept; beyond, the oldest goes.")
          .range<std::uint64_t>(1, kMost)
          .field("latest_max_age", &RouteConfig::latest_max_age, "How long a latest message is kept; `off`: for ever.")
          .range<nanoseconds>(kNever, 365 * 24h)
          .field(
              "slow_clients", &RouteConfig::slow_clients,
              "For a client that cannot keep up: `conflate` skips to the latest message of each `latest_by` (without "
              "one, it acts as drop_oldest), `drop_oldest` loses the oldest messages, `disconnect` ends the "
              "connection.")
          .choices("conflate|drop_oldest|disconnect")
          .field("max_backlog", &RouteConfig::max_backlog,
                 "How many bytes of messages a client may be behind before `slow_clients` applies. A client has one "
                 "stream "
                 "from all routes to its role, so the smallest of theirs counts. 0: max_backlog of limits.")
          .range(ByteSize{0}, mib(1024))
          .field("max_lag", &RouteConfig::max_lag,
                 "How long a message may wait for a client that does not take it before `slow_clients` applies; the "
                 "smallest of the client's routes counts. `off`: as long as it takes.")
          .range<nanoseconds>(kNever, 1h)
          .field(
              "flush_interval", &RouteConfig::flush_interval,
              "How long a message may wait for others, so that several leave in one system call. `off`: it leaves at "
              "once. A map that draws every 16ms loses nothing by 5ms, and sending costs a third.")
          .range<nanoseconds>(kNever, 50ms)
          .field(
              "position", &RouteConfig::position_fields,
              "One to three fields with numbers that say where the object is; clients can subscribe to a box of them. "
              "One that a message leaves out counts as 0, but for the first.")
          .example("[latitude, longitude]")
          .field(
              "max_rate", &RouteConfig::max_rate,
              "Messages of this type a second from one client; what comes beyond is refused with RATE_LIMIT_EXCEEDED, "
              "and the client stays connected.")
          .choices("off")
          .range(0u, kMost);
  return spec;
}

const SectionSpec<RoleConfig>& role_spec() {
  static const auto spec = SectionSpec<RoleConfig>{}
                               .field("title", &RoleConfig::title,
                                      "What the role is called in sentences to clients. Empty: made from its name.")
                               .example("Web UI");
  return spec;
}

const SectionSpec<LimitsConfig>& limits_spec() {
  using L = LimitsConfig;
  static const auto spec =
      SectionSpec<L>{}
          .field("max_message", &L::max_message, "The largest message.")
          .range(ByteSize{64}, mib(64))
          .field("max_request_head", &L::max_request_head, "The largest HTTP request head: request line and headers.")
          .range(ByteSize{256}, mib(1))
          .field("max_headers", &L::max_headers, "The most headers in one request.")
          .range(1u, 10'000u)
          .field("max_body", &L::max_body, "The largest HTTP request body.")
          .range(ByteSize{64}, mib(64))
          .field("max_connections", &L::max_connections, "Connections at one time.")
          .range(1u, kMost)
          .field("max_connections_per_address", &L::max_connections_per_address,
                 "Connections at one time from one address.")
          .choices("off")
          .range(0u, kMost)
          .field("max_detached_sessions", &L::max_detached_sessions,
                 "Sessions at one time that hold no connection open, such as those of HTTP clients.")
          .range(0u, kMost)
          .field("head_timeout", &L::head_timeout, "How long a client may take to send a request head.")
          .range<nanoseconds>(1ms, 1h)
          .field("register_timeout", &L::register_timeout, "How long a connected client may stay unregistered.")
          .range<nanoseconds>(kNever, 24h)
          .field("idle_timeout", &L::idle_timeout, "How long a session's connection may stay silent.")
          .range<nanoseconds>(kNever, 30 * 24h)
          .field("keep_alive_timeout", &L::keep_alive_timeout,
                 "How long an HTTP connection may wait for its next request.")
          .range<nanoseconds>(kNever, 24h)
          .field("session_timeout", &L::session_timeout, "How long a session without a connection lives unused.")
          .range<nanoseconds>(1ms, 30 * 24h)
          .field("linger", &L::linger, "How long a connection that the broker ends may take to take its last bytes.")
          .range<nanoseconds>(kNever, 10min)
          .field("stop_timeout", &L::stop_timeout, "How long the broker may take to stop; then connections are cut.")
          .range<nanoseconds>(kNever, 1h)
          .field(
              "isolation_timeout", &L::isolation_timeout,
              "How long a component with `isolation: process` may take for one message; then its process is ended and "
              "started again.")
          .range<nanoseconds>(10ms, 25s)
          .field("rollback_window", &L::rollback_window,
                 "How long a generation that was replaced stays ready to take everything back.")
          .range<nanoseconds>(kNever, 30 * 24h)
          .field("messages_per_second", &L::messages_per_second,
                 "Messages from one client; what comes beyond is refused with RATE_LIMIT_EXCEEDED.")
          .choices("off")
          .range(0u, kMost)
          .field("frames_per_second", &L::frames_per_second, "Frames from one connection, where its protocol has them.")
          .choices("off")
          .range(0u, kMost)
          .field("max_subscriptions", &L::max_subscriptions, "Subscriptions of one client at one time.")
          .range(0u, 1'000u)
          .field("max_control_queue", &L::max_control_queue, "Answers that one client has not read yet.")
          .range(kib(4), mib(64))
          .field("max_backlog", &L::max_backlog,
                 "Messages that one audience's slowest client holds back; beyond, `slow_clients` of the route applies.")
          .range(kib(64), mib(1024))
          .field("max_stall", &L::max_stall, "How long a client may read nothing while something waits for it.")
          .range<nanoseconds>(kNever, 24h)
          .field(
              "call_deadline", &L::call_deadline,
              "How long a call into a component may take before it is reported, in the log and in the metrics; it is "
              "not ended. `off`: no call is reported. Blocking work and the steps of a lifecycle are not meant.")
          .range<nanoseconds>(kNever, 1h)
          .check([](const L& limits) -> Status {
            if (limits.max_backlog.bytes >= limits.max_message.bytes) return {};
            return Error{ErrorCode::InvalidArgument, "max_backlog must be at least max_message: no message would fit"};
          });
  return spec;
}

const SectionSpec<ControlConfig>& control_spec() {
  static const auto spec =
      SectionSpec<ControlConfig>{}
          .field(
              "socket", &ControlConfig::socket,
              "The Unix socket for commands such as `omnibroker status`, for the broker's own user and root alone: a "
              "path, relative to the file; `auto`: a file named by the process in the user's folder for such; `off`: "
              "none.")
          .example("/run/omnibroker/gateway.sock")
          .field("watch", &ControlConfig::watch,
                 "Whether the configuration is applied, as by SIGHUP, when this file, one that it includes, a "
                 "certificate, "
                 "a key, a secret's file or the file of a plugin has changed and then stayed as it is for a second.")
          .check([](const ControlConfig& control) -> Status {
            if (!control.socket.empty()) return {};
            return Error{ErrorCode::InvalidArgument, "socket is empty: expected auto, off or a path"};
          });
  return spec;
}

const SectionSpec<CrashesConfig>& crashes_spec() {
  static const auto spec =
      SectionSpec<CrashesConfig>{}
          .field("folder", &CrashesConfig::folder,
                 "Where a crash leaves its report, for the broker's own user alone: a path, relative to the file; "
                 "`auto`: the user's folder for such; `off`: none are written, and there is no safe mode.")
          .example("/var/lib/omnibroker/crashes")
          .field("safe_mode_after", &CrashesConfig::safe_mode_after,
                 "After so many crashes inside the same library, what it makes is left out at the next start: until "
                 "the library is another one, or the reports are removed (`omnibroker crashes --clear`).")
          .choices("off")
          .range(0u, 50u)
          .field("safe_mode_window", &CrashesConfig::safe_mode_window, "Within which time these crashes have happened.")
          .range<nanoseconds>(1s, 365 * 24h)
          .check([](const CrashesConfig& crashes) -> Status {
            if (!crashes.folder.empty()) return {};
            return Error{ErrorCode::InvalidArgument, "folder is empty: expected auto, off or a path"};
          });
  return spec;
}

const SectionSpec<LogConfig>& log_spec() {
  static const auto spec =
      SectionSpec<LogConfig>{}
          .field("level", &LogConfig::level, "The least that is written.")
          .choices("debug|info|warn|error")
          .field("format", &LogConfig::format, "`text`: a sentence, then key=value. `json`: one object per line.")
          .choices("text|json")
          .field("output", &LogConfig::output, "Where it goes; the console is standard error.")
          .choices("console|file|syslog")
          .field("file", &LogConfig::file, "With `output: file`; relative to the configuration file.")
          .example("/var/log/omnibroker.log")
          .field("rotate_size", &LogConfig::rotate_size, "A log file that has grown to this is put aside.")
          .range(kib(4), mib(10 * 1024))
          .field("rotate_count", &LogConfig::rotate_count, "How many files put aside are kept.")
          .range(1u, 1000u)
          .check([](const LogConfig& log) -> Status {
            if (log.output != LogOutput::File || !log.file.empty()) return {};
            return Error{ErrorCode::InvalidArgument, "output: file needs file, the path of the log"};
          });
  return spec;
}

}  // namespace omnibroker::core
