#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

using namespace omnibroker::testing;

namespace {

class SampleTest : public testing::Test {
 protected:
  void SetUp() override { std::remove(file.c_str()); }
  void TearDown() override {
    EXPECT_EQ(host.violations(), std::vector<std::string>{});
    std::remove(file.c_str());
  }

  std::string content() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  FakeHost host;
  const std::string file =
      testing::TempDir() + "sample_test_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl";
  ComponentUnderTest component{host, *omnibroker_plugin_entry_v1(), "sample", {{"file", file}, {"most_waiting", "2"}}};
};

TEST_F(SampleTest, WritesWhatItGetsOnceItMayWait) {
  ASSERT_TRUE(component.bring_up());
  component.deliver(R"({"type":"a"})");
  component.deliver(R"({"type":"b"})");
  EXPECT_EQ(content(), "");

  EXPECT_EQ(host.run_blocking_work(), 1u);

  EXPECT_EQ(content(), "{\"type\":\"a\"}\n{\"type\":\"b\"}\n");
}

TEST_F(SampleTest, DropsAndCountsWhatDoesNotFit) {
  ASSERT_TRUE(component.bring_up());
  for (int i = 0; i < 5; ++i) component.deliver(R"({"type":"a"})");

  EXPECT_EQ(host.metric("dropped_total"), 3);
  host.run_blocking_work();
}

TEST_F(SampleTest, WritesWhatIsLeftWhenItStops) {
  ASSERT_TRUE(component.bring_up());
  host.set_blocking_queue(0);  // the host refuses the work
  component.deliver(R"({"type":"a"})");
  ASSERT_TRUE(component.drain());

  ASSERT_TRUE(component.stop());

  EXPECT_EQ(content(), "{\"type\":\"a\"}\n");
}

TEST(SampleBridge, SaysWhichFileCannotBeOpened) {
  FakeHost host;
  ComponentUnderTest component(host, *omnibroker_plugin_entry_v1(), "sample", {{"file", "/nonexistent/file"}});

  const auto status = component.bring_up();

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "The file /nonexistent/file cannot be opened");
}

}  // namespace
