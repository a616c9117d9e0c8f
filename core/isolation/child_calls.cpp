#include "isolation/child_calls.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// What a handler has said about the message that it handles now. What it asks for takes effect with its decision.
struct ChildCall {
  ChildCalls& calls;
  const IncomingMessage& message;
  LateDecision said;
  bool replaced = false;
  bool put_off = false;

  std::uint64_t defer() {
    put_off = true;
    const std::lock_guard lock(calls.mutex_);
    calls.open_.try_emplace(message.id);
    return message.id;
  }
  static ChildCall& of(omnibroker_call* raw) { return *reinterpret_cast<ChildCall*>(raw); }
};

namespace {

constexpr std::size_t kMostAnswers = 16;
constexpr std::chrono::seconds kLongestOpen{30};  // the runtime's: it has answered the sender by then

/// What a handler sees of the message.
struct ChildMessage {
  const Envelope& envelope;
  const IncomingMessage& message;

  static const ChildMessage& of(const omnibroker_message* raw) { return *reinterpret_cast<const ChildMessage*>(raw); }
};

const omnibroker_host_message_v1 kMessage{
    sizeof(omnibroker_host_message_v1),
    [](const omnibroker_message* m) { return text(ChildMessage::of(m).envelope.payload()); },
    [](const omnibroker_message* m) { return text(ChildMessage::of(m).envelope.type()); },
    [](const omnibroker_message* m) { return ChildMessage::of(m).message.sender; },
    [](const omnibroker_message* m) { return text(ChildMessage::of(m).message.client_id); },
    [](const omnibroker_message* m) { return text(ChildMessage::of(m).message.role); },
    [](const omnibroker_message* m, omnibroker_text name, omnibroker_json* out) {
      return ChildMessage::of(m).envelope.field(view(name), *out);
    },
    [](const omnibroker_message* m, const omnibroker_json* object, omnibroker_text name, omnibroker_json* out) {
      return ChildMessage::of(m).envelope.member(*object, view(name), *out);
    },
    [](const omnibroker_message* m, const omnibroker_json* container) {
      return ChildMessage::of(m).envelope.count(*container);
    },
    [](const omnibroker_message* m, const omnibroker_json* container, std::size_t index, omnibroker_text* key,
       omnibroker_json* out) { return ChildMessage::of(m).envelope.at(*container, index, key, *out); },
};

omnibroker_status register_role(omnibroker_call* raw, omnibroker_text name) {
  auto& call = ChildCall::of(raw);
  const auto& roles = call.calls.host().hello().roles;
  const std::string role(view(name));
  if (std::find(roles.begin(), roles.end(), role) == roles.end()) return OMNIBROKER_NOT_FOUND;
  const auto& has = call.message.role.empty() ? call.said.role : call.message.role;
  if (!has.empty()) return has == role ? OMNIBROKER_ALREADY_EXISTS : OMNIBROKER_CONFLICT;
  call.said.role = role;
  return OMNIBROKER_OK;
}

const omnibroker_host_call_v1 kCall{
    sizeof(omnibroker_host_call_v1),
    [](omnibroker_call* call, omnibroker_text payload) {
      ChildCall::of(call).replaced = true;
      ChildCall::of(call).said.payload = view(payload);
    },
    [](omnibroker_call* call, omnibroker_text code, omnibroker_text message) {
      ChildCall::of(call).said.code = view(code);
      ChildCall::of(call).said.message = view(message);
    },
    [](omnibroker_call* call) { ChildCall::of(call).said.acknowledge = true; },
    [](omnibroker_call* call, omnibroker_text payload) -> omnibroker_status {
      auto& answers = ChildCall::of(call).said.answers;
      if (answers.size() == kMostAnswers) return OMNIBROKER_RESOURCE_EXHAUSTED;
      answers.emplace_back(view(payload));
      return OMNIBROKER_OK;
    },
    register_role,
    [](omnibroker_call* call) { return ChildCall::of(call).message.receivers; },
    [](omnibroker_call* call) { return ChildCall::of(call).defer(); },
    [](const omnibroker_host* host, std::uint64_t token, omnibroker_action action, omnibroker_text code,
       omnibroker_text message, omnibroker_text payload) -> omnibroker_status {
      auto* calls = ChildHost::of(host).calls().load();
      if (calls == nullptr) return OMNIBROKER_NOT_FOUND;
      LateDecision decision;
      decision.action = action;
      decision.code = view(code);
      decision.message = view(message);
      decision.payload = view(payload);
      return calls->complete(token, std::move(decision));
    },
};

/// What was asked for during the call, and what was decided later, in one.
LateDecision joined(LateDecision asked, LateDecision late) {
  asked.action = late.action;
  asked.code = std::move(late.code);
  asked.message = std::move(late.message);
  if (!late.payload.empty()) asked.payload = std::move(late.payload);
  return asked;
}

}  // namespace

void add_message_tables(HostTables& tables) {
  tables.add(OMNIBROKER_HOST_MESSAGE, &kMessage);
  tables.add(OMNIBROKER_HOST_CALL, &kCall);
}

IncomingMessage::IncomingMessage(const MessageToHandle& whole)
    : id(whole.id),
      receivers(whole.receivers),
      sender(whole.sender),
      client_id(whole.client_id),
      role(whole.role),
      payload(whole.payload) {
  payload.append(Envelope::kPadding, ' ');
}

void ChildCalls::handle(const IncomingMessage& incoming) {
  const auto size = incoming.payload.size() - Envelope::kPadding;
  const auto verdict = envelope_.parse(reinterpret_cast<const std::uint8_t*>(incoming.payload.data()), size);
  ChildCall call{*this, incoming, {}};
  const ChildMessage message{envelope_, incoming};
  omnibroker_action action = OMNIBROKER_REFUSE;
  if (verdict == Envelope::Verdict::Ok) {  // the broker has read it with the same eyes
    try {
      action = table_.handle(self_, reinterpret_cast<omnibroker_call*>(&call),
                             reinterpret_cast<const omnibroker_message*>(&message));
    } catch (...) {  // which no plugin may let out
    }
  }
  if (action == OMNIBROKER_PENDING && call.put_off) return put_off(incoming.id, std::move(call.said));
  if (call.put_off) {
    const std::lock_guard lock(mutex_);
    open_.erase(incoming.id);
  }
  call.said.action = action;
  if (action != OMNIBROKER_REFUSE) call.said.code.clear();
  if (action != OMNIBROKER_ACCEPT) call.said.payload.clear();
  tell(incoming.id, call.said);
}

void ChildCalls::put_off(std::uint64_t id, LateDecision asked) {
  asked.code.clear();
  std::optional<LateDecision> early;
  {
    const std::lock_guard lock(mutex_);
    forget_overdue(Clock::now());
    const auto found = open_.find(id);
    if (found != open_.end()) {
      early = std::move(found->second.early);
      if (early) {
        open_.erase(found);
      } else {
        found->second.returned = true;
        found->second.asked = std::move(asked);
      }
    }
  }
  if (early) return tell(id, joined(std::move(asked), std::move(*early)));
  std::string frames;
  host_.write_metrics(frames);
  FrameWriter(frames, FrameKind::PutOff).number(id);
  host_.link().send(frames);
}

omnibroker_status ChildCalls::complete(std::uint64_t token, LateDecision decision) {
  {
    const std::lock_guard lock(mutex_);
    forget_overdue(Clock::now());
    const auto found = open_.find(token);
    if (found == open_.end() || found->second.early) return OMNIBROKER_NOT_FOUND;
    if (!found->second.returned) {
      found->second.early = std::move(decision);
      return OMNIBROKER_OK;
    }
    decision = joined(std::move(found->second.asked), std::move(decision));
    open_.erase(found);
  }
  tell(token, decision);
  return OMNIBROKER_OK;
}

void ChildCalls::forget_overdue(Clock::time_point now) {
  // In the order of their numbers they have come, too.
  while (!open_.empty() && now - open_.begin()->second.since >= kLongestOpen) open_.erase(open_.begin());
}

void ChildCalls::tell(std::uint64_t id, const LateDecision& decision) {
  std::string frames;
  host_.write_metrics(frames);
  write(frames, id, decision);
  host_.link().send(frames);
}

}  // namespace omnibroker::core
