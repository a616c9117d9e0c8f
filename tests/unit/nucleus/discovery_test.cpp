// The service that needs no store, on a host of memory: how services speak WebSocket.

#include "discovery_service.hpp"

#include <nlohmann/json.hpp>
#include <nucleus/sows.hpp>
#include <string>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

namespace sows = omnibroker::nucleus::sows;
using Json = nlohmann::json;
using testing::ComponentUnderTest;
using testing::FakeConnection;

const omnibroker_plugin& plugin() {
  static const omnibroker::detail::PluginDescriptor descriptor(
      "nucleus", "1.0.0", "For tests.",
      {component<DiscoveryService>("discovery", "For tests.", OMNIBROKER_KIND_SERVICE)});
  return *descriptor.get();
}

/// A frame as clients send it; the mask is zero, so that the payload can be read.
std::string frame(std::uint8_t opcode, std::string_view payload, bool fin = true) {
  std::string made(1, static_cast<char>((fin ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    made += static_cast<char>(0x80 | payload.size());
  } else {
    made += static_cast<char>(0x80 | 126);
    made += static_cast<char>(payload.size() >> 8);
    made += static_cast<char>(payload.size() & 0xFF);
  }
  return made.append(4, '\0').append(payload);
}

std::string find(std::uint32_t id) {
  const Json params = {{"query", {{"service_interface", {{"origin", "omni1.idl.ts"}, {"name", "Connection"}}}}}};
  return sows::write(sows::Call{id, "DiscoverySearch.find", params.dump()});
}

class Discovery : public ::testing::Test {
 protected:
  Discovery() {
    host.set_limit("max_message", 4096);
    host.set_limit("max_control_queue", 4096);
    EXPECT_TRUE(service.bring_up());
  }
  ~Discovery() override { EXPECT_EQ(host.violations(), std::vector<std::string>{}); }

  FakeConnection& connect() {
    auto& connection = host.connect(service, "/omni/discovery");
    connection.feed(
        "GET /omni/discovery HTTP/1.1\r\nHost: h:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_TRUE(connection.take_written().starts_with("HTTP/1.1 101 "));
    return connection;
  }
  /// How many answers have been written since the last time.
  static std::size_t answers(FakeConnection& connection) {
    const auto written = connection.take_written();
    std::size_t count = 0;
    for (auto at = written.find("\"found\":true"); at != std::string::npos;
         at = written.find("\"found\":true", at + 1)) {
      ++count;
    }
    return count;
  }

  testing::FakeHost host{"services.discovery"};
  ComponentUnderTest service{host, plugin(), "discovery"};
};

TEST_F(Discovery, AnswersHoweverARequestIsCut) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    auto& connection = connect();
    connection.feed_in_pieces(frame(2, find(1)), piece);
    host.run_wake_ups();
    EXPECT_EQ(answers(connection), 1u) << piece;
  }
}

TEST_F(Discovery, JoinsFragmentsAndAnswersPingsBetweenThem) {
  auto& connection = connect();
  const auto request = find(1);
  connection.feed(frame(2, request.substr(0, 10), false) + frame(9, "x") + frame(0, request.substr(10)));
  host.run_wake_ups();
  EXPECT_TRUE(connection.written().starts_with("\x8A\x01x"));
  EXPECT_EQ(answers(connection), 1u);
}

TEST_F(Discovery, TakesNoMoreFromAClientThatDoesNotRead) {
  auto& connection = connect();
  connection.set_reading(false);
  constexpr int kMany = 2000;
  for (int i = 0; i < kMany; ++i) {
    connection.feed(frame(2, find(7)));
    host.run_wake_ups();
  }
  EXPECT_LT(answers(connection), 20u) << "as much as the host may hold";
  EXPECT_FALSE(connection.unconsumed().empty());

  connection.set_reading(true);
  host.run_wake_ups();
  EXPECT_TRUE(connection.unconsumed().empty());
}

TEST_F(Discovery, ClosesWhatIsTooLarge) {
  auto& connection = connect();
  connection.feed(frame(2, std::string(5000, 'x')).substr(0, 8));
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_EQ(connection.written().substr(0, 1), "\x88");
  EXPECT_EQ(connection.written().substr(2, 2), "\x03\xF1");
}

TEST_F(Discovery, SaysGoodbyeWhenItIsAsked) {
  auto& connection = connect();
  connection.shutdown(ShutdownReason::GoingAway, "bye");
  EXPECT_EQ(connection.take_written(), std::string("\x88\x05\x03\xE9"
                                                   "bye"));
  connection.feed(frame(8, "\x03\xE9"));
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

TEST_F(Discovery, PingsWhoIsSilentAndGivesHimUp) {
  auto& connection = connect();
  host.advance(std::chrono::seconds(20));
  EXPECT_EQ(connection.take_written(), "\x89\x07nucleus");
  connection.feed(frame(10, "nucleus"));
  host.advance(std::chrono::seconds(20));
  EXPECT_EQ(connection.take_written(), "") << "he has been heard";
  host.advance(std::chrono::seconds(40));
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

TEST_F(Discovery, EndsWithItsClient) {
  auto& connection = connect();
  connection.feed(frame(2, find(1)).substr(0, 20));
  connection.end_input();
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  auto& gone = connect();
  gone.disconnect();
}

TEST_F(Discovery, EndsWhoSendsACallThatDoesNotCome) {
  auto& slow = connect();
  auto& known = connect();
  const auto call = frame(2, find(1));
  slow.feed(call.substr(0, call.size() - 1));
  for (int i = 0; i < 6; ++i) {
    known.feed(frame(2, find(2)));
    host.advance(std::chrono::seconds(5));
  }

  EXPECT_TRUE(slow.ended());
  EXPECT_NE(slow.take_written().find("has not come whole"), std::string::npos);
  EXPECT_TRUE(known.open());
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
