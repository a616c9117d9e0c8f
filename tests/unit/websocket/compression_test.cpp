#include "client.hpp"
#include "deflated.hpp"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::websocket {
namespace {

constexpr std::uint8_t kCompressedText = 0xC1;
constexpr std::uint8_t kCompressedBinary = 0xC2;

class Compressed : public ExchangeTest {
 protected:
  void SetUp() override { start({{"compression", "deflate"}, {"compression_min_size", "100B"}}); }

  FakeConnection& client_with(const std::string& offer) {
    auto& connection = host.connect(*component, "/ws");
    connection.feed(std::string(kRequest) + "Sec-WebSocket-Extensions: " + offer + "\r\n\r\n");
    EXPECT_TRUE(connection.open()) << connection.written();
    static_cast<void>(connection.take_written());
    return connection;
  }
  FakeConnection& client() override { return client_with("permessage-deflate"); }
};

std::string compressed_frame(std::string payload, bool fin = true, unsigned opcode = 0x1) {
  return ClientFrame{opcode, std::move(payload), fin, /*reserved=*/4}.bytes();
}

const std::vector<ServerFrame> kReserved{server_close(1002, "reserved bits are set")};
const std::vector<ServerFrame> kTooLarge{server_close(1009, "the message is larger than this server takes")};
const std::vector<ServerFrame> kBroken{server_close(1007, "the compressed data is broken")};

// ------------------------------------------------------------------------------------------------------------ messages
// out

TEST_F(Compressed, DeliversWithinTheWindowOfEachReceiver) {
  const auto message = json_of(3000);
  for (int bits = 9; bits <= 15; ++bits) {
    auto& connection = client_with("permessage-deflate; server_max_window_bits=" + std::to_string(bits));

    connection.deliver(message);

    const auto frames = server_frames(connection.take_written());
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].first, kCompressedText);
    EXPECT_LT(frames[0].payload.size(), message.size() / 2);
    EXPECT_EQ(inflated(frames[0].payload, bits), message);
  }
  EXPECT_EQ(host.metric("websocket_compressed_messages_total"), 7);
  EXPECT_GT(host.metric("websocket_compressed_saved_bytes_total"), 7 * 1500);
}

TEST_F(Compressed, DeliversPlainWhereNothingWasAgreed) {
  auto& connection = host.connect(*component, "/ws");
  connection.feed(std::string(kRequest) + "\r\n");
  static_cast<void>(connection.take_written());
  const auto message = json_of(3000);

  connection.deliver(message);

  EXPECT_EQ(server_frames(connection.written()), (std::vector<ServerFrame>{{0x81, message}}));
}

TEST_F(Compressed, LeavesSmallMessagesAndThoseThatDoNotShrink) {
  auto& connection = client();
  const auto noise = noise_of(5000);

  connection.deliver(json_of(99));
  connection.deliver(noise, Encoding::Binary);
  connection.deliver(json_of(100));
  connection.deliver(json_of(400), Encoding::Binary);

  const auto frames = server_frames(connection.written());
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0], (ServerFrame{0x81, json_of(99)}));
  EXPECT_EQ(frames[1], (ServerFrame{0x82, noise}));
  EXPECT_EQ(frames[2].first, kCompressedText);
  EXPECT_EQ(frames[3].first, kCompressedBinary);
  EXPECT_EQ(inflated(frames[3].payload), json_of(400));
}

TEST_F(Compressed, CompressesDirectAnswersToo) {
  const auto answer = json_of(500);
  host.on_submit([&](const Submitted&) { return RouterAnswer{.payload = answer}; });
  auto& connection = client();

  connection.feed(compressed_frame(deflated("hello")));

  const auto frames = server_frames(connection.written());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(inflated(frames[0].payload), answer);
}

TEST_F(Compressed, NeverCompressesControlFrames) {
  auto& connection = client();
  const std::string payload(125, 'a');

  connection.feed(ping(payload));
  connection.shutdown(ShutdownReason::GoingAway, std::string(120, 'a'));

  EXPECT_EQ(server_frames(connection.written()),
            (std::vector<ServerFrame>{{0x8A, payload}, server_close(1001, std::string(120, 'a'))}));
}

TEST_F(Compressed, TakesChangesOfItsOptions) {
  auto& connection = client();
  const auto size_with = [&](const Options& options) {
    EXPECT_EQ(component->reconfigure(options), OMNIBROKER_APPLIED);
    connection.deliver(json_of(20'000));
    const auto frames = server_frames(connection.take_written());
    return frames.at(0).first == kCompressedText ? frames.at(0).payload.size() : 0;
  };

  const auto fast = size_with({{"compression", "deflate"}, {"compression_level", "1"}});
  EXPECT_GT(fast, 0u);
  EXPECT_LT(size_with({{"compression", "deflate"}, {"compression_level", "9"}}), fast);
  EXPECT_EQ(size_with({{"compression", "deflate"}, {"compression_min_size", "20001B"}}), 0u);
  EXPECT_EQ(size_with({{"compression", "off"}}), 0u);
  connection.feed(compressed_frame(deflated("still read")));
  EXPECT_EQ(payloads(), std::vector<std::string>{"still read"}) << "what was agreed stays agreed";
  EXPECT_EQ(client_with("permessage-deflate").variant(), 0u) << "off for new clients";
}

TEST_F(Compressed, ChecksItsOptions) {
  for (const auto& [name, value] :
       Options{{"compression", "brotli"}, {"compression_level", "0"}, {"compression_level", "10"}}) {
    ComponentUnderTest other(host, *omnibroker_plugin_entry_v1(), "websocket", {{name, value}});
    const auto status = other.bring_up();
    ASSERT_FALSE(status) << name << ": " << value;
    EXPECT_TRUE(status.error().message.starts_with(name)) << status.error().message;
  }
}

TEST_F(Compressed, KeepsItsCompressors) {
  auto& connection = client();
  for (int i = 0; i < 100; ++i) {
    connection.feed(compressed_frame(deflated("hello")));
    connection.deliver(json_of(300 + static_cast<std::size_t>(i)));
  }

  EXPECT_EQ(host.metric("websocket_compressors_made_total"), 2) << "one of each kind";
}

// Several workers at once; a data race here is what the thread sanitizer is asked about.
TEST_F(Compressed, ServesSeveralWorkersAtOnce) {
  constexpr std::size_t kWorkers = 4;
  std::array<FakeConnection*, kWorkers> connections{};
  for (auto& connection : connections) connection = &client();
  std::array<int, kWorkers> wrong{};
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::size_t i = 0; i < 50; ++i) {
        const auto message = json_of(200 + 37 * worker + i);
        connections[worker]->feed(compressed_frame(deflated(message)));
        connections[worker]->deliver(message);
        const auto frames = server_frames(connections[worker]->take_written());
        if (frames.size() != 1 || inflated(frames[0].payload) != message) ++wrong[worker];
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    const auto level = std::to_string(1 + i % 9);
    EXPECT_EQ(component->reconfigure(
                  {{"compression", "deflate"}, {"compression_min_size", "100B"}, {"compression_level", level}}),
              OMNIBROKER_APPLIED);
  }
  for (auto& worker : workers) worker.join();

  EXPECT_EQ(wrong, (std::array<int, kWorkers>{}));
  EXPECT_EQ(payloads().size(), 50 * kWorkers);
  EXPECT_LE(host.metric("websocket_compressors_made_total"), 2 * static_cast<std::int64_t>(kWorkers));
}

// -------------------------------------------------------------------------------------------------------------
// messages in

TEST_F(Compressed, ReadsMessages) {
  const auto message = json_of(900);
  expect({.sent = compressed_frame(deflated("hello")) + text_frame("plain") + compressed_frame(deflated(message)) +
                  compressed_frame(deflated("\xFF\xFE"), true, 0x2),
          .submitted = {"hello", "plain", message, "\xFF\xFE"}});
  host.clear_submitted();
  auto& connection = client();
  connection.feed(compressed_frame(deflated("b"), true, 0x2));
  EXPECT_EQ(host.submitted().at(0).encoding, Encoding::Binary);
}

TEST_F(Compressed, ReadsEmptyMessages) {
  expect({.sent = compressed_frame(std::string(1, '\0')) + compressed_frame("") +
                  compressed_frame("\x03" + std::string(2, '\0')),
          .submitted = {"", "", ""}});
}

TEST_F(Compressed, ReadsFragmentsWithControlFramesBetween) {
  const auto message = json_of(500);
  const auto payload = deflated(message, {.piece = 100});
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, payload.size() / 2, payload.size()}) {
    expect({.sent = compressed_frame(payload.substr(0, cut), false) + ping("p") + continuation("", false) +
                    continuation(payload.substr(cut), true) + text_frame("next"),
            .submitted = {message, "next"},
            .answered = {{0x8A, "p"}}});
  }
  std::string each_byte = compressed_frame(payload.substr(0, 1), false);
  for (std::size_t i = 1; i < payload.size(); ++i) each_byte += continuation(payload.substr(i, 1), false);
  expect({.sent = each_byte + continuation("", true), .submitted = {message}});
}

TEST_F(Compressed, ReadsEveryKindOfBlock) {
  const auto message = json_of(900);
  for (const int level : {0, 1, 9}) {
    for (const int flush : {2, 3, 4}) {
      expect({.sent = compressed_frame(deflated(message, {.level = level, .flush = flush, .piece = 250})),
              .submitted = {message}});
    }
  }
}

TEST_F(Compressed, TakesAFragmentThatLooksLikeText) {
  // The first compressed byte of a text is no UTF-8 here, and must not be judged as such.
  const auto payload = deflated("\u6c34\u6c34");
  expect({.sent = compressed_frame(payload.substr(0, 1), false) + continuation(payload.substr(1), true),
          .submitted = {"\u6c34\u6c34"}});
}

TEST_F(Compressed, RefusesTheBitElsewhere) {
  expect({.sent = compressed_frame(deflated("x"), false) + ClientFrame{0x0, "", true, 4}.bytes(),
          .answered = kReserved,
          .ended = true});
  expect(
      {.sent = text_frame("x", false) + ClientFrame{0x0, "", true, 4}.bytes(), .answered = kReserved, .ended = true});
  for (const unsigned opcode : {0x8u, 0x9u, 0xAu}) {
    expect({.sent = ClientFrame{opcode, "", true, 4}.bytes(), .answered = kReserved, .ended = true});
  }
  for (const unsigned bits : {1u, 2u, 3u, 5u, 6u, 7u}) {
    expect({.sent = ClientFrame{0x1, deflated("x"), true, bits}.bytes(), .answered = kReserved, .ended = true});
  }
}

TEST_F(Compressed, RefusesTheBitWhereNothingWasAgreed) {
  auto& connection = client_with("permessage-deflate; server_max_window_bits=8");

  connection.feed(compressed_frame(deflated("x")));

  EXPECT_EQ(server_frames(connection.written()), kReserved);
}

TEST_F(Compressed, RefusesBrokenData) {
  const auto good = deflated(json_of(200));
  for (const auto& payload :
       {std::string("\x07"), good.substr(0, good.size() - 1), good.substr(0, 20), std::string("not compressed")}) {
    expect({.sent = compressed_frame(payload), .answered = kBroken, .ended = true});
    expect({.sent = compressed_frame("", false) + continuation(payload, true) + text_frame("never"),
            .answered = kBroken,
            .ended = true});
  }
  EXPECT_GT(host.metric("websocket_closed_1007_total"), 0);
}

TEST_F(Compressed, JudgesTheTextThatComesOut) {
  expect({.sent = compressed_frame(deflated("good \xC0\x80 bad")),
          .answered = {server_close(1007, "the text is not UTF-8")},
          .ended = true});
  expect({.sent = compressed_frame(deflated("cut \xE2\x82")),
          .answered = {server_close(1007, "the text ends inside a character")},
          .ended = true});
  expect(
      {.sent = compressed_frame(deflated("\xE2\x82"), false, 0x2) + continuation("", true), .submitted = {"\xE2\x82"}});
}

TEST_F(Compressed, BoundsWhatComesOut) {
  const std::string largest(1024, 'a');
  expect({.sent = compressed_frame(deflated(largest)), .submitted = {largest}});
  expect({.sent = compressed_frame(deflated(noise_of(1024)), true, 0x2), .submitted = {noise_of(1024)}});
  expect({.sent = compressed_frame(deflated(largest + "a")), .answered = kTooLarge, .ended = true});
  expect({.sent = compressed_frame(deflated(std::string(200'000, 'a'))) + text_frame("never"),
          .answered = kTooLarge,
          .ended = true});
}

TEST_F(Compressed, BoundsWhatGoesInByTheHeads) {
  // 1024, an eighth of an eighth more, and 1024.
  expect({.sent = ClientFrame{0x2, "", true, 4, true, 0, 2065}.bytes(), .answered = kTooLarge, .ended = true});
  expect({.sent = compressed_frame(std::string(2000, 'x'), false) + ClientFrame{0x0, "", true, 0, true, 0, 65}.bytes(),
          .answered = kTooLarge,
          .ended = true});
  expect({.sent = ClientFrame{0x1, "", true, 4, true, 0, 0x7FFFFFFFFFFFFFFF}.bytes(),
          .answered = kTooLarge,
          .ended = true});
}

TEST_F(Compressed, TakesNothingAfterItsOwnClose) {
  auto& connection = client();
  connection.feed(compressed_frame(deflated("x"), false));
  connection.shutdown(ShutdownReason::GoingAway, "");

  connection.feed(continuation("", true) + compressed_frame("broken") + compressed_frame(deflated("late")) +
                  close_frame(1001));

  EXPECT_TRUE(payloads().empty());
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
