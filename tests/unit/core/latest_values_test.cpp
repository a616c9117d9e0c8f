#include "routing/latest_values.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

class LatestValuesTest : public testing::Test {
 protected:
  std::vector<std::string> all(LatestValues& values) {
    std::vector<std::string> messages;
    values.each(now, [&](std::string_view message) { messages.emplace_back(message); });
    return messages;
  }

  LatestValues::Clock::time_point now{};
};

using Messages = std::vector<std::string>;

TEST_F(LatestValuesTest, KeepsTheNewestMessageOfEachKey) {
  LatestValues values(10, {});

  values.put("a", "a1", now);
  values.put("b", "b1", now);
  values.put("a", "a2", now);

  EXPECT_EQ(all(values), (Messages{"b1", "a2"}));
}

TEST_F(LatestValuesTest, PastItsBoundTheLongestUnchangedGoes) {
  LatestValues values(2, {});

  values.put("a", "a1", now);
  values.put("b", "b1", now);
  values.put("a", "a2", now);
  values.put("c", "c1", now);

  EXPECT_EQ(all(values), (Messages{"a2", "c1"}));
  EXPECT_EQ(values.evicted(), 1u);
}

TEST_F(LatestValuesTest, ForgetsWhatIsTooOld) {
  LatestValues values(10, 5s);
  values.put("old", "1", now);
  now += 4s;
  values.put("new", "2", now);
  now += 2s;

  EXPECT_EQ(all(values), (Messages{"2"}));
  EXPECT_EQ(values.size(), 1u);
}

TEST_F(LatestValuesTest, KeepsNothingWhereNothingMayBeKept) {
  LatestValues values(0, {});

  values.put("a", "1", now);

  EXPECT_TRUE(all(values).empty());
}

}  // namespace
}  // namespace omnibroker::core
