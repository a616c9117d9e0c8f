#include "broker/broker.hpp"
#include "config/loader.hpp"
#include "plugin/catalog.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""s;
using Clock = std::chrono::steady_clock;

/// A WebSocket client on the broker's Unix socket that says and hears one short message at a time.
class Peer {
 public:
  explicit Peer(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    const timeval patience{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    write(
        "GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n");
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos && read_more(head)) {
    }
    EXPECT_EQ(head.substr(0, 12), "HTTP/1.1 101");
    input_ = head.substr(head.find("\r\n\r\n") + 4);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { ::close(descriptor_); }

  static std::string frame(std::string_view text) {
    return std::string("\x81") + static_cast<char>(0x80 | text.size()) + std::string(4, '\0') + std::string(text);
  }
  void write(std::string_view bytes) const {
    EXPECT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void say(std::string_view text) const { write(frame(text)); }

  /// The next message; empty at the end.
  std::string hear() {
    while (true) {
      if (input_.size() >= 2 && input_.size() >= 2 + static_cast<std::size_t>(input_[1])) {
        const auto size = static_cast<std::size_t>(input_[1]);
        const auto text = input_.substr(2, size);
        const bool is_text = input_[0] == '\x81';
        input_.erase(0, 2 + size);
        if (is_text) return text;
        continue;
      }
      if (!read_more(input_)) return {};
    }
  }

 private:
  bool read_more(std::string& into) const {
    std::array<char, 4096> bytes{};
    const auto got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    into.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  std::string input_;
};

/// A broker with one WebSocket transport, whose messages go back to all robots.
class SwapTest : public testing::Test {
 protected:
  SwapTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibroker-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    LogConfig to_file;
    to_file.output = LogOutput::File;
    to_file.file = folder / "log";
    log = std::move(Log::open(to_file)).value();
  }
  ~SwapTest() override {
    broker.reset();
    for (const auto* name : {"OMNIBROKER_TEST_STEP", "OMNIBROKER_TEST_MOOD", "OMNIBROKER_TEST_GATE"}) ::unsetenv(name);
    std::filesystem::remove_all(folder);
  }

  BrokerConfig config(std::string_view plugin, std::string_view window = "10m") {
    const auto text = "listeners: { public: { address: \"unix:" + socket() +
                      "\" } }\n"
                      "transports: { realtime: { plugin: " +
                      std::string(plugin) +
                      ", listener: public, path: /ws } }\n"
                      "workers: 1\n"
                      "limits: { rollback_window: " +
                      std::string(window) +
                      " }\n"
                      "routes:\n"
                      "  client_register: { from: anyone, handler: client_register }\n"
                      "  select_object: { from: web_ui, to: web_ui, handler: select_object }\n";
    auto loaded = parse_config(text, "test", [this](std::string_view name) -> Result<const omnibroker_component_type*> {
      auto found = catalog.find(name);
      if (!found) return found.error();
      return found->type;
    });
    for (const auto& error : loaded.errors) ADD_FAILURE() << error.to_string();
    return std::move(loaded.config);
  }
  ComponentConfig component(std::string_view plugin) { return config(plugin).endpoints.front().component; }
  std::string socket() const { return (folder / "socket").string(); }

  void start(std::string_view plugin = "websocket", std::string_view window = "10m") {
    auto started = Broker::start(config(plugin, window), catalog, *log, metrics);
    ASSERT_TRUE(started) << started.error().message;
    broker = std::move(started).value();
  }
  std::unique_ptr<Peer> robot() const {
    auto peer = std::make_unique<Peer>(socket());
    peer->say(R"({"type":"client_register","client_type":"web_ui"})");
    EXPECT_NE(peer->hear().find("ack"), std::string::npos);
    return peer;
  }
  /// What it sends comes back to it, as to every robot.
  static void talks(Peer& peer) {
    static int number = 0;
    const auto text = R"({"type":"select_object","prim_path":"/World/)" + std::to_string(++number) + "\"}";
    peer.say(text);
    std::string heard;  // first, perhaps, what others have said
    do heard = peer.hear();
    while (!heard.empty() && heard != text);
    EXPECT_EQ(heard, text);
  }
  void misbehaves(const char* step, const char* mood) const {
    ::setenv("OMNIBROKER_TEST_STEP", step, 1);
    ::setenv("OMNIBROKER_TEST_MOOD", mood, 1);
    ::setenv("OMNIBROKER_TEST_GATE", (folder / "gate").c_str(), 1);
  }
  std::vector<std::string> states() const {
    std::vector<std::string> all;
    for (const auto& one : broker->generations()) {
      all.push_back(std::to_string(one.number) + " " + std::string(to_string(one.state)) + " " +
                    std::to_string(one.connections));
    }
    return all;
  }
  void until(const std::vector<std::string>& wanted) const {
    const auto deadline = Clock::now() + 30s;
    while (states() != wanted && Clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(states(), wanted);
  }

  using States = std::vector<std::string>;
  std::filesystem::path folder;
  Catalog catalog{{OMNIBROKER_PLUGINS, OMNIBROKER_TEST_PLUGINS}};
  std::unique_ptr<Log> log;
  Metrics metrics;
  std::unique_ptr<Broker> broker;
};

constexpr auto kOther = "websocket, ping_interval: 19s";  // other options: another generation

TEST_F(SwapTest, ALiveConnectionGoesOnWithTheNewGeneration) {
  start();
  auto peer = robot();
  talks(*peer);

  auto report = broker->swap(component(kOther));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->from, 1u);
  EXPECT_EQ(report->to, 2u);
  EXPECT_EQ(report->moved, 1u);
  EXPECT_EQ(report->staying, 0u);
  EXPECT_EQ(report->refusal, "");
  EXPECT_EQ(states(), (States{"2 current 1", "1 previous 0"}));
  talks(*peer);
  talks(*robot());
}

TEST_F(SwapTest, AFrameThatIsHalfThereIsReadByBoth) {
  start();
  auto peer = robot();
  const std::string text = R"({"type":"select_object","prim_path":"/World/Half"})";
  const auto frame = Peer::frame(text);
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    SCOPED_TRACE(cut);
    peer->write(frame.substr(0, cut));
    auto report = broker->swap(component(cut % 2 == 1 ? kOther : "websocket"));
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->moved, 1u);
    peer->write(frame.substr(cut));
    ASSERT_EQ(peer->hear(), text);
  }
}

TEST_F(SwapTest, WhatRunsAlreadyIsNotReplaced) {
  start();

  auto report = broker->swap(component("websocket"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Conflict);
  EXPECT_EQ(states(), States{"1 current 0"});
}

TEST_F(SwapTest, ANameThatDoesNotExistIsNotFound) {
  start();
  auto wanted = component(kOther);
  wanted.name = "transports.nobody";

  EXPECT_EQ(broker->swap(wanted).error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->rollback("transports.nobody").error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->rollback("transports.realtime").error().message,
            "transports.realtime has no generation to go back to: none was replaced within the last 600 s");
}

TEST_F(SwapTest, RollbackGivesTheConnectionsBack) {
  start();
  auto peer = robot();
  ASSERT_TRUE(broker->swap(component(kOther)));

  auto report = broker->rollback("transports.realtime");

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->to, 1u);
  EXPECT_EQ(report->moved, 1u);
  EXPECT_EQ(states(), (States{"1 current 1", "2 previous 0"}));
  talks(*peer);
  ASSERT_TRUE(broker->rollback("transports.realtime")) << "and forth again";
  EXPECT_EQ(states(), (States{"2 current 1", "1 previous 0"}));
  talks(*peer);
}

TEST_F(SwapTest, AGenerationEndsWhenItsWindowIsOver) {
  start("websocket", "off");
  auto peer = robot();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(broker->swap(component(i % 2 == 0 ? kOther : "websocket")));

  until({"7 current 1"});
  talks(*peer);
  EXPECT_EQ(broker->rollback("transports.realtime").error().code, ErrorCode::NotFound);
}

TEST_F(SwapTest, AConnectionThatIsRefusedStaysAndIsServed) {
  start();
  auto peer = robot();

  auto report = broker->swap(component("moody_transport"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->moved, 0u);
  EXPECT_EQ(report->staying, 1u);
  EXPECT_NE(report->refusal.find("it takes nobody over"), std::string::npos) << report->refusal;
  EXPECT_EQ(states(), (States{"2 current 0", "1 previous 1"}));
  talks(*peer);
  auto back = broker->rollback("transports.realtime");
  ASSERT_TRUE(back);
  EXPECT_EQ(states(), (States{"1 current 1", "2 previous 0"}));
  talks(*robot());
}

TEST_F(SwapTest, AnExceptionOutOfAnImportIsARefusal) {
  start();
  auto peer = robot();
  misbehaves("import", "throw");

  auto report = broker->swap(component("moody_transport"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->staying, 1u);
  EXPECT_EQ(report->refusal, "without a reason; the log may have one");
  talks(*peer);
}

TEST_F(SwapTest, AReplacedGenerationLivesAsLongAsAConnectionNeedsIt) {
  start("websocket", "off");
  auto peer = robot();
  ASSERT_TRUE(broker->swap(component("moody_transport")));
  until({"2 current 0", "1 draining 1"});
  ASSERT_TRUE(broker->swap(component(kOther))) << "a third one takes it over from the first";
  until({"3 current 1"});
  talks(*peer);
}

class SwapFault : public SwapTest, public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(SwapFault, LeavesTheOldGenerationServing) {
  start();
  auto peer = robot();
  const auto [step, mood] = GetParam();
  misbehaves(step, mood);

  auto report = broker->swap(component("moody_transport"));

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("transports.realtime"), std::string::npos) << report.error().message;
  EXPECT_NE(report.error().message.find(step), std::string::npos) << report.error().message;
  EXPECT_EQ(states(), States{"1 current 1"});
  talks(*peer);
  talks(*robot());
  misbehaves("nowhere", "fail");
  ASSERT_TRUE(broker->swap(component(kOther))) << "the next one is none the worse for it";
  talks(*peer);
}

INSTANTIATE_TEST_SUITE_P(Steps, SwapFault,
                         testing::Values(std::pair("configure", "fail"), std::pair("configure", "throw"),
                                         std::pair("prepare", "fail"), std::pair("prepare", "throw"),
                                         std::pair("start", "fail"), std::pair("start", "throw")),
                         [](const auto& one) {
                           return std::string(one.param.first) + "_" + std::string(one.param.second);
                         });

TEST_F(SwapTest, AStepThatHangsLeavesTheOldGenerationServing) {
  start();
  ASSERT_EQ(::mkfifo((folder / "gate").c_str(), 0600), 0);
  auto peer = robot();
  misbehaves("start", "hang");

  auto report = broker->swap(component("moody_transport"));

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("start did not return within 5 s"), std::string::npos)
      << report.error().message;
  talks(*peer);
  EXPECT_EQ(states(), States{"1 current 1"});
  EXPECT_TRUE(broker->has_left_behind());
  std::ofstream(folder / "gate").put('x');  // lets the thread go that is stuck in there
}

TEST_F(SwapTest, ASwapWhileTheBrokerStopsIsRefused) {
  start();
  broker->stop(std::chrono::seconds(1));

  EXPECT_EQ(broker->swap(component(kOther)).error().code, ErrorCode::Unavailable);
}

TEST_F(SwapTest, SessionsSayWhoIsThereAndCanBeEnded) {
  start();
  auto peer = robot();
  auto sessions = broker->sessions();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].role, "web_ui");
  EXPECT_EQ(sessions[0].component, "transports.realtime");
  EXPECT_EQ(sessions[0].generation, 1u);
  ASSERT_TRUE(broker->swap(component(kOther)));
  EXPECT_EQ(broker->sessions().at(0).generation, 2u);
  EXPECT_EQ(broker->sessions().at(0).client_id, sessions[0].client_id);

  EXPECT_FALSE(broker->disconnect("nobody"));
  EXPECT_TRUE(broker->disconnect(sessions[0].client_id));
  EXPECT_EQ(peer->hear(), "");
}

}  // namespace
}  // namespace omnibroker::core
