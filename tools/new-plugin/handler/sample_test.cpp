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
  ComponentUnderTest component{host, *omnibroker_plugin_entry_v1(), "sample", {{"longest", "5"}}};
  FakeCall call{host};
};

TEST_F(SampleTest, PassesAMessageOnAsItCame) {
  EXPECT_EQ(component.handle(R"({"type":"sample","text":"hello"})", call), OMNIBROKER_ACCEPT);
  EXPECT_FALSE(call.replaced);
}

TEST_F(SampleTest, RefusesAMessageWithoutText) {
  EXPECT_EQ(component.handle(R"({"type":"sample"})", call), OMNIBROKER_REFUSE);
  EXPECT_EQ(call.refused_code, "INVALID_MESSAGE_FORMAT");
  EXPECT_EQ(call.refused_message, "Field 'text' is required and must be a string");
}

TEST_F(SampleTest, RefusesTextThatIsTooLong) {
  EXPECT_EQ(component.handle(R"({"type":"sample","text":"hello!"})", call), OMNIBROKER_REFUSE);
  EXPECT_EQ(call.refused_message, "Field 'text' must be at most 5 bytes long");
}

}  // namespace
