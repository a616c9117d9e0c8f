#pragma once

#include "api_service.hpp"
#include "nucleus.hpp"

#include <chrono>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

/// The Nucleus API on a host of memory and a store on a disk: what sockets cannot show, because it is about when
/// something happens, or about what is not kept.
namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;
using testing::ComponentUnderTest;
using testing::FakeConnection;
using testing::FakeHost;

/// A client at the other end of a connection of memory.
class ApiPeer {
 public:
  ApiPeer(FakeHost& host, ComponentUnderTest& service) : host_(host), connection_(host.connect(service, "/omni/api")) {
    connection_.feed(
        "GET /omni/api HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_TRUE(connection_.take_written().starts_with("HTTP/1.1 101 "));
  }

  FakeConnection& connection() { return connection_; }

  /// A frame as clients send it; the mask is zero.
  void send_frame(std::uint8_t opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | opcode));
    const auto size = payload.size();
    const int bytes = size < 126 ? 0 : size < 65'536 ? 2 : 8;
    frame += static_cast<char>(0x80 | (bytes == 0 ? size : bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i) & 0xFF);
    connection_.feed(frame.append(4, '\0').append(payload));
  }
  /// Sends a request; answers its id. Nothing is done for it yet.
  std::uint64_t begin(const std::string& command, Json params = Json::object(), std::string_view blob = {}) {
    params["command"] = command;
    params["id"] = ++last_id_;
    auto message = params.dump();
    if (!blob.empty()) message.append(1, '\0').append(blob);
    send_frame(blob.empty() ? 1 : 2, message);
    return last_id_;
  }
  /// Does what is to be done until there is an answer to a request.
  Json next(std::uint64_t id) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);  // a fault, and no wait
    while (answers_[id].empty() && std::chrono::steady_clock::now() < until) {
      work();
      std::this_thread::yield();
    }
    if (answers_[id].empty()) return {{"status", "nothing came"}};
    auto answer = std::move(answers_[id].front());
    answers_[id].pop_front();
    return answer;
  }
  Json call(const std::string& command, Json params = Json::object(), std::string_view blob = {}) {
    return next(begin(command, std::move(params), blob));
  }
  std::string status(const std::string& command, Json params = Json::object(), std::string_view blob = {}) {
    return call(command, std::move(params), blob).value("status", "none");
  }
  /// What is left of what has come for a request.
  std::size_t waiting(std::uint64_t id) {
    work();
    return answers_[id].size();
  }
  void work() {
    host_.run_blocking_work();
    host_.run_wake_ups();
    read();
  }

  std::size_t pings = 0;
  std::size_t pongs = 0;
  unsigned close_code = 0;

 private:
  void read() {
    input_ += connection_.take_written();
    while (input_.size() >= 2) {
      const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(input_[at]); };
      const int bytes = byte(1) == 127 ? 8 : byte(1) == 126 ? 2 : 0;
      const auto head = 2 + static_cast<std::size_t>(bytes);
      if (input_.size() < head) return;
      std::uint64_t size = bytes == 0 ? byte(1) : 0;
      for (int i = 0; i < bytes; ++i) size = size << 8 | byte(2 + static_cast<std::size_t>(i));
      if (input_.size() < head + size) return;
      take(byte(0) & 0x0F, input_.substr(head, size));
      input_.erase(0, head + size);
    }
  }
  void take(int opcode, const std::string& payload) {
    if (opcode == 9) ++pings;
    if (opcode == 10) ++pongs;
    if (opcode == 8)
      close_code =
          static_cast<unsigned>(static_cast<std::uint8_t>(payload[0]) << 8) | static_cast<std::uint8_t>(payload[1]);
    if (opcode > 2) return;
    const auto end = payload.find('\0');
    auto answer = Json::parse(payload.substr(0, end));
    if (end != std::string::npos) answer["content"] = payload.substr(end + 1);
    answers_[answer["id"]].push_back(std::move(answer));
  }

  FakeHost& host_;
  FakeConnection& connection_;
  std::uint64_t last_id_ = 0;
  std::string input_;
  std::map<std::uint64_t, std::deque<Json>> answers_;
};

/// Keeps the store's writer from going on while it lives.
class Stall {
 public:
  explicit Stall(store::Store& store) {
    std::promise<void> reached;
    auto here = reached.get_future();
    store.submit(store::Actor::the_system(), store::ReleaseExpiredLocks{},
                 [&reached, go_on = go_on_.get_future().share()](const store::Result<store::Done>&) {
                   reached.set_value();
                   go_on.wait();
                 });
    here.wait();
  }
  ~Stall() { end(); }
  void end() {
    if (!std::exchange(ended_, true)) go_on_.set_value();
  }

 private:
  std::promise<void> go_on_;
  bool ended_ = false;
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    // In memory where that is offered: nothing here depends on a disk.
    std::error_code error;
    const bool offered = std::filesystem::is_directory("/dev/shm", error) && ::access("/dev/shm", W_OK) == 0;
    const auto in = offered ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string name = (in / "omnibroker-api-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    host.set_limit("max_message", 16 * 1024 * 1024);
    host.set_limit("max_control_queue", 128 * 1024);
    host.set_blocking_queue(10'000);
  }
  ~ApiTest() override {
    for (const auto& peer : peers_) {
      if (peer->connection().open()) peer->connection().disconnect();
    }
    host.run_blocking_work();
    nucleus.reset();
    service.reset();
    EXPECT_EQ(host.violations(), std::vector<std::string>{});
    peers_.clear();
    std::filesystem::remove_all(folder_);
  }

  /// Brings the service up. `queue`: how many changes may wait for the writer.
  void start(testing::Options options = {}, std::size_t queue = 10'000) {
    store_options.queue = queue;
    auto opened = Nucleus::open(folder_ / "data", store_options);
    ASSERT_TRUE(opened) << opened.error().message;
    nucleus = std::move(*opened);
    for (const char* user : {"ann", "bob"}) must(store::CreateUser{{.name = user}});
    static const omnibroker::detail::PluginDescriptor descriptor(
        "nucleus", "1.0.0", "For tests.", {component<ApiService>("api", "For tests.", OMNIBROKER_KIND_SERVICE)});
    options.emplace_back("data", (folder_ / "data").string());
    service = std::make_unique<ComponentUnderTest>(host, *descriptor.get(), "api", std::move(options));
    const auto up = service->bring_up();
    ASSERT_TRUE(up) << up.error().message;
  }
  /// A connection on which nobody has logged in.
  ApiPeer& connect() { return *peers_.emplace_back(std::make_unique<ApiPeer>(host, *service)); }
  ApiPeer& log_in(const std::string& user = "ann") {
    auto& peer = connect();
    const auto token = nucleus->tokens().make(*nucleus->store().user(user), std::chrono::hours(1));
    const auto session = peer.call("authorize_token", {{"token", token}});
    EXPECT_EQ(session["status"], "OK") << session;
    return peer;
  }

  template <class Command>
  void must(Command command) {
    const auto made = nucleus->store().apply(store::Actor::the_system(), std::move(command));
    ASSERT_TRUE(made) << made.error().message;
  }
  void put(const std::string& path, const std::string& bytes) {
    auto content = nucleus->store().stage(bytes);
    ASSERT_TRUE(content);
    must(store::CreateAsset{path, "", *content, true});
  }
  bool is_locked(const std::string& path) {
    const auto entry = nucleus->store().stat(store::Actor::the_system(), {path});
    EXPECT_TRUE(entry) << entry.error().message;
    return entry && entry->lock.has_value();
  }
  /// Waits until the writer has done what is queued now.
  void settle() {
    while (!nucleus->store().apply(store::Actor::the_system(), store::ReleaseExpiredLocks{})) {  // it has no room yet
      std::this_thread::yield();
    }
  }

  store::Options store_options;  ///< For `start`.
  FakeHost host{"services.api"};
  std::shared_ptr<Nucleus> nucleus;
  std::unique_ptr<ComponentUnderTest> service;

 private:
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<ApiPeer>> peers_;
};

}  // namespace omnibroker::plugins::nucleus
