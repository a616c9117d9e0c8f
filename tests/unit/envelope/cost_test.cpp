// What reading a message costs: no allocation once the buffers have grown, and no work that grows faster than the
// message. The second kind of test fails by the test's time limit: what would be quadratic takes minutes with these
// sizes.

#include "allocations.hpp"
#include "parsed.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using omnibroker::core::Envelope;
using Verdict = Envelope::Verdict;

std::string padded(std::string message) { return message.append(Envelope::kPadding, ' '); }

TEST(EnvelopeCost, NothingIsAllocatedPerMessageOnceTheBuffersHaveGrown) {
  Envelope envelope(64 * 1024);
  std::string deep = R"({"type":"t","x":)" + std::string(31, '[') + std::string(31, ']') + "}";
  std::string many = R"({"type":"t")";
  for (int i = 0; i < 3000; ++i) many += ",\"key" + std::to_string(i) + "\":1";
  std::vector<std::string> messages = {
      R"({"type":"coordinate_update","prim_path":"/World/Husky_01","latitude":37.1,"longitude":127.9,"metadata":{"a":1}})",
      R"({"type":"t","n":123456789012345678901234567890,"s":"\ud83d\ude00"})",
      deep,
      many + "}",
      "{\"type\":",
      R"({"type":"t","x":1e999})",
      R"({"type":"t","type":"t"})",
      "{}",
      "",
  };
  for (auto& message : messages) message = padded(message);
  const auto parse_all = [&] {
    for (const auto& message : messages) {
      static_cast<void>(
          envelope.parse(reinterpret_cast<const std::uint8_t*>(message.data()), message.size() - Envelope::kPadding));
      auto out = Parsed::empty();
      if (envelope.field("x", out) == OMNIBROKER_OK) static_cast<void>(envelope.at(out, 0, nullptr, out));
    }
  };
  parse_all();

  const auto before = allocations();
  for (int round = 0; round < 100; ++round) parse_all();

  EXPECT_EQ(allocations() - before, 0u);
}

TEST(EnvelopeCost, KeysAreComparedInBetterThanQuadraticTime) {
  std::string message = R"({"type":"t")";
  for (int i = 0; i < 600'000; ++i) message += ",\"" + std::to_string(i) + "\":0";

  EXPECT_EQ(Parsed(message + "}").verdict(), Verdict::Ok);
  EXPECT_EQ(Parsed(message + R"(,"299999":0})").verdict(), Verdict::InvalidJson);
}

TEST(EnvelopeCost, WalkingAContainerByIndexIsLinear) {
  std::string message = R"({"type":"t","list":[0)";
  for (int i = 1; i < 1'000'000; ++i) message += ",{\"a\":1}";
  const Parsed parsed(message + "]}");
  const auto list = *parsed.field("list");
  const auto count = parsed.envelope().count(list);
  ASSERT_EQ(count, 1'000'000u);

  double sum = 0;
  for (std::size_t i = 1; i < count; ++i) sum += parsed.at(parsed.at(list, i)->second, 0)->second.number;

  EXPECT_EQ(sum, 999'999);
}

}  // namespace
