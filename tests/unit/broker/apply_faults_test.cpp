// Faults that a change of a running broker once had, each as it was found.
#include "applying.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

namespace omnibroker::core {
namespace {

class ApplyFaultsTest : public ApplyingTest {
 protected:
  /// The value of a metric without labels.
  double metric(const std::string& name) const {
    const auto text = "\n" + metrics.prometheus();
    const auto at = text.find("\n" + name);
    return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 1 + name.size());
  }
  std::string logged() const {
    std::ifstream in(folder / "log");
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
};

TEST_F(ApplyFaultsTest, WhatHasStartedIsStoppedBeforeItIsDestroyed) {
  serve();
  parts.routes += "  one: { from: web_ui, to: web_ui, handler: \"restless:threaded\" }\n";
  parts.routes += "  two: { from: web_ui, to: web_ui, handler: \"parts:refuses_to_start\" }\n";
  EXPECT_FALSE(apply());
  EXPECT_NE(logged().find("threaded stop"), std::string::npos);
}

TEST_F(ApplyFaultsTest, WhatANewBridgePublishesWithItsStartIsDelivered) {
  serve();
  auto peer = robot();
  parts.routes += "  announced: { from: bus, to: web_ui, handler: \"parts:forward\" }\n";
  parts.rest += "bridges: { bus: { plugin: \"restless:announces\", role: bus } }\n";
  auto report = apply();
  ASSERT_TRUE(report) << report.error().message;
  peer->say(R"({"type":"select_object","prim_path":"/end"})");
  const auto first = peer->hear();
  EXPECT_NE(first.find("announced"), std::string::npos) << first << "\n" << logged();
}

TEST_F(ApplyFaultsTest, ANewBridgeWithANewRoleMayUseARouteForAnyone) {
  parts.routes += "  announced: { from: anyone, to: web_ui, handler: \"parts:forward\" }\n";
  serve();
  auto peer = robot();
  parts.routes += "  x: { from: bus, to: web_ui, handler: \"parts:forward\" }\n";
  parts.rest += "bridges: { bus: { plugin: \"restless:announces\", role: bus } }\n";
  auto report = apply();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(peer->hear().find("announced"), std::string::npos) << logged();
}

TEST_F(ApplyFaultsTest, APlanSeesALimitThatARollbackBroughtBack) {
  serve();
  auto peer = robot();
  parts.limits += ", max_message: 128KiB";
  ASSERT_TRUE(apply());
  ASSERT_TRUE(broker->rollback("transports.realtime"));
  EXPECT_FALSE(broker->plan(config_of(parts)).empty()) << "what runs goes by 64KiB, the file says 128KiB";
}

TEST_F(ApplyFaultsTest, NoLastValueIsKeptByAKeyOfBefore) {
  parts.routes += "  held: { from: web_ui, to: web_ui, handler: \"parts:later\", latest_by: a }\n";
  serve();
  auto peer = robot();
  EXPECT_NE(answer(*peer, R"({"type":"select_object","prim_path":"/"})"), "");
  peer->say(R"({"type":"held","a":"A","b":"B","n":"old","decision":"held"})");
  talks(*peer);
  replace(parts.routes, "latest_by: a", "latest_by: b");
  ASSERT_TRUE(apply());
  peer->say(R"({"type":"held","decide":"accept"})");
  peer->say(R"({"type":"held","a":"A","b":"B","n":"new","decision":"at once"})");
  std::string both;
  do both += peer->hear();
  while (both.find("\"new\"") == std::string::npos || both.find("\"old\"") == std::string::npos);
  auto late = robot();
  late->say(R"({"type":"select_object","prim_path":"/end"})");
  std::string all, heard;
  do {
    heard = late->hear();
    all += heard + "\n";
  } while (!heard.empty() && heard.find("/end") == std::string::npos);
  EXPECT_EQ(all.find("\"old\""), std::string::npos) << "two last values of what has one key now:\n" << all;
}

TEST_F(ApplyFaultsTest, ARoleThatIsTakenOffARouteGetsNothingThatComesLater) {
  parts.routes +=
      "  moved: { from: [web_ui, drone], to: [web_ui, drone], handler: \"parts:forward\", latest_by: id }\n"
      "  subscribe: { from: [web_ui, drone], handler: \"subscriptions:subscribe\" }\n";
  replace(parts.routes, "handler: client_register",
          "handler: { plugin: client_register, client_types: [web_ui, drone] }");
  parts.rest = "workers: 1\n";
  serve();
  auto map = robot();
  Peer drone(socket());
  EXPECT_NE(answer(drone, R"({"type":"client_register","client_type":"drone"})").find("ack"), std::string::npos);
  auto other = robot();  // with the same interval, so that what it gets in time the drone would have got, too
  for (auto* each : {&drone, other.get()}) {
    each->say(R"({"type":"subscribe","id":"s","message_type":"moved","min_interval":0.3})");
    EXPECT_NE(each->hear().find("ack"), std::string::npos);
  }
  map->say(R"({"type":"moved","id":"1","n":"first"})");
  EXPECT_NE(drone.hear().find("first"), std::string::npos);
  map->say(R"({"type":"moved","id":"1","n":"second"})");
  EXPECT_NE(map->hear().find("first"), std::string::npos);
  EXPECT_NE(map->hear().find("second"), std::string::npos);
  replace(parts.routes, "to: [web_ui, drone], handler: \"parts:forward\"", "to: web_ui, handler: \"parts:forward\"");
  ASSERT_TRUE(apply());
  map->say(R"({"type":"moved","id":"1","n":"secret"})");
  EXPECT_NE(map->hear().find("secret"), std::string::npos);
  std::string heard;
  do heard = other->hear();
  while (!heard.empty() && heard.find("secret") == std::string::npos);
  EXPECT_NE(heard, "");
  drone.say(R"({"type":"client_register","client_type":"drone"})");
  const auto next = drone.hear();
  EXPECT_EQ(next.find("secret"), std::string::npos) << next;
}

TEST_F(ApplyFaultsTest, WhatWasLeftOutBarsNoOtherChange) {
  parts.routes +=
      "  two: { from: web_ui, to: web_ui, handler: { plugin: \"parts:refuses_to_start\", required: false } }\n";
  serve();
  EXPECT_TRUE(broker->plan(config_of(parts)).empty()) << "the file is what the broker was started with";
  replace(parts.routes, "to: web_ui, handler: select_object", "to: web_ui, ack: true, handler: select_object");
  const auto report = apply();
  EXPECT_TRUE(report) << report.error().message;
}

TEST_F(ApplyFaultsTest, AMessageThatHasBegunIsReadToItsEndWhenLimitsFall) {
  parts.limits += ", max_message: 64KiB, max_body: 4KiB, max_request_head: 4KiB";
  serve();
  auto peer = robot();
  const std::string big = R"({"type":"select_object","prim_path":")" + std::string(60'000, 'x') + "\"}";
  std::string frame = std::string("\x81\xfe", 2);
  frame += static_cast<char>(big.size() >> 8);
  frame += static_cast<char>(big.size() & 0xff);
  frame += std::string(4, '\0') + big;
  peer->write(frame.substr(0, 40'000));
  while (metric("omnibroker_received_bytes_total ") < 40'000) std::this_thread::yield();
  parts.limits =
      "rollback_window: 10m, max_message: 4KiB, max_body: 4KiB, max_request_head: 4KiB, max_control_queue: 4KiB";
  auto report = apply();
  ASSERT_TRUE(report) << report.error().message;
  peer->write(frame.substr(40'000));
  peer->say(R"({"type":"select_object","prim_path":"/end"})");
  const auto heard = peer->hear();
  EXPECT_NE(heard.find("INVALID_MESSAGE_FORMAT"), std::string::npos) << heard;
}

TEST_F(ApplyFaultsTest, AnIdleTimeoutIsForThoseWhoAreThereToo) {
  parts.limits += ", idle_timeout: off";
  replace(parts.transports, "path: /ws", "path: /ws, ping_interval: off");
  serve();
  auto peer = robot();
  parts.limits = "rollback_window: 10m, idle_timeout: 1s";
  auto report = apply();
  ASSERT_TRUE(report) << report.error().message;
  const auto deadline = Clock::now() + 40s;
  while (!broker->sessions().empty() && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(broker->sessions().empty());
}

TEST_F(ApplyFaultsTest, TheOrderOfRoutesIsNoDifference) {
  parts.routes =
      "  client_register: { from: anyone, handler: client_register }\n"
      "  select_object: { from: web_ui, to: web_ui, handler: { plugin: select_object, isolation: process } }\n"
      "  note: { from: drone, to: drone, handler: select_object }\n";
  const auto now = config_of(parts);
  parts.routes =
      "  client_register: { from: anyone, handler: client_register }\n"
      "  note: { from: drone, to: drone, handler: select_object }\n"
      "  select_object: { from: web_ui, to: web_ui, handler: { plugin: select_object, isolation: process } }\n";
  const auto next = config_of(parts);
  RunningFacts facts;
  facts.runs = [](std::string_view) { return true; };
  facts.made_with = [](std::string_view) { return MadeWith{{}, {"drone", "web_ui"}}; };
  facts.limits_read = [](std::string_view) { return std::vector<std::string>(); };
  facts.tls_files_differ = [](const ListenerConfig&) { return false; };
  const auto plan = make_plan(now, next, facts);
  EXPECT_TRUE(plan.empty()) << plan.steps.front().name << " " << plan.steps.front().details.front();
}

TEST_F(ApplyFaultsTest, ATimerOfWhatWasUndoneDoesNotComeBack) {
  serve();
  auto peer = robot();
  parts.routes += "  one: { from: web_ui, to: web_ui, handler: \"restless:ticks\" }\n";
  parts.routes += "  two: { from: web_ui, to: web_ui, handler: \"parts:refuses_to_start\" }\n";
  ASSERT_FALSE(apply());
  std::this_thread::sleep_for(std::chrono::seconds(1));
  talks(*peer);
}

TEST_F(ApplyFaultsTest, ATimerOfWhatHasEndedDoesNotComeBack) {
  parts.limits = "rollback_window: 0s";
  const auto sound = parts;
  parts.routes += "  one: { from: web_ui, to: web_ui, handler: \"restless:ticks\" }\n";
  serve();
  auto peer = robot();
  parts = sound;
  ASSERT_TRUE(apply());
  std::this_thread::sleep_for(std::chrono::seconds(2));
  talks(*peer);
}

TEST_F(ApplyFaultsTest, APathIsThereAllTheTime) {
  parts.transports += "  second: { plugin: websocket, listener: public, path: /second }\n";
  serve();
  auto peer = robot();
  std::vector<std::unique_ptr<Peer>> many;
  for (int i = 0; i < 600; ++i) many.push_back(std::make_unique<Peer>(socket()));
  parts.limits += ", max_message: 128KiB";
  replace(parts.transports, "second:", "third:");
  std::atomic<bool> done{false};
  std::atomic<int> missing{0};
  std::thread asks([&] {
    while (!done) missing += Peer::asked(socket(), "/second").find("404") != std::string::npos ? 1 : 0;
  });
  auto report = apply();
  done = true;
  asks.join();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(missing.load(), 0) << "the path is in both configurations";
}

TEST_F(ApplyFaultsTest, EverythingAtOnceLosesNothing) {
  parts.limits += ", messages_per_second: off, frames_per_second: off";
  parts.rest = "workers: 4\nbridges: { mirror: { plugin: \"parts:mirror\", role: mirror } }\n";
  parts.routes +=
      "  moved: { from: web_ui, to: [web_ui, mirror], handler: \"parts:forward\", latest_by: id }\n"
      "  echoed: { from: mirror, to: web_ui, handler: \"parts:forward\" }\n"
      "  held: { from: web_ui, to: web_ui, handler: \"parts:later\", latest_by: id }\n";
  serve();
  std::atomic<bool> done{false};
  std::atomic<int> lost{0}, changes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto peer = robot();
      for (int i = 0; !done; ++i) {
        const auto id = std::to_string(t) + "_" + std::to_string(i);
        const auto mark = R"({"type":"select_object","prim_path":"/)" + id + "\"}";
        peer->say(R"({"type":"moved","id":")" + std::to_string(i % 5) + R"(","prim_path":"/m"})");
        peer->say(R"({"type":"held","id":")" + std::to_string(i % 5) + R"(","decision":"timer"})");
        peer->say(mark);
        std::string heard, all;
        do {
          heard = peer->hear();
          if (heard.find("error") != std::string::npos) all += heard + "\n";
        } while (!heard.empty() && heard != mark);
        if (heard.empty()) {
          ++lost;
          std::fprintf(stderr, "client %d lost %s at change %d, errors: %s\n", t, mark.c_str(), changes.load(),
                       all.c_str());
          return;
        }
      }
    });
  }
  const auto same = config_of(parts);
  threads.emplace_back([&] {
    while (!done) {
      static_cast<void>(broker->sessions());
      static_cast<void>(broker->generations());
      static_cast<void>(broker->listening());
      static_cast<void>(broker->config());
      static_cast<void>(broker->plan(same));
    }
  });
  const auto base = parts;
  int n = 0, failed = 0;
  while (n < 40) {
    auto next = base;
    switch (++n % 8) {
      case 0: replace(next.routes, "latest_by: id }\n  echoed", "latest_by: id, latest_max: 2 }\n  echoed"); break;
      case 1:
        next.routes +=
            "  extra: { from: [drone, web_ui], to: [drone, web_ui], handler: \"parts:forward\", latest_by: x }\n";
        break;
      case 2:
        replace(next.rest, "role: mirror", "role: other");
        replace(next.routes, "mirror]", "other]");
        replace(next.routes, "from: mirror", "from: other");
        break;
      case 3: next.limits += ", max_message: 128KiB"; break;
      case 4: replace(next.routes, "latest_by: id }\n  echoed", "latest_by: prim_path }\n  echoed"); break;
      case 5: replace(next.transports, "path: /ws", "path: /ws, ping_interval: 19s"); break;
      case 6:
        next.listeners += "  inner: { address: \"unix:" + (folder / "second").string() + "\" }\n";
        next.transports += "  inside: { plugin: websocket, listener: inner, path: /ws }\n";
        break;
      default: replace(next.transports, "plugin: websocket", "plugin: websocket_beast"); break;
    }
    changes = n;
    auto report = broker->apply(config_of(next));
    if (!report) {
      ++failed;
      std::fprintf(stderr, "%d: %s\n", n, report.error().message.c_str());
    }
    if (n % 3 == 0) static_cast<void>(broker->rollback("transports.realtime"));
  }
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lost.load(), 0);
  EXPECT_EQ(failed, 0);
}

TEST_F(ApplyFaultsTest, OneMessageGoesByOneConfigurationOnEveryWorker) {
  parts.routes +=
      "  held: { from: web_ui, to: web_ui, handler: \"parts:later\" }\n"
      "  drones: { from: web_ui, to: drone, handler: \"parts:forward\" }\n";
  replace(parts.routes, "handler: client_register",
          "handler: { plugin: client_register, client_types: [web_ui, drone] }");
  serve();
  std::vector<std::unique_ptr<Peer>> webs, drones;
  for (int i = 0; i < 2; ++i) webs.push_back(robot());
  for (int i = 0; i < 2; ++i) {
    drones.push_back(std::make_unique<Peer>(socket()));
    EXPECT_NE(answer(*drones.back(), R"({"type":"client_register","client_type":"drone"})").find("ack"),
              std::string::npos);
  }
  webs[0]->say(R"({"type":"held","n":"HELD","decision":"held"})");
  talks(*webs[0]);
  replace(parts.routes, "held: { from: web_ui, to: web_ui", "held: { from: web_ui, to: drone");
  ASSERT_TRUE(apply());
  webs[0]->say(R"({"type":"held","decide":"accept"})");
  int got_web = 0, got_drone = 0;
  for (int acks = 0; acks < 2;) {  // one for the call that was held, which comes behind its delivery
    const auto heard = webs[0]->hear();
    ASSERT_NE(heard, "");
    acks += heard.find("\"ack\"") != std::string::npos ? 1 : 0;
    got_web += heard.find("HELD") != std::string::npos ? 1 : 0;
  }
  webs[0]->say(R"({"type":"select_object","prim_path":"/end"})");
  webs[0]->say(R"({"type":"drones","prim_path":"/end"})");
  const auto has = [](Peer& peer) {
    std::string heard, all;
    do {
      heard = peer.hear();
      all += heard;
    } while (!heard.empty() && heard.find("/end") == std::string::npos);
    return all.find("HELD") != std::string::npos ? 1 : 0;
  };
  for (auto& one : webs) got_web += has(*one);
  for (auto& one : drones) got_drone += has(*one);
  EXPECT_TRUE((got_web == 2 && got_drone == 0) || (got_web == 0 && got_drone == 2))
      << got_web << " of 2 web_ui and " << got_drone << " of 2 drones got it";
}

TEST_F(ApplyFaultsTest, ABridgeChangesItsRoleAndLosesNothing) {
  parts.limits += ", messages_per_second: off, frames_per_second: off";
  parts.rest = "workers: 2\nbridges: { mirror: { plugin: \"parts:mirror\", role: mirror } }\n";
  parts.routes +=
      "  moved: { from: web_ui, to: [web_ui, mirror], handler: \"parts:forward\" }\n"
      "  echoed: { from: mirror, to: web_ui, handler: \"parts:forward\" }\n";
  serve();
  const auto base = parts;
  auto other = parts;
  replace(other.rest, "role: mirror", "role: other");
  replace(other.routes, "mirror]", "other]");
  replace(other.routes, "from: mirror", "from: other");
  std::atomic<bool> done{false};
  std::thread talker([&] {
    auto peer = robot();
    while (!done) {
      for (int i = 0; i < 50; ++i) peer->say(R"({"type":"moved","prim_path":"/m"})");
      for (int i = 0; i < 50; ++i) static_cast<void>(peer->hear());
      talks(*peer);
    }
  });
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(broker->apply(config_of(i % 2 == 0 ? other : base)));
  done = true;
  talker.join();
  const auto all = logged();
  std::size_t refused = 0;
  std::string last;
  for (std::size_t at = 0; (at = all.find("Answered refused=1", at)) != std::string::npos; ++at) {
    ++refused;
    last = all.substr(at, 60);
  }
  EXPECT_EQ(refused, 0u) << last
                         << metrics.prometheus().substr(metrics.prometheus().find("omnibroker_messages_total"), 120);
}

TEST_F(ApplyFaultsTest, ThereIsNoBrokerWithoutReplies) {
  const auto loaded = parse_config("reply: { plugin: reply, required: false }\n", "test", {});
  const std::string wanted =
      "test:1:8: reply.required: expected true: without replies nobody could be told of a mistake";
  EXPECT_TRUE(std::any_of(loaded.errors.begin(), loaded.errors.end(),
                          [&](const auto& error) { return error.to_string() == wanted; }));
}

}  // namespace
}  // namespace omnibroker::core
