// What messages go through, put together from a configuration and the components that run.

#include "broker/running.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

/// Those that there have been keep their index.
std::vector<RouteTable::Role> roles_after(const std::vector<RouteTable::Role>& before, const BrokerConfig& wanted) {
  auto roles = before;
  for (auto& role : roles) role.gone = true;
  for (const auto& named : wanted.roles) {
    auto found = std::find_if(roles.begin(), roles.end(), [&](const auto& role) { return role.name == named.name; });
    if (found == roles.end()) found = roles.insert(found, {named.name, {}, false});
    found->title = named.title;
    found->gone = false;
  }
  return roles;
}

}  // namespace

Result<std::shared_ptr<const Pipeline>> Broker::Running::compose(const BrokerConfig& wanted) {
  const auto before = shared->pipeline();
  auto roles = roles_after(before->routes.roles(), wanted);
  if (roles.size() > Pipeline::kMostRoles) {
    return Error{ErrorCode::ResourceExhausted, "There have been " + std::to_string(roles.size()) +
                                                   " roles since the start: more than " +
                                                   std::to_string(Pipeline::kMostRoles) + " need a restart"};
  }
  auto made = std::make_shared<Pipeline>(std::move(roles), wanted.limits);
  made->epoch = before->epoch + 1;
  made->routes.set_routes(routes_after(before->routes.routes(), wanted, made->routes.roles()));
  if (const auto* reply = current("reply")) {
    made->reply = {reply->component->self(), reply->component->table<omnibroker_reply_v1>(OMNIBROKER_REPLY),
                   &reply->component->place()};
  }
  if (const auto* notices = current("notices")) {
    made->notices = {notices->component->self(), notices->component->table<omnibroker_notices_v1>(OMNIBROKER_NOTICES),
                     &notices->component->place()};
  }
  for (const auto& name : bridges) made->bridges.push_back(bridge_port(name, wanted, made->routes));
  return std::shared_ptr<const Pipeline>(std::move(made));
}

std::vector<Route> Broker::Running::routes_after(const std::vector<Route>& before, const BrokerConfig& wanted,
                                                 const std::vector<RouteTable::Role>& roles) const {
  auto routes = before;
  for (auto& route : routes) route.gone = true;
  for (const auto& named : wanted.routes) {
    const auto* handler = current(named.handler.name);
    if (handler == nullptr) continue;
    const auto found =
        std::find_if(routes.begin(), routes.end(), [&](const auto& route) { return route.type == named.type; });
    const auto index = static_cast<std::size_t>(found - routes.begin());
    auto route = RouteTable::make_route(named, index, roles,
                                        *handler->component->table<omnibroker_handler_v1>(OMNIBROKER_HANDLER));
    route.handler = handler->component->self();
    route.handler_place = &handler->component->place();
    for (const auto& step : named.filters) {
      const auto* filter = current(step.name);
      if (filter == nullptr) continue;
      route.filters.push_back({filter->component->self(),
                               filter->component->table<omnibroker_filter_v1>(OMNIBROKER_FILTER),
                               &filter->component->place()});
    }
    if (found == routes.end()) {
      routes.push_back(std::move(route));
    } else {
      *found = std::move(route);
    }
  }
  return routes;
}

BridgePort Broker::Running::bridge_port(const std::string& name, const BrokerConfig& wanted,
                                        const RouteTable& routes) const {
  const auto* bridge = current(name);
  const auto named = std::find_if(wanted.bridges.begin(), wanted.bridges.end(),
                                  [&](const auto& one) { return one.component.name == name; });
  if (bridge == nullptr || named == wanted.bridges.end()) return {};
  return {&bridge->component->place(), bridge->component->self(),
          bridge->component->table<omnibroker_bridge_v1>(OMNIBROKER_BRIDGE),
          static_cast<std::size_t>(routes.role(named->role))};
}

}  // namespace omnibroker::core
