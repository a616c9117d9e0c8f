// A service whose work blocks, for tests of `wake` and `wake_when_sent`. A client opens it with any GET request, gets
// the head of an answer without an end, and then sends bytes: each is a request.
//
//   w   does work on a thread that may block, which ends when somebody has opened the pipe OMNIBROKER_TEST_GATE for
//       writing. Answered when the connection is woken: the text of the option `name`
//   m   sends 16 MiB of `m`, as the client takes them, and an `.` behind them
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <string>
#include <unistd.h>
#include <utility>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

constexpr std::size_t kMuch = 16 * 1024 * 1024;

/// Work of one connection, on a thread that may block.
struct Work {
  Waker waker;
  std::uint64_t connection = 0;
  std::shared_ptr<std::atomic<int>> done;

  static void run(void* context) {
    const std::unique_ptr<Work> work(static_cast<Work*>(context));
    const char* gate = std::getenv("OMNIBROKER_TEST_GATE");
    const int pipe = gate == nullptr ? -1 : ::open(gate, O_RDONLY);  // waits until somebody opens it for writing
    if (pipe >= 0) ::close(pipe);
    work->done->fetch_add(1);
    work->waker.wake(work->connection);
  }
};

struct Shared {
  Host host;
  Waker waker;
  std::string name;
  std::size_t room = 0;
};

class WakingExchange final : public Exchange {
 public:
  WakingExchange(const Shared& shared, Connection connection) : shared_(shared), connection_(connection) {}

  std::size_t receive(std::span<std::uint8_t> bytes) override {
    for (const auto byte : bytes) {
      if (byte == 'w') begin_work();
      if (byte == 'm') to_send_ = kMuch;
    }
    send();
    return bytes.size();
  }
  void woken() override {
    if (work_->exchange(0) != 0 || moved_) connection_.write(shared_.name);
    moved_ = false;
    send();
  }
  void shutdown(ShutdownReason, std::string_view) override { connection_.close(Flush::Yes); }
  void end_of_input() override { connection_.close(Flush::Yes); }

  /// Its work has been begun by another generation, which wakes it when it is done.
  void set_moved() { moved_ = true; }

 private:
  void begin_work() {
    auto work = std::make_unique<Work>(Work{shared_.waker, connection_.id(), work_});
    const auto* executor = shared_.host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR);
    if (executor->run_blocking(shared_.host.raw(), Work::run, work.get()) == OMNIBROKER_OK) {
      static_cast<void>(work.release());
    }
  }
  void send() {
    while (to_send_ > 0) {
      const auto unsent = connection_.unsent();
      if (unsent >= shared_.room) return connection_.wake_when_sent(shared_.room / 2);
      const auto now = std::min(to_send_, shared_.room - unsent);
      if (!connection_.write(std::string(now, 'm'))) return;
      to_send_ -= now;
      if (to_send_ == 0) connection_.write(".");
    }
  }

  const Shared& shared_;
  Connection connection_;
  std::shared_ptr<std::atomic<int>> work_ = std::make_shared<std::atomic<int>>(0);
  bool moved_ = false;
  std::size_t to_send_ = 0;
};

class Waking final : public Transport {
 public:
  struct Config {
    std::string name = "one";
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}.field("name", &Config::name, "What it answers when it was woken.");
    return spec;
  }
  static constexpr bool wakes = true;

  Waking(Host host, Config config)
      : shared_{host, Waker(host), std::move(config.name),
                static_cast<std::size_t>(host.limit("max_control_queue") / 2)} {}

  std::unique_ptr<Exchange> open(Connection connection, const Request&) override {
    connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n");
    return std::make_unique<WakingExchange>(shared_, connection);
  }
  void encode(const omnibroker_payload&, const Sink&) const override {}

  omnibroker_status export_session(Exchange&, const Sink& out) {
    out.append("waking");
    return OMNIBROKER_OK;
  }
  Result<std::unique_ptr<Exchange>> import_session(Connection connection, std::string_view) {
    auto exchange = std::make_unique<WakingExchange>(shared_, connection);
    exchange->set_moved();
    return {std::move(exchange)};
  }

 private:
  Shared shared_;
};

}  // namespace

OMNIBROKER_PLUGIN("waking", "1.0.0", "A service whose work blocks.",
                  component<Waking>("waking", "Answers when its work is done.", OMNIBROKER_KIND_SERVICE))
