#include "load/publication.hpp"

#include <gtest/gtest.h>

namespace omnibroker::load {
namespace {

struct Sent {
  std::uint64_t prim, number, time;
  bool operator==(const Sent&) const = default;
};

Wire wire(Dialect dialect, std::size_t size = 240) {
  return {dialect, UpdateLayout::of_size(size, "0a1b2c3d").value()};
}

/// Takes masked frames apart, as a server does.
std::vector<std::string> payloads(std::string_view bytes) {
  std::vector<std::string> found;
  while (!bytes.empty()) {
    EXPECT_EQ(bytes[0], '\x81');
    EXPECT_NE(bytes[1] & 0x80, 0);
    const auto head = read_frame_head(bytes);
    const auto mask = bytes.substr(head->head_size, 4);
    std::string payload(bytes.substr(head->head_size + 4, head->payload_size));
    EXPECT_EQ(payload.size(), head->payload_size);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    found.push_back(payload);
    bytes.remove_prefix(head->head_size + 4 + head->payload_size);
  }
  return found;
}

Sent read(const std::string& update) {
  const auto digits = [&](std::string_view key, std::size_t count) {
    return std::stoull(update.substr(update.find(key) + key.size(), count));
  };
  return {digits("/World/Bench/", 5), digits("\"number\":", 16) - UpdateLayout::kBase,
          digits("\"sent\":", 16) - UpdateLayout::kBase};
}

TEST(Publication, SendsItsObjectsInTurnWithRisingNumbers) {
  const auto form = wire(Dialect::Gateway);
  Publication publication(form, {7, 3}, 1);  // objects 1 and 4

  ASSERT_EQ(publication.stamp(3, 55), 3u);
  std::vector<Sent> sent;
  for (const auto& payload : payloads(publication.unsent())) {
    EXPECT_EQ(payload.size(), 240u);
    sent.push_back(read(payload));
  }

  EXPECT_EQ(sent, (std::vector<Sent>{{1, 1, 55}, {4, 2, 55}, {1, 3, 55}}));
  EXPECT_EQ(publication.newest(), 3u);
  EXPECT_EQ(publication.newest_of(1), 3u);
  EXPECT_EQ(publication.newest_of(4), 2u);
}

TEST(Publication, GoesRoundItsBlockWithoutLosingCount) {
  const auto form = wire(Dialect::Gateway);
  Publication publication(form, {3, 1}, 0);
  std::uint64_t expected = 0;

  while (expected < 2'000) {
    const auto stamped = publication.stamp(700, expected);
    for (const auto& payload : payloads(publication.unsent())) {
      ++expected;
      ASSERT_EQ(read(payload).number, expected);
      ASSERT_EQ(read(payload).prim, (expected - 1) % 3);
    }
    ASSERT_GT(stamped, 0u);
    publication.sent(publication.unsent().size());
  }
}

TEST(Publication, KnowsWhenAFrameIsOutInPartAndStampsNothingOverIt) {
  const auto form = wire(Dialect::Gateway);
  Publication publication(form, {1, 1}, 0);
  const auto all = publication.stamp(UINT64_MAX, 0);
  const std::string bytes(publication.unsent());

  publication.sent(100);
  EXPECT_TRUE(publication.in_frame());
  EXPECT_EQ(publication.stamp(1, 0), 0u);
  EXPECT_EQ(publication.unsent(), bytes.substr(100));

  publication.sent(publication.unsent().size());
  EXPECT_FALSE(publication.in_frame());
  EXPECT_EQ(publication.stamp(1, 0), 1u);
  EXPECT_EQ(publication.newest(), all + 1);
}

TEST(Publication, SpeaksNatsWhereThatIsAskedFor) {
  const auto form = wire(Dialect::Nats, 300);
  Publication publication(form, {1, 1}, 0);
  publication.stamp(1, 9);

  const auto payload = payloads(publication.unsent()).at(0);

  constexpr std::string_view head = "PUB bench.updates 300\r\n";
  ASSERT_TRUE(payload.starts_with(head));
  EXPECT_TRUE(payload.ends_with("}}\r\n"));
  EXPECT_EQ(payload.size(), head.size() + 300 + 2);
  EXPECT_EQ(read(payload), (Sent{0, 1, 9}));
}

TEST(UpdateLayout, HasTheSizeThatWasAskedForAndRefusesOthers) {
  for (const std::size_t size : {UpdateLayout::kLeast, std::size_t{240}, UpdateLayout::kMost}) {
    EXPECT_EQ(UpdateLayout::of_size(size, "0a1b2c3d").value().update(UpdateLayout::kMostPrims).size(), size);
  }
  EXPECT_FALSE(UpdateLayout::of_size(UpdateLayout::kLeast - 1, "0a1b2c3d"));
  EXPECT_FALSE(UpdateLayout::of_size(UpdateLayout::kMost + 1, "0a1b2c3d"));
}

}  // namespace
}  // namespace omnibroker::load
