#include "client.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;

class KeepAlive : public WebSocketTest {
 protected:
  static ServerFrame ping_number(char number) { return {0x89, std::string("\0\0\0", 3) + number}; }
  static std::vector<ServerFrame> frames(FakeConnection& connection) {
    return server_frames(connection.take_written());
  }
};

TEST_F(KeepAlive, PingsASilentClient) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = client();

  host.advance(10s - 1ns);
  EXPECT_EQ(connection.written(), "");
  host.advance(1ns);
  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{ping_number(1)});

  connection.feed(ClientFrame{0xA, std::string("\0\0\0\1", 4)}.bytes());
  host.advance(10s);
  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{ping_number(2)}) << "silence is measured from the pong";
  EXPECT_TRUE(connection.open());
}

TEST_F(KeepAlive, ClosesWhenAPingStaysUnanswered) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = client();
  host.advance(10s);
  static_cast<void>(connection.take_written());

  host.advance(4s - 1ns);
  EXPECT_TRUE(connection.open());
  host.advance(1ns);

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{server_close(1011, "ping timeout")});
  EXPECT_EQ(host.metric("websocket_closed_1011_total"), 1);
}

TEST_F(KeepAlive, TakesAnyByteForLife) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = client();
  host.advance(10s);
  static_cast<void>(connection.take_written());

  connection.feed(text_frame("slowly").substr(0, 1));
  host.advance(4s);

  EXPECT_TRUE(connection.open());
  EXPECT_EQ(connection.written(), "");
}

TEST_F(KeepAlive, TakesBytesThatItHasSeenForNothing) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = client();
  connection.feed(text_frame("cut off").substr(0, 1));

  host.advance(20s);  // the host shows that byte again after each timer
  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{ping_number(1)});
  host.advance(4s);

  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{server_close(1011, "ping timeout")});
}

TEST_F(KeepAlive, LeavesAClientThatTalksAlone) {
  start({{"ping_interval", "10s"}});
  auto& connection = client();

  for (int i = 0; i < 20; ++i) {
    host.advance(5s);
    connection.feed(text_frame("still here"));
  }

  EXPECT_EQ(connection.written(), "");
}

TEST_F(KeepAlive, PingsWithinTwiceTheIntervalOfSilence) {
  start({{"ping_interval", "10s"}});
  auto& connection = client();
  host.advance(1s);
  connection.feed(text_frame("the last word"));

  host.advance(19s);

  EXPECT_EQ(frames(connection), std::vector<ServerFrame>{ping_number(1)});
}

TEST_F(KeepAlive, CanBeOff) {
  start({{"ping_interval", "off"}});
  auto& connection = client();

  host.advance(24h);

  EXPECT_EQ(connection.written(), "");
  EXPECT_FALSE(connection.timer());
}

TEST_F(KeepAlive, CanPingWithoutExpectingAnAnswer) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "off"}});
  auto& connection = client();

  host.advance(30s);

  EXPECT_EQ(frames(connection), (std::vector<ServerFrame>{ping_number(1), ping_number(2), ping_number(3)}));
  EXPECT_TRUE(connection.open());
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
