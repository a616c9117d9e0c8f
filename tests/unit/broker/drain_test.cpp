#include "applying.hpp"
#include "runtime/departure.hpp"

#include <optional>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;

class DrainTest : public ApplyingTest {
 protected:
  DrainTest() { replace(parts.transports, "websocket", "websocket, close_timeout: 100ms"); }  // peers answer no close

  static constexpr auto kRealtime = "transports.realtime";

  /// Everybody is told at once, and whoever has to go has left when this comes back.
  DrainReport drained(std::string_view name) {
    auto departure = broker->begin_drain(name, 0ms);
    EXPECT_TRUE(departure) << departure.error().message;
    auto report = broker->await_drain(**departure);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : DrainReport();
  }
  /// What another program would have.
  static int listens(const std::string& path) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    EXPECT_EQ(::listen(descriptor, 1), 0);
    return descriptor;
  }
  std::string asked() const { return Peer::asked(socket(), "/ws"); }

  static constexpr auto kRefused = "HTTP/1.1 503 Service Unavailable";
};

TEST_F(DrainTest, ATransportRefusesUntilItIsUndone) {
  serve();
  EXPECT_EQ(asked(), "HTTP/1.1 426 Upgrade Required");

  EXPECT_EQ(drained(kRealtime).told, 0u);

  EXPECT_EQ(asked(), kRefused);
  EXPECT_TRUE(broker->generations().back().draining);
  EXPECT_FALSE(broker->is_draining());
  ASSERT_TRUE(broker->undo_drain(kRealtime));
  talks(*robot());
  EXPECT_FALSE(broker->generations().back().draining);
}

TEST_F(DrainTest, ItBelongsToTheNameAndNotToAGeneration) {
  serve();
  drained(kRealtime);

  replace(parts.transports, "websocket", "websocket, ping_interval: 19s");
  applied();
  EXPECT_EQ(asked(), kRefused) << "another generation";
  replace(parts.transports, "/ws", "/socket");
  applied();
  EXPECT_EQ(Peer::asked(socket(), "/socket"), kRefused) << "another path";

  ASSERT_TRUE(broker->undo_drain(kRealtime));
  Peer peer(socket(), "/socket");
}

TEST_F(DrainTest, ATransportThatWasRemovedComesBackUndrained) {
  parts.transports += "  other: { plugin: websocket, listener: public, path: /other }\n";
  serve();
  drained("transports.other");
  EXPECT_EQ(Peer::asked(socket(), "/other"), kRefused);
  const auto with = parts.transports;
  parts.transports = with.substr(0, with.find("  other"));
  applied();

  parts.transports = with;
  applied();

  Peer peer(socket(), "/other");
  EXPECT_EQ(broker->undo_drain("transports.other").error().message, "transports.other is not drained");
}

TEST_F(DrainTest, ABrokerListensNowhereUntilItIsUndone) {
  serve();
  auto peer = robot();
  auto departure = broker->begin_drain({}, 24h);
  ASSERT_TRUE(departure) << departure.error().message;
  EXPECT_FALSE(std::filesystem::exists(socket()));
  EXPECT_TRUE(broker->listening().empty());
  EXPECT_TRUE(broker->is_draining());
  EXPECT_EQ((*departure)->over, 24h);

  ASSERT_TRUE(broker->undo_drain({}));

  EXPECT_EQ((*departure)->ended(), Departure::End::Undone);
  EXPECT_FALSE(broker->is_draining());
  talks(*robot());
}

TEST_F(DrainTest, OfSeveralClientsOneIsToldAndTheOthersWait) {
  serve();
  auto first = robot();
  std::vector<std::unique_ptr<Peer>> others;
  for (int i = 0; i < 5; ++i) others.push_back(robot());
  auto departure = broker->begin_drain(kRealtime, 24h);
  ASSERT_TRUE(departure) << departure.error().message;

  EXPECT_EQ(first->hear(), "") << "it ends";
  for (auto& peer : others) talks(*peer);
  EXPECT_EQ((*departure)->told(), 1u);
  EXPECT_EQ((*departure)->left(), 5u);
  ASSERT_TRUE(broker->undo_drain(kRealtime));
  for (auto& peer : others) talks(*peer);
}

TEST_F(DrainTest, ASecondDrainTakesOverAndAThirdIsRefused) {
  serve();
  auto peer = robot();
  auto other = robot();
  auto slow = broker->begin_drain(kRealtime, 24h);
  ASSERT_TRUE(slow);
  EXPECT_EQ(peer->hear(), "");

  EXPECT_EQ(drained(kRealtime).told, 1u);

  const auto refused = broker->await_drain(**slow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  EXPECT_EQ(other->hear(), "");
  const auto again = broker->begin_drain(kRealtime, 0ms);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "transports.realtime is drained already, and all clients have been told to go");
}

TEST_F(DrainTest, NothingIsOpenedByAnApplyMeanwhileAndEverythingByTheUndo) {
  serve();
  drained({});
  const auto second = (folder / "second").string();
  const auto moved = (folder / "moved").string();
  replace(parts.listeners, socket(), moved);
  parts.listeners += "  more: { address: \"unix:" + second + "\" }\n";
  applied();
  EXPECT_FALSE(std::filesystem::exists(second));
  EXPECT_FALSE(std::filesystem::exists(moved));

  ASSERT_TRUE(broker->undo_drain({}));

  EXPECT_TRUE(std::filesystem::exists(second));
  EXPECT_FALSE(std::filesystem::exists(socket()));
  Peer peer(moved);
}

TEST_F(DrainTest, AListenerThatIsRemovedMeanwhileStaysClosed) {
  const auto second = (folder / "second").string();
  const auto before = parts.listeners;
  parts.listeners += "  more: { address: \"unix:" + second + "\" }\n";
  serve();
  drained({});
  parts.listeners = before;
  applied();

  ASSERT_TRUE(broker->undo_drain({}));

  EXPECT_FALSE(std::filesystem::exists(second));
  EXPECT_EQ(broker->listening().size(), 1u);
  talks(*robot());
}

TEST_F(DrainTest, AnAddressThatIsTakenChangesNothing) {
  const auto second = (folder / "second").string();
  parts.listeners += "  more: { address: \"unix:" + second + "\" }\n";
  serve();
  drained({});
  const int other = listens(second);

  const auto undone = broker->undo_drain({});

  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().message, "Cannot listen on unix:" + second + ": another program is using it");
  EXPECT_FALSE(std::filesystem::exists(socket())) << "the first one was opened before";
  EXPECT_TRUE(broker->is_draining());
  EXPECT_TRUE(broker->listening().empty());
  ::close(other);
  ASSERT_TRUE(broker->undo_drain({}));
  talks(*robot());
}

TEST_F(DrainTest, AStopEndsTheWaitForIt) {
  serve();
  auto first = robot();
  auto peer = robot();
  auto departure = broker->begin_drain({}, 24h);
  ASSERT_TRUE(departure);
  std::optional<Error> answer;
  std::thread waiting([&] { answer = broker->await_drain(**departure).error(); });

  broker->announce_stop();

  waiting.join();
  EXPECT_EQ(answer->message, "The broker is stopping");
  EXPECT_EQ(broker->begin_drain(kRealtime, 0ms).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(broker->undo_drain({}).error().code, ErrorCode::Unavailable);
  broker->stop(30s);
  EXPECT_EQ(peer->hear(), "");
}

TEST_F(DrainTest, WhatHasNoConnectionsIsRefused) {
  serve();

  EXPECT_EQ(broker->begin_drain("transports.nobody", 0ms).error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->undo_drain("transports.nobody").error().code, ErrorCode::NotFound);
  EXPECT_EQ(broker->begin_drain("handlers.select_object", 0ms).error().message,
            "handlers.select_object has no connections that could be told to go");
  EXPECT_EQ(broker->undo_drain({}).error().message, "The broker is not drained");
}

TEST_F(DrainTest, ClientsAreToldWhileTheirTransportIsReplaced) {
  serve();
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 40; ++i) peers.push_back(robot());
  auto departure = broker->begin_drain(kRealtime, 500ms);
  ASSERT_TRUE(departure);
  for (int n = 0; (*departure)->is_under_way(); ++n) {
    ASSERT_TRUE(
        broker->swap(component(n % 2 == 0 ? "websocket, close_timeout: 90ms" : "websocket, close_timeout: 110ms")));
  }
  EXPECT_EQ((*departure)->told(), 40u);
  for (auto& peer : peers) EXPECT_EQ(peer->hear(), "");
}

TEST_F(DrainTest, ItEndsWithTheTransportThatItIsFor) {
  parts.transports += "  other: { plugin: websocket, close_timeout: 100ms, listener: public, path: /other }\n";
  serve();
  Peer first(socket(), "/other"), second(socket(), "/other");
  auto departure = broker->begin_drain("transports.other", 1h);
  ASSERT_TRUE(departure);
  const auto with = parts.transports;
  parts.transports = with.substr(0, with.find("  other"));
  applied();
  parts.transports = with;
  applied();

  const auto report = broker->await_drain(**departure);

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Conflict);
  Peer fresh(socket(), "/other");
  EXPECT_NE(answer(fresh, R"({"type":"client_register","client_type":"web_ui"})").find("ack"), std::string::npos);
  talks(fresh);
}

}  // namespace
}  // namespace omnibroker::core
