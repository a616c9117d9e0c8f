#include "runtime/host_tables.hpp"

#include "plugin/component.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

#include <chrono>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

Shared& shared_of(const omnibroker_host* host) {
  return *static_cast<Shared*>(ComponentHost::of(host).tables->context);
}
ComponentRecord& record_of(const omnibroker_host* host) {
  return *static_cast<ComponentRecord*>(ComponentHost::of(host).owner);
}
Connection& as_connection(omnibroker_connection* raw) { return *reinterpret_cast<Connection*>(raw); }

const omnibroker_host_log_v1 kLog{
    sizeof(omnibroker_host_log_v1),
    [](const omnibroker_host* host, omnibroker_log_level level) {
      return shared_of(host).log.enabled(static_cast<LogLevel>(level)) ? 1 : 0;
    },
    [](const omnibroker_host* host, omnibroker_log_level level, omnibroker_text sentence,
       const omnibroker_field* fields, std::size_t count) {
      shared_of(host).log.write(static_cast<LogLevel>(level), ComponentHost::of(host).name, view(sentence),
                                {fields, count});
    },
};

omnibroker_metric* metric(const omnibroker_host* host, Metrics::Kind kind, const char* name, const char* doc) {
  auto& value = shared_of(host).metrics.get(kind, name, doc, ComponentHost::of(host).name);
  return reinterpret_cast<omnibroker_metric*>(&value);
}

const omnibroker_host_metrics_v1 kMetrics{
    sizeof(omnibroker_host_metrics_v1),
    [](const omnibroker_host* host, const char* name, const char* doc) {
      return metric(host, Metrics::Kind::Counter, name, doc);
    },
    [](const omnibroker_host* host, const char* name, const char* doc) {
      return metric(host, Metrics::Kind::Gauge, name, doc);
    },
    [](omnibroker_metric* value, std::int64_t amount) { reinterpret_cast<MetricValue*>(value)->add(amount); },
    [](const omnibroker_host* host, const omnibroker_sink* out) {
      const auto text = shared_of(host).metrics.prometheus();
      out->append(out->self, text.data(), text.size());
    },
};

const omnibroker_host_clock_v1 kClock{
    sizeof(omnibroker_host_clock_v1),
    [](const omnibroker_host*) {
      return static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
              .count());
    },
    [](const omnibroker_host*) {
      return static_cast<std::int64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count());
    },
};

const omnibroker_host_limits_v1 kLimits{
    sizeof(omnibroker_host_limits_v1),
    [](const omnibroker_host* host, const char* raw_name) -> std::uint64_t {
      const std::string_view name(raw_name);
      record_of(host).reads_limit(name);
      const auto limits = shared_of(host).limits();
      if (name == "max_message") return limits.max_message.bytes;
      if (name == "max_body") return limits.max_body.bytes;
      if (name == "frames_per_second") return limits.frames_per_second;
      if (name == "messages_per_second") return limits.messages_per_second;
      if (name == "max_subscriptions") return limits.max_subscriptions;
      if (name == "max_control_queue") return limits.max_control_queue.bytes;
      if (name == "idle_timeout") return static_cast<std::uint64_t>(limits.idle_timeout.count());
      if (name == "keep_alive_timeout") return static_cast<std::uint64_t>(limits.keep_alive_timeout.count());
      return 0;
    },
};

const omnibroker_host_executor_v1 kExecutor{
    sizeof(omnibroker_host_executor_v1),
    [](const omnibroker_host* host, void (*work)(void*), void* context) -> omnibroker_status {
      auto& record = record_of(host);
      if (!record.begin_work()) return OMNIBROKER_CLOSED;
      const bool queued =
          shared_of(host).pool.run(&record, [work, context, &record, place = ComponentHost::of(host).place] {
            {
              const CallMark mark(place, Call::RunBlocking);
              work(context);
            }
            record.end_work();
          });
      if (!queued) record.end_work();
      return queued ? OMNIBROKER_OK : OMNIBROKER_RESOURCE_EXHAUSTED;
    },
    [](const omnibroker_host* host, std::uint64_t after_ns, void (*work)(void*), void* context) -> std::uint64_t {
      auto& record = record_of(host);
      auto& shared = shared_of(host);
      if (shared.workers.empty()) return 0;  // before `start` there is nothing that timers could run on
      const auto id = shared.timers.add({&record, work, context, ComponentHost::of(host).place});
      if (id == 0) return 0;
      shared.workers.front()->post(
          [id, after_ns](Worker& worker) { worker.run_after(id, std::chrono::nanoseconds(after_ns)); });
      return id;
    },
    [](const omnibroker_host* host, std::uint64_t timer) -> omnibroker_status {
      const auto entry = shared_of(host).timers.take(timer);
      if (!entry) return OMNIBROKER_NOT_FOUND;
      entry->record->end_work();
      shared_of(host).workers.front()->post([timer](Worker& worker) { worker.forget_timer(timer); });
      return OMNIBROKER_OK;
    },
};

const omnibroker_host_connection_v1 kConnection{
    sizeof(omnibroker_host_connection_v1),
    [](omnibroker_connection* c) { return as_connection(c).id(); },
    [](omnibroker_connection* c) { return omnibroker::text(as_connection(c).peer().name); },
    [](omnibroker_connection* c, const void* data, std::size_t size) {
      return as_connection(c).queue({static_cast<const char*>(data), size});
    },
    [](omnibroker_connection* c, std::uint32_t keep_alive) { as_connection(c).end_request(keep_alive != 0); },
    [](omnibroker_connection* c, std::uint32_t flush) { as_connection(c).close(flush != 0); },
    [](omnibroker_connection* c, std::uint64_t after_ns) {
      as_connection(c).set_timer(std::chrono::nanoseconds(after_ns));
    },
    [](omnibroker_connection* c, omnibroker_session session) { return as_connection(c).attach(session); },
    [](omnibroker_connection* c, std::uint32_t variant) { as_connection(c).set_variant(variant); },
    [](omnibroker_connection* c) { return as_connection(c).unsent(); },
    [](omnibroker_connection* c, std::size_t bytes) { as_connection(c).wake_when_sent(bytes); },
    [](const omnibroker_host* host, std::uint64_t connection) { shared_of(host).wake(connection); },
};

omnibroker_status submit_elsewhere(Connection& connection, omnibroker_session number, omnibroker_encoding encoding,
                                   const std::uint8_t* payload, std::size_t size, const ReplyTo& reply_to) {
  auto& shared = connection.worker().shared();
  const auto home = worker_of(number);
  if (home >= shared.workers.size()) return OMNIBROKER_NOT_FOUND;
  std::string copy(reinterpret_cast<const char*>(payload), size);
  const bool posted =
      shared.workers[home]->post_submission([copy = std::move(copy), number, encoding, reply_to](Worker& worker) {
        worker.submit_from_afar(number, encoding, copy, reply_to);
      });
  return posted ? OMNIBROKER_OK : OMNIBROKER_NOT_FOUND;
}

const omnibroker_host_session_v1 kSession{
    sizeof(omnibroker_host_session_v1),
    [](omnibroker_connection* c, std::uint32_t mode, omnibroker_text key, const omnibroker_sink* client_id,
       const omnibroker_sink* error) -> omnibroker_session {
      auto& connection = as_connection(c);
      std::string reason;
      const bool detached = mode == OMNIBROKER_SESSION_DETACHED;
      const auto* session = connection.worker().open_session(connection, detached, view(key), reason);
      if (session == nullptr) {
        error->append(error->self, reason.data(), reason.size());
        return 0;
      }
      const auto id = session->client_id.text();
      client_id->append(client_id->self, id.data(), id.size());
      return session->number;
    },
    [](const omnibroker_host* host, omnibroker_text key) { return shared_of(host).sessions.find(view(key)); },
    [](const omnibroker_host* host, omnibroker_session number) {
      auto& shared = shared_of(host);
      if (worker_of(number) >= shared.workers.size()) return;
      shared.sessions.hide(number);
      shared.workers[worker_of(number)]->post([number](Worker& worker) {
        auto* session = worker.find_session(number);
        if (session != nullptr && session->detached) worker.close_session(*session);
      });
    },
    [](omnibroker_connection* c, omnibroker_session number, omnibroker_encoding encoding, std::uint8_t* payload,
       std::size_t size, std::uint64_t correlation) -> omnibroker_status {
      auto& connection = as_connection(c);
      auto& worker = connection.worker();
      const ReplyTo reply_to{worker.index(), connection.id(), connection.exchange_number(), correlation};
      if (number == 0) {
        if (connection.session() == nullptr) return OMNIBROKER_NOT_FOUND;
        return worker.submit(*connection.session(), encoding, payload, size, reply_to);
      }
      if (worker_of(number) != worker.index()) {
        return submit_elsewhere(connection, number, encoding, payload, size, reply_to);
      }
      auto* session = worker.find_session(number);
      if (session == nullptr) return OMNIBROKER_NOT_FOUND;
      return worker.submit(*session, encoding, payload, size, reply_to);
    },
    [](omnibroker_connection* c, omnibroker_text subprotocol) {
      auto& connection = as_connection(c);
      if (auto* session = connection.session()) connection.worker().agree(*session, view(subprotocol));
    },
};

const omnibroker_host_clients_v1 kClients{
    sizeof(omnibroker_host_clients_v1),
    [](const omnibroker_host* host) { return shared_of(host).sessions.total(); },
    [](const omnibroker_host* host) { return shared_of(host).sessions.registered(); },
    [](const omnibroker_host* host, omnibroker_text name) -> std::uint64_t {
      const auto& shared = shared_of(host);
      const int role = shared.pipeline()->routes.role(view(name));
      return role < 0 ? 0 : shared.sessions.with_role(static_cast<std::size_t>(role));
    },
};

omnibroker_status complete(const omnibroker_host* host, std::uint64_t token, omnibroker_action action,
                           omnibroker_text code, omnibroker_text message, omnibroker_text payload) {
  LateDecision decision;
  decision.action = action;
  decision.code = view(code);
  decision.message = view(message);
  decision.payload = view(payload);
  return decide_call(shared_of(host), token, std::move(decision));
}

const omnibroker_host_call_v1& call_table() {
  static const omnibroker_host_call_v1 table = [] {
    auto made = Router::call_table();
    made.complete = complete;
    return made;
  }();
  return table;
}

const omnibroker_host_publish_v1 kPublish{
    sizeof(omnibroker_host_publish_v1),
    [](const omnibroker_host* host, omnibroker_text payload) -> omnibroker_status {
      auto& shared = shared_of(host);
      const int bridge = record_of(host).bridge;
      if (bridge < 0 || shared.workers.empty()) return OMNIBROKER_UNSUPPORTED;
      if (!shared.published.add(payload.size)) return OMNIBROKER_RESOURCE_EXHAUSTED;
      const bool posted =
          shared.workers.front()->post_submission([bridge, copy = std::string(view(payload))](Worker& worker) {
            worker.publish(static_cast<std::size_t>(bridge), copy);
          });
      if (posted) return OMNIBROKER_OK;
      shared.published.remove(payload.size);
      return OMNIBROKER_CLOSED;
    },
};

omnibroker_latest latest_of(const LatestValues::Entry& entry, std::chrono::steady_clock::time_point now) {
  const auto age = std::chrono::duration_cast<std::chrono::nanoseconds>(now - entry.updated).count();
  return {sizeof(omnibroker_latest), omnibroker::text(entry.key), omnibroker::text(entry.message),
          static_cast<std::uint64_t>(age)};
}

constexpr std::size_t kLatestAtOnce = 1'000;

const omnibroker_host_latest_v1 kLatest{
    sizeof(omnibroker_host_latest_v1),
    [](omnibroker_connection* c, omnibroker_text type, omnibroker_text key, void* context,
       int (*visit)(void*, const omnibroker_latest*)) -> omnibroker_status {
      auto& worker = as_connection(c).worker();
      const auto* values = worker.fanout().latest(view(type));
      const auto* entry = values == nullptr ? nullptr : values->find(view(key), worker.now());
      if (entry == nullptr) return OMNIBROKER_NOT_FOUND;
      const auto latest = latest_of(*entry, worker.now());
      visit(context, &latest);
      return OMNIBROKER_OK;
    },
    [](omnibroker_connection* c, omnibroker_text type, omnibroker_text prefix, omnibroker_text after, void* context,
       int (*visit)(void*, const omnibroker_latest*)) -> omnibroker_status {
      auto& worker = as_connection(c).worker();
      const auto* values = worker.fanout().latest(view(type));
      if (values == nullptr) return OMNIBROKER_NOT_FOUND;
      std::string behind(view(after));
      while (true) {
        const auto entries = values->in_order(view(prefix), behind, kLatestAtOnce, worker.now());
        for (const auto* entry : entries) {
          const auto latest = latest_of(*entry, worker.now());
          if (visit(context, &latest) == 0) return OMNIBROKER_OK;
        }
        if (entries.size() < kLatestAtOnce) return OMNIBROKER_OK;
        behind = entries.back()->key;
      }
    },
};

}  // namespace

void add_host_tables(HostTables& tables) {
  tables.add(OMNIBROKER_HOST_LOG, &kLog);
  tables.add(OMNIBROKER_HOST_METRICS, &kMetrics);
  tables.add(OMNIBROKER_HOST_CLOCK, &kClock);
  tables.add(OMNIBROKER_HOST_LIMITS, &kLimits);
  tables.add(OMNIBROKER_HOST_EXECUTOR, &kExecutor);
  tables.add(OMNIBROKER_HOST_CONNECTION, &kConnection);
  tables.add(OMNIBROKER_HOST_SESSION, &kSession);
  tables.add(OMNIBROKER_HOST_CLIENTS, &kClients);
  tables.add(OMNIBROKER_HOST_MESSAGE, &Router::message_table());
  tables.add(OMNIBROKER_HOST_CALL, &call_table());
  tables.add(OMNIBROKER_HOST_PUBLISH, &kPublish);
  tables.add(OMNIBROKER_HOST_LATEST, &kLatest);
  tables.add(OMNIBROKER_HOST_SUBSCRIPTIONS, &Router::subscriptions_table());
}

}  // namespace omnibroker::core
