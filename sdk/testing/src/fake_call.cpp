// The tables that handlers and filters use: messages and calls.

#include "message.hpp"
#include "state.hpp"

#include <algorithm>

#include <omnibroker/result.hpp>
#include <omnibroker/testing/fake_call.hpp>

namespace omnibroker::testing {

FakeCall::FakeCall(FakeHost& host) : host_(*host.state_) {}

namespace detail {

std::optional<ParsedMessage> ParsedMessage::parse(std::string_view json, const FakeCall& call) {
  constexpr std::string_view space = " \t\r\n";
  const auto begin = json.find_first_not_of(space);
  const auto end = json.find_last_not_of(space);
  if (begin == std::string_view::npos) return std::nullopt;
  auto value = parse_json(json);
  if (!value || value->kind != OMNIBROKER_JSON_OBJECT) return std::nullopt;
  const auto* type = value->member("type");
  if (type == nullptr || type->kind != OMNIBROKER_JSON_STRING || type->string.empty()) return std::nullopt;
  return ParsedMessage{std::string(json.substr(begin, end - begin + 1)), std::move(*value), &call};
}

namespace {

const ParsedMessage& of(const omnibroker_message* raw) { return *reinterpret_cast<const ParsedMessage*>(raw); }

const JsonValue& of(const omnibroker_json* json) { return *reinterpret_cast<const JsonValue*>(json->opaque[0]); }

omnibroker_status fill(const JsonValue* value, omnibroker_json* out) {
  if (value == nullptr) return OMNIBROKER_NOT_FOUND;
  out->kind = value->kind;
  out->text = text(value->string);
  out->number = value->number;
  out->opaque[0] = reinterpret_cast<std::uint64_t>(value);
  return OMNIBROKER_OK;
}

omnibroker_status element(const omnibroker_message*, const omnibroker_json* container, std::size_t index,
                          omnibroker_text* key, omnibroker_json* out) {
  const auto& members = of(container).members;
  if (index >= members.size()) return OMNIBROKER_NOT_FOUND;
  if (key != nullptr && of(container).kind == OMNIBROKER_JSON_OBJECT) *key = text(members[index].key);
  return fill(&members[index].value, out);
}

constexpr omnibroker_host_message_v1 kMessages{
    sizeof(omnibroker_host_message_v1),
    [](const omnibroker_message* message) { return text(of(message).payload); },
    [](const omnibroker_message* message) { return text(of(message).object.member("type")->string); },
    [](const omnibroker_message* message) { return of(message).call->sender.session; },
    [](const omnibroker_message* message) { return text(of(message).call->sender.client_id); },
    [](const omnibroker_message* message) { return text(of(message).call->sender.role); },
    [](const omnibroker_message* message, omnibroker_text name, omnibroker_json* out) {
      return fill(of(message).object.member(view(name)), out);
    },
    [](const omnibroker_message*, const omnibroker_json* object, omnibroker_text name, omnibroker_json* out) {
      if (of(object).kind != OMNIBROKER_JSON_OBJECT) return omnibroker_status{OMNIBROKER_INVALID_ARGUMENT};
      return fill(of(object).member(view(name)), out);
    },
    [](const omnibroker_message*, const omnibroker_json* container) { return of(container).members.size(); },
    element};

FakeCall& of(omnibroker_call* raw) { return *reinterpret_cast<FakeCall*>(raw); }

omnibroker_status register_role(omnibroker_call* raw, omnibroker_text role) {
  auto& call = of(raw);
  call.registered_role = view(role);
  if (std::find(call.known_roles.begin(), call.known_roles.end(), view(role)) == call.known_roles.end()) {
    return OMNIBROKER_NOT_FOUND;
  }
  if (call.sender.role == view(role)) return OMNIBROKER_ALREADY_EXISTS;
  if (!call.sender.role.empty()) return OMNIBROKER_CONFLICT;
  call.sender.role = view(role);
  return OMNIBROKER_OK;
}

omnibroker_status complete(const omnibroker_host* host, std::uint64_t token, omnibroker_action action,
                           omnibroker_text code, omnibroker_text message, omnibroker_text payload) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  if (state.open_tokens.erase(token) == 0) return OMNIBROKER_NOT_FOUND;
  state.completions.push_back(
      {token, action, std::string(view(code)), std::string(view(message)), std::string(view(payload))});
  return OMNIBROKER_OK;
}

}  // namespace

struct CallTables {
  static std::uint64_t defer(omnibroker_call* raw) {
    auto& call = of(raw);
    if (!call.can_defer) return 0;
    const std::lock_guard lock(call.host_.mutex);
    call.deferred_token = call.host_.next_token++;
    call.host_.open_tokens.insert(call.deferred_token);
    return call.deferred_token;
  }

  static constexpr omnibroker_host_call_v1 table{
      sizeof(omnibroker_host_call_v1),
      [](omnibroker_call* call, omnibroker_text payload) { of(call).replaced = view(payload); },
      [](omnibroker_call* call, omnibroker_text code, omnibroker_text message) {
        of(call).refused_code = view(code);
        of(call).refused_message = view(message);
      },
      [](omnibroker_call* call) { of(call).acknowledged = true; },
      [](omnibroker_call* call, omnibroker_text payload) {
        of(call).answers.emplace_back(view(payload));
        return omnibroker_status{OMNIBROKER_OK};
      },
      register_role,
      [](omnibroker_call* call) { return of(call).receivers; },
      defer,
      complete};
};

const void* message_table() { return &kMessages; }
const void* call_table() { return &CallTables::table; }

}  // namespace detail
}  // namespace omnibroker::testing
