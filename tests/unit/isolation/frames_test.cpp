#include "isolation/frames.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::string sample() {
  std::string out;
  FrameWriter(out, FrameKind::Handle).number(7).text("seven").flag(true).integer(-7).real(0.5).texts({"a", "", "c"});
  FrameWriter(out, FrameKind::AskHealth);
  return out;
}

TEST(FrameInput, PutsFramesTogetherHoweverTheyAreCut) {
  const auto bytes = sample();
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    FrameInput input;
    std::vector<FrameKind> kinds;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      input.append(std::string_view(bytes).substr(at, size));
      while (true) {
        const auto frame = input.next();
        ASSERT_TRUE(frame);
        if (!frame.value()) break;
        kinds.push_back(frame.value()->kind);
        if (frame.value()->kind != FrameKind::Handle) continue;
        FrameReader reader(frame.value()->body);
        EXPECT_EQ(reader.number(), 7u);
        EXPECT_EQ(reader.text(), "seven");
        EXPECT_TRUE(reader.flag());
        EXPECT_EQ(reader.integer(), -7);
        EXPECT_EQ(reader.real(), 0.5);
        EXPECT_EQ(reader.texts(3), (std::vector<std::string>{"a", "", "c"}));
        EXPECT_TRUE(reader.whole());
      }
    }
    EXPECT_EQ(kinds, (std::vector<FrameKind>{FrameKind::Handle, FrameKind::AskHealth})) << "in pieces of " << size;
  }
}

TEST(FrameInput, RefusesASizeThatNoFrameHas) {
  for (const auto& bytes : {std::string(4, '\0'), std::string(4, '\xff')}) {
    FrameInput input;
    input.append(bytes);
    const auto frame = input.next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::InvalidArgument);
  }
}

/// Every field of a frame that was cut, at every place, reads as something harmless.
TEST(FrameReader, KnowsThatAFrameIsNotWhole) {
  std::string out;
  FrameWriter(out, FrameKind::Log).number(1).text("two").texts({"three", "four"});
  const auto body = std::string_view(out).substr(5);
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string cut(body.substr(0, size));  // so that a sanitizer sees a read past its end
    FrameReader reader(cut);
    static_cast<void>(reader.number());
    static_cast<void>(reader.text());
    static_cast<void>(reader.texts(10));
    EXPECT_FALSE(reader.whole()) << size;
  }
  FrameReader too_little(body);
  static_cast<void>(too_little.number());
  EXPECT_FALSE(too_little.whole()) << "something is left";
}

TEST(FrameReader, DoesNotBelieveALength) {
  std::string out;
  FrameWriter(out, FrameKind::Log).number(~0ull);
  FrameReader text(std::string_view(out).substr(5));
  EXPECT_EQ(text.text(), "");
  EXPECT_FALSE(text.whole());

  FrameReader list(std::string_view(out).substr(5));
  EXPECT_TRUE(list.texts(1'000).empty());
  EXPECT_FALSE(list.whole());
}

}  // namespace
}  // namespace omnibroker::core
