#pragma once

#include "config/values.hpp"
#include "isolation/frames.hpp"
#include "runtime/shared.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// What some frames carry, written and read in one place. Each `read` answers whether the frame was whole.

enum class StepKind : std::uint8_t {
  Configure = 1,
  Prepare,
  Start,
  Reconfigure,
  Drain,
  Stop,
  Destroy,
  StateExport,
  StateImport
};
const char* to_string(StepKind step);
/// FrameKind::Step; `config` for Configure and Reconfigure, `before` for the latter.
std::string step_frame(StepKind kind, const omnibroker_config* config = nullptr,
                       const omnibroker_config* before = nullptr);
/// The same for StateExport and StateImport; `state` for the latter.
std::string state_frame(StepKind kind, std::string_view state = {});
/// They are no steps of the lifecycle, and come behind the messages that were handed over before.
inline bool is_about_state(StepKind kind) { return kind == StepKind::StateExport || kind == StepKind::StateImport; }
/// Of a frame's body.
StepKind step_kind(std::string_view body);

/// What a component may ask that only the broker knows.
enum class Question : std::uint8_t { Limit = 1, Clients, RegisteredClients, ClientsWithRole, Metrics, Publish };

/// FrameKind::Hello
struct Introduction {
  std::string component;  ///< `handlers.select_object`
  std::string type;       ///< The component type's name.
  std::string library;    ///< The file that the broker has loaded, too.
  std::uint64_t log_level = 0;
  std::vector<std::string> roles;  ///< Every role that there is.
};
void write(std::string& out, const Introduction& hello);
bool read(std::string_view body, Introduction& hello);

/// FrameKind::Handle
struct MessageToHandle {
  std::uint64_t id = 0;
  std::uint64_t receivers = 0;
  omnibroker_session sender = 0;
  std::string_view client_id;
  std::string_view role;
  std::string_view payload;
};
void write(std::string& out, const MessageToHandle& message);
bool read(std::string_view body, MessageToHandle& message);

/// FrameKind::Handled
void write(std::string& out, std::uint64_t id, const LateDecision& decision);
bool read(std::string_view body, std::uint64_t& id, LateDecision& decision);

/// FrameKind::Log
void write_line(std::string& out, omnibroker_log_level level, std::string_view sentence, const omnibroker_field* fields,
                std::size_t count);

void put(FrameWriter& frame, const omnibroker_config& config);
ConfigValues take_config(FrameReader& frame);

}  // namespace omnibroker::core
