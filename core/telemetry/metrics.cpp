#include "telemetry/metrics.hpp"

namespace omnibroker::core {
namespace {

/// Names come from plugins too: what the format does not allow becomes an underscore.
std::string metric_name(std::string_view name) {
  std::string out = "omnibroker_";
  for (const char c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out.push_back(allowed ? c : '_');
  }
  return out;
}

void append_doc(std::string& out, std::string_view doc) {
  for (const char c : doc) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (out.back() != '{') out.push_back(',');
  out.append(name).append("=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

MetricValue& Metrics::get(Kind kind, std::string_view name, std::string_view doc, std::string_view component,
                          std::string_view reason) {
  auto full_name = metric_name(name);
  std::pair<std::string, std::string> labels(component, reason);

  const std::lock_guard lock(mutex_);
  auto family = families_.find(full_name);
  if (family == families_.end()) {
    family = families_.emplace(std::move(full_name), Family{kind, std::string(doc), {}}).first;
  }
  auto& member = family->second.members[std::move(labels)];
  if (member == nullptr) member = &values_.emplace_back();
  return *member;
}

std::string Metrics::prometheus() const {
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    out.append("# HELP ").append(name).push_back(' ');
    append_doc(out, family.doc);
    out.append("\n# TYPE ").append(name).append(family.kind == Kind::Counter ? " counter\n" : " gauge\n");
    for (const auto& [labels, value] : family.members) {
      const auto& [component, reason] = labels;
      out += name;
      if (!component.empty() || !reason.empty()) {
        out.push_back('{');
        append_label(out, "component", component);
        append_label(out, "reason", reason);
        out.push_back('}');
      }
      out.append(" ").append(std::to_string(value->value())).push_back('\n');
    }
  }
  return out;
}

}  // namespace omnibroker::core
