#include "routing/route_table.hpp"

#include <algorithm>

namespace omnibroker::core {
namespace {

std::size_t index_of(const std::vector<RouteTable::Role>& roles, const std::string& name) {
  const auto found = std::find_if(roles.begin(), roles.end(), [&](const auto& role) { return role.name == name; });
  return static_cast<std::size_t>(found - roles.begin());
}

/// "A", "A and B", "A, B and C", each by its title.
std::string titles(const std::vector<RouteTable::Role>& roles, const std::vector<std::string>& names,
                   const char* last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? last : ", ";
    text += roles[index_of(roles, names[i])].title;
  }
  return text;
}

}  // namespace

void RouteTable::set_routes(std::vector<Route> routes) {
  routes_ = std::move(routes);
  for (const auto& route : routes_) {
    if (!route.gone) by_type_.emplace(route.type, &route);
  }
}

const Route* RouteTable::find(std::string_view type) const {
  const auto found = by_type_.find(type);
  return found == by_type_.end() ? nullptr : found->second;
}

int RouteTable::role(std::string_view name) const {
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    if (!roles_[i].gone && roles_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

bool RouteTable::feeds(const Route& route, std::size_t role) {
  return std::find(route.to.begin(), route.to.end(), role) != route.to.end();
}

Route RouteTable::make_route(const RouteConfig& config, std::size_t index, const std::vector<Role>& roles,
                             const omnibroker_handler_v1& handler) {
  Route route;
  route.type = config.type;
  route.index = index;
  route.from_anyone = config.from_anyone;
  route.from.assign(roles.size(), config.from_anyone || config.from.empty());
  for (const auto& role : config.from) route.from[index_of(roles, role)] = true;
  for (const auto& role : config.to) route.to.push_back(index_of(roles, role));
  route.handler_table = &handler;
  route.failure_code = handler.failure_code != nullptr ? handler.failure_code : "INTERNAL_ERROR";
  const auto noun = handler.noun != nullptr ? std::string(handler.noun) : config.type + " messages";
  route.forbidden = "Only " + titles(roles, config.from, " and ") + " can send " + noun;
  route.nobody_there = "No " + titles(roles, config.to, " or ") + " is connected";
  route.ack = config.ack;
  route.require_receiver = config.require_receiver;
  route.latest_by = config.latest_by;
  route.latest_max = config.latest_max;
  route.latest_max_age = config.latest_max_age;
  route.position_fields = config.position_fields;
  // Without a key there is nothing to conflate by.
  const bool conflates = config.slow_clients != SlowClients::Conflate || !config.latest_by.empty();
  route.slow_clients = conflates ? config.slow_clients : SlowClients::DropOldest;
  route.max_backlog = config.max_backlog.bytes;
  route.max_lag = config.max_lag;
  route.flush_interval = config.flush_interval;
  route.max_rate = config.max_rate;
  route.over_rate =
      "No more than " + std::to_string(config.max_rate) + " " + noun + " a second are taken from one client";
  return route;
}

}  // namespace omnibroker::core
