#include "isolation/conversation.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

TEST(Conversation, CarriesAConfigurationAsItIs) {
  ConfigValues::Builder builder;
  builder.add_integer(OMNIBROKER_OPTION_BOOLEAN, 1, true);
  builder.add_integer(OMNIBROKER_OPTION_DURATION, -5, false);
  builder.add_number(0.25, false);
  builder.add_text(OMNIBROKER_OPTION_TEXT, std::string("with \0 in it", 12), false);
  builder.add_text(OMNIBROKER_OPTION_CHOICE, "one", true);
  builder.add_items(OMNIBROKER_OPTION_TEXT_LIST, {"a", "", "c"}, false);
  builder.add_items(OMNIBROKER_OPTION_TEXT_MAP, {}, true);
  const auto values = std::move(builder).build();

  const auto frame = step_frame(StepKind::Configure, values.raw());
  FrameReader reader(std::string_view(frame).substr(5));
  EXPECT_EQ(reader.number(), static_cast<std::uint64_t>(StepKind::Configure));
  const auto read = take_config(reader);

  EXPECT_TRUE(reader.whole());
  EXPECT_TRUE(read.same_values(values));
  for (std::uint32_t i = 0; i < values.raw()->count; ++i) {
    EXPECT_EQ(read.raw()->values[i]->is_default, values.raw()->values[i]->is_default) << i;
  }
}

TEST(Conversation, CarriesADecisionWithAllThatWasAskedFor) {
  LateDecision decision;
  decision.action = OMNIBROKER_ACCEPT;
  decision.code = "CODE";
  decision.message = "A sentence";
  decision.payload = R"({"type":"x"})";
  decision.acknowledge = true;
  decision.answers = {"one", "two"};
  decision.role = "guest";

  std::string out;
  write(out, 9, decision);
  std::uint64_t id = 0;
  LateDecision got;
  ASSERT_TRUE(read(std::string_view(out).substr(5), id, got));

  EXPECT_EQ(id, 9u);
  EXPECT_EQ(got.action, decision.action);
  EXPECT_EQ(got.code, decision.code);
  EXPECT_EQ(got.message, decision.message);
  EXPECT_EQ(got.payload, decision.payload);
  EXPECT_TRUE(got.acknowledge);
  EXPECT_EQ(got.answers, decision.answers);
  EXPECT_EQ(got.role, decision.role);
}

}  // namespace
}  // namespace omnibroker::core
