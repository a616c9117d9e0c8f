#include "notices.hpp"

#include "json_text.hpp"

#include <cstdint>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::plugins::subscriptions {
namespace {

/// A limit that is off is null: "none" is not a number.
std::string limit(const Host& host, const char* name) {
  const std::uint64_t value = host.limit(name);
  return json_text(name) + ':' + (value == 0 ? "null" : std::to_string(value));
}

std::string missed(const omnibroker_notice& notice) {
  std::string out = R"({"type":"status","code":"MESSAGES_MISSED","message_type":)";
  out += json_text(view(notice.type));
  out += R"(,"reason":)" + json_text(view(notice.reason));
  out += R"(,"count":)" + std::to_string(notice.count);
  out += R"(,"total":)" + std::to_string(notice.total);
  return out + '}';
}

}  // namespace

const ConfigSpec<GatewayNotices::Config>& GatewayNotices::spec() {
  static const auto spec =
      ConfigSpec<Config>{}
          .field("server", &Config::server, "What the welcome calls the server.")
          .field("capabilities", &Config::capabilities,
                 "What the welcome says that a client may use: the message types of the routes beside the gateway's "
                 "own, and `status` for the status messages.")
          .example("[subscribe, unsubscribe, snapshot, status]");
  return spec;
}

GatewayNotices::GatewayNotices(Host host, Config config) : host_(host), config_(std::move(config)) {}

std::string GatewayNotices::welcome(std::string_view client_id) const {
  std::string out = R"({"type":"welcome","server":)" + json_text(config_.server);
  out += R"(,"version":)" + json_text(host_.raw()->version);
  out += R"(,"client_id":)" + json_text(client_id);
  out += R"(,"capabilities":[)";
  for (const auto& capability : config_.capabilities) {
    if (out.back() != '[') out += ',';
    out += json_text(capability);
  }
  out += R"(],"limits":{)" + limit(host_, "max_message") + ',' + limit(host_, "messages_per_second") + ',' +
         limit(host_, "max_subscriptions");
  return out + "}}";
}

std::string GatewayNotices::status(const omnibroker_notice& notice) const {
  switch (notice.kind) {
    case OMNIBROKER_NOTICE_MISSED: return missed(notice);
    case OMNIBROKER_NOTICE_GOING_AWAY: return R"({"type":"status","code":"GOING_AWAY"})";
    default: return {};  // of a newer host, with nothing to say in this version of the protocol
  }
}

}  // namespace omnibroker::plugins::subscriptions
