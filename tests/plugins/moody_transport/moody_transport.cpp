/// A transport that lives beside the real ones, and misbehaves when it is to take their connections over: in the step
/// that the environment names, because a swap takes the options of the component that it replaces.
///
///     OMNIBROKER_TEST_STEP   configure, prepare, start, stop, open, import, export; empty: nowhere
///     OMNIBROKER_TEST_MOOD   fail, throw, hang (until somebody reads the pipe OMNIBROKER_TEST_GATE), crash, busy
///     OMNIBROKER_TEST_WHERE  child: only in a process that tries the component for a broker; parent: only in the
///     others
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

#include <omnibroker/plugin.hpp>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string command_line() {
  std::ifstream file("/proc/self/cmdline");
  return {std::istreambuf_iterator<char>(file), {}};
}

omnibroker::Status behave(std::string_view step) {
  if (variable("OMNIBROKER_TEST_STEP") != step) return {};
  const bool tried = command_line().find("--try") != std::string::npos;
  const auto where = variable("OMNIBROKER_TEST_WHERE");
  if ((where == "child" && !tried) || (where == "parent" && tried)) return {};
  const auto mood = variable("OMNIBROKER_TEST_MOOD");
  if (mood == "throw") throw std::runtime_error("thrown out of " + std::string(step));
  if (mood == "crash") std::abort();
  if (mood == "hang") {
    const int gate = ::open(variable("OMNIBROKER_TEST_GATE").c_str(), O_RDONLY);
    if (gate >= 0) ::close(gate);
    return {};
  }
  return omnibroker::Error{omnibroker::ErrorCode::Unavailable, "not in the mood to " + std::string(step)};
}

/// Says nothing, understands nothing.
class Silent final : public omnibroker::Exchange {
 public:
  explicit Silent(omnibroker::Connection connection) : connection_(connection) {}
  std::size_t receive(std::span<std::uint8_t> bytes) override { return bytes.size(); }
  void shutdown(omnibroker::ShutdownReason, std::string_view) override { connection_.close(omnibroker::Flush::Yes); }
  void end_of_input() override { connection_.close(omnibroker::Flush::Yes); }

 private:
  omnibroker::Connection connection_;
};

class MoodyTransport final : public omnibroker::Transport {
 public:
  struct Config {};
  static const omnibroker::ConfigSpec<Config>& spec() {
    static const auto spec = omnibroker::ConfigSpec<Config>{};
    return spec;
  }

  MoodyTransport(omnibroker::Host, Config) {
    if (auto status = behave("configure"); !status) throw std::invalid_argument(status.error().message);
  }
  omnibroker::Status prepare() override { return behave("prepare"); }
  omnibroker::Status start() override { return behave("start"); }
  omnibroker::Status stop() override { return behave("stop"); }

  std::unique_ptr<omnibroker::Exchange> open(omnibroker::Connection connection, const omnibroker::Request&) override {
    if (auto status = behave("open"); !status) throw std::runtime_error(status.error().message);
    return std::make_unique<Silent>(connection);
  }
  void encode(const omnibroker_payload& payload, const omnibroker::Sink& out) const override {
    out.append(omnibroker::view(payload.bytes));
  }

  omnibroker_status export_session(omnibroker::Exchange&, const omnibroker::Sink&) { return OMNIBROKER_UNSUPPORTED; }
  omnibroker::Result<std::unique_ptr<omnibroker::Exchange>> import_session(omnibroker::Connection, std::string_view) {
    if (auto status = behave("import"); !status) return status.error();
    return omnibroker::Error{omnibroker::ErrorCode::Unsupported, "it takes nobody over"};
  }
};

}  // namespace

OMNIBROKER_PLUGIN("moody_transport", "1.0.0", "A transport for tests that misbehaves when it is asked to",
                  omnibroker::component<MoodyTransport>("moody_transport", "Misbehaves in the step that is named"));
