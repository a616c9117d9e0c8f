#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker {

/// A key and a value behind a log sentence: `log.info("Client registered", {{"role", role}, {"sessions", 3}})`.
/// The host escapes and shortens values, so text from a peer may be passed as it is. Never pass payloads or secrets.
struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view name, Number number)
      : key(name), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
};

/// The host's log, already carrying the component's name.
///
/// `error`: an operator must act. `warn`: we coped. `info`: life events, never per message. `debug`: per connection.
/// Threads: any.
class Logger {
 public:
  Logger() = default;
  Logger(const omnibroker_host* host, const omnibroker_host_log_v1* table) : host_(host), table_(table) {}

  void debug(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    write(OMNIBROKER_LOG_DEBUG, sentence, fields);
  }
  void info(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    write(OMNIBROKER_LOG_INFO, sentence, fields);
  }
  void warn(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    write(OMNIBROKER_LOG_WARN, sentence, fields);
  }
  void error(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    write(OMNIBROKER_LOG_ERROR, sentence, fields);
  }

 private:
  void write(omnibroker_log_level level, std::string_view sentence, std::initializer_list<Field> fields) const {
    if (table_ == nullptr || table_->enabled(host_, level) == 0) return;
    std::vector<omnibroker_field> crossing;
    crossing.reserve(fields.size());
    for (const auto& field : fields) crossing.push_back({text(field.key), text(field.value)});
    table_->write(host_, level, text(sentence), crossing.data(), crossing.size());
  }

  const omnibroker_host* host_ = nullptr;
  const omnibroker_host_log_v1* table_ = nullptr;
};

/// A number that the host publishes. Threads: any.
class Metric {
 public:
  Metric() = default;
  Metric(const omnibroker_host_metrics_v1* table, omnibroker_metric* metric) : table_(table), metric_(metric) {}

  void add(std::int64_t amount = 1) const {
    if (metric_ != nullptr) table_->add(metric_, amount);
  }

 private:
  const omnibroker_host_metrics_v1* table_ = nullptr;
  omnibroker_metric* metric_ = nullptr;
};

/// What the host lends to one component. A cheap value: copy it freely; valid until the component is destroyed.
///
/// Threads: any, but where the host table behind a function says otherwise (abi.h).
class Host {
 public:
  Host() = default;
  explicit Host(const omnibroker_host* raw)
      : raw_(raw),
        log_(raw, table<omnibroker_host_log_v1>(OMNIBROKER_HOST_LOG)),
        metrics_(table<omnibroker_host_metrics_v1>(OMNIBROKER_HOST_METRICS)),
        clock_(table<omnibroker_host_clock_v1>(OMNIBROKER_HOST_CLOCK)) {}

  const omnibroker_host* raw() const { return raw_; }
  std::string_view component() const { return view(raw_->component); }
  const Logger& log() const { return log_; }

  /// `name` is snake_case and ends in its unit or in `_total`.
  Metric counter(const char* name, const char* doc) const {
    return metrics_ == nullptr ? Metric() : Metric(metrics_, metrics_->counter(raw_, name, doc));
  }
  Metric gauge(const char* name, const char* doc) const {
    return metrics_ == nullptr ? Metric() : Metric(metrics_, metrics_->gauge(raw_, name, doc));
  }
  /// Every metric of the process, in the Prometheus text format.
  std::string metrics() const {
    std::string out;
    if (metrics_ != nullptr) metrics_->snapshot(raw_, StringSink(out).get());
    return out;
  }

  /// Never steps back; only differences mean something.
  std::chrono::nanoseconds monotonic() const {
    return std::chrono::nanoseconds(clock_ == nullptr ? 0 : clock_->monotonic_ns(raw_));
  }

  /// One of the broker's limits by its name in `limits:` (bytes, nanoseconds or a number); 0 where it is off.
  std::uint64_t limit(const char* name) const {
    const auto* limits = table<omnibroker_host_limits_v1>(OMNIBROKER_HOST_LIMITS);
    return limits == nullptr ? 0 : limits->get(raw_, name);
  }

  /// A table by id, or nullptr where this host does not have it.
  template <class Table>
  const Table* table(const char* id) const {
    return raw_ == nullptr ? nullptr : static_cast<const Table*>(raw_->table(raw_, id));
  }

 private:
  const omnibroker_host* raw_ = nullptr;
  Logger log_;
  const omnibroker_host_metrics_v1* metrics_ = nullptr;
  const omnibroker_host_clock_v1* clock_ = nullptr;
};

}  // namespace omnibroker
