#include "config/values.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

TEST(ConfigValues, HasNothingWhenEmpty) {
  EXPECT_EQ(ConfigValues().raw()->count, 0u);
  EXPECT_EQ(ConfigValues::Builder().build().raw()->count, 0u);
}

TEST(ConfigValues, KeepsWhatItWasBuiltFromInOrder) {
  ConfigValues::Builder builder;
  builder.add_integer(OMNIBROKER_OPTION_DURATION, 5, /*is_default=*/true);
  builder.add_number(0.5, /*is_default=*/false);
  builder.add_text(OMNIBROKER_OPTION_TEXT, std::string(100, 'x'), /*is_default=*/false);
  builder.add_items(OMNIBROKER_OPTION_TEXT_MAP, {"a", "1", "b", "2"}, /*is_default=*/false);

  const auto values = std::move(builder).build();

  const auto& raw = *values.raw();
  ASSERT_EQ(raw.count, 4u);
  EXPECT_EQ(raw.values[0]->type, static_cast<omnibroker_option_type>(OMNIBROKER_OPTION_DURATION));
  EXPECT_EQ(raw.values[0]->integer, 5);
  EXPECT_EQ(raw.values[0]->is_default, 1u);
  EXPECT_EQ(raw.values[1]->number, 0.5);
  EXPECT_EQ(view(raw.values[2]->text), std::string(100, 'x'));
  ASSERT_EQ(raw.values[3]->item_count, 4u);
  EXPECT_EQ(view(raw.values[3]->items[3]), "2");
}

TEST(ConfigValues, LivesAsLongAsAnyCopy) {
  ConfigValues copy;
  {
    ConfigValues::Builder builder;
    builder.add_text(OMNIBROKER_OPTION_TEXT, "kept", /*is_default=*/false);
    const auto values = std::move(builder).build();
    copy = values;
  }

  EXPECT_EQ(view(copy.raw()->values[0]->text), "kept");
}

}  // namespace
}  // namespace omnibroker::core
