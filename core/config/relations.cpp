#include "config/relations.hpp"

#include "config/addresses.hpp"
#include "config/files.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace omnibroker::core {
namespace {

/// One place where a role is named.
struct RoleUse {
  std::string_view role;
  Mark mark;
  std::string path;
};

void use_roles(const Read<RouteConfig>& route, std::string_view key, const std::vector<std::string>& roles,
               std::vector<RoleUse>& uses) {
  const auto* entry = route.place.node->find(key);
  if (entry == nullptr) return;
  const auto place = route.place.child(*entry);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const bool is_list = place.node->kind == Node::Kind::List && i < place.node->items.size();
    uses.push_back({roles[i], is_list ? place.node->items[i].mark : place.node->mark, place.path});
  }
}

/// Every role that a route or a bridge names, in the order of the file.
std::vector<RoleUse> role_uses(const ReadBroker& broker) {
  std::vector<RoleUse> uses;
  for (const auto& route : broker.routes) {
    use_roles(route, "from", route.config.from, uses);
    use_roles(route, "to", route.config.to, uses);
  }
  for (const auto& bridge : broker.bridges) {
    if (bridge.gives("role")) uses.push_back({bridge.config.role, bridge.at("role"), bridge.place.path + ".role"});
  }
  return uses;
}

bool is_for_anyone(const RouteConfig& route) {
  return std::find(route.from.begin(), route.from.end(), kAnyone) != route.from.end();
}

class Relations {
 public:
  Relations(const ReadBroker& broker, Findings& findings) : broker_(broker), findings_(findings) {}

  void check() {
    check_listeners();
    check_control();
    check_endpoints();
    for (const auto& route : broker_.routes) check_route(route);
    check_roles();
    check_presence();
  }

 private:
  /// The names in a section, also those whose options could not be read.
  std::vector<std::string_view> keys_of(const char* section) const {
    std::vector<std::string_view> keys;
    const auto* entry = broker_.root.node->find(section);
    if (entry == nullptr) return keys;
    for (const auto& named : entry->value.entries) keys.emplace_back(named.key);
    return keys;
  }

  void check_listeners() {
    std::map<std::string_view, const Read<ListenerConfig>*> by_address;
    for (const auto& listener : broker_.listeners) {
      check_tls(listener);
      if (!listener.gives("address")) continue;
      const auto& address = listener.config.address;
      const auto path = listener.place.path + ".address";
      const auto problem = address_problem(address);
      if (!problem.empty()) {
        findings_.error(listener.at("address"), path, problem);
      } else if (const auto [first, is_new] = by_address.emplace(address, &listener);
                 !is_new && is_exclusive(address)) {
        findings_.error(listener.at("address"), path,
                        shown(address) + " belongs to listener " + shown(first->second->config.name) + " already, at " +
                            to_string(first->second->at("address")));
      }
    }
  }

  void check_control() {
    const auto& control = broker_.control;
    if (!control.gives("socket") || !control.config.is_path()) return;
    const auto complain = [&](const std::string& problem) {
      findings_.error(control.at("socket"), control.place.path + ".socket", problem);
    };
    const auto address = "unix:" + control.config.socket;
    if (const auto problem = address_problem(address); !problem.empty()) complain(problem);
    for (const auto& listener : broker_.listeners) {
      if (listener.config.address != address) continue;
      complain("is the address of listener " + shown(listener.config.name) + ", at " +
               to_string(listener.at("address")));
    }
  }

  void check_tls(const Read<ListenerConfig>& listener) {
    const auto* tls = listener.place.node->find("tls");
    if (tls == nullptr) return;
    const auto place = listener.place.child(*tls);
    const std::pair<const char*, const std::string*> files[] = {{"certificate", &listener.config.tls.certificate},
                                                                {"key", &listener.config.tls.key}};
    for (const auto& [key, file] : files) {
      const auto* entry = place.node->find(key);
      if (entry == nullptr || !entry->value.is_text()) continue;
      if (const auto readable = can_read(*file); !readable) {
        findings_.error(entry->value.mark, place.path + "." + key,
                        "cannot read " + shown(entry->value.text) + ": " + readable.error().message);
      }
    }
  }

  void check_endpoints() {
    const auto names = keys_of("listeners");
    const std::set<std::string_view> listeners(names.begin(), names.end());
    using Mount = std::pair<std::string_view, std::string_view>;  // listener and path
    std::map<Mount, const Read<EndpointConfig>*> mounts;
    std::set<std::string_view> used;
    for (const auto& endpoint : broker_.endpoints) {
      const auto& config = endpoint.config;
      used.insert(config.listener);
      if (endpoint.gives("listener") && listeners.count(config.listener) == 0) {
        findings_.error(endpoint.at("listener"), endpoint.place.path + ".listener",
                        "no listener " + shown(config.listener) + did_you_mean(config.listener, names));
      }
      if (!endpoint.gives("path")) continue;
      const auto path = endpoint.place.path + ".path";
      if (const auto problem = path_problem(config.path); !problem.empty()) {
        findings_.error(endpoint.at("path"), path, problem);
      } else if (const auto [first, is_new] = mounts.emplace(Mount(config.listener, config.path), &endpoint); !is_new) {
        findings_.error(endpoint.at("path"), path,
                        shown(config.path) + " of listener " + shown(config.listener) + " belongs to " +
                            first->second->place.path + " already, at " + to_string(first->second->at("path")));
      }
    }
    if (findings_.has_errors()) return;  // a name that is wrong somewhere would be warned of here, too
    for (const auto& listener : broker_.listeners) {
      if (used.count(listener.config.name) > 0) continue;
      findings_.warning(listener.place.mark, listener.place.path, "no transport or service uses this listener");
    }
  }

  void check_route(const Read<RouteConfig>& route) {
    const auto& config = route.config;
    const auto complain = [&](const char* key, const std::string& problem) {
      findings_.error(route.at(key), route.place.path + "." + key, problem);
    };
    if (is_for_anyone(config) && config.from.size() > 1) complain("from", "anyone stands alone: it covers every role");
    if (std::find(config.to.begin(), config.to.end(), kAnyone) != config.to.end()) {
      complain("to", "anyone can send, but only roles can be sent to");
    }
    if (config.require_receiver && config.to.empty()) {
      complain("require_receiver", "needs to: without it nobody ever receives the message");
    }
    if (config.position_fields.size() > 3) {
      complain("position",
               "a position has at most three fields, this one has " + std::to_string(config.position_fields.size()));
    }
    if (config.flush_interval.count() > 0 && config.to.empty()) {
      findings_.warning(route.at("flush_interval"), route.place.path + ".flush_interval",
                        "has no effect: the route has no to");
    }
    if (!config.latest_by.empty()) {
      if (config.to.empty()) {
        findings_.warning(route.at("latest_by"), route.place.path + ".latest_by",
                          "keeps latest messages for nobody: the route has no to");
      }
      return;
    }
    const auto* slow_clients = route.place.node->find("slow_clients");
    if (slow_clients != nullptr && slow_clients->value.text == "conflate") {
      complain("slow_clients", "conflate needs latest_by, the field that says which messages replace one another");
    }
    for (const char* key : {"latest_max", "latest_max_age"}) {
      if (!route.gives(key)) continue;
      findings_.warning(route.at(key), route.place.path + "." + key, "has no effect without latest_by");
    }
  }

  void check_roles() {
    const auto uses = role_uses(broker_);
    std::map<std::string_view, int> counts;
    std::vector<std::string_view> names;
    for (const auto& use : uses) {
      if (++counts[use.role] == 1 && use.role != kAnyone) names.push_back(use.role);
    }
    std::vector<std::string_view>
        settled;  // named twice or more: what a name that stands alone may have been meant to be
    for (const auto name : names) {
      if (counts[name] > 1) settled.push_back(name);
    }
    for (const auto& use : uses) check_role_use(use, counts, settled);
    for (const auto& role : broker_.roles) {
      const auto& name = role.config.name;
      if (name == kAnyone) {
        findings_.error(role.place.mark, role.place.path, "anyone is not a role: it means every client");
      } else if (counts.count(name) == 0) {
        findings_.error(role.place.mark, role.place.path,
                        "no route or bridge names this role" + did_you_mean(name, names));
      }
    }
  }

  void check_role_use(const RoleUse& use, const std::map<std::string_view, int>& counts,
                      const std::vector<std::string_view>& settled) {
    if (use.role == kAnyone) {
      if (use.path.starts_with("bridges."))
        findings_.error(use.mark, use.path, "anyone is not a role a bridge can have");
      return;
    }
    if (const auto problem = name_problem(use.role); !problem.empty()) {
      return findings_.error(use.mark, use.path, problem);
    }
    if (counts.at(use.role) > 1) return;
    const auto near = nearest(use.role, settled);
    if (near.empty()) return;
    findings_.warning(use.mark, use.path,
                      "role " + shown(use.role) + " is named nowhere else (did you mean " + shown(near) + "?)");
  }

  /// Where a section is missing, the file as a whole is at fault.
  void check_presence() {
    const auto point_at = [this](const char* key) {
      const auto* entry = broker_.root.node->find(key);
      return entry == nullptr ? broker_.root.mark : entry->mark;
    };
    const auto is_readable = [this](const char* key) {
      const auto* entry = broker_.root.node->find(key);
      return entry == nullptr || entry->value.kind == Node::Kind::Map || entry->value.kind == Node::Kind::Null;
    };
    if (is_readable("listeners") && keys_of("listeners").empty()) {
      findings_.error(point_at("listeners"), "listeners",
                      "at least one listener is needed, such as public: { address: \"localhost:8000\" }");
    }
    if (is_readable("transports") && keys_of("transports").empty() && keys_of("services").empty()) {
      findings_.error(point_at("transports"), "transports", "at least one transport or service is needed");
    }
    const bool has_transport =
        std::any_of(broker_.endpoints.begin(), broker_.endpoints.end(),
                    [](const auto& endpoint) { return endpoint.config.component.kind == OMNIBROKER_KIND_TRANSPORT; });
    const bool can_register = std::any_of(broker_.routes.begin(), broker_.routes.end(),
                                          [](const auto& route) { return is_for_anyone(route.config); });
    if (has_transport && !can_register && !findings_.has_errors()) {
      findings_.warning(point_at("routes"), "routes", "no route takes messages from anyone, so no client can register");
    }
  }

  const ReadBroker& broker_;
  Findings& findings_;
};

template <class T>
std::vector<T> configs(std::vector<Read<T>> all) {
  std::vector<T> result;
  for (auto& read : all) result.push_back(std::move(read.config));
  return result;
}

/// Every role that is named, in the order of the file, with the title that `roles:` gives it.
std::vector<RoleConfig> all_roles(const ReadBroker& broker) {
  std::map<std::string_view, std::string_view> titles;
  for (const auto& role : broker.roles) titles.emplace(role.config.name, role.config.title);
  std::vector<RoleConfig> roles;
  std::set<std::string_view> seen;
  for (const auto& use : role_uses(broker)) {
    if (use.role == kAnyone || !seen.insert(use.role).second) continue;
    const auto title = titles.find(use.role);
    const bool has_title = title != titles.end() && !title->second.empty();
    const auto name = std::string(use.role);
    roles.push_back({name, has_title ? std::string(title->second) : title_of(name)});
  }
  return roles;
}

}  // namespace

void check_relations(const ReadBroker& broker, Findings& findings) { Relations(broker, findings).check(); }

std::string title_of(const std::string& role) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  std::string title;
  std::size_t begin = 0;
  while (begin <= role.size()) {
    const auto end = std::min(role.find('_', begin), role.size());
    auto word = role.substr(begin, end - begin);
    const std::size_t capitals = word.size() <= 2 ? word.size() : 1;
    for (std::size_t i = 0; i < capitals; ++i) word[i] = upper(word[i]);
    if (!word.empty()) title += (title.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return title;
}

BrokerConfig assemble(ReadBroker broker) {
  BrokerConfig config;
  config.roles = all_roles(broker);
  for (auto& route : broker.routes) {
    if (!is_for_anyone(route.config)) continue;
    route.config.from_anyone = true;
    route.config.from.clear();
  }
  config.file = broker.root.mark.file->name;
  config.workers = broker.options.workers;
  config.plugin_path = std::move(broker.plugin_path);
  config.listeners = configs(std::move(broker.listeners));
  config.endpoints = configs(std::move(broker.endpoints));
  config.bridges = configs(std::move(broker.bridges));
  config.routes = configs(std::move(broker.routes));
  config.reply = std::move(broker.reply);
  config.notices = std::move(broker.notices);
  config.limits = broker.limits;
  config.control = std::move(broker.control.config);
  config.crashes = std::move(broker.crashes);
  config.log = std::move(broker.log);
  return config;
}

}  // namespace omnibroker::core
