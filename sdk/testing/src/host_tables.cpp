// The tables that are not about connections, sessions or messages: log, metrics, clock, limits, executor, publish.

#include "state.hpp"

#include <algorithm>
#include <cstring>

#include <omnibroker/result.hpp>

namespace omnibroker::testing::detail {
namespace {

void write_log(const omnibroker_host* host, omnibroker_log_level level, omnibroker_text sentence,
               const omnibroker_field* fields, std::size_t field_count) {
  auto& state = HostState::of(host);
  LogLine line{level, std::string(view(sentence)), {}};
  for (std::size_t i = 0; i < field_count; ++i) {
    line.fields.emplace_back(std::string(view(fields[i].key)), std::string(view(fields[i].value)));
  }
  if (!line.sentence.empty() && line.sentence.back() == '.') {
    state.violation("a log sentence ends with a full stop: " + line.sentence);
  }
  const std::lock_guard lock(state.mutex);
  state.log.push_back(std::move(line));
}

constexpr omnibroker_host_log_v1 kLog{sizeof(omnibroker_host_log_v1),
                                      [](const omnibroker_host*, omnibroker_log_level) { return 1; }, write_log};

omnibroker_metric* find_metric(const omnibroker_host* host, const char* name, bool counter) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  for (auto& metric : state.metrics) {
    if (metric.name != name) continue;
    if (metric.counter != counter) {
      state.violations.push_back("asked for as a counter and as a gauge: " + metric.name);
    }
    return reinterpret_cast<omnibroker_metric*>(&metric);
  }
  auto& metric = state.metrics.emplace_back();
  metric.name = name;
  metric.counter = counter;
  metric.host = &state;
  return reinterpret_cast<omnibroker_metric*>(&metric);
}

void add_metric(omnibroker_metric* raw, std::int64_t amount) {
  auto& metric = *reinterpret_cast<MetricState*>(raw);
  if (metric.counter && amount < 0) metric.host->violation("a counter was lowered: " + metric.name);
  metric.value += amount;
}

void snapshot(const omnibroker_host* host, const omnibroker_sink* out) {
  auto& state = HostState::of(host);
  std::string lines;
  {
    const std::lock_guard lock(state.mutex);
    for (const auto& metric : state.metrics) {
      lines += "# TYPE omnibroker_" + metric.name + (metric.counter ? " counter\n" : " gauge\n");
      lines += "omnibroker_" + metric.name + "{component=\"" + state.component + "\"} " +
               std::to_string(metric.value.load()) + "\n";
    }
  }
  Sink(out).append(lines);
}

constexpr omnibroker_host_metrics_v1 kMetrics{
    sizeof(omnibroker_host_metrics_v1),
    [](const omnibroker_host* host, const char* name, const char*) { return find_metric(host, name, true); },
    [](const omnibroker_host* host, const char* name, const char*) { return find_metric(host, name, false); },
    add_metric, snapshot};

/// 2026-01-01T00:00:00Z: a test that needs the time of day gets the same one every day.
constexpr std::int64_t kEpoch = 1'767'225'600'000'000'000;

constexpr omnibroker_host_clock_v1 kClock{
    sizeof(omnibroker_host_clock_v1),
    [](const omnibroker_host* host) { return static_cast<std::uint64_t>(HostState::of(host).now.load()); },
    [](const omnibroker_host* host) { return kEpoch + HostState::of(host).now.load(); }};

std::uint64_t get_limit(const omnibroker_host* host, const char* name) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  const auto found = state.limits.find(std::string_view(name));
  return found == state.limits.end() ? 0 : found->second;
}

constexpr omnibroker_host_limits_v1 kLimits{sizeof(omnibroker_host_limits_v1), get_limit};

omnibroker_status run_blocking(const omnibroker_host* host, void (*work)(void*), void* context) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  if (state.blocking.size() >= state.blocking_capacity) return OMNIBROKER_RESOURCE_EXHAUSTED;
  state.blocking.push_back({work, context});
  return OMNIBROKER_OK;
}

std::uint64_t run_after(const omnibroker_host* host, std::uint64_t after_ns, void (*work)(void*), void* context) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  const auto id = state.next_timer++;
  state.timers.push_back({id, state.now.load() + static_cast<std::int64_t>(after_ns), {work, context}});
  return id;
}

omnibroker_status cancel_timer(const omnibroker_host* host, std::uint64_t timer) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  const auto found = std::find_if(state.timers.begin(), state.timers.end(), [&](auto& t) { return t.id == timer; });
  if (found == state.timers.end()) return OMNIBROKER_NOT_FOUND;
  state.timers.erase(found);
  return OMNIBROKER_OK;
}

constexpr omnibroker_host_executor_v1 kExecutor{sizeof(omnibroker_host_executor_v1), run_blocking, run_after,
                                                cancel_timer};

omnibroker_status publish(const omnibroker_host* host, omnibroker_text payload) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  if (state.publish_status == OMNIBROKER_OK) state.published.emplace_back(view(payload));
  return state.publish_status;
}

constexpr omnibroker_host_publish_v1 kPublish{sizeof(omnibroker_host_publish_v1), publish};

}  // namespace

const void* host_table(std::string_view id) {
  if (id == OMNIBROKER_HOST_LOG) return &kLog;
  if (id == OMNIBROKER_HOST_METRICS) return &kMetrics;
  if (id == OMNIBROKER_HOST_CLOCK) return &kClock;
  if (id == OMNIBROKER_HOST_LIMITS) return &kLimits;
  if (id == OMNIBROKER_HOST_EXECUTOR) return &kExecutor;
  if (id == OMNIBROKER_HOST_PUBLISH) return &kPublish;
  if (id == OMNIBROKER_HOST_CONNECTION) return connection_table();
  if (id == OMNIBROKER_HOST_SESSION) return session_table();
  if (id == OMNIBROKER_HOST_CLIENTS) return clients_table();
  if (id == OMNIBROKER_HOST_MESSAGE) return message_table();
  if (id == OMNIBROKER_HOST_CALL) return call_table();
  if (id == OMNIBROKER_HOST_SUBSCRIPTIONS) return subscription_table();
  if (id == OMNIBROKER_HOST_LATEST) return latest_table();
  return nullptr;
}

}  // namespace omnibroker::testing::detail
