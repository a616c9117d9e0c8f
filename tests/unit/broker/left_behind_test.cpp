#include "broker/broker.hpp"
#include "config/loader.hpp"
#include "plugin/catalog.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// What a broker is lent lasts as long as the threads that it leaves behind, which nobody can wait for.
struct Lent {
  std::unique_ptr<Log> log;
  Metrics metrics;
};
Lent& lend() {
  static auto& lent = *new std::deque<Lent>;
  return lent.emplace_back();
}

/// A broker with a component whose work ends when the test opens a gate. The log is a file, in which the test reads.
class LeftBehindTest : public testing::Test {
 protected:
  LeftBehindTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibroker-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    EXPECT_EQ(::mkfifo((folder / "gate").c_str(), 0600), 0);
    LogConfig to_file;
    to_file.output = LogOutput::File;
    to_file.file = folder / "log";
    auto opened = Log::open(to_file);
    EXPECT_TRUE(opened) << opened.error().message;
    lent.log = std::move(opened).value();
  }
  ~LeftBehindTest() override {
    if (gate >= 0) ::close(gate);
    std::filesystem::remove_all(folder);
  }

  std::unique_ptr<Broker> start(int pieces) {
    const auto text = "listeners: { public: { address: \"unix:" + (folder / "socket").string() +
                      "\" } }\n"
                      "transports: { realtime: { plugin: websocket, listener: public, path: /ws } }\n"
                      "workers: 1\n"
                      "routes:\n"
                      "  lingers: { from: anyone, handler: { plugin: \"parts:lingers\", gate: \"" +
                      (folder / "gate").string() + "\", pieces: " + std::to_string(pieces) + " } }\n";
    auto loaded = parse_config(text, "test", [this](std::string_view name) -> Result<const omnibroker_component_type*> {
      auto found = catalog.find(name);
      if (!found) return found.error();
      return found->type;
    });
    for (const auto& error : loaded.errors) ADD_FAILURE() << error.to_string();
    auto started = Broker::start(std::move(loaded.config), catalog, *lent.log, lent.metrics);
    if (!started) ADD_FAILURE() << started.error().message;
    return started ? std::move(started).value() : nullptr;
  }

  /// How many lines of the log hold these words.
  std::size_t logged(std::string_view words) const {
    std::ifstream in(folder / "log");
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) count += line.find(words) != std::string::npos ? 1 : 0;
    return count;
  }
  void wait_for(std::string_view words, std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (logged(words) < count && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(logged(words), count) << words;
  }
  /// Lets everything go on that waits, or will.
  void open_gate() { gate = ::open((folder / "gate").c_str(), O_RDWR); }

  std::filesystem::path folder;
  Catalog catalog{{OMNIBROKER_PLUGINS, OMNIBROKER_TEST_PLUGINS}};
  Lent& lent = lend();
  int gate = -1;
};

TEST_F(LeftBehindTest, WorkThatOutlastsTheBrokerFindsNothingGone) {
  auto broker = start(6);
  ASSERT_NE(broker, nullptr);
  wait_for("Work began", 4);  // as many as the pool has threads

  broker->stop(50ms);
  broker.reset();

  EXPECT_EQ(logged("A component is left behind"), 1u);
  EXPECT_EQ(logged("running=4 discarded=2"), 1u);
  open_gate();
  wait_for("More work was refused", 4);
  EXPECT_EQ(logged("Work ended"), 4u);
  EXPECT_EQ(logged("Work began"), 4u) << "what was queued behind it never runs";
  EXPECT_EQ(logged("Stopped") + logged("Destroyed"), 0u);
}

TEST_F(LeftBehindTest, WorkThatEndsInTimeIsWaitedFor) {
  auto broker = start(6);
  ASSERT_NE(broker, nullptr);
  wait_for("Work began", 4);

  std::thread opener([this] { open_gate(); });
  broker->stop(60s);
  broker.reset();
  opener.join();

  EXPECT_EQ(logged("Work ended"), 6u);
  EXPECT_EQ(logged("A component is left behind"), 0u);
  EXPECT_EQ(logged("Stopped"), 1u);
  EXPECT_EQ(logged("Destroyed"), 1u);
}

}  // namespace
}  // namespace omnibroker::core
