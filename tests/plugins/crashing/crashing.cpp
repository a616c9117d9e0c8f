/// Components that crash, hang or throw when they are told to, for tests of what the broker makes of it.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

/// Deeper and deeper, with something to do on the way back, so that no compiler makes a loop of it.
std::uint64_t recurse(std::uint64_t depth) {
  if (depth == UINT64_MAX) return 0;
  volatile char used[512];
  used[depth % sizeof used] = static_cast<char>(depth);
  return recurse(depth + 1) + static_cast<std::uint64_t>(used[depth % sizeof used]);
}

// A sanitizer would find these before the processor does, and what is wanted here is the signal.
[[gnu::noinline, gnu::no_sanitize("undefined", "address", "thread")]] void write_to_null() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

/// Waits until somebody has opened the pipe in OMNIBROKER_TEST_GATE and closed it again.
void hang() {
  const int gate = ::open(std::getenv("OMNIBROKER_TEST_GATE"), O_RDONLY);
  if (gate >= 0) ::close(gate);
}

using Function = void (*)();
volatile Function no_function = nullptr;
[[gnu::noinline, gnu::no_sanitize("undefined", "address", "thread")]] void call_null() { no_function(); }

void behave(std::string_view how) {
  if (how == "null") write_to_null();
  if (how == "call_null") call_null();
  if (how == "abort") std::abort();
  if (how == "overflow") static_cast<void>(recurse(1));
  if (how == "illegal") ::raise(SIGILL);
  if (how == "hang") hang();
  if (how == "throw") throw std::runtime_error("thrown on demand");
  if (how == "own_thread") std::thread(write_to_null).join();
}

std::string_view asked(const Message& message) {
  const auto field = message.field("how");
  return field && field->is_string() ? field->string() : std::string_view();
}

/// Behaves as the message's `how` asks, or as its option `in_prepare` does in that step.
class Crashing final : public Handler {
 public:
  struct Config {
    std::string in_prepare;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec =
        ConfigSpec<Config>{}.field("in_prepare", &Config::in_prepare, "What it does in that step.");
    return spec;
  }
  Crashing(Host host, Config config)
      : host_(host),
        executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)),
        config_(std::move(config)) {}

  Status prepare() override {
    behave(config_.in_prepare);
    return {};
  }
  Outcome handle(const Message& message, Call&) override {
    const auto how = asked(message);
    if (how == "timer") executor_->after(host_.raw(), 0, crash, nullptr);
    if (how == "blocking") executor_->run_blocking(host_.raw(), crash, nullptr);
    behave(how);
    return Outcome::accept();
  }

 private:
  static void crash(void*) { write_to_null(); }

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  Config config_;
};

/// The same before the handler.
class CrashingFilter final : public Filter {
 public:
  explicit CrashingFilter(Host) {}
  Outcome filter(const Message& message, Call&) override {
    behave(asked(message));
    return Outcome::accept();
  }
};

}  // namespace

OMNIBROKER_PLUGIN("crashing", "1.0.0", "Crashes on demand.",
                  component<Crashing>("crashing", "Does what a message asks for, and be it a crash."),
                  component<CrashingFilter>("filter", "The same before the handler."))
