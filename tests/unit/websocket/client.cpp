#include "client.hpp"

#include <ostream>

#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::websocket {

std::string ClientFrame::bytes() const {
  constexpr std::string_view mask = "\x37\xfa\x21\x3d";
  const auto length = claimed_length.value_or(payload.size());
  std::string out;
  out.push_back(static_cast<char>((fin ? 0x80u : 0u) | reserved << 4 | opcode));
  const unsigned form = length_bytes != 0 ? length_bytes : length < 126 ? 1 : length <= 0xFFFF ? 2 : 8;
  const auto short_length = form == 1 ? length : form == 2 ? 126 : 127;
  out.push_back(static_cast<char>((masked ? 0x80 : 0) | static_cast<int>(short_length)));
  for (unsigned i = form == 1 ? 0 : form; i > 0; --i) out.push_back(static_cast<char>(length >> (8 * (i - 1)) & 0xFF));
  if (masked) out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i]);
  }
  return out;
}

std::string text_frame(std::string payload, bool fin) { return ClientFrame{0x1, std::move(payload), fin}.bytes(); }
std::string continuation(std::string payload, bool fin) { return ClientFrame{0x0, std::move(payload), fin}.bytes(); }
std::string ping(std::string payload) { return ClientFrame{0x9, std::move(payload)}.bytes(); }

std::string close_frame(std::optional<unsigned> code, std::string reason) {
  std::string payload;
  if (code) payload = {static_cast<char>(*code >> 8), static_cast<char>(*code & 0xFF)};
  return ClientFrame{0x8, payload + reason}.bytes();
}

std::vector<ServerFrame> server_frames(std::string_view bytes) {
  std::vector<ServerFrame> frames;
  while (!bytes.empty()) {
    const auto byte = [&bytes](std::size_t at) { return static_cast<std::uint8_t>(bytes.at(at)); };
    std::uint64_t length = byte(1);
    EXPECT_LT(length, 128u) << "a server's frames are not masked";
    std::size_t head = 2;
    if (length >= 126) {
      const std::size_t extra = length == 126 ? 2 : 8;
      length = 0;
      for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(2 + i);
      head += extra;
      EXPECT_GE(length, extra == 2 ? 126u : 0x10000u) << "not the shortest form";
    }
    if (bytes.size() < head + length) {
      ADD_FAILURE() << "a frame is cut off";
      break;
    }
    frames.push_back({byte(0), std::string(bytes.substr(head, length))});
    bytes.remove_prefix(head + length);
  }
  return frames;
}

ServerFrame server_close(unsigned code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return {0x88, payload.append(reason)};
}

void PrintTo(const ServerFrame& frame, std::ostream* out) {
  *out << "frame 0x" << std::hex << int{frame.first} << std::dec;
  if (frame.first == 0x88 && frame.payload.size() >= 2) {
    const int code = static_cast<std::uint8_t>(frame.payload[0]) << 8 | static_cast<std::uint8_t>(frame.payload[1]);
    *out << " close " << code << " \"" << frame.payload.substr(2) << '"';
  } else {
    *out << ' ' << ::testing::PrintToString(frame.payload);
  }
}

WebSocketTest::WebSocketTest() { host.set_limit("max_message", 1024); }

void WebSocketTest::TearDown() {
  component.reset();
  EXPECT_EQ(host.violations(), std::vector<std::string>());
  EXPECT_EQ(host.metric("plugin_exceptions_total"), 0);
}

void WebSocketTest::start(Options options) {
  component =
      std::make_unique<ComponentUnderTest>(host, *omnibroker_plugin_entry_v1(), "websocket", std::move(options));
  const auto status = component->bring_up();
  ASSERT_TRUE(status) << status.error().message;
}

FakeConnection& WebSocketTest::client() {
  if (!component) start();
  auto& connection = host.connect(*component, "/ws");
  connection.feed(std::string(kRequest) + "\r\n");
  EXPECT_TRUE(connection.open()) << connection.written();
  static_cast<void>(connection.take_written());
  return connection;
}

std::vector<std::string> WebSocketTest::payloads() const {
  std::vector<std::string> texts;
  for (const auto& message : host.submitted()) texts.push_back(message.payload);
  return texts;
}

void ExchangeTest::expect(const Exchange& exchange) {
  for (const std::size_t piece :
       {exchange.sent.size(), std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
    SCOPED_TRACE("in pieces of " + std::to_string(piece));
    auto& connection = client();

    connection.feed_in_pieces(exchange.sent, piece);

    EXPECT_EQ(payloads(), exchange.submitted);
    EXPECT_EQ(server_frames(connection.take_written()), exchange.answered);
    EXPECT_EQ(connection.ended(), exchange.ended);
    host.clear_submitted();
  }
}

}  // namespace omnibroker::plugins::websocket
