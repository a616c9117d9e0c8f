// A running broker comes to another configuration, or stays exactly as it was.
#include "applying.hpp"

namespace omnibroker::core {

void PrintTo(const PlannedStep& step, std::ostream* out) {
  *out << to_string(step.kind) << ' ' << step.name;
  for (const auto& detail : step.details) *out << " [" << detail << ']';
}

namespace {

class ApplyTest : public ApplyingTest {};

using Kind = PlannedStep::Kind;
using Steps = std::vector<PlannedStep>;

TEST_F(ApplyTest, AChangeWithoutEffectPlansNothing) {
  serve();
  parts.limits = "rollback_window: 600s, max_message: 64KiB";  // what it was, in other words
  parts.transports = "  realtime: { plugin: websocket, ping_interval: 20000ms, listener: public, path: /ws }\n";

  const auto before = numbers();
  const auto plan = broker->plan(config_of(parts));

  EXPECT_TRUE(plan.empty()) << plan.steps.front().name;
  EXPECT_EQ(plan.untouched, before.size());
  EXPECT_TRUE(applied().done.empty());
  EXPECT_EQ(numbers(), before);
}

TEST_F(ApplyTest, ARouteThatChangesLeavesEveryGenerationAsItWas) {
  serve();
  auto peer = robot();
  const auto before = numbers();
  replace(parts.routes, "to: web_ui,", "to: web_ui, ack: true, max_rate: 3,");

  const auto report = applied();

  EXPECT_EQ(report.done.steps,
            (Steps{{Kind::Change, "routes.select_object", {"ack: false -> true", "max_rate: off -> 3"}}}));
  EXPECT_EQ(numbers(), before);
  const std::string select = R"({"type":"select_object","prim_path":"/a"})";
  EXPECT_EQ(answer(*peer, select), R"({"type":"ack","original_type":"select_object","status":"success"})");
  EXPECT_EQ(peer->hear(), select);
}

TEST_F(ApplyTest, ARouteMayComeAndGoAndComeBack) {
  serve();
  auto peer = robot();
  const std::string note = R"({"type":"note","prim_path":"/a"})";
  EXPECT_NE(answer(*peer, note).find("UNKNOWN_MESSAGE_TYPE"), std::string::npos);
  const auto without = parts.routes;
  const auto with = without + "  note: { from: web_ui, to: web_ui, handler: select_object }\n";
  for (int i = 0; i < 3; ++i) {
    parts.routes = with;
    const auto added = applied();
    EXPECT_NE(added.done.find("routes.note"), nullptr);
    EXPECT_NE(added.done.find("handlers.note"), nullptr);
    EXPECT_EQ(answer(*peer, note), note);

    parts.routes = without;
    const auto removed = applied();
    EXPECT_EQ(removed.done.find("routes.note")->kind, Kind::Remove);
    EXPECT_NE(answer(*peer, note).find("UNKNOWN_MESSAGE_TYPE"), std::string::npos);
  }
  talks(*peer);
  while (broker->generations().size() > numbers().size()) std::this_thread::yield();  // those of the note end
}

TEST_F(ApplyTest, ARoleMayComeAndGo) {
  serve();
  auto map = robot();
  const std::string other = R"({"type":"client_register","client_type":"drone"})";
  Peer drone(socket());
  EXPECT_NE(answer(drone, other).find("error"), std::string::npos);
  const auto without = parts.routes;
  replace(parts.routes, "handler: client_register",
          "handler: { plugin: client_register, client_types: [web_ui, drone] }");
  parts.routes += "  note: { from: drone, to: [web_ui, drone], handler: select_object }\n";
  applied();
  EXPECT_NE(answer(drone, other).find("ack"), std::string::npos);
  const std::string note = R"({"type":"note","prim_path":"/a"})";
  EXPECT_EQ(answer(drone, note), note);
  EXPECT_EQ(map->hear(), note);

  parts.routes = without;
  applied();
  Peer late(socket());
  EXPECT_NE(answer(late, other).find("error"), std::string::npos);
  EXPECT_NE(answer(drone, note).find("UNKNOWN_MESSAGE_TYPE"), std::string::npos) << "who has the role stays";
  talks(*map);
}

TEST_F(ApplyTest, AFilterTakesNewOptionsInANewGenerationAndGoesBack) {
  replace(parts.routes, "handler: select_object",
          "handler: select_object, filters: [{ plugin: \"parts:only_where\", values: [open] }]");
  serve();
  auto peer = robot();
  const std::string closed = R"({"type":"select_object","prim_path":"/a","zone":"closed"})";
  EXPECT_NE(answer(*peer, closed).find("FORBIDDEN_ZONE"), std::string::npos);
  auto before = numbers();
  replace(parts.routes, "[open]", "[open, closed]");

  const auto report = applied();

  EXPECT_EQ(report.done.steps, (Steps{{Kind::Replace, "filters.select_object.1", {"values: open -> [open, closed]"}}}));
  EXPECT_EQ(answer(*peer, closed), closed);
  ++before["filters.select_object.1"];
  EXPECT_EQ(numbers(), before);

  auto back = broker->rollback("filters.select_object.1");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_NE(answer(*peer, closed).find("FORBIDDEN_ZONE"), std::string::npos);
  EXPECT_FALSE(broker->plan(config_of(parts)).empty()) << "what runs is not what the file says";
}

TEST_F(ApplyTest, AHandlerIsSwapped) {
  serve();
  auto peer = robot();
  auto other = parts;
  replace(other.routes, "handler: select_object", "handler: \"parts:replaces\"");
  const auto wanted = config_of(other).routes[1].handler;

  auto report = broker->swap(wanted);

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->name, "handlers.select_object");
  EXPECT_EQ(report->to, 2u);
  const std::string select = R"({"type":"select_object","prim_path":"/a"})";
  EXPECT_NE(answer(*peer, select), select);
  ASSERT_TRUE(broker->rollback("handlers.select_object"));
  talks(*peer);
}

TEST_F(ApplyTest, AReloadableOptionIsTakenInPlace) {
  serve();
  auto peer = robot();
  const auto before = numbers();
  replace(parts.transports, "path: /ws", "path: /ws, ping_interval: 19s");

  const auto report = applied();

  EXPECT_EQ(report.done.steps, (Steps{{Kind::Reconfigure, "transports.realtime", {"ping_interval: 20s -> 19s"}}}));
  EXPECT_EQ(numbers(), before);
  EXPECT_TRUE(broker->plan(config_of(parts)).empty());
  talks(*peer);
}

TEST_F(ApplyTest, ALimitThatATransportHasReadGivesItANewGeneration) {
  serve();
  auto peer = robot();
  const auto before = numbers();
  parts.limits += ", max_message: 128KiB, messages_per_second: 7000";

  const auto report = applied();

  ASSERT_NE(report.done.find("transports.realtime"), nullptr);
  EXPECT_EQ(report.done.find("transports.realtime")->details,
            std::vector<std::string>{"limits.max_message: 64KiB -> 128KiB"});
  ASSERT_EQ(report.swaps.size(), 1u);
  EXPECT_EQ(report.swaps.front().moved, 1u);
  EXPECT_EQ(numbers().at("transports.realtime"), 2u);
  EXPECT_EQ(numbers().at("handlers.select_object"), before.at("handlers.select_object"));
  talks(*peer);
}

TEST_F(ApplyTest, ATransportIsReplacedByAnotherImplementationAndItsClientsStay) {
  serve();
  auto peer = robot();
  replace(parts.transports, "plugin: websocket", "plugin: websocket_beast");

  const auto report = applied();

  ASSERT_EQ(report.swaps.size(), 1u);
  EXPECT_EQ(report.swaps.front().moved, 1u);
  EXPECT_EQ(report.swaps.front().staying, 0u);
  talks(*peer);
}

TEST_F(ApplyTest, ATransportMovesToAnotherPathAndItsClientsStay) {
  serve();
  auto peer = robot();
  replace(parts.transports, "path: /ws", "path: /map");

  applied();

  talks(*peer);
  EXPECT_EQ(Peer::asked(socket(), "/ws"), "HTTP/1.1 404 Not Found");
  Peer late(socket(), "/map");
  EXPECT_NE(answer(late, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);
  EXPECT_FALSE(broker->rollback("transports.realtime")) << "the generation before answers to another path";
  EXPECT_EQ(broker->listening().front().mounts.front().path, "/map");
}

TEST_F(ApplyTest, ATransportMayComeAndGo) {
  serve();
  auto peer = robot();
  const auto without = parts.transports;
  parts.transports += "  second: { plugin: websocket, listener: public, path: /second }\n";
  applied();
  Peer other(socket(), "/second");
  EXPECT_NE(answer(other, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);
  talks(other);
  EXPECT_NE(peer->hear().find("select_object"), std::string::npos);

  parts.transports = without;
  applied();
  EXPECT_EQ(other.hear(), "") << "its clients are told to go";
  EXPECT_EQ(Peer::asked(socket(), "/second"), "HTTP/1.1 404 Not Found");
  until({}, "transports.second");
  talks(*peer);
}

TEST_F(ApplyTest, AListenerMayComeAndGoAndHaveAnotherAddress) {
  serve();
  auto peer = robot();
  const auto second = (folder / "second").string(), third = (folder / "third").string();
  const auto before = parts;
  parts.listeners += "  inner: { address: \"unix:" + second + "\" }\n";
  parts.transports += "  inside: { plugin: websocket, listener: inner, path: /ws }\n";
  applied();
  Peer inside(second);
  EXPECT_NE(answer(inside, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);

  replace(parts.listeners, second, third);
  applied();
  EXPECT_FALSE(std::filesystem::exists(second));
  Peer late(third);
  EXPECT_NE(answer(late, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);
  talks(inside);
  EXPECT_NE(late.hear().find("select_object"), std::string::npos);

  parts = before;
  applied();
  EXPECT_FALSE(std::filesystem::exists(third));
  EXPECT_EQ(inside.hear(), "");
  EXPECT_EQ(broker->listening().size(), 1u);
}

TEST_F(ApplyTest, AListenerMayBeRenamedAndKeepsItsSocket) {
  serve();
  auto peer = robot();
  replace(parts.listeners, "public:", "outer:");
  replace(parts.transports, "listener: public", "listener: outer");

  applied();

  talks(*peer);
  talks(*robot());
  ASSERT_EQ(broker->listening().size(), 1u);
  EXPECT_EQ(broker->listening()[0].listener, "outer");
}

TEST_F(ApplyTest, TwoListenersMayExchangeTheirAddresses) {
  const auto second = (folder / "second").string();
  parts.listeners += "  inner: { address: \"unix:" + second + "\" }\n";
  parts.transports += "  inside: { plugin: websocket, listener: inner, path: /inside }\n";
  serve();
  auto peer = robot();
  replace(parts.listeners, second, "elsewhere");
  replace(parts.listeners, socket(), second);
  replace(parts.listeners, "elsewhere", socket());

  applied();

  talks(*peer);
  Peer moved(second, "/ws"), inside(socket(), "/inside");
  for (auto* one : {&moved, &inside}) {
    EXPECT_NE(answer(*one, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);
  }
}

TEST_F(ApplyTest, WhatOnlyARestartCanChangeIsRefusedWithEverythingElse) {
  serve();
  const auto before = numbers();
  parts.rest = "workers: 1\n";
  replace(parts.routes, "to: web_ui,", "to: web_ui, ack: true,");

  const auto report = apply();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Conflict);
  EXPECT_EQ(report.error().message, "Only a restart can change workers: 2 -> 1");
  EXPECT_EQ(broker->plan(config_of(parts)).steps.size(), 1u) << "the route has not changed either";
  EXPECT_EQ(numbers(), before);
}

/// Whatever one new component does, no other one has come, and nothing has changed.
class ApplyFault : public ApplyTest, public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

TEST_P(ApplyFault, LeavesEverythingAsItWas) {
  parts.limits += ", max_message: 32KiB";
  serve();
  auto peer = robot();
  const auto before = numbers();
  const auto sound = parts;
  misbehaves(std::get<0>(GetParam()), std::get<1>(GetParam()));
  parts.limits = "rollback_window: 1m, max_message: 8KiB";
  parts.routes += "  note: { from: web_ui, to: web_ui, handler: select_object }\n";
  replace(parts.routes, "to: web_ui,", "to: web_ui, ack: true,");
  parts.listeners += "  inner: { address: \"unix:" + (folder / "second").string() + "\" }\n";
  parts.transports += "  zealous: { plugin: moody_transport, listener: inner, path: /moody }\n";

  const auto report = apply();

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("transports.zealous"), std::string::npos) << report.error().message;
  EXPECT_EQ(numbers(), before);
  EXPECT_FALSE(std::filesystem::exists(folder / "second"));
  EXPECT_TRUE(broker->plan(config_of(sound)).empty());
  talks(*peer);
}
INSTANTIATE_TEST_SUITE_P(Steps, ApplyFault,
                         testing::Combine(testing::Values("configure", "prepare", "start"),
                                          testing::Values("fail", "throw")));

TEST_F(ApplyTest, AnAddressThatIsTakenLeavesEverythingAsItWas) {
  serve();
  auto peer = robot();
  const auto before = numbers();
  parts.listeners += "  inner: { address: \"unix:" + (folder / "no" / "such").string() + "\" }\n";
  replace(parts.routes, "to: web_ui,", "to: web_ui, ack: true,");

  const auto report = apply();

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("such"), std::string::npos) << report.error().message;
  EXPECT_EQ(numbers(), before);
  talks(*peer);
}

TEST_F(ApplyTest, AHandlerThatGoesDecidesWhatItHasPutOff) {
  replace(parts.routes, "handler: select_object", "handler: \"parts:later\"");
  parts.limits = "rollback_window: 0s";
  serve();
  auto peer = robot();
  const std::string late = R"({"type":"select_object","prim_path":"/a","decision":"timer"})";
  peer->say(late);
  replace(parts.routes, "handler: \"parts:later\"", "handler: select_object");
  applied();

  std::string heard;
  do heard = peer->hear();
  while (!heard.empty() && heard != late);
  EXPECT_EQ(heard, late);
  until({"2 current 0"}, "handlers.select_object");
  talks(*peer);
}

}  // namespace
}  // namespace omnibroker::core
