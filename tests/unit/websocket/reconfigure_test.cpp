#include "client.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;
using Reconfigure = WebSocketTest;

TEST_F(Reconfigure, AppliesToTheNextClient) {
  start();
  ASSERT_EQ(component->reconfigure({{"allowed_origins", "[https://maps.example]"}}), OMNIBROKER_APPLIED);

  auto& connection = host.connect(*component, "/ws");
  connection.feed(std::string(kRequest) + "Origin: https://other.example\r\n\r\n");

  EXPECT_TRUE(connection.written().starts_with("HTTP/1.1 403 "));
}

TEST_F(Reconfigure, AppliesToLiveClientsFromTheirNextBytes) {
  start({{"ping_interval", "off"}});
  auto& connection = client();
  ASSERT_EQ(component->reconfigure({{"ping_interval", "2s"}}), OMNIBROKER_APPLIED);

  connection.feed(text_frame("x"));
  host.advance(2s);

  EXPECT_EQ(server_frames(connection.written()).size(), 1u);
}

TEST_F(Reconfigure, AppliesToLiveClientsFromTheirNextTimer) {
  start({{"ping_interval", "10s"}});
  auto& connection = client();
  ASSERT_EQ(component->reconfigure({{"ping_interval", "off"}}), OMNIBROKER_APPLIED);

  host.advance(1h);

  EXPECT_EQ(connection.written(), "");
  EXPECT_FALSE(connection.timer());
}

TEST_F(Reconfigure, DropsAPingThatNeedsNoAnswerAnyMore) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "5s"}});
  auto& connection = client();
  host.advance(10s);
  ASSERT_EQ(component->reconfigure({{"ping_interval", "10s"}, {"ping_timeout", "off"}}), OMNIBROKER_APPLIED);

  host.advance(5s);

  EXPECT_TRUE(connection.open());
}

TEST_F(Reconfigure, RejectsWhatCannotBe) {
  start();
  std::string reason;

  EXPECT_EQ(component->reconfigure({{"allowed_origins", "[nonsense]"}}, &reason), OMNIBROKER_REJECTED);

  EXPECT_EQ(reason, "allowed_origins: an origin is *, null, or like https://host:8443 without a path: nonsense");
}

// A data race here is what the thread sanitizer is asked about.
TEST_F(Reconfigure, HappensWhileWorkersServe) {
  start();
  host.on_submit([](const Submitted&) { return RouterAnswer{.payload = "ack"}; });
  std::vector<FakeConnection*> connections;
  for (int i = 0; i < 3; ++i) connections.push_back(&client());
  std::atomic<bool> done = false;
  std::vector<std::thread> workers;
  for (auto* connection : connections) {
    workers.emplace_back([connection, &done] {
      do {
        for (int i = 0; i < 50; ++i) connection->feed_in_pieces(text_frame("hello") + ping("x"), 4);
      } while (!done);
    });
  }

  for (int i = 0; i < 200; ++i) {
    const auto interval = std::to_string(1 + i % 7) + "s";
    EXPECT_EQ(component->reconfigure({{"ping_interval", interval}}), OMNIBROKER_APPLIED);
  }
  done = true;
  for (auto& worker : workers) worker.join();

  for (auto* connection : connections) EXPECT_TRUE(connection->open());
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
