#pragma once

#include <omnibroker/config.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace omnibroker::core {

enum class LogLevel { Debug = 1, Info = 2, Warn = 3, Error = 4 };
enum class LogFormat { Text, Json };
enum class LogOutput { Console, File, Syslog };

/// `log:` of the configuration.
struct LogConfig {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  LogOutput output = LogOutput::Console;
  std::string file;                       ///< With LogOutput::File.
  ByteSize rotate_size{64 * 1024 * 1024};
  std::uint32_t rotate_count = 5;
};

/// The process's log: a sentence, then key=value; or one JSON object per line.
///
/// Values come from peers as often as not, so they are escaped (no control character, quote or line break leaves raw) and
/// cut at 256 bytes. Payloads and secrets are never passed here. The console is standard error, coloured only on a
/// terminal; standard output belongs to what a command prints.
///
/// Threads: any. Writing never throws; a sink that fails is counted and named once on standard error.
class Log {
 public:
  static Result<std::unique_ptr<Log>> open(const LogConfig& config);
  ~Log();

  bool enabled(LogLevel level) const;
  void set_level(LogLevel level);

  /// How many lines a sink has lost.
  std::uint64_t failures() const;

  /// `component` may be empty: the broker itself.
  void write(LogLevel level, std::string_view component, std::string_view sentence,
             std::span<const omnibroker_field> fields);

  void debug(std::string_view sentence, std::initializer_list<Field> fields = {}) { write(LogLevel::Debug, sentence, fields); }
  void info(std::string_view sentence, std::initializer_list<Field> fields = {}) { write(LogLevel::Info, sentence, fields); }
  void warn(std::string_view sentence, std::initializer_list<Field> fields = {}) { write(LogLevel::Warn, sentence, fields); }
  void error(std::string_view sentence, std::initializer_list<Field> fields = {}) { write(LogLevel::Error, sentence, fields); }

 private:
  struct Sinks;
  explicit Log(std::unique_ptr<Sinks> sinks);
  void write(LogLevel level, std::string_view sentence, std::initializer_list<Field> fields);

  std::unique_ptr<Sinks> sinks_;
};

}  // namespace omnibroker::core
