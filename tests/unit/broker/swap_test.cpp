#include "running_broker.hpp"

namespace omnibroker::core {
namespace {

class SwapTest : public RunningBrokerTest {};

constexpr auto kOther = "websocket, ping_interval: 19s";  // other options: another generation

TEST_F(SwapTest, ALiveConnectionGoesOnWithTheNewGeneration) {
  start();
  auto peer = robot();
  talks(*peer);

  auto report = broker->swap(component(kOther));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->from, 1u);
  EXPECT_EQ(report->to, 2u);
  EXPECT_EQ(report->moved, 1u);
  EXPECT_EQ(report->staying, 0u);
  EXPECT_EQ(report->refusal, "");
  EXPECT_EQ(states(), (States{"2 current 1", "1 previous 0"}));
  talks(*peer);
  talks(*robot());
}

TEST_F(SwapTest, AFrameThatIsHalfThereIsReadByBoth) {
  start();
  auto peer = robot();
  const std::string text = R"({"type":"select_object","prim_path":"/World/Half"})";
  const auto frame = Peer::frame(text);
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    SCOPED_TRACE(cut);
    peer->write(frame.substr(0, cut));
    auto report = broker->swap(component(cut % 2 == 1 ? kOther : "websocket"));
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->moved, 1u);
    peer->write(frame.substr(cut));
    ASSERT_EQ(peer->hear(), text);
  }
}

TEST_F(SwapTest, WhatRunsAlreadyIsNotReplaced) {
  start();

  auto report = broker->swap(component("websocket"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Conflict);
  EXPECT_EQ(states(), States{"1 current 0"});
}

TEST_F(SwapTest, ANameThatDoesNotExistIsNotFound) {
  start();
  auto wanted = component(kOther);
  wanted.name = "transports.nobody";

  EXPECT_EQ(broker->swap(wanted).error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->rollback("transports.nobody").error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->rollback("transports.realtime").error().message,
            "transports.realtime has no generation to go back to: none was replaced within the last 600 s");
}

TEST_F(SwapTest, RollbackGivesTheConnectionsBack) {
  start();
  auto peer = robot();
  ASSERT_TRUE(broker->swap(component(kOther)));

  auto report = broker->rollback("transports.realtime");

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->to, 1u);
  EXPECT_EQ(report->moved, 1u);
  EXPECT_EQ(states(), (States{"1 current 1", "2 previous 0"}));
  talks(*peer);
  ASSERT_TRUE(broker->rollback("transports.realtime")) << "and forth again";
  EXPECT_EQ(states(), (States{"2 current 1", "1 previous 0"}));
  talks(*peer);
}

TEST_F(SwapTest, AGenerationEndsWhenItsWindowIsOver) {
  start("websocket", "off");
  auto peer = robot();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(broker->swap(component(i % 2 == 0 ? kOther : "websocket")));

  until({"7 current 1"});
  talks(*peer);
  EXPECT_EQ(broker->rollback("transports.realtime").error().code, ErrorCode::NotFound);
}

TEST_F(SwapTest, AConnectionThatIsRefusedStaysAndIsServed) {
  start();
  auto peer = robot();

  auto report = broker->swap(component("moody_transport"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->moved, 0u);
  EXPECT_EQ(report->staying, 1u);
  EXPECT_NE(report->refusal.find("it takes nobody over"), std::string::npos) << report->refusal;
  EXPECT_EQ(states(), (States{"2 current 0", "1 previous 1"}));
  talks(*peer);
  auto back = broker->rollback("transports.realtime");
  ASSERT_TRUE(back);
  EXPECT_EQ(states(), (States{"1 current 1", "2 previous 0"}));
  talks(*robot());
}

TEST_F(SwapTest, AnExceptionOutOfAnImportIsARefusal) {
  start();
  auto peer = robot();
  misbehaves("import", "throw");

  auto report = broker->swap(component("moody_transport"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->staying, 1u);
  EXPECT_EQ(report->refusal, "without a reason; the log may have one");
  talks(*peer);
}

TEST_F(SwapTest, AReplacedGenerationLivesAsLongAsAConnectionNeedsIt) {
  start("websocket", "off");
  auto peer = robot();
  ASSERT_TRUE(broker->swap(component("moody_transport")));
  until({"2 current 0", "1 draining 1"});
  ASSERT_TRUE(broker->swap(component(kOther))) << "a third one takes it over from the first";
  until({"3 current 1"});
  talks(*peer);
}

class SwapFault : public SwapTest, public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(SwapFault, LeavesTheOldGenerationServing) {
  start();
  auto peer = robot();
  const auto [step, mood] = GetParam();
  misbehaves(step, mood);

  auto report = broker->swap(component("moody_transport"));

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("transports.realtime"), std::string::npos) << report.error().message;
  EXPECT_NE(report.error().message.find(step), std::string::npos) << report.error().message;
  EXPECT_EQ(states(), States{"1 current 1"});
  talks(*peer);
  talks(*robot());
  misbehaves("nowhere", "fail");
  ASSERT_TRUE(broker->swap(component(kOther))) << "the next one is none the worse for it";
  talks(*peer);
}

INSTANTIATE_TEST_SUITE_P(Steps, SwapFault,
                         testing::Values(std::pair("configure", "fail"), std::pair("configure", "throw"),
                                         std::pair("prepare", "fail"), std::pair("prepare", "throw"),
                                         std::pair("start", "fail"), std::pair("start", "throw")),
                         [](const auto& one) {
                           return std::string(one.param.first) + "_" + std::string(one.param.second);
                         });

TEST_F(SwapTest, AStepThatHangsLeavesTheOldGenerationServing) {
  start();
  ASSERT_EQ(::mkfifo((folder / "gate").c_str(), 0600), 0);
  auto peer = robot();
  misbehaves("start", "hang");

  auto report = broker->swap(component("moody_transport"));

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("start did not return within 5 s"), std::string::npos)
      << report.error().message;
  talks(*peer);
  EXPECT_EQ(states(), States{"1 current 1"});
  EXPECT_TRUE(broker->has_left_behind());
  std::ofstream(folder / "gate").put('x');  // lets the thread go that is stuck in there
}

TEST_F(SwapTest, ASwapWhileTheBrokerStopsIsRefused) {
  start();
  broker->stop(std::chrono::seconds(1));

  EXPECT_EQ(broker->swap(component(kOther)).error().code, ErrorCode::Unavailable);
}

TEST_F(SwapTest, SessionsSayWhoIsThereAndCanBeEnded) {
  start();
  auto peer = robot();
  auto sessions = broker->sessions();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].role, "web_ui");
  EXPECT_EQ(sessions[0].component, "transports.realtime");
  EXPECT_EQ(sessions[0].generation, 1u);
  ASSERT_TRUE(broker->swap(component(kOther)));
  EXPECT_EQ(broker->sessions().at(0).generation, 2u);
  EXPECT_EQ(broker->sessions().at(0).client_id, sessions[0].client_id);

  EXPECT_FALSE(broker->disconnect("nobody"));
  EXPECT_TRUE(broker->disconnect(sessions[0].client_id));
  EXPECT_EQ(peer->hear(), "");
}

}  // namespace
}  // namespace omnibroker::core
