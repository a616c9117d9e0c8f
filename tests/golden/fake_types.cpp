#include "fake_types.hpp"

#include <cstring>
#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::core::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct WebSocketOptions {
  ByteSize max_frame{64 * 1024};
  nanoseconds ping_interval = 20s;
  TextList allowed_origins = {"*"};
  TextList subprotocols;
};

struct HttpOptions {
  TextList allowed_origins = {"*"};
  bool metrics = false;
};

struct ThrottleOptions {
  std::uint32_t per_second = 100;
  double burst = 0.5;
};

struct MqttOptions {
  std::string url;
  std::string password;
  std::string client_name = "omnibroker";
  TextMap topics;
  TextList features;
  TextList keys;
  std::string qos = "at_least_once";
  std::int64_t offset = 0;
  nanoseconds reconnect = 1s;
};

struct AdminOptions {
  std::string token;
};

const ConfigSpec<WebSocketOptions>& websocket_spec() {
  static const auto spec =
      ConfigSpec<WebSocketOptions>{}
          .field("max_frame", &WebSocketOptions::max_frame, "The largest frame.")
          .range(ByteSize{1024}, ByteSize{16 * 1024 * 1024})
          .field("ping_interval", &WebSocketOptions::ping_interval, "How often a silent client is pinged.")
          .reloadable()
          .field("allowed_origins", &WebSocketOptions::allowed_origins, "Origins that may connect; * means any.")
          .field("subprotocols", &WebSocketOptions::subprotocols, "Sub-protocols that are agreed to.");
  return spec;
}

const ConfigSpec<HttpOptions>& http_spec() {
  static const auto spec = ConfigSpec<HttpOptions>{}
                               .field("allowed_origins", &HttpOptions::allowed_origins, "Origins that may ask.")
                               .field("metrics", &HttpOptions::metrics, "Whether metrics are served.");
  return spec;
}

const ConfigSpec<ThrottleOptions>& throttle_spec() {
  static const auto spec = ConfigSpec<ThrottleOptions>{}
                               .field("per_second", &ThrottleOptions::per_second, "Messages in a second.")
                               .range(1u, 1000u)
                               .field("burst", &ThrottleOptions::burst, "The part that may come at once.")
                               .range(0.0, 1.0);
  return spec;
}

const ConfigSpec<MqttOptions>& mqtt_spec() {
  static const auto spec = ConfigSpec<MqttOptions>{}
                               .field("url", &MqttOptions::url, "The server.")
                               .required()
                               .example("mqtt://localhost:1883")
                               .field("password", &MqttOptions::password, "Of the account.")
                               .secret()
                               .field("client_name", &MqttOptions::client_name, "How the server knows the broker.")
                               .field("topics", &MqttOptions::topics, "Topic by message type.")
                               .field("features", &MqttOptions::features, "What to use where the server has it.")
                               .choices("retain|shared|batch")
                               .field("keys", &MqttOptions::keys, "Keys of former accounts.")
                               .secret()
                               .field("qos", &MqttOptions::qos, "How surely a message arrives.")
                               .choices("at_most_once|at_least_once|exactly_once")
                               .field("offset", &MqttOptions::offset, "Where to begin; negative: from the end.")
                               .field("reconnect", &MqttOptions::reconnect, "The pause before trying again.")
                               .range<nanoseconds>(100ms, 1min);
  return spec;
}

const ConfigSpec<AdminOptions>& admin_spec() {
  static const auto spec =
      ConfigSpec<AdminOptions>{}.field("token", &AdminOptions::token, "Who knows it may ask.").required().secret();
  return spec;
}

const ConfigSpec<AdminOptions>& clash_spec() {
  static const auto spec = ConfigSpec<AdminOptions>{}.field("path", &AdminOptions::token, "Not the broker's path.");
  return spec;
}

constexpr omnibroker_option kCrookedOption{
    sizeof(omnibroker_option), OMNIBROKER_OPTION_INTEGER, 0, "count", "A number.", "many", nullptr, nullptr, 1, 0};
constexpr const omnibroker_option* kCrookedOptions[] = {&kCrookedOption};

const void* handler_table(const char* id) {
  static const omnibroker_handler_v1 table{};
  return std::strcmp(id, OMNIBROKER_HANDLER) == 0 ? &table : nullptr;
}

const void* reply_table(const char* id) {
  static const omnibroker_reply_v1 table{};
  return std::strcmp(id, OMNIBROKER_REPLY) == 0 ? &table : nullptr;
}

const void* no_table(const char*) { return nullptr; }

using Spec = std::vector<const omnibroker_option*>;

omnibroker_component_type type(omnibroker_kind kind, const char* name, const char* doc, const Spec& options,
                               const void* (*table)(const char*) = no_table) {
  return {sizeof(omnibroker_component_type),
          kind,
          name,
          doc,
          options.data(),
          options.size(),
          nullptr,
          0,
          nullptr,
          nullptr,
          table};
}

std::vector<omnibroker_component_type> make_types() {
  static const Spec none;
  static const Spec crooked(std::begin(kCrookedOptions), std::end(kCrookedOptions));
  return {
      type(OMNIBROKER_KIND_TRANSPORT, "websocket", "Messages as WebSocket frames (RFC 6455).",
           websocket_spec().options()),
      type(OMNIBROKER_KIND_TRANSPORT, "http", "Messages as HTTP requests.", http_spec().options()),
      type(OMNIBROKER_KIND_TRANSPORT, "clash", "Its option is the broker's.", clash_spec().options()),
      type(OMNIBROKER_KIND_HANDLER, "client_register", "Registers a client.", none, handler_table),
      type(OMNIBROKER_KIND_HANDLER, "coordinate_update", "Checks coordinates.", none, handler_table),
      type(OMNIBROKER_KIND_HANDLER, "select_object", "Checks a selection.", none, handler_table),
      type(OMNIBROKER_KIND_HANDLER, "crooked", "Its default is no number.", crooked, handler_table),
      type(OMNIBROKER_KIND_HANDLER, "reply", "Acks and errors.", none, reply_table),
      type(OMNIBROKER_KIND_FILTER, "throttle", "Refuses what comes too fast.", throttle_spec().options()),
      type(OMNIBROKER_KIND_BRIDGE, "mqtt", "Joins an MQTT server.", mqtt_spec().options()),
      type(OMNIBROKER_KIND_SERVICE, "admin", "Answers an operator.", admin_spec().options()),
  };
}

}  // namespace

const std::vector<const omnibroker_component_type*>& fake_types() {
  static const auto types = make_types();
  static const auto pointers = [] {
    std::vector<const omnibroker_component_type*> all;
    for (const auto& made : types) all.push_back(&made);
    return all;
  }();
  return pointers;
}

TypeLookup fake_lookup() {
  return [](std::string_view plugin) -> Result<const omnibroker_component_type*> {
    for (const auto* known : fake_types()) {
      if (plugin == known->name) return known;
    }
    return Error{ErrorCode::NotFound, "no such plugin in /usr/lib/omnibroker"};
  };
}

}  // namespace omnibroker::core::testing
