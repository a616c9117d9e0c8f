#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_call.hpp>
#include <omnibroker/testing/fake_host.hpp>

using namespace omnibroker::testing;

namespace {

class SampleTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto status = component.bring_up();
    ASSERT_TRUE(status) << status.error().message;
  }
  void TearDown() override { EXPECT_EQ(host.violations(), std::vector<std::string>{}); }

  FakeHost host;
  ComponentUnderTest component{host, *omnibroker_plugin_entry_v1(), "sample", {{"largest", "64B"}}};
  FakeCall call{host};
};

TEST_F(SampleTest, LetsASmallMessageThrough) {
  EXPECT_EQ(component.filter(R"({"type":"anything"})", call), OMNIBROKER_ACCEPT);
  EXPECT_EQ(host.metric("refused_total"), 0);
}

TEST_F(SampleTest, RefusesALargeMessageAndCountsIt) {
  const auto large = R"({"type":"anything","text":")" + std::string(100, 'x') + R"("})";

  EXPECT_EQ(component.filter(large, call), OMNIBROKER_REFUSE);

  EXPECT_EQ(call.refused_code, "TOO_LARGE");
  EXPECT_EQ(call.refused_message, "The message must be at most 64 bytes long");
  EXPECT_EQ(host.metric("refused_total"), 1);
}

}  // namespace
