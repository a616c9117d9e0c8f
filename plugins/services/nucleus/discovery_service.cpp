#include "discovery_service.hpp"

#include "addresses.hpp"
#include "service.hpp"
#include "sows_service.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <nucleus/types.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

namespace wire = omnibroker::nucleus;
using Json = nlohmann::json;

constexpr std::size_t kMaxUnread = 1024 * 1024;
constexpr std::chrono::seconds kPing{20};

/// What a client must know to reach an interface.
Json transport_of(const wire::Interface& interface, const Addresses& here, const DiscoveryConfig& config) {
  const char* ssl = here.secure ? "true" : "false";
  if (interface.origin == "omni1.idl.ts") {
    return {{"name", "connlib"},
            {"params", Json{{"url", here.url_of("ws", "api", config.api_port)}}.dump()},
            {"meta", {{"ssl", ssl}}}};
  }
  const bool auth = interface.origin == "OmniAuth.idl.ts";
  // Whoever asks for discovery itself is there already.
  const auto port = auth ? here.port_of(config.auth_port) : here.port;
  const Json params = {{"host", here.host}, {"port", port}, {"path", here.path_of(auth ? "auth" : "discovery")}};
  return {{"name", "sows"},
          {"params", params.dump()},
          {"meta", {{"serializer", "json"}, {"marshaller", "bs"}, {"ssl", ssl}, {"supports_path", "true"}}}};
}

bool takes(const Json& query, const std::string& transport) {
  const auto supported = query.find("supported_transport");
  if (supported == query.end() || !supported->is_array() || supported->empty()) return true;
  return std::any_of(supported->begin(), supported->end(), [&](const Json& one) {
    return one == transport || (one.is_object() && wire::text_of(one, "name") == transport);
  });
}

Json find(const Json& params, const Addresses& here, const DiscoveryConfig& config) {
  const auto& query = params.at("query");
  const auto& wanted = query.at("service_interface");
  Json result = {{"found", false}, {"version", 2}};
  const auto* interface = wire::find_interface(wire::text_of(wanted, "origin"), wire::text_of(wanted, "name"));
  if (interface == nullptr) return result;
  auto transport = transport_of(*interface, here, config);
  if (!takes(query, transport["name"])) return result;
  auto capabilities = Json::object();
  for (const auto& method : interface->methods) capabilities[std::string(method.name)] = method.version;
  result["found"] = true;
  result["service_interface"] = {
      {"origin", interface->origin}, {"name", interface->name}, {"capabilities", std::move(capabilities)}};
  result["transport"] = std::move(transport);
  result["meta"] = {{"deployment", "external"}};
  return result;
}

}  // namespace

std::unique_ptr<Exchange> DiscoveryService::open(Connection connection, const Request& request) {
  const auto here = Addresses::of(request);
  return open_socket(host_, connection, request, call_rules(host_, kPing), kMaxUnread, [&](const auto& outbox) {
    return std::make_unique<SowsConversation>(
        nullptr, outbox, [here, config = config_](std::string_view method, const Json& params, Json& result) {
          if (method != "DiscoverySearch.find") return false;
          result = find(params, here, config);
          return true;
        });
  });
}

}  // namespace omnibroker::plugins::nucleus
