#pragma once

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
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {

using std::chrono_literals::operator""s;
using Clock = std::chrono::steady_clock;

/// A WebSocket client on the broker's Unix socket that says and hears one short message at a time.
class Peer {
 public:
  explicit Peer(const std::string& socket, const std::string& path = "/ws") : descriptor_(connected(socket)) {
    write("GET " + path +
          " HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n");
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos && read_more(head)) {
    }
    EXPECT_EQ(head.substr(0, 12), "HTTP/1.1 101");
    input_ = head.substr(head.find("\r\n\r\n") + 4);
  }
  /// What a request for this path is answered with: the head's first line.
  static std::string asked(const std::string& socket, const std::string& path) {
    const int descriptor = connected(socket);
    const auto request = "GET " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    std::string head;
    std::array<char, 4096> bytes{};
    for (ssize_t got = 1; got > 0 && head.find("\r\n") == std::string::npos;) {
      got = ::recv(descriptor, bytes.data(), bytes.size(), 0);
      if (got > 0) head.append(bytes.data(), static_cast<std::size_t>(got));
    }
    ::close(descriptor);
    return head.substr(0, head.find("\r\n"));
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
      const auto byte = [this](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(input_[at]));
      };
      const bool is_long = input_.size() >= 4 && byte(1) == 126;
      const std::size_t head = is_long ? 4 : 2;
      const bool has_head = input_.size() >= head && (is_long || byte(1) < 126);
      const auto size = has_head ? (is_long ? byte(2) * 256 + byte(3) : byte(1)) : 0;
      if (has_head && input_.size() >= head + size) {
        const auto text = input_.substr(head, size);
        const bool is_text = input_[0] == '\x81';
        input_.erase(0, head + size);
        if (is_text) return text;
        continue;
      }
      if (!read_more(input_)) return {};
    }
  }

 private:
  static int connected(const std::string& path) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    const timeval patience{20, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return descriptor;
  }

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
class RunningBrokerTest : public testing::Test {
 protected:
  RunningBrokerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibroker-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    LogConfig to_file;
    to_file.output = LogOutput::File;
    to_file.file = folder / "log";
    log = std::move(Log::open(to_file)).value();
  }
  ~RunningBrokerTest() override {
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
    return parsed(text);
  }
  BrokerConfig parsed(std::string_view text) {
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
  /// Of the component: each generation's number, state and connections.
  std::vector<std::string> states(std::string_view name = "transports.realtime") const {
    std::vector<std::string> all;
    for (const auto& one : broker->generations()) {
      if (one.name != name) continue;
      all.push_back(std::to_string(one.number) + " " + std::string(to_string(one.state)) + " " +
                    std::to_string(one.connections));
    }
    return all;
  }
  void until(const std::vector<std::string>& wanted, std::string_view name = "transports.realtime") const {
    const auto deadline = Clock::now() + 30s;
    while (states(name) != wanted && Clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(states(name), wanted);
  }

  using States = std::vector<std::string>;
  std::filesystem::path folder;
  Catalog catalog{{OMNIBROKER_PLUGINS, OMNIBROKER_TEST_PLUGINS}};
  std::unique_ptr<Log> log;
  Metrics metrics;
  std::unique_ptr<Broker> broker;
};

}  // namespace omnibroker::core
