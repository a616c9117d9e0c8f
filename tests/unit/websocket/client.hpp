#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::websocket {

using testing::ComponentUnderTest;
using testing::FakeConnection;
using testing::FakeHost;
using testing::Options;
using testing::RouterAnswer;
using testing::Submitted;

/// A frame as a client writes it. Every rule can be broken on purpose.
struct ClientFrame {
  unsigned opcode = 0x1;
  std::string payload;
  bool fin = true;
  unsigned reserved = 0;  ///< RSV1 to RSV3 as 4, 2, 1.
  bool masked = true;
  unsigned length_bytes = 0;  ///< 0: the shortest form; else 1, 2 or 8.
  std::optional<std::uint64_t> claimed_length = {};

  std::string bytes() const;
};

std::string text_frame(std::string payload, bool fin = true);
std::string continuation(std::string payload, bool fin);
std::string ping(std::string payload);
std::string close_frame(std::optional<unsigned> code = {}, std::string reason = {});

/// A frame as the server writes it.
struct ServerFrame {
  std::uint8_t first = 0;  ///< FIN, reserved bits and opcode.
  std::string payload;
  friend bool operator==(const ServerFrame&, const ServerFrame&) = default;
};
/// Splits what a server has written; fails the test where that is no row of whole, unmasked frames in their shortest
/// form.
std::vector<ServerFrame> server_frames(std::string_view bytes);
ServerFrame server_close(unsigned code, std::string_view reason);
void PrintTo(const ServerFrame& frame, std::ostream* out);

inline constexpr std::string_view kRequest =
    "GET /ws HTTP/1.1\r\n"
    "Host: broker.example\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

/// The WebSocket component on a FakeHost, and clients of it. At the end of each test: it kept the contract.
class WebSocketTest : public ::testing::Test {
 protected:
  WebSocketTest();
  void TearDown() override;

  /// Brings the component up; before the first client.
  void start(Options options = {});
  /// A client that has been upgraded, the answer taken away.
  virtual FakeConnection& client();
  std::vector<std::string> payloads() const;

  FakeHost host{"transports.realtime"};
  std::unique_ptr<ComponentUnderTest> component;
};

/// What a client sent, and what must come of it, in whatever pieces it arrives.
struct Exchange {
  std::string sent;
  std::vector<std::string> submitted = {};
  std::vector<ServerFrame> answered = {};
  bool ended = false;
};

class ExchangeTest : public WebSocketTest {
 protected:
  /// Runs it whole, byte by byte, and in other pieces.
  void expect(const Exchange& exchange);
};

}  // namespace omnibroker::plugins::websocket
