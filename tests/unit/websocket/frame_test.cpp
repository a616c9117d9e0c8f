#include "client.hpp"

#include <string>
#include <vector>
#include <websocket/frame.hpp>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using Outcome = HeaderRead::Outcome;

HeaderRead read(const std::string& bytes) {
  return read_header({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(FrameHeader, IsReadInEachLengthForm) {
  for (const std::uint64_t length : {0ull, 1ull, 125ull, 126ull, 65535ull, 65536ull, 0x7FFFFFFFFFFFFFFFull}) {
    ClientFrame frame;
    frame.claimed_length = length;
    const auto bytes = frame.bytes();

    const auto header = read(bytes + "more");

    ASSERT_EQ(header.outcome, Outcome::Complete) << length;
    EXPECT_EQ(header.size, bytes.size());
    EXPECT_EQ(header.header.length, length);
    EXPECT_TRUE(header.header.fin);
    EXPECT_EQ(header.header.opcode, Opcode::Text);
    EXPECT_EQ(header.header.mask, (std::array<std::uint8_t, 4>{0x37, 0xfa, 0x21, 0x3d}));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(read(bytes.substr(0, size)).outcome, Outcome::Incomplete) << length << " cut at " << size;
    }
  }
}

TEST(FrameHeader, IsBrokenAtTheFirstByteThatShowsIt) {
  struct Case {
    std::string bytes;
    std::string problem;
  };
  const std::vector<Case> cases = {
      {"\xC1", "reserved bits are set"},
      {"\xA1", "reserved bits are set"},
      {"\x91", "reserved bits are set"},
      {"\x83", "the opcode is reserved"},
      {"\x87", "the opcode is reserved"},
      {"\x8B", "the opcode is reserved"},
      {"\x8F", "the opcode is reserved"},
      {"\x08", "a control frame is fragmented"},
      {"\x09", "a control frame is fragmented"},
      {"\x0A", "a control frame is fragmented"},
      {std::string("\x81\x00", 2), "the frame is not masked"},
      {"\x89\xFE", "a control frame is longer than 125 bytes"},
      {"\x88\xFF", "a control frame is longer than 125 bytes"},
      {std::string("\x81\xFE\x00\x7D", 4), "the length is not in its shortest form"},
      {std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF", 10), "the length is not in its shortest form"},
      {std::string("\x81\xFF\x80\x00\x00\x00\x00\x01\x00\x00", 10), "the length has its highest bit set"},
  };
  for (const auto& [bytes, problem] : cases) {
    const auto header = read(bytes);

    EXPECT_EQ(header.outcome, Outcome::Broken) << problem;
    EXPECT_EQ(header.problem, problem);
    EXPECT_EQ(read(bytes.substr(0, bytes.size() - 1)).outcome, Outcome::Incomplete) << problem;
  }
}

TEST(Unmask, IsTheSameInOnePieceAndInAnyTwo) {
  const std::array<std::uint8_t, 4> mask{0x01, 0x80, 0xFF, 0x5A};
  std::vector<std::uint8_t> plain, masked;
  for (std::size_t i = 0; i < 67; ++i) {
    plain.push_back(static_cast<std::uint8_t>(i * 7));
    masked.push_back(static_cast<std::uint8_t>(plain[i] ^ mask[i % 4]));
  }
  for (std::size_t cut = 0; cut <= masked.size(); ++cut) {
    auto bytes = masked;

    unmask(std::span(bytes).first(cut), mask, 0);
    unmask(std::span(bytes).subspan(cut), mask, cut);

    EXPECT_EQ(bytes, plain) << "cut at " << cut;
  }
}

TEST(FrameHead, IsTheShortestForm) {
  const auto head = [](std::size_t size) { return std::string(FrameHead(Opcode::Text, size).bytes()); };
  EXPECT_EQ(head(0), std::string("\x81\x00", 2));
  EXPECT_EQ(head(125), "\x81\x7D");
  EXPECT_EQ(head(126), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(head(65535), "\x81\x7E\xFF\xFF");
  EXPECT_EQ(head(65536), std::string("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
