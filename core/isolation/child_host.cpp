#include "isolation/child_host.hpp"

#include <chrono>
#include <utility>

#include <omnibroker/result.hpp>
#include <omnibroker/version.hpp>

namespace omnibroker::core {
namespace {

constexpr std::size_t kPoolThreads = 4;
constexpr std::size_t kPoolQueue = 4'096;

const omnibroker_host_log_v1 kLog{
    sizeof(omnibroker_host_log_v1),
    [](const omnibroker_host* host, omnibroker_log_level level) {
      return level >= ChildHost::of(host).log_level().load(std::memory_order_relaxed) ? 1 : 0;
    },
    [](const omnibroker_host* host, omnibroker_log_level level, omnibroker_text sentence,
       const omnibroker_field* fields, std::size_t count) {
      std::string frame;
      write_line(frame, level, view(sentence), fields, count);
      ChildHost::of(host).link().send(frame);
    },
};

const omnibroker_host_metrics_v1 kMetrics{
    sizeof(omnibroker_host_metrics_v1),
    [](const omnibroker_host* host, const char* name, const char* doc) {
      return ChildHost::of(host).metric(false, name, doc);
    },
    [](const omnibroker_host* host, const char* name, const char* doc) {
      return ChildHost::of(host).metric(true, name, doc);
    },
    [](omnibroker_metric* metric, std::int64_t amount) {
      reinterpret_cast<ChildMetric*>(metric)->pending.fetch_add(amount, std::memory_order_relaxed);
    },
    [](const omnibroker_host* host, const omnibroker_sink* out) {
      const auto answer = ChildHost::of(host).ask(Question::Metrics);
      out->append(out->self, answer.text.data(), answer.text.size());
    },
};

template <class ClockType>
std::int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(ClockType::now().time_since_epoch()).count();
}

const omnibroker_host_clock_v1 kClock{
    sizeof(omnibroker_host_clock_v1),
    [](const omnibroker_host*) { return static_cast<std::uint64_t>(nanoseconds<std::chrono::steady_clock>()); },
    [](const omnibroker_host*) { return nanoseconds<std::chrono::system_clock>(); },
};

const omnibroker_host_limits_v1 kLimits{
    sizeof(omnibroker_host_limits_v1),
    [](const omnibroker_host* host, const char* name) { return ChildHost::of(host).ask(Question::Limit, name).number; },
};

const omnibroker_host_clients_v1 kClients{
    sizeof(omnibroker_host_clients_v1),
    [](const omnibroker_host* host) { return ChildHost::of(host).ask(Question::Clients).number; },
    [](const omnibroker_host* host) { return ChildHost::of(host).ask(Question::RegisteredClients).number; },
    [](const omnibroker_host* host, omnibroker_text role) {
      return ChildHost::of(host).ask(Question::ClientsWithRole, view(role)).number;
    },
};

const omnibroker_host_publish_v1 kPublish{
    sizeof(omnibroker_host_publish_v1),
    [](const omnibroker_host* host, omnibroker_text payload) {
      return static_cast<omnibroker_status>(ChildHost::of(host).ask(Question::Publish, view(payload)).number);
    },
};

/// What the plugin has added to its metrics goes to the broker behind each piece of its work.
void tell_metrics(ChildHost& host) {
  std::string frames;
  host.write_metrics(frames);
  if (!frames.empty()) host.link().send(frames);
}

const omnibroker_host_executor_v1 kExecutor{
    sizeof(omnibroker_host_executor_v1),
    [](const omnibroker_host* raw, void (*work)(void*), void* context) -> omnibroker_status {
      auto& host = ChildHost::of(raw);
      auto& record = host.record();
      if (!record.begin_work()) return OMNIBROKER_CLOSED;
      const bool queued = host.pool().run(&record, [&host, work, context] {
        work(context);
        tell_metrics(host);
        host.record().end_work();
      });
      if (!queued) record.end_work();
      return queued ? OMNIBROKER_OK : OMNIBROKER_RESOURCE_EXHAUSTED;
    },
    [](const omnibroker_host* raw, std::uint64_t after_ns, void (*work)(void*), void* context) {
      auto& host = ChildHost::of(raw);
      return host.worker().after(std::chrono::nanoseconds(after_ns), [&host, work, context] {
        if (!host.record().begin_work()) return;
        work(context);
        tell_metrics(host);
        host.record().end_work();
      });
    },
    [](const omnibroker_host* host, std::uint64_t timer) -> omnibroker_status {
      return ChildHost::of(host).worker().cancel(timer) ? OMNIBROKER_OK : OMNIBROKER_NOT_FOUND;
    },
};

}  // namespace

ChildHost::ChildHost(ChildLink& link, Introduction hello)
    : link_(link), hello_(std::move(hello)), log_level_(hello_.log_level), pool_(kPoolThreads, kPoolQueue) {
  tables_.add(OMNIBROKER_HOST_LOG, &kLog);
  tables_.add(OMNIBROKER_HOST_METRICS, &kMetrics);
  tables_.add(OMNIBROKER_HOST_CLOCK, &kClock);
  tables_.add(OMNIBROKER_HOST_LIMITS, &kLimits);
  tables_.add(OMNIBROKER_HOST_CLIENTS, &kClients);
  tables_.add(OMNIBROKER_HOST_EXECUTOR, &kExecutor);
  tables_.add(OMNIBROKER_HOST_PUBLISH, &kPublish);
  add_message_tables(tables_);
  host_.name = hello_.component;
  host_.tables = &tables_;
  host_.owner = this;
  host_.raw = {sizeof(omnibroker_host), OMNIBROKER_ABI_MAJOR, OMNIBROKER_ABI_MINOR,
               OMNIBROKER_SDK_VERSION,  text(host_.name),     find_table};
}

const void* ChildHost::find_table(const omnibroker_host* raw, const char* id) {
  if (id == nullptr) return nullptr;
  auto& host = of(raw);
  const auto* found = host.tables_.find(id);
  const std::string_view name(id);
  const bool is_the_brokers = name == OMNIBROKER_HOST_SUBSCRIPTIONS || name == OMNIBROKER_HOST_LATEST ||
                              name == OMNIBROKER_HOST_SESSION || name == OMNIBROKER_HOST_CONNECTION;
  if (found == nullptr && is_the_brokers) {
    const std::lock_guard lock(host.mutex_);
    if (host.missing_.empty()) host.missing_ = name;
  }
  return found;
}

std::string ChildHost::missing() const {
  const std::lock_guard lock(mutex_);
  return missing_;
}

omnibroker_metric* ChildHost::metric(bool is_gauge, const char* name, const char* doc) {
  const std::lock_guard lock(mutex_);
  for (auto& metric : metrics_) {
    if (metric.is_gauge == is_gauge && metric.name == name) return reinterpret_cast<omnibroker_metric*>(&metric);
  }
  auto& made = metrics_.emplace_back();
  made.is_gauge = is_gauge;
  made.name = name;
  made.doc = doc == nullptr ? "" : doc;
  return reinterpret_cast<omnibroker_metric*>(&made);
}

void ChildHost::write_metrics(std::string& out) {
  const std::lock_guard lock(mutex_);
  for (auto& metric : metrics_) {
    const auto amount = metric.pending.exchange(0, std::memory_order_relaxed);
    if (amount == 0 && std::exchange(metric.told, true)) continue;
    metric.told = true;
    FrameWriter(out, FrameKind::AddMetric).flag(metric.is_gauge).text(metric.name).text(metric.doc).integer(amount);
  }
}

ChildHost::Answer ChildHost::ask(Question question, std::string_view about) {
  std::string frame;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(asking_);
    id = ++last_question_;
  }
  FrameWriter(frame, FrameKind::Ask).number(id).number(static_cast<std::uint64_t>(question)).text(about);
  link_.send(frame);
  std::unique_lock lock(asking_);
  answered_.wait(lock, [&] { return answers_.contains(id); });
  auto answer = answers_.extract(id);
  return std::move(answer.mapped());
}

bool ChildHost::told(FrameReader frame) {
  const auto id = frame.number();
  Answer answer;
  answer.number = frame.number();
  answer.text = frame.text();
  if (!frame.whole()) return false;
  {
    const std::lock_guard lock(asking_);
    answers_.emplace(id, std::move(answer));
  }
  answered_.notify_all();
  return true;
}

}  // namespace omnibroker::core
