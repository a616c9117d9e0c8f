#include "config/loader.hpp"
#include "config/relations.hpp"
#include "config/sections.hpp"
#include "config/yaml_text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::core {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

/// Writes block style: one option a line, two spaces a level.
class YamlWriter {
 public:
  void line(std::string_view key, std::string_view value) { begin(yaml_key(key) + ": " + std::string(value)); }
  void lines(const Lines& all) {
    for (const auto& [key, value] : all) line(key, value);
  }
  void open(std::string_view key) {
    begin(yaml_key(key) + ":");
    ++depth_;
  }
  void close() { --depth_; }

  /// The next line begins an element of a list, and the lines behind it belong to it.
  void open_item() {
    is_item_ = true;
    ++depth_;
  }

  std::string take() && { return std::move(text_); }

 private:
  void begin(const std::string& content) {
    text_ += std::string((is_item_ ? depth_ - 1 : depth_) * 2, ' ') + (is_item_ ? "- " : "") + content + "\n";
    is_item_ = false;
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool is_item_ = false;
};

class Dump {
 public:
  Dump(const BrokerConfig& config, const TypeLookup& find_type) : config_(config), find_type_(find_type) {}

  std::string write() && {
    RootOptions options;
    options.workers = config_.workers;
    for (const auto& [key, value] : root_spec().write(options)) {
      if (key != "include") out_.line(key, value);  // what was included is part of this text now
    }
    section("plugins", plugins_spec().write(config_));
    listeners();
    endpoints("transports", OMNIBROKER_KIND_TRANSPORT);
    endpoints("services", OMNIBROKER_KIND_SERVICE);
    bridges();
    routes();
    roles();
    out_.open("reply");
    component(config_.reply);
    out_.close();
    if (!config_.notices.plugin.empty()) {
      out_.open("notices");
      component(config_.notices);
      out_.close();
    }
    section("limits", limits_spec().write(config_.limits));
    section("control", control_spec().write(config_.control));
    section("crashes", crashes_spec().write(config_.crashes));
    section("log", log_spec().write(config_.log));
    return std::move(out_).take();
  }

 private:
  void section(std::string_view key, const Lines& lines) {
    out_.open(key);
    out_.lines(lines);
    out_.close();
  }

  void options(const ComponentConfig& component) {
    if (!find_type_ || component.plugin.empty()) return;
    const auto type = find_type_(component.plugin);
    if (!type || type.value() == nullptr) return;
    const auto* values = component.values.raw();
    for (std::size_t i = 0; i < type.value()->option_count && i < values->count; ++i) {
      const auto& option = *type.value()->options[i];
      const auto& value = *values->values[i];
      const auto yaml = yaml_of(option, value);
      if (value.is_default == 0 || can_be_written(option, yaml)) out_.line(option.name, yaml);
    }
  }

  void component(const ComponentConfig& component, const Lines& beside = {}) {
    out_.lines(component_spec().write(component));
    out_.lines(beside);
    options(component);
  }

  void listeners() {
    if (config_.listeners.empty()) return;
    out_.open("listeners");
    for (const auto& listener : config_.listeners) {
      out_.open(listener.name);
      out_.lines(listener_spec().write(listener));
      if (!listener.tls.certificate.empty() || !listener.tls.key.empty())
        section("tls", tls_spec().write(listener.tls));
      out_.close();
    }
    out_.close();
  }

  static std::string_view short_name(const ComponentConfig& component) {
    const std::string_view name = component.name;
    return name.substr(name.find('.') + 1);
  }

  void endpoints(std::string_view key, omnibroker_kind kind) {
    bool is_open = false;
    for (const auto& endpoint : config_.endpoints) {
      if (endpoint.component.kind != kind) continue;
      if (!std::exchange(is_open, true)) out_.open(key);
      out_.open(short_name(endpoint.component));
      component(endpoint.component, endpoint_spec().write(endpoint));
      out_.close();
    }
    if (is_open) out_.close();
  }

  void bridges() {
    if (config_.bridges.empty()) return;
    out_.open("bridges");
    for (const auto& bridge : config_.bridges) {
      out_.open(short_name(bridge.component));
      component(bridge.component, bridge_spec().write(bridge));
      out_.close();
    }
    out_.close();
  }

  void routes() {
    if (config_.routes.empty()) return;
    out_.open("routes");
    for (const auto& route : config_.routes) this->route(route);
    out_.close();
  }

  void route(RouteConfig route) {
    if (route.from_anyone) route.from = {kAnyone};
    out_.open(route.type);
    for (const auto& [key, value] : route_spec().write(route)) {
      // Whoever writes these without latest_by is told that they mean nothing, so they are not written either.
      const bool is_about_latest = key.starts_with("latest_m") || (key == "slow_clients" && value == "conflate");
      if (!is_about_latest || !route.latest_by.empty()) out_.line(key, value);
    }
    out_.open("handler");
    component(route.handler);
    out_.close();
    if (!route.filters.empty()) {
      out_.open("filters");
      for (const auto& filter : route.filters) {
        out_.open_item();
        component(filter);
        out_.close();
      }
      out_.close();
    }
    out_.close();
  }

  void roles() {
    if (config_.roles.empty()) return;
    out_.open("roles");
    for (const auto& role : config_.roles) section(role.name, role_spec().write(role));
    out_.close();
  }

  const BrokerConfig& config_;
  const TypeLookup& find_type_;
  YamlWriter out_;
};

}  // namespace

std::string dump_config(const BrokerConfig& config, const TypeLookup& find_type) {
  return Dump(config, find_type).write();
}

}  // namespace omnibroker::core
