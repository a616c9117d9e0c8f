#include "probe.hpp"

#include <omnibroker/latest.hpp>
#include <omnibroker/notices.hpp>
#include <omnibroker/subscriptions.hpp>

namespace omnibroker::testing {
namespace {

using namespace std::chrono_literals;

using SubscriptionsOfMemory = ProbeTest;

TEST_F(SubscriptionsOfMemory, RecordWhatAHandlerAsksFor) {
  auto& handler = start("handler");
  FakeCall call(host);
  script().handle = [this](const Message&, Call& given) {
    const Subscriptions subscriptions(host.host());
    Subscription wanted, once;
    wanted.id = "a";
    wanted.type = "t";
    wanted.key_glob = "/World/**";
    wanted.boxes = {{2, {1, 2, 0}, {3, 4, 0}}};
    wanted.min_interval = 500ms;
    wanted.slow_clients = Subscription::SlowClients::Disconnect;
    EXPECT_TRUE(subscriptions.subscribe(given, wanted));
    once.type = "u";
    EXPECT_TRUE(subscriptions.snapshot(given, once));
    EXPECT_TRUE(subscriptions.unsubscribe(given, "a"));
    return Outcome::consume();
  };

  handler.handle(R"({"type":"t"})", call);

  ASSERT_EQ(call.subscribed.size(), 1u);
  EXPECT_EQ(call.subscribed[0].id, "a");
  EXPECT_EQ(call.subscribed[0].type, "t");
  EXPECT_EQ(call.subscribed[0].key_glob, "/World/**");
  ASSERT_EQ(call.subscribed[0].boxes.size(), 1u);
  EXPECT_EQ(call.subscribed[0].boxes[0].high[1], 4);
  EXPECT_EQ(call.subscribed[0].min_interval, 500ms);
  EXPECT_EQ(call.subscribed[0].slow_clients, Subscription::SlowClients::Disconnect);
  ASSERT_EQ(call.snapshots.size(), 1u);
  EXPECT_EQ(call.snapshots[0].type, "u");
  EXPECT_EQ(call.unsubscribed, std::vector<std::string>{"a"});
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(SubscriptionsOfMemory, RefuseWhereTheTestSaysSo) {
  auto& handler = start("handler");
  FakeCall call(host);
  call.subscription_status = OMNIBROKER_RESOURCE_EXHAUSTED;
  call.subscription_refusal = "Too many";
  script().handle = [this](const Message&, Call& given) {
    const Subscriptions subscriptions(host.host());
    const auto refused = subscriptions.subscribe(given, {});
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
    EXPECT_EQ(refused.error().message, "Too many");
    EXPECT_FALSE(subscriptions.unsubscribe(given, "a"));
    return Outcome::consume();
  };

  handler.handle(R"({"type":"t"})", call);

  EXPECT_EQ(call.subscribed.size(), 1u);
}

class LatestOfMemory : public ProbeTest {
 protected:
  LatestOfMemory() {
    script().open = [this](Connection& given, const Request&) { connection = given; };
    peer = &host.connect(start("transport"));
    peer->feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  /// `key=payload@age` of each, or "no route".
  std::string listed(std::string_view prefix, std::string_view after, std::size_t most = 9) {
    std::string out;
    const bool known = LatestMessages(host.host()).list(connection, "t", prefix, after, [&](const Latest& latest) {
      out.append(latest.key).append("=").append(latest.payload).append("@");
      out.append(std::to_string(latest.age / 1s)).append(" ");
      return --most > 0;
    });
    return known ? out : "no route";
  }

  FakeConnection* peer = nullptr;
  Connection connection;
};

TEST_F(LatestOfMemory, ListsInTheOrderOfTheKeys) {
  EXPECT_EQ(listed("", ""), "no route");
  host.keep_latest("t");
  EXPECT_EQ(listed("", ""), "");
  host.set_latest("t", "/b", "2");
  host.advance(3s);
  host.set_latest("t", "/a/x", "1");

  EXPECT_EQ(listed("", ""), "/a/x=1@0 /b=2@3 ");
  EXPECT_EQ(listed("", "", 1), "/a/x=1@0 ");
  EXPECT_EQ(listed("/b", ""), "/b=2@3 ");
  EXPECT_EQ(listed("", "/a/x"), "/b=2@3 ");
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(LatestOfMemory, GetsOne) {
  host.set_latest("t", "/a", "1");
  const LatestMessages latest(host.host());
  std::string got;
  const LatestMessages::Visit visit = [&](const Latest& message) {
    got = message.payload;
    return true;
  };

  EXPECT_FALSE(latest.get(connection, "t", "/", visit));
  EXPECT_FALSE(latest.get(connection, "u", "/a", visit));
  EXPECT_TRUE(latest.get(connection, "t", "/a", visit));
  EXPECT_EQ(got, "1");
}

TEST_F(LatestOfMemory, NotesAConnectionThatIsOver) {
  host.keep_latest("t");
  peer->disconnect();
  listed("", "");

  EXPECT_EQ(host.violations(),
            std::vector<std::string>{"latest messages were read on a connection whose request was over"});
}

}  // namespace
}  // namespace omnibroker::testing
