#include "plugin/negotiation.hpp"

#include "config/wording.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <omnibroker/version.hpp>

namespace omnibroker::core {
namespace {

using Reasons = std::vector<std::string>;

/// Far beyond any struct of any version: a larger `struct_size` was never written by a compiler.
constexpr std::uint32_t kAbsurdSize = 64 * 1024;

constexpr std::array<std::string_view, 13> kHostTables{
    OMNIBROKER_HOST_LOG,          OMNIBROKER_HOST_METRICS, OMNIBROKER_HOST_CLOCK,   OMNIBROKER_HOST_LIMITS,
    OMNIBROKER_HOST_EXECUTOR,     OMNIBROKER_HOST_SESSION, OMNIBROKER_HOST_CLIENTS, OMNIBROKER_HOST_MESSAGE,
    OMNIBROKER_HOST_CONNECTION,   OMNIBROKER_HOST_CALL,    OMNIBROKER_HOST_PUBLISH, OMNIBROKER_HOST_LATEST,
    OMNIBROKER_HOST_SUBSCRIPTIONS};

bool is_snake_case(const char* name) {
  const std::string_view text = name == nullptr ? "" : name;
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_text(const char* text) { return text != nullptr && *text != '\0'; }

std::string shown_or_none(const char* text) { return text == nullptr ? "(none)" : shown(text); }

std::string dotted(std::uint16_t major, std::uint16_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

/// Whether a struct has all fields that version 1.0 gave it (`least`; a struct that grows gets its old size written
/// down where it is asked for). Says so otherwise.
template <class Struct>
bool whole(const Struct* object, std::size_t least, const std::string& what, Reasons& reasons) {
  if (object == nullptr) {
    reasons.push_back(what + " is missing");
    return false;
  }
  if (object->struct_size < least || object->struct_size > kAbsurdSize) {
    reasons.push_back(what + " says that it has " + std::to_string(object->struct_size) +
                      " bytes; it must have at least " + std::to_string(least));
    return false;
  }
  return true;
}

void check_option(const omnibroker_option* option, const std::string& type, std::set<std::string_view>& names,
                  Reasons& reasons) {
  if (!whole(option, sizeof(omnibroker_option), "An option of " + type, reasons)) return;
  if (!is_snake_case(option->name)) {
    reasons.push_back("An option of " + type + " has the name " + shown_or_none(option->name) +
                      ", which is not snake_case");
    return;
  }
  const std::string what = "Option " + shown(option->name) + " of " + type;
  if (!names.insert(option->name).second) reasons.push_back(what + " is declared twice");
  if (option->type < OMNIBROKER_OPTION_BOOLEAN || option->type > OMNIBROKER_OPTION_TEXT_MAP) {
    reasons.push_back(what + " has the unknown type " + std::to_string(option->type));
  }
  if (!is_text(option->doc)) reasons.push_back(what + " is not documented");
  const bool required = (option->flags & OMNIBROKER_OPTION_REQUIRED) != 0;
  if (required && option->default_text != nullptr) reasons.push_back(what + " is required, and has a default");
  if (!required && option->default_text == nullptr) reasons.push_back(what + " is not required, and has no default");
  if (option->type == OMNIBROKER_OPTION_CHOICE && !is_text(option->choices)) {
    reasons.push_back(what + " is a choice, and offers none");
  }
}

/// The tables that make a component what its kind says, with the functions that the host calls without asking.
class TableCheck {
 public:
  TableCheck(const omnibroker_component_type& type, const std::string& what, Reasons& reasons)
      : type_(type), what_(what), reasons_(reasons) {}

  void run() {
    table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE);
    switch (type_.kind) {
      case OMNIBROKER_KIND_TRANSPORT:
      case OMNIBROKER_KIND_SERVICE: return transport();
      case OMNIBROKER_KIND_HANDLER: return handler();
      case OMNIBROKER_KIND_FILTER:
        if (const auto* filter = table<omnibroker_filter_v1>(OMNIBROKER_FILTER)) must(filter->filter, "filter");
        return;
      case OMNIBROKER_KIND_BRIDGE:
        if (const auto* bridge = table<omnibroker_bridge_v1>(OMNIBROKER_BRIDGE)) must(bridge->deliver, "deliver");
        return;
      default: return;
    }
  }

 private:
  void transport() {
    constexpr std::size_t kVersion_1_0 = offsetof(omnibroker_transport_v1, encode_variant);
    const auto* transport = table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT, kVersion_1_0);
    if (transport == nullptr) return;
    must(transport->open, "open");
    must(transport->receive, "receive");
    must(transport->shutdown, "shutdown");
    must(transport->closed, "closed");
    if (type_.kind == OMNIBROKER_KIND_TRANSPORT) must(transport->encode, "encode");
  }
  void handler() {
    const bool handles = type_.table(OMNIBROKER_HANDLER) != nullptr;
    const bool replies = type_.table(OMNIBROKER_REPLY) != nullptr;
    const bool notifies = type_.table(OMNIBROKER_NOTICES) != nullptr;
    if (!handles && !replies && !notifies) {
      reasons_.push_back("A handler must offer " OMNIBROKER_HANDLER ", " OMNIBROKER_REPLY " or " OMNIBROKER_NOTICES
                         "; " +
                         what_ + " offers none of them");
    }
    const auto* handler = handles ? table<omnibroker_handler_v1>(OMNIBROKER_HANDLER) : nullptr;
    if (handler != nullptr) must(handler->handle, "handle");
    const auto* reply = replies ? table<omnibroker_reply_v1>(OMNIBROKER_REPLY) : nullptr;
    if (reply != nullptr) must(reply->ack, "ack"), must(reply->error, "error");
    const auto* notices = notifies ? table<omnibroker_notices_v1>(OMNIBROKER_NOTICES) : nullptr;
    if (notices == nullptr) return;
    if (!is_text(notices->subprotocol)) reasons_.push_back("The sub-protocol of " + what_ + " has no name");
    must(notices->welcome, "welcome"), must(notices->status, "status");
  }

  template <class Table>
  const Table* table(const char* id, std::size_t least = sizeof(Table)) {
    const auto* found = static_cast<const Table*>(type_.table(id));
    return whole(found, least, "Table " + std::string(id) + " of " + what_, reasons_) ? found : nullptr;
  }
  template <class Function>
  void must(Function* function, const char* name) {
    if (function == nullptr) reasons_.push_back("Function " + shown(name) + " of " + what_ + " is missing");
  }

  const omnibroker_component_type& type_;
  const std::string& what_;
  Reasons& reasons_;
};

void check_component(const omnibroker_component_type* type, std::set<std::string_view>& names, Reasons& reasons) {
  if (!whole(type, sizeof(omnibroker_component_type), "A component type", reasons)) return;
  if (!is_snake_case(type->name)) {
    reasons.push_back("A component type has the name " + shown_or_none(type->name) + ", which is not snake_case");
    return;
  }
  const std::string what = "component type " + shown(type->name);
  if (!names.insert(type->name).second) reasons.push_back("The " + what + " is declared twice");
  if (!is_text(type->doc)) reasons.push_back("The " + what + " is not documented");
  if (type->kind < OMNIBROKER_KIND_TRANSPORT || type->kind > OMNIBROKER_KIND_SERVICE) {
    reasons.push_back("The " + what + " has the unknown kind " + std::to_string(type->kind));
  }
  if (type->option_count != 0 && type->options == nullptr) {
    reasons.push_back("The " + what + " counts options, and has none");
  } else {
    std::set<std::string_view> option_names;
    for (std::size_t i = 0; i < type->option_count; ++i) check_option(type->options[i], what, option_names, reasons);
  }
  for (std::size_t i = 0; type->needs != nullptr && i < type->need_count; ++i) {
    const std::string_view need = type->needs[i] == nullptr ? "" : type->needs[i];
    if (std::find(kHostTables.begin(), kHostTables.end(), need) == kHostTables.end()) {
      reasons.push_back("The " + what + " needs the host table " + shown(need) + ", which this broker does not know");
    }
  }
  if (type->create == nullptr || type->destroy == nullptr || type->table == nullptr) {
    reasons.push_back("The " + what + " lacks create, destroy or table");
    return;
  }
  TableCheck(*type, what, reasons).run();
}

/// "address,undefined" as "address": undefined behaviour's checks need no runtime that both sides share.
std::string runtime_of(std::string_view sanitizers) {
  std::set<std::string_view> parts;
  while (!sanitizers.empty()) {
    const auto comma = sanitizers.find(',');
    const auto part = sanitizers.substr(0, comma);
    if (!part.empty() && part != "undefined") parts.insert(part);
    if (comma == std::string_view::npos) break;
    sanitizers.remove_prefix(comma + 1);
  }
  std::string joined;
  for (const auto part : parts) joined += (joined.empty() ? "" : ",") + std::string(part);
  return joined;
}

void check_sanitizers(const omnibroker_plugin& plugin, const HostIdentity& host, Reasons& reasons) {
  const auto theirs = runtime_of(plugin.sanitizers == nullptr ? "" : plugin.sanitizers);
  const auto ours = runtime_of(host.sanitizers);
  if (theirs == ours) return;
  const auto say = [](const std::string& text) {
    return text.empty() ? "without a sanitizer" : "with the sanitizer " + shown(text);
  };
  reasons.push_back("It was built " + say(theirs) + " and this broker " + say(ours) +
                    "; both must be built alike, or memory is judged by two different books");
}

/// The version, which comes before everything else: what follows it in another major is unknown.
bool speaks_our_abi(const omnibroker_plugin& plugin, const HostIdentity& host, Reasons& reasons) {
  constexpr std::size_t kUpToVersion = offsetof(omnibroker_plugin, abi_minor) + sizeof(plugin.abi_minor);
  if (!whole(&plugin, kUpToVersion, "Its descriptor", reasons)) return false;
  const auto both = "It needs plugin ABI " + dotted(plugin.abi_major, plugin.abi_minor) + ", and this broker (" +
                    OMNIBROKER_SDK_VERSION + ") has " + dotted(host.abi_major, host.abi_minor);
  if (plugin.abi_major != host.abi_major) {
    reasons.push_back(both + "; build it against an SDK of ABI " + std::to_string(host.abi_major));
    return false;
  }
  if (plugin.abi_minor > host.abi_minor) {
    reasons.push_back(both + "; a newer broker is needed, or a build that asks for less");
    return false;
  }
  return whole(&plugin, sizeof(omnibroker_plugin), "Its descriptor", reasons);
}

}  // namespace

std::string_view HostIdentity::built_with() { return OMNIBROKER_SANITIZERS; }

std::vector<std::string> refusals(const omnibroker_plugin* descriptor, std::string_view file_name,
                                  const HostIdentity& host) {
  if (descriptor == nullptr) return {"Its entry function answered nothing: it says that it cannot serve here"};
  Reasons reasons;
  if (!speaks_our_abi(*descriptor, host, reasons)) return reasons;

  if (!is_text(descriptor->name) || file_name != descriptor->name) {
    reasons.push_back("It calls itself " + shown_or_none(descriptor->name) + ", and its file is called " +
                      shown(std::string(file_name) + ".so") + "; both names must be the same");
  }
  if (!is_text(descriptor->version)) reasons.push_back("It does not say its version");
  if (!is_text(descriptor->doc)) reasons.push_back("It does not say what it is for");
  check_sanitizers(*descriptor, host, reasons);
  if (descriptor->component_count == 0 || descriptor->components == nullptr) {
    reasons.push_back("It has no component type, so there is nothing that it could make");
    return reasons;
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < descriptor->component_count; ++i)
    check_component(descriptor->components[i], names, reasons);
  return reasons;
}

}  // namespace omnibroker::core
