#include "chunked.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::http {
namespace {

using State = ChunkedDecoder::State;

struct Decoded {
  State state = State::More;
  std::string content;
  std::size_t taken = 0;
};

/// Feeds `wire` in pieces of `size`, and stops where the decoder does.
Decoded decode(std::string_view wire, std::size_t size, std::uint64_t limit = 1024) {
  ChunkedDecoder decoder(limit);
  std::vector<std::uint8_t> content;
  Decoded result;
  while (result.taken < wire.size() && decoder.state() == State::More) {
    const auto piece = wire.substr(result.taken, size);
    result.taken += decoder.feed({reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()}, content);
  }
  result.state = decoder.state();
  result.content.assign(content.begin(), content.end());
  return result;
}

/// The same, whole and cut at every size up to single bytes; they must not differ.
Decoded check(std::string_view wire, std::uint64_t limit = 1024) {
  const auto whole = decode(wire, wire.size(), limit);
  for (const std::size_t size : {1, 2, 3, 5, 7}) {
    const auto cut = decode(wire, size, limit);
    EXPECT_EQ(cut.state, whole.state) << "in pieces of " << size;
    if (whole.state == State::Done) {
      EXPECT_EQ(cut.content, whole.content) << "in pieces of " << size;
      EXPECT_EQ(cut.taken, whole.taken) << "in pieces of " << size;
    }
  }
  return whole;
}

TEST(ChunkedDecoder, JoinsTheChunksOfABody) {
  const auto body = check("4\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n");

  EXPECT_EQ(body.state, State::Done);
  EXPECT_EQ(body.content, "Wikipedia in \r\n\r\nchunks.");
}

TEST(ChunkedDecoder, TakesNothingBehindTheEnd) {
  const auto body = check("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n");

  EXPECT_EQ(body.state, State::Done);
  EXPECT_EQ(body.taken, 11u);
}

TEST(ChunkedDecoder, TakesAnEmptyBody) {
  const auto body = check("0\r\n\r\n");

  EXPECT_EQ(body.state, State::Done);
  EXPECT_EQ(body.content, "");
}

TEST(ChunkedDecoder, ReadsSizesInEitherCaseAndWithLeadingZeros) {
  EXPECT_EQ(check("0000000a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n").content, "01234567890123456789");
}

TEST(ChunkedDecoder, ForgetsExtensionsAndTrailers) {
  const auto body = check("2;name=value\r\nhi\r\n1 ; q=\"a b\"\r\n!\r\n0;last\r\nX-Sum: 7\r\nEmpty:\r\n\r\n");

  EXPECT_EQ(body.state, State::Done);
  EXPECT_EQ(body.content, "hi!");
}

TEST(ChunkedDecoder, KeepsToItsLimitBeforeTheBytesCome) {
  EXPECT_EQ(check("400\r\n", 1024).state, State::More);
  EXPECT_EQ(check("401\r\n", 1024).state, State::TooLarge);
  EXPECT_EQ(check("3\r\nabc\r\n3\r\n", 5).state, State::TooLarge);
  EXPECT_EQ(check("ffffffff\r\n", 1024).state, State::TooLarge);
}

TEST(ChunkedDecoder, BoundsWhatItForgets) {
  const auto just = std::string(ChunkedDecoder::kMaxIgnored - 1, 'e');

  EXPECT_EQ(decode("1;" + just + "\r\nx\r\n0\r\n\r\n", 4096).state, State::Done);
  EXPECT_EQ(decode("1;" + just + "e\r\nx\r\n0\r\n\r\n", 4096).state, State::Malformed);
  EXPECT_EQ(decode("0\r\nT:" + just + "\r\n\r\n", 4096).state, State::Malformed);

  std::string many;  // each is short, all together are not
  for (int i = 0; i < 900; ++i) many += "1;extension\r\nx\r\n";
  EXPECT_EQ(decode(many, 4096).state, State::Malformed);
}

class MalformedChunks : public ::testing::TestWithParam<std::string_view> {};

TEST_P(MalformedChunks, AreRefused) { EXPECT_EQ(check(GetParam()).state, State::Malformed); }

INSTANTIATE_TEST_SUITE_P(ChunkedDecoder, MalformedChunks,
                         ::testing::Values("\r\n",                          // no size
                                           "g\r\n",                         // no digit
                                           "-1\r\n",                        // signs are none
                                           "+1\r\nx\r\n0\r\n\r\n",          //
                                           "0x1\r\nx\r\n0\r\n\r\n",         // nor is a prefix
                                           " 1\r\nx\r\n0\r\n\r\n",          // white space before a size
                                           "1 \r\nx\r\n0\r\n\r\n",          // or behind it, with no extension
                                           "1\nx\r\n0\r\n\r\n",             // bare line feeds
                                           "1\r\nx\n0\r\n\r\n",             //
                                           "1\r\nx\r\n0\n\n",               //
                                           "1\r\nx\r\n0\r\n\n",             //
                                           "1\rx\r\n0\r\n\r\n",             // a bare return
                                           "1;a\nb\r\nx\r\n0\r\n\r\n",      // in an extension
                                           "1;a\rb\r\nx\r\n0\r\n\r\n",      //
                                           "1\r\nxy\r\n0\r\n\r\n",          // longer than it says
                                           "2\r\nx\r\n0\r\n\r\n",           // shorter than it says
                                           "123456789\r\n",                 // a size of nine digits
                                           "000000001\r\nx\r\n0\r\n\r\n",   //
                                           "fffffffffffffffff\r\n",         //
                                           "0\r\nno colon\r\n\r\n",         // trailers that are no fields
                                           "0\r\n: empty name\r\n\r\n",     //
                                           "0\r\nName : value\r\n\r\n",     //
                                           "0\r\nA: b\r\n folded\r\n\r\n",  //
                                           "0\r\nA: b\nB: c\r\n\r\n",       //
                                           "0\r\nA: \x01\r\n\r\n"));

}  // namespace
}  // namespace omnibroker::plugins::http
