#include "bench_report.hpp"

#include "terminal.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace omnibroker::tools {
namespace {

using load::Outcome;
using load::Settings;
using ull = unsigned long long;

__attribute__((format(printf, 1, 2))) std::string line(const char* format, ...) {
  std::array<char, 512> text{};
  va_list values;
  va_start(values, format);
  std::vsnprintf(text.data(), text.size(), format, values);
  va_end(values);
  return text.data();
}

double milliseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }
double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }
double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }
double per_second(std::uint64_t count, const Outcome& outcome) {
  return outcome.seconds > 0 ? static_cast<double>(count) / outcome.seconds : 0;
}
/// Microseconds of the server's CPU for one of `count`; 0 where there was none.
double cpu_per(std::uint64_t count, const Outcome& outcome) {
  return count == 0 || !outcome.server ? 0 : outcome.server->cpu_seconds * 1e6 / static_cast<double>(count);
}

const char* plural(std::uint64_t count, const char* one, const char* many) { return count == 1 ? one : many; }

std::string headline(const Settings& settings, const Outcome& outcome) {
  const auto speed = settings.rate > 0 ? line("%.0f messages/s", settings.rate) : std::string("as fast as it goes");
  return line("%llu %s, %llu %s, %llu %s, messages of %llu bytes, %s, measured for %.1f s\n", ull{settings.clients},
              plural(settings.clients, "client", "clients"), ull{settings.publishers},
              plural(settings.publishers, "publisher", "publishers"), ull{settings.prims},
              plural(settings.prims, "object", "objects"), ull{settings.size}, speed.c_str(), outcome.seconds);
}

std::string counts(const Settings& settings, const Outcome& outcome) {
  if (settings.source == load::Source::Server) {
    return line("  delivered   %.0f/s\n", per_second(outcome.deliveries, outcome));
  }
  auto text = line("  sent        %.0f messages/s, %llu in the whole run\n", per_second(outcome.sent_measured, outcome),
                   ull{outcome.sent});
  text += line("  delivered   %.0f/s; in the whole run each client got %llu", per_second(outcome.deliveries, outcome),
               ull{outcome.received_least});
  if (outcome.received_most != outcome.received_least) text += line(" to %llu", ull{outcome.received_most});
  text += "\n";
  if (outcome.checking == 0) return text;
  return text + line("  wrong       %llu lost of all; %llu duplicated, %llu reordered (%llu %s looked)\n",
                     ull{outcome.lost}, ull{outcome.duplicated}, ull{outcome.reordered}, ull{outcome.checking},
                     plural(outcome.checking, "client", "clients"));
}

std::string processes(const Outcome& outcome) {
  std::string text;
  if (outcome.server) {
    text += line("  server      %.1f %% of a core, %.3f us of CPU per delivery, %.1f MiB\n",
                 100 * outcome.server->cpu_seconds / outcome.seconds, cpu_per(outcome.deliveries, outcome),
                 static_cast<double>(outcome.server->memory_measured) / 1024);
  }
  const double own = 100 * outcome.own_cpu_seconds / outcome.seconds;
  return text + line("  generator   %.1f %% of a core%s\n", own, own > 90 ? ": it had no more to give" : "");
}

std::string troubles(const Outcome& outcome) {
  std::string text;
  if (outcome.paused.clients != 0) {
    text +=
        line("  paused      %llu read nothing; %llu of them ended, %llu messages skipped, %s\n",
             ull{outcome.paused.clients}, ull{outcome.paused.ended}, ull{outcome.paused.skipped},
             outcome.paused.up_to_date ? line("up to date after %.0f ms", outcome.paused.up_to_date_after * 1e3).c_str()
                                       : "not up to date after 10 s");
  }
  if (outcome.strange != 0) text += line("  strange     %llu updates that were never sent\n", ull{outcome.strange});
  for (const auto& refusal : outcome.refusals) {
    text += line("  refused     %llu times: %s\n", ull{refusal.count}, printable(refusal.text).c_str());
  }
  if (outcome.ended != 0) {
    text += line("  ended       %llu %s; the first one: %s\n", ull{outcome.ended},
                 plural(outcome.ended, "client", "clients"), printable(outcome.first_end).c_str());
  }
  return text;
}

Poco::JSON::Object ordered() { return Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER); }

Poco::JSON::Object settings_of(const Settings& settings) {
  auto object = ordered();
  object.set("clients", settings.clients);
  object.set("publishers", settings.publishers);
  object.set("rate", settings.rate);
  object.set("size", settings.size);
  object.set("prims", settings.prims);
  object.set("warmup_s", seconds(settings.warmup));
  object.set("window", settings.window);
  return object;
}

Poco::JSON::Object latency_of(const Outcome& outcome) {
  auto object = ordered();
  object.set("count", outcome.latency.count());
  object.set("p50", microseconds(outcome.latency.quantile(0.5)));
  object.set("p90", microseconds(outcome.latency.quantile(0.9)));
  object.set("p99", microseconds(outcome.latency.quantile(0.99)));
  object.set("max", microseconds(outcome.latency.longest()));
  return object;
}

Poco::JSON::Object server_of(const Outcome& outcome) {
  auto object = ordered();
  object.set("cpu_s", outcome.server->cpu_seconds);
  object.set("cpu_us_per_delivery", cpu_per(outcome.deliveries, outcome));
  object.set("cpu_us_per_message", cpu_per(outcome.sent_measured, outcome));
  object.set("memory_kib_before", outcome.server->memory_before);
  object.set("memory_kib_connected", outcome.server->memory_connected);
  object.set("memory_kib_measured", outcome.server->memory_measured);
  return object;
}

Poco::JSON::Object paused_of(const Outcome& outcome) {
  auto object = ordered();
  object.set("clients", outcome.paused.clients);
  object.set("ended", outcome.paused.ended);
  object.set("skipped", outcome.paused.skipped);
  object.set("up_to_date", outcome.paused.up_to_date);
  object.set("up_to_date_after_s", outcome.paused.up_to_date_after);
  return object;
}

Poco::JSON::Array refusals_of(const Outcome& outcome) {
  Poco::JSON::Array list;
  for (const auto& refusal : outcome.refusals) {
    auto object = ordered();
    object.set("text", printable(refusal.text));
    object.set("count", refusal.count);
    list.add(object);
  }
  return list;
}

}  // namespace

std::string bench_summary(const Settings& settings, const Outcome& outcome) {
  auto text = headline(settings, outcome) + counts(settings, outcome);
  if (outcome.latency.count() != 0) {
    text += line("  latency     p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
                 milliseconds(outcome.latency.quantile(0.5)), milliseconds(outcome.latency.quantile(0.9)),
                 milliseconds(outcome.latency.quantile(0.99)), milliseconds(outcome.latency.longest()));
  }
  return text + processes(outcome) + troubles(outcome);
}

std::string bench_json(const Settings& settings, const Outcome& outcome) {
  auto object = ordered();
  object.set("settings", settings_of(settings));
  object.set("measured_s", outcome.seconds);
  object.set("connect_s", outcome.connect_seconds);
  object.set("sent", outcome.sent);
  object.set("sent_measured", outcome.sent_measured);
  object.set("received", outcome.received);
  object.set("received_per_client_min", outcome.received_least);
  object.set("received_per_client_max", outcome.received_most);
  object.set("deliveries", outcome.deliveries);
  object.set("deliveries_per_s", per_second(outcome.deliveries, outcome));
  object.set("lost", outcome.lost);
  object.set("duplicated", outcome.duplicated);
  object.set("reordered", outcome.reordered);
  object.set("strange", outcome.strange);
  object.set("clients_checking", outcome.checking);
  object.set("latency_us", latency_of(outcome));
  object.set("clients_ended", outcome.ended);
  if (outcome.ended != 0) object.set("first_end", printable(outcome.first_end));
  object.set("refusals", refusals_of(outcome));
  if (outcome.server) object.set("server", server_of(outcome));
  object.set("generator_cpu_s", outcome.own_cpu_seconds);
  if (outcome.paused.clients != 0) object.set("paused", paused_of(outcome));
  std::ostringstream out;
  object.stringify(out);
  return out.str() + "\n";
}

}  // namespace omnibroker::tools
