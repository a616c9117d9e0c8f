#include "bench_broker.hpp"
#include "bench_report.hpp"
#include "client_session.hpp"
#include "command.hpp"
#include "load/run.hpp"
#include "terminal.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

namespace omnibroker::tools {
namespace {

using load::Dialect;
using load::Settings;
using load::Source;

struct Order {
  Settings settings;
  bool own_broker = false;
  std::uint64_t workers = 1;
  bool json = false;
};

std::chrono::nanoseconds span(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

/// Reads options one after the other, and keeps the first mistake.
class OptionReader {
 public:
  explicit OptionReader(const Arguments& arguments) : arguments_(arguments) {}

  void count(const char* name, std::uint64_t& value, std::uint64_t least, std::uint64_t most) {
    keep(arguments_.count(name, value, least, most), value);
  }
  void number(const char* name, double& value, double least, double most) {
    keep(arguments_.number(name, value, least, most), value);
  }
  void seconds(const char* name, std::chrono::nanoseconds& value, double least) {
    auto given = std::chrono::duration<double>(value).count();
    number(name, given, least, 1e6);
    value = span(given);
  }

  const std::string& mistake() const { return mistake_; }
  void complain(std::string sentence) {
    if (mistake_.empty()) mistake_ = std::move(sentence);
  }

 private:
  template <class T>
  void keep(Result<T> read, T& value) {
    if (read) {
      value = read.value();
    } else {
      complain(read.error().message);
    }
  }

  const Arguments& arguments_;
  std::string mistake_;
};

void read_dialect(const Arguments& arguments, Settings& settings, OptionReader& reader) {
  const auto name = arguments.text("dialect", "gateway");
  if (name == "nats") {
    settings.dialect = Dialect::Nats;
  } else if (name == "repeater") {
    settings.source = Source::Server;
  } else if (name != "gateway") {
    reader.complain("--dialect must be gateway, nats or repeater, not " + name);
  }
}

Result<Order> read_order(const Arguments& arguments) {
  Order order;
  auto& settings = order.settings;
  OptionReader reader(arguments);
  reader.count("clients", settings.clients, 1, 1'000'000);
  reader.count("publishers", settings.publishers, 1, 10'000);
  reader.number("rate", settings.rate, 0, 1e8);
  reader.count("window", settings.window, 1, 10'000'000);
  reader.count("size", settings.size, load::UpdateLayout::kLeast, load::UpdateLayout::kMost);
  reader.count("prims", settings.prims, 1, load::UpdateLayout::kMostPrims);
  reader.seconds("seconds", settings.measured, 0.01);
  reader.seconds("warmup", settings.warmup, 0);
  reader.seconds("hold", settings.hold, 0);
  reader.seconds("drain", settings.drain, 0);
  reader.count("pausing", settings.pausing, 0, 1'000'000);
  reader.count("workers", order.workers, 1, 1024);
  std::uint64_t pid = 0;
  reader.count("server-pid", pid, 1, INT32_MAX);
  settings.server_pid = static_cast<std::int64_t>(pid);
  read_dialect(arguments, settings, reader);
  settings.check_all = arguments.has("check");
  settings.unregistered = arguments.has("unregistered");
  order.json = arguments.has("json");
  order.own_broker = !arguments.has("url");
  settings.url = arguments.text("url", "");
  if (order.own_broker && arguments.has("server-pid")) reader.complain("--server-pid belongs to a server at --url");
  if (order.own_broker && arguments.has("dialect")) reader.complain("--dialect belongs to a server at --url");
  if (!order.own_broker && arguments.has("workers")) reader.complain("--workers is for a broker without --url");
  if (!reader.mistake().empty()) return Error{ErrorCode::InvalidArgument, reader.mistake()};
  return order;
}

int failed(const Error& error) {
  std::fprintf(stderr, "omnibroker: %s\n", printable(error.message).c_str());
  return error.code == ErrorCode::InvalidArgument ? kRefused : kCouldNotStart;
}

int bench(const Arguments& arguments) {
  auto read = read_order(arguments);
  if (!read) {
    std::fprintf(stderr, "omnibroker: bench: %s\n", printable(read.error().message).c_str());
    return kWrongUsage;
  }
  auto order = std::move(read).value();
  end_on_request();
  std::unique_ptr<BenchBroker> broker;
  if (order.own_broker) {
    auto started = BenchBroker::start(order.workers);
    if (!started) return failed(started.error());
    broker = std::move(started).value();
    order.settings.url = broker->url();
    order.settings.server_pid = broker->pid();
  }
  const auto outcome = load::run_load(order.settings, end_requested);
  if (!outcome) return failed(outcome.error());

  const auto text = order.json ? bench_json(order.settings, outcome.value())  //
                               : bench_summary(order.settings, outcome.value());
  std::fputs(text.c_str(), stdout);
  const bool refused = !outcome.value().refusals.empty() || outcome.value().ended > outcome.value().paused.ended;
  return refused ? kRefused : kDone;
}

std::vector<Option> options() {
  return {{"url", "u", "URL", "A running broker (without it: one of its own, on a free\nport, without limits)."},
          {"clients", "c", "NUMBER", "Web clients that receive (100)."},
          {"publishers", "p", "NUMBER", "Extensions that send (1)."},
          {"rate", "r", "NUMBER",
           "Messages per second of all publishers together (1000);\n"
           "0: as fast as it goes without losing any."},
          {"window", "", "NUMBER", "With --rate 0: how many messages the slowest client may\nbe behind (1024)."},
          {"size", "", "BYTES", "Of one message (240)."},
          {"prims", "", "NUMBER", "Objects that move (100)."},
          {"seconds", "s", "NUMBER", "How long it is measured (5)."},
          {"warmup", "", "NUMBER", "Seconds of load before that (1)."},
          {"hold", "", "NUMBER", "Seconds that the clients wait before the first message (0)."},
          {"drain", "", "NUMBER", "Seconds to wait at most, at the end, for what was sent\nand has not come (20)."},
          {"check", "", "", "Every client checks order and latency, not one alone."},
          {"pausing", "", "NUMBER", "So many clients read nothing while it is measured, and\nthen go on (0)."},
          {"unregistered", "", "", "The clients connect and say nothing: they get nothing."},
          {"server-pid", "", "PID", "Measure this process: the server's CPU and memory."},
          {"workers", "", "NUMBER", "Of its own broker (1)."},
          {"dialect", "", "NAME",
           "What the server at --url is: gateway; nats, a\n"
           "nats-server's WebSocket listener; or repeater, which\n"
           "repeats the first message by itself."},
          {"json", "", "", "One JSON object in place of the summary."}};
}

}  // namespace

Command bench_command() {
  return {{.name = "bench",
           .purpose = "make load, and measure what a broker does with it",
           .usage = "",
           .text = "Publishers register as omniverse_extension and send coordinate updates, clients\n"
                   "register as web_ui and count them. One client checks that no message of an object\n"
                   "is lost, comes twice or too early, and how long each took. Prints a summary, with\n"
                   "the server's CPU time for each delivery where the server is its own or named.\n\n"
                   "For figures to compare, give server and generator a core each (taskset), and let\n"
                   "nothing else run. At a running broker its limits apply (messages_per_second is 5000\n"
                   "by default), its maps show the bench's objects, /World/Bench/..., and it keeps the\n"
                   "last value of each.\n",
           .options = options(),
           .examples = {{"omnibroker bench", "1000 messages/s to 100 clients"},
                        {"omnibroker bench --rate 0", "as fast as it goes"},
                        {"omnibroker bench --clients 2000 --rate 500 --check", "many clients, and all check"},
                        {"omnibroker bench --url ws://localhost:8000/ws --json", "a running broker, for a script"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          bench};
}

}  // namespace omnibroker::tools
