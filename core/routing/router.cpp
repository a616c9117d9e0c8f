#include "routing/router.hpp"

#include "session/session.hpp"

#include <omnibroker/result.hpp>

using omnibroker::core::Decision;
using omnibroker::core::Envelope;
using omnibroker::core::Route;
using omnibroker::core::RouteTable;
using omnibroker::core::RoutingHost;
using omnibroker::core::Session;

/// What a plugin sees of the message that is being handled.
struct omnibroker_message {
  const Envelope* envelope = nullptr;
  const Session* session = nullptr;
  std::string_view role;
};

/// What a plugin has said about it so far.
struct omnibroker_call {
  RoutingHost* host = nullptr;
  Session* session = nullptr;
  const Route* route = nullptr;
  bool replaced = false;
  std::string replacement;
  std::string code;
  std::string message;
  bool acknowledge = false;
  std::vector<std::string> answers;
  std::size_t answer_count = 0;
  std::uint64_t token = 0;
};

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostAnswers = 16;

}  // namespace

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

Router::Router(std::size_t largest_message, RoutingHost& host)
    : host_(host),
      envelope_(largest_message),
      call_(std::make_unique<omnibroker_call>()),
      message_(std::make_unique<omnibroker_message>()) {}

Router::~Router() = default;

const Decision& Router::refuse(std::string_view code, std::string_view message) {
  decision_.kind = Decision::Kind::Refused;
  code_.assign(code);
  text_.assign(message);
  decision_.code = code_;
  decision_.message = text_;
  return decision_;
}

const Decision& Router::route(const RouteTable& table, Session& session, omnibroker_encoding encoding,
                              const std::uint8_t* bytes, std::size_t size) {
  decision_ = {};
  if (encoding != OMNIBROKER_TEXT_PAYLOAD) {
    return refuse("INVALID_MESSAGE_FORMAT", "The message must be JSON in a text message, not binary");
  }
  switch (envelope_.parse(bytes, size)) {
    case Envelope::Verdict::InvalidJson: return refuse("INVALID_JSON", "Invalid JSON format");
    case Envelope::Verdict::InvalidFormat: return refuse("INVALID_MESSAGE_FORMAT", envelope_.problem());
    case Envelope::Verdict::Ok: break;
  }
  decision_.type = envelope_.type();
  const Route* route = table.find(decision_.type);
  if (session.role < 0 && (route == nullptr || !route->from_anyone)) {
    return refuse("CLIENT_NOT_REGISTERED", "The first message must register the client");
  }
  if (route == nullptr) return refuse("UNKNOWN_MESSAGE_TYPE", "Unknown message type: " + shortened(decision_.type));
  decision_.route = route;
  const auto role = static_cast<std::size_t>(session.role);
  if (!route->from_anyone && (role >= route->from.size() || !route->from[role])) {
    return refuse("UNAUTHORIZED", route->forbidden);
  }
  if (route->max_rate != 0 && !host_.within_rate(session, *route)) {
    return refuse("RATE_LIMIT_EXCEEDED", route->over_rate);
  }
  message_->envelope = &envelope_;
  message_->session = &session;
  message_->role = role < table.roles().size() ? std::string_view(table.roles()[role].name) : std::string_view();
  return run_steps(*route, session);
}

const Decision& Router::run_steps(const Route& route, Session& session) {
  auto& call = *call_;
  call.host = &host_;
  call.session = &session;
  call.route = &route;
  call.replaced = false;
  call.code.clear();
  call.message.clear();
  call.acknowledge = route.ack;
  call.answer_count = 0;
  call.token = 0;

  omnibroker_action action = OMNIBROKER_ACCEPT;
  for (const auto& step : route.filters) {
    const CallMark mark(step.place, Call::Filter);
    action = step.table->filter(step.self, &call, message_.get());
    if (action != OMNIBROKER_ACCEPT) break;
  }
  if (action == OMNIBROKER_ACCEPT) {
    const CallMark mark(route.handler_place, Call::Handle);
    action = route.handler_table->handle(route.handler, &call, message_.get());
  }

  decision_.acknowledge = call.acknowledge;
  decision_.answers = {call.answers.data(), call.answer_count};
  decision_.payload = call.replaced ? std::string_view(call.replacement) : envelope_.payload();
  decision_.token = call.token;
  if (action == OMNIBROKER_ACCEPT || action == OMNIBROKER_PENDING) {
    read_key(decision_);
    read_position(decision_);
    if (call.replaced) read_again(decision_);
  }
  switch (action) {
    case OMNIBROKER_ACCEPT: decision_.kind = Decision::Kind::Accepted; break;
    case OMNIBROKER_CONSUME: decision_.kind = Decision::Kind::Consumed; break;
    case OMNIBROKER_PENDING:
      if (call.token != 0) {
        decision_.kind = Decision::Kind::Pending;
        break;
      }
      [[fallthrough]];  // pending without a token would never be decided
    default:
      if (action != OMNIBROKER_REFUSE || call.code.empty()) return refuse("INTERNAL_ERROR", "Internal error");
      return refuse(call.code, call.message);
  }
  if (decision_.kind == Decision::Kind::Accepted && route.require_receiver && host_.receivers(route) == 0) {
    return refuse(route.failure_code, route.nobody_there);
  }
  return decision_;
}

void Router::read_again(Decision& decision) {
  if (decision.route->latest_by.empty() && decision.route->position_fields.empty()) return;
  type_.assign(decision.type);  // lies in what the envelope holds now
  decision.type = type_;
  const auto size = decision.payload.size();
  replacement_.assign(decision.payload);
  replacement_.append(Envelope::kPadding, ' ');
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(replacement_.data());
  if (envelope_.parse(bytes, size) != Envelope::Verdict::Ok) return;
  read_key(decision);
  read_position(decision);
}

void Router::read_key(Decision& decision) {
  decision.latest_key = {};
  const auto& field = decision.route->latest_by;
  omnibroker_json value{};
  value.struct_size = sizeof value;
  const bool there = !field.empty() && envelope_.field(field, value) == OMNIBROKER_OK;
  if (!there || value.kind != OMNIBROKER_JSON_STRING) return;
  latest_key_.assign(view(value.text));
  decision.latest_key = latest_key_;
}

void Router::read_position(Decision& decision) const {
  auto& position = decision.position = {};
  for (const auto& field : decision.route->position_fields) {
    omnibroker_json value{};
    value.struct_size = sizeof value;
    const bool there = envelope_.field(field, value) == OMNIBROKER_OK;
    if (there ? value.kind != OMNIBROKER_JSON_NUMBER : position.dimensions == 0) return;
    position.at[position.dimensions++] = there ? value.number : 0;  // a height that is left out
  }
}

const omnibroker_host_subscriptions_v1& Router::subscriptions_table() {
  static const omnibroker_host_subscriptions_v1 table{
      sizeof(omnibroker_host_subscriptions_v1),
      [](omnibroker_call* call, const omnibroker_subscription* wanted, const omnibroker_sink* error) {
        std::string reason;
        const auto status = call->host->subscribe(*call->session, *wanted, reason);
        error->append(error->self, reason.data(), reason.size());
        return status;
      },
      [](omnibroker_call* call, omnibroker_text id) { return call->host->unsubscribe(*call->session, view(id)); },
      [](omnibroker_call* call, const omnibroker_subscription* wanted, const omnibroker_sink* error) {
        std::string reason;
        const auto status = call->host->snapshot(*call->session, *wanted, reason);
        error->append(error->self, reason.data(), reason.size());
        return status;
      },
  };
  return table;
}

const omnibroker_host_message_v1& Router::message_table() {
  static const omnibroker_host_message_v1 table{
      sizeof(omnibroker_host_message_v1),
      [](const omnibroker_message* m) { return omnibroker::text(m->envelope->payload()); },
      [](const omnibroker_message* m) { return omnibroker::text(m->envelope->type()); },
      [](const omnibroker_message* m) { return m->session->number; },
      [](const omnibroker_message* m) { return omnibroker::text(m->session->client_id.text()); },
      [](const omnibroker_message* m) { return omnibroker::text(m->role); },
      [](const omnibroker_message* m, omnibroker_text name, omnibroker_json* out) {
        return m->envelope->field(view(name), *out);
      },
      [](const omnibroker_message* m, const omnibroker_json* object, omnibroker_text name, omnibroker_json* out) {
        return m->envelope->member(*object, view(name), *out);
      },
      [](const omnibroker_message* m, const omnibroker_json* container) { return m->envelope->count(*container); },
      [](const omnibroker_message* m, const omnibroker_json* container, std::size_t index, omnibroker_text* key,
         omnibroker_json* out) { return m->envelope->at(*container, index, key, *out); },
  };
  return table;
}

omnibroker_host_call_v1 Router::call_table() {
  return {
      sizeof(omnibroker_host_call_v1),
      [](omnibroker_call* call, omnibroker_text payload) {
        call->replaced = true;
        call->replacement.assign(view(payload));
      },
      [](omnibroker_call* call, omnibroker_text code, omnibroker_text message) {
        call->code.assign(view(code));
        call->message.assign(view(message));
      },
      [](omnibroker_call* call) { call->acknowledge = true; },
      [](omnibroker_call* call, omnibroker_text payload) -> omnibroker_status {
        if (call->answer_count == kMostAnswers) return OMNIBROKER_RESOURCE_EXHAUSTED;
        if (call->answers.size() == call->answer_count) call->answers.emplace_back();
        call->answers[call->answer_count++].assign(view(payload));
        return OMNIBROKER_OK;
      },
      [](omnibroker_call* call, omnibroker_text role) { return call->host->register_role(*call->session, view(role)); },
      [](omnibroker_call* call) { return call->host->receivers(*call->route); },
      [](omnibroker_call* call) {
        if (call->token == 0) call->token = call->host->defer(*call->session, *call->route);
        return call->token;
      },
      nullptr,
  };
}

}  // namespace omnibroker::core
