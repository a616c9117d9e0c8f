#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace omnibroker::core {

/// One number that the process publishes. Adding is one relaxed atomic add.
/// Threads: any.
class MetricValue {
 public:
  void add(std::int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Every number that the process publishes, by name and component. Asking twice answers the same one; what is handed out
/// lives as long as this object.
///
/// Threads: any.
class Metrics {
 public:
  enum class Kind { Counter, Gauge };

  /// `name` without the `omnibroker_` that is put before it; `component` becomes a label, unless empty; `reason` too.
  MetricValue& get(Kind kind, std::string_view name, std::string_view doc, std::string_view component = {},
                   std::string_view reason = {});

  /// The Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
  std::string prometheus() const;

 private:
  struct Family {
    Kind kind;
    std::string doc;
    std::map<std::pair<std::string, std::string>, MetricValue*> members;  // by component and reason
  };

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  std::deque<MetricValue> values_;
};

}  // namespace omnibroker::core
