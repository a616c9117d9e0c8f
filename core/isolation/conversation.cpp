#include "isolation/conversation.hpp"

#include <algorithm>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostRoles = 10'000;
constexpr std::size_t kMostAnswersOfAFrame = 64;
constexpr std::size_t kMostItems = 1'000'000;
constexpr std::size_t kMostOptions = 10'000;

}  // namespace

const char* to_string(StepKind step) {
  switch (step) {
    case StepKind::Configure: return "configure";
    case StepKind::Prepare: return "prepare";
    case StepKind::Start: return "start";
    case StepKind::Reconfigure: return "reconfigure";
    case StepKind::Drain: return "drain";
    case StepKind::Stop: return "stop";
    case StepKind::Destroy: return "destroy";
    case StepKind::StateExport: return "state_export";
    case StepKind::StateImport: return "state_import";
  }
  return "unknown";
}

std::string step_frame(StepKind kind, const omnibroker_config* config, const omnibroker_config* before) {
  std::string out;
  FrameWriter frame(out, FrameKind::Step);
  frame.number(static_cast<std::uint64_t>(kind));
  if (before != nullptr) put(frame, *before);
  if (config != nullptr) put(frame, *config);
  return out;
}

std::string state_frame(StepKind kind, std::string_view state) {
  std::string out;
  FrameWriter frame(out, FrameKind::Step);
  frame.number(static_cast<std::uint64_t>(kind));
  if (kind == StepKind::StateImport) frame.text(state);
  return out;
}

StepKind step_kind(std::string_view body) { return static_cast<StepKind>(FrameReader(body).number()); }

void write(std::string& out, const Introduction& hello) {
  FrameWriter frame(out, FrameKind::Hello);
  frame.text(hello.component).text(hello.type).text(hello.library).number(hello.log_level).texts(hello.roles);
}

bool read(std::string_view body, Introduction& hello) {
  FrameReader frame(body);
  hello.component = frame.text();
  hello.type = frame.text();
  hello.library = frame.text();
  hello.log_level = frame.number();
  hello.roles = frame.texts(kMostRoles);
  return frame.whole();
}

void write(std::string& out, const MessageToHandle& message) {
  FrameWriter frame(out, FrameKind::Handle);
  frame.number(message.id).number(message.receivers).number(message.sender);
  frame.text(message.client_id).text(message.role).text(message.payload);
}

bool read(std::string_view body, MessageToHandle& message) {
  FrameReader frame(body);
  message.id = frame.number();
  message.receivers = frame.number();
  message.sender = frame.number();
  message.client_id = frame.text();
  message.role = frame.text();
  message.payload = frame.text();
  return frame.whole();
}

void write(std::string& out, std::uint64_t id, const LateDecision& decision) {
  FrameWriter frame(out, FrameKind::Handled);
  frame.number(id).number(decision.action).flag(decision.acknowledge);
  frame.text(decision.code).text(decision.message).text(decision.payload).text(decision.role).texts(decision.answers);
}

bool read(std::string_view body, std::uint64_t& id, LateDecision& decision) {
  FrameReader frame(body);
  id = frame.number();
  decision.action = static_cast<omnibroker_action>(frame.number());
  decision.acknowledge = frame.flag();
  decision.code = frame.text();
  decision.message = frame.text();
  decision.payload = frame.text();
  decision.role = frame.text();
  decision.answers = frame.texts(kMostAnswersOfAFrame);
  return frame.whole();
}

void write_line(std::string& out, omnibroker_log_level level, std::string_view sentence, const omnibroker_field* fields,
                std::size_t count) {
  FrameWriter frame(out, FrameKind::Log);
  frame.number(level).text(sentence).number(2 * count);
  for (std::size_t i = 0; i < count; ++i) frame.text(view(fields[i].key)).text(view(fields[i].value));
}

void put(FrameWriter& frame, const omnibroker_config& config) {
  frame.number(config.count);
  for (std::uint32_t i = 0; i < config.count; ++i) {
    const auto& value = *config.values[i];
    frame.number(value.type).flag(value.is_default != 0).integer(value.integer).real(value.number);
    frame.text(view(value.text)).number(value.item_count);
    for (std::size_t k = 0; k < value.item_count; ++k) frame.text(view(value.items[k]));
  }
}

ConfigValues take_config(FrameReader& frame) {
  ConfigValues::Builder values;
  const auto count = std::min<std::uint64_t>(frame.number(), kMostOptions);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto type = static_cast<omnibroker_option_type>(frame.number());
    const bool is_default = frame.flag();
    const auto integer = frame.integer();
    const auto number = frame.real();
    std::string text(frame.text());
    auto items = frame.texts(kMostItems);
    switch (type) {
      case OMNIBROKER_OPTION_NUMBER: values.add_number(number, is_default); break;
      case OMNIBROKER_OPTION_TEXT:
      case OMNIBROKER_OPTION_CHOICE: values.add_text(type, std::move(text), is_default); break;
      case OMNIBROKER_OPTION_TEXT_LIST:
      case OMNIBROKER_OPTION_TEXT_MAP: values.add_items(type, std::move(items), is_default); break;
      default: values.add_integer(type, integer, is_default);
    }
  }
  return std::move(values).build();
}

}  // namespace omnibroker::core
