// The one file that knows spdlog. Nothing here touches spdlog's process-wide registry: a plugin that brings its own
// copy of the library, or a second broker in one test, must not find our loggers there.
#include "telemetry/log.hpp"

#include "telemetry/log_line.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <syslog.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

namespace omnibroker::core {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return spdlog::level::debug;
    case LogLevel::Info: return spdlog::level::info;
    case LogLevel::Warn: return spdlog::level::warn;
    case LogLevel::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::sinks::sink> make_sink(const LogConfig& config) {
  switch (config.output) {
    case LogOutput::File:
      if (config.rotate_size.bytes == 0) return std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file);
      return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          config.file, static_cast<std::size_t>(config.rotate_size.bytes), config.rotate_count);
    case LogOutput::Syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>("omnibroker", LOG_PID, LOG_DAEMON, true);
    case LogOutput::Console: break;
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

/// https://no-color.org: set and not empty means no.
bool console_wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && (refused == nullptr || *refused == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace

struct Log::Sinks {
  Sinks(const LogConfig& config, std::shared_ptr<spdlog::sinks::sink> sink)
      : level(config.level),
        format(config.format),
        output(config.output),
        colour(config.output == LogOutput::Console && console_wants_colour() ? LogColour::On : LogColour::Off),
        logger("omnibroker", std::move(sink)) {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::trace);
    // Lines are life events, never messages: an operator who follows the file wants each at once, and a crash loses
    // none.
    logger.flush_on(spdlog::level::trace);
    logger.set_error_handler([this](const std::string& reason) { failed(reason); });
  }

  void failed(const std::string& reason) {
    if (failures.fetch_add(1, std::memory_order_relaxed) != 0) return;
    std::fprintf(stderr, "omnibroker: the log cannot be written, lines are lost: %s\n", reason.c_str());
  }

  std::string line(const LogLine& line) const {
    if (format == LogFormat::Json) return json_line(line);
    return text_line(line, colour, output == LogOutput::Syslog ? LogStamp::None : LogStamp::TimeAndLevel);
  }

  std::atomic<LogLevel> level;  // relaxed: a changed level may be seen a line later
  std::atomic<std::uint64_t> failures{0};
  const LogFormat format;
  const LogOutput output;
  const LogColour colour;
  spdlog::logger logger;
};

Result<std::unique_ptr<Log>> Log::open(const LogConfig& config) {
  if (config.output == LogOutput::File && config.file.empty()) {
    return Error{ErrorCode::InvalidArgument, "The log's output is a file, and no file is given"};
  }
  try {
    return std::unique_ptr<Log>(new Log(std::make_unique<Sinks>(config, make_sink(config))));
  } catch (const std::exception& failure) {
    return Error{ErrorCode::Unavailable, std::string("The log cannot be opened: ") + failure.what()};
  }
}

Log::Log(std::unique_ptr<Sinks> sinks) : sinks_(std::move(sinks)) {}
Log::~Log() = default;

bool Log::enabled(LogLevel level) const { return level >= sinks_->level.load(std::memory_order_relaxed); }
void Log::set_level(LogLevel level) { sinks_->level.store(level, std::memory_order_relaxed); }
std::uint64_t Log::failures() const { return sinks_->failures.load(std::memory_order_relaxed); }

void Log::write(LogLevel level, std::string_view component, std::string_view sentence,
                std::span<const omnibroker_field> fields) {
  if (!enabled(level)) return;
  try {
    const auto line = sinks_->line({std::chrono::system_clock::now(), level, component, sentence, fields});
    sinks_->logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (const std::exception& failure) {
    sinks_->failed(failure.what());
  }
}

void Log::write(LogLevel level, std::string_view sentence, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  try {
    std::vector<omnibroker_field> views;
    views.reserve(fields.size());
    for (const auto& field : fields) views.push_back({text(field.key), text(field.value)});
    write(level, {}, sentence, views);
  } catch (const std::exception& failure) {
    sinks_->failed(failure.what());
  }
}

}  // namespace omnibroker::core
