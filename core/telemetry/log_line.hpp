#pragma once

#include "telemetry/log.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace omnibroker::core {

/// One line of the log before it is written: what a sink gets is made of this alone.
struct LogLine {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::Info;
  std::string_view component;  ///< Empty: the broker itself, which prints as `broker`.
  std::string_view sentence;
  std::span<const omnibroker_field> fields;
};

enum class LogColour { Off, On };
enum class LogStamp { TimeAndLevel, None };  ///< None: the receiver writes both itself, as syslog does.

/// `2026-11-21T10:00:00.123Z INFO  transports.realtime: Client registered role=web_ui sessions=3`
///
/// A value that is empty, or has white space, `=`, a quote or something to escape in it, stands in quotes. Escapes are
/// those of C: `\"`, `\\`, `\n`, `\t`, `\r`, `\x1b` for other bytes, `\u202e` for the characters that turn a line
/// around.
std::string text_line(const LogLine& line, LogColour colour, LogStamp stamp = LogStamp::TimeAndLevel);

/// `{"time":"…","level":"info","component":"…","sentence":"…","role":"web_ui"}`. Fields are strings beside the four
/// members of every line; a field with one of their names is written as `field_time`.
std::string json_line(const LogLine& line);

}  // namespace omnibroker::core
