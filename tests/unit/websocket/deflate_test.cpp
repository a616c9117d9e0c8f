#include "deflate.hpp"

#include "deflated.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

constexpr std::uint64_t kPlenty = 1 << 20;

class InflaterTest : public ::testing::Test {
 protected:
  std::string inflate(std::string_view payload, std::uint64_t limit = kPlenty) {
    const auto [outcome, message] =
        inflater.inflate({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, limit);
    switch (outcome) {
      case Inflater::Outcome::TooLarge: return "too large";
      case Inflater::Outcome::Broken: return "broken";
      case Inflater::Outcome::Whole: break;
    }
    return "=" + std::string(reinterpret_cast<const char*>(message.data()), message.size());
  }

  Inflater inflater;
};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(Deflater, WritesWhatAnyInflaterReadsWithTheAgreedWindow) {
  for (unsigned window = 9; window <= 15; ++window) {
    Deflater deflater(window);
    for (const int level : {1, 9, 6, 1}) {
      for (const std::size_t size : {64u, 500u, 5'000u, 100'000u}) {
        const auto message = json_of(size);
        const auto payload = deflater.deflate(message, level);
        ASSERT_TRUE(payload) << size;
        EXPECT_LT(payload->size(), size);
        EXPECT_EQ(inflated(*payload, static_cast<int>(window)), message) << window << ' ' << level << ' ' << size;
      }
    }
  }
}

TEST(Deflater, RemembersNothingOfEarlierMessages) {
  Deflater deflater(15);
  const auto message = json_of(1000);
  const std::string first(deflater.deflate(message, 6).value());

  ASSERT_TRUE(deflater.deflate(json_of(30'000), 6));

  EXPECT_EQ(deflater.deflate(message, 6), first);
}

TEST(Deflater, LeavesWhatDoesNotShrink) {
  Deflater deflater(15);
  for (const auto& message :
       {std::string(), std::string("a"), std::string("{\"type\":1}"), noise_of(300), noise_of(100'000)}) {
    EXPECT_FALSE(deflater.deflate(message, 9)) << message.size();
  }
  EXPECT_TRUE(deflater.deflate(json_of(300), 9)) << "and goes on";
}

TEST(Deflater, CompressesMoreAtHigherLevels) {
  Deflater deflater(15);
  const auto message = json_of(20'000);
  const auto size = [&](int level) { return deflater.deflate(message, level).value().size(); };

  const auto fast = size(1);

  EXPECT_LT(size(9), fast);
  EXPECT_EQ(size(1), fast) << "the level is that of the message";
}

TEST_F(InflaterTest, ReadsTheExamplesOfTheStandard) {
  const std::string hello = "=Hello";
  EXPECT_EQ(inflate(bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), hello) << "7.2.3.1, one block";
  EXPECT_EQ(inflate(bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})), hello)
      << "7.2.3.3, no compression";
  EXPECT_EQ(inflate(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), hello) << "7.2.3.4, a final block";
  EXPECT_EQ(inflate(bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00})), hello)
      << "7.2.3.5, two blocks";
  EXPECT_EQ(inflate(bytes({0x00})), "=") << "7.2.3.6, an empty message";
}

TEST_F(InflaterTest, ReadsEveryWayToCompress) {
  for (const std::size_t size : {1u, 300u, 5'000u, 70'000u, 200'000u}) {
    for (const auto& message : {json_of(size), noise_of(size), std::string(size, 'a')}) {
      for (const int level : {0, 1, 6, 9}) {
        for (const int flush : {2, 3, 4}) {
          for (const std::size_t piece : {std::size_t{0}, std::size_t{1000}}) {
            const auto payload = deflated(message, {.level = level, .flush = flush, .piece = piece});
            EXPECT_EQ(inflate(payload), "=" + message)
                << size << " bytes, level " << level << ", flush " << flush << ", pieces of " << piece;
          }
        }
      }
      EXPECT_EQ(inflate(deflated(message, {.window_bits = 9})), "=" + message);
    }
  }
}

TEST_F(InflaterTest, ReadsOnBehindAFinalBlockWithItsWindow) {
  // A final block of "abcdefgh", then one that says: eight bytes, from eight bytes ago.
  const auto first = deflated("abcdefgh", {.flush = 4});
  const auto back = bytes({0x83, 0xd1, 0x00, 0x00});  // fixed codes, final: length 8, distance 8, end

  const auto got = inflate(first.substr(0, first.size() - 1) + back);

  EXPECT_EQ(got, "=abcdefghabcdefgh");
}

TEST_F(InflaterTest, ForgivesWhatClientsDo) {
  EXPECT_EQ(inflate(""), "=") << "an empty message as an empty payload";
  EXPECT_EQ(inflate(deflated("hello", {.keep_tail = true})), "=hello") << "the tail sent as well";
  EXPECT_EQ(inflate(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "=Hello")
      << "a final block, and no zero behind";
}

TEST_F(InflaterTest, RefusesWhatIsNoDeflateData) {
  const auto good = deflated(json_of(500));
  ASSERT_EQ(inflate(good), "=" + json_of(500));
  EXPECT_EQ(inflate(bytes({0x07})), "broken") << "a block of the reserved kind";
  EXPECT_EQ(inflate(bytes({0x00, 0x05, 0x00, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o', 0x00})), "broken")
      << "a wrong length";
  EXPECT_EQ(inflate(bytes({0x83, 0xd1, 0x00, 0x00})), "broken") << "from before the message";
  EXPECT_EQ(inflate(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x07})), "broken") << "behind a final block";
  EXPECT_EQ(inflate("hello, this is not compressed"), "broken");
  EXPECT_EQ(inflate(good), "=" + json_of(500)) << "and goes on";
}

TEST_F(InflaterTest, RefusesWhatIsCutOff) {
  const auto good = deflated(json_of(500));
  for (std::size_t size = 1; size < good.size(); ++size) EXPECT_EQ(inflate(good.substr(0, size)), "broken") << size;
  const auto stored = deflated("hello", {.level = 0});
  for (std::size_t size = 2; size + 1 < stored.size(); ++size)  // where what is cut off could be the tail, too

    EXPECT_EQ(inflate(stored.substr(0, size)), "broken") << size;
}

TEST_F(InflaterTest, CallsItBrokenWhereOnlyWhatWasCutOffWouldBeTooLarge) {
  const auto good = deflated("hello", {.level = 0});

  EXPECT_EQ(inflate(good.substr(0, good.size() - 5), 1), "broken") << "ends behind the h";
  EXPECT_EQ(inflate(good, 1), "too large");
}

TEST_F(InflaterTest, StopsAtTheLimit) {
  for (const std::uint64_t limit :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{16 * 1024}, std::uint64_t{100'000}}) {
    const std::string most(limit, 'a');
    EXPECT_EQ(inflate(deflated(most), limit), "=" + most);
    EXPECT_EQ(inflate(deflated(most + "a"), limit), "too large");
    EXPECT_EQ(inflate(deflated(noise_of(limit + 1)), limit), "too large");
  }
  const auto bomb = deflated(std::string(20'000'000, 'a'), {.level = 9});
  EXPECT_EQ(inflate(bomb, 65'536), "too large");
  EXPECT_EQ(inflate(deflated("x"), std::numeric_limits<std::uint64_t>::max()), "=x") << "no limit";
}

TEST_F(InflaterTest, LetsGoOfLargeBuffersAlone) {
  const auto large = json_of(1'000'000);
  ASSERT_EQ(inflate(deflated(large)), "=" + large);

  inflater.trim();

  EXPECT_EQ(inflate(deflated("small")), "=small");
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
