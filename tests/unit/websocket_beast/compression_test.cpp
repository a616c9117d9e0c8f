#include "beast.hpp"
#include "peer.hpp"
#include "text.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket_beast {
namespace {

constexpr std::uint64_t kNoLimit = 1 << 20;

TEST(BeastDeflater, WritesWhatZlibReadsForEveryWindowAndLevel) {
  for (int window = 9; window <= 15; ++window) {
    Deflater deflater(window);
    for (const int level : {1, 9, 5, 1}) {
      for (const std::size_t size : {50u, 300u, 5000u, 100'000u}) {
        const auto message = json_of(size);

        const auto smaller = deflater.deflate(message, level);

        ASSERT_TRUE(smaller) << window << ' ' << level << ' ' << size;
        EXPECT_LT(smaller->size(), message.size());
        EXPECT_EQ(inflated(*smaller, window), message) << window << ' ' << level << ' ' << size;
      }
    }
  }
}

TEST(BeastDeflater, LeavesWhatWouldNotShrink) {
  std::mt19937 random(7);
  std::string noise(300, '\0');
  for (auto& byte : noise) byte = static_cast<char>(random() & 0xFF);
  Deflater deflater(15);

  EXPECT_FALSE(deflater.deflate("x", 9));
  EXPECT_FALSE(deflater.deflate("", 9));
  EXPECT_FALSE(deflater.deflate(noise, 9));
  EXPECT_TRUE(deflater.deflate(json_of(300), 9)) << "and goes on";
}

TEST(BeastInflater, StopsAtTheLimit) {
  Inflater inflater;
  const auto bomb = deflated(std::string(900'000, 'a'));

  EXPECT_EQ(inflater.inflate(bytes_of(bomb), 899'999), Inflater::Outcome::TooLarge);
  EXPECT_EQ(inflater.inflate(bytes_of(bomb), 900'000), Inflater::Outcome::Whole);
  EXPECT_EQ(inflater.message().size(), 900'000u);
}

TEST(BeastInflater, TellsWhatIsCutOff) {
  Inflater inflater;
  const auto payload = deflated(json_of(3000));

  for (std::size_t size = 1; size < payload.size(); ++size) {
    EXPECT_EQ(inflater.inflate(bytes_of(payload).first(size), kNoLimit), Inflater::Outcome::Broken) << size;
  }
  EXPECT_EQ(inflater.inflate(bytes_of(payload), kNoLimit), Inflater::Outcome::Whole);
}

TEST(BeastInflater, ComesThroughWhatIsBroken) {
  Inflater inflater;
  std::mt19937 random(7);
  const auto payload = deflated(json_of(3000));
  for (int i = 0; i < 20'000; ++i) {
    auto broken = payload;
    for (auto hits = 1 + random() % 4; hits > 0; --hits) {
      broken[random() % broken.size()] = static_cast<char>(random() & 0xFF);
    }
    const auto outcome = inflater.inflate(bytes_of(broken), 100'000);
    EXPECT_LE(outcome == Inflater::Outcome::Whole ? inflater.message().size() : 0, 100'000u);
  }
  EXPECT_EQ(inflater.inflate(bytes_of(payload), kNoLimit), Inflater::Outcome::Whole);
  EXPECT_EQ(text_of(inflater.message()), json_of(3000));
}

class BeastCompression : public TransportTest {};

TEST_F(BeastCompression, MakesOneMessageForAllReceiversOfAWindow) {
  auto& beast = start("websocket_beast", {{"compression", "deflate"}});
  auto& narrow = connect(beast, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n");
  ASSERT_EQ(narrow.variant(), 10u);

  narrow.deliver(json_of(900));
  narrow.deliver("small");

  const auto frames = frames_of(narrow.written());
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].first, 0xC1u);
  EXPECT_EQ(inflated(frames[0].second, 10), json_of(900));
  EXPECT_EQ(frames[1], (std::pair<unsigned, std::string>{0x81, "small"}));
}

TEST_F(BeastCompression, IsUndoneBeforeAMessageIsHandedOn) {
  auto& beast = start("websocket_beast", {{"compression", "deflate"}});
  for (const std::size_t piece : {1u, 7u, 4096u}) {
    auto& client = connect(beast, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    const auto payload = deflated(json_of(800));

    client.feed_in_pieces(frame(0x41, payload.substr(0, 9)) + ping("mid") + frame(0x80, payload.substr(9)) +
                              text("plain") + frame(0xC2, deflated("\xFF")),
                          piece);

    EXPECT_EQ(payloads(), (std::vector<std::string>{json_of(800), "plain", "\xFF"}));
    EXPECT_EQ(frames_of(client.written()), (Frames{{0x8A, "mid"}}));
    host.clear_submitted();
  }
}

TEST_F(BeastCompression, IsJudgedWhenTheMessageIsWhole) {
  auto& beast = start("websocket_beast", {{"compression", "deflate"}});
  const std::vector<std::pair<std::string, unsigned>> cases{
      {frame(0xC1, "\x07"), 1007},
      {frame(0xC1, deflated("\xC0")), 1007},
      {frame(0xC1, deflated(std::string(1025, 'a'))), 1009},
      {frame(0x41, deflated("x")) + frame(0xC0, ""), 1002},
      {frame(0xC9, ""), 1002},
      {frame(0xC2, std::string(1024 + 16 + 1024 + 1, 'x')), 1009},
  };
  for (const auto& [sent, code] : cases) {
    auto& client = connect(beast, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    client.feed(sent);
    EXPECT_EQ(close_code(frames_of(client.written())), code);
  }
}

}  // namespace
}  // namespace omnibroker::plugins::websocket_beast
