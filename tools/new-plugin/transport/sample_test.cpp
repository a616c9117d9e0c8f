#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_connection.hpp>
#include <omnibroker/testing/fake_host.hpp>

using namespace omnibroker::testing;

namespace {

constexpr const char* kHead = "POST /lines HTTP/1.1\r\nHost: x\r\n\r\n";

class SampleTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto status = component.bring_up();
    ASSERT_TRUE(status) << status.error().message;
  }
  void TearDown() override { EXPECT_EQ(host.violations(), std::vector<std::string>{}); }

  std::vector<std::string> submitted() const {
    std::vector<std::string> payloads;
    for (const auto& message : host.submitted()) payloads.push_back(message.payload);
    return payloads;
  }

  FakeHost host;
  ComponentUnderTest component{host, *omnibroker_plugin_entry_v1(), "sample"};
};

TEST_F(SampleTest, HandsOverEachLine) {
  auto& connection = host.connect(component, "/lines");
  connection.feed(kHead);
  connection.feed("{\"type\":\"a\"}\n{\"type\":\"b\"}\n");

  EXPECT_EQ(submitted(), (std::vector<std::string>{R"({"type":"a"})", R"({"type":"b"})"}));
}

TEST_F(SampleTest, PutsALineTogetherThatComesInPieces) {
  auto& connection = host.connect(component, "/lines");
  connection.feed(kHead);
  connection.feed_byte_by_byte("{\"type\":\"a\"}\n");

  EXPECT_EQ(submitted(), std::vector<std::string>{R"({"type":"a"})"});
}

TEST_F(SampleTest, SendsEachMessageAsALine) {
  auto& connection = host.connect(component, "/lines");
  connection.feed(kHead);
  ASSERT_TRUE(connection.take_written().starts_with("HTTP/1.1 200 OK\r\n"));

  connection.deliver(R"({"type":"a"})");

  EXPECT_EQ(connection.take_written(), "{\"type\":\"a\"}\n");
}

TEST_F(SampleTest, LeavesWhenThePeerDoes) {
  auto& connection = host.connect(component, "/lines");
  connection.feed(kHead);
  connection.end_input();

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

TEST_F(SampleTest, RefusesWhenThereIsNoSessionLeft) {
  host.refuse_sessions("There are too many sessions");
  auto& connection = host.connect(component, "/lines");
  connection.feed(kHead);

  EXPECT_TRUE(connection.written().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(connection.ended());
}

}  // namespace
