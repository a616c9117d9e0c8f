#include "probe.hpp"

namespace omnibroker::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHead = "GET /p%20q/x?a=b HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two:  2 \r\n\r\n";

class Connections : public ProbeTest {
 protected:
  FakeConnection& connect() {
    if (!component) start("transport");
    return host.connect(*component, "/p q");
  }
  /// One whose request has been opened.
  FakeConnection& opened() {
    auto& connection = connect();
    connection.feed(kHead);
    EXPECT_TRUE(connection.open());
    return connection;
  }
};

TEST_F(Connections, ReadARequestHeadInAnyPieces) {
  for (const std::size_t piece : {std::size_t{1}, kHead.size()}) {
    bool seen = false;
    script().open = [&seen](Connection& connection, const Request& request) {
      seen = true;
      EXPECT_EQ(request.method(), "GET");
      EXPECT_EQ(request.target(), "/p%20q/x?a=b");
      EXPECT_EQ(request.path(), "/p q/x");
      EXPECT_EQ(request.query(), "a=b");
      EXPECT_EQ(request.path_below_mount(), "/x");
      EXPECT_EQ(request.header("X-TWO", 1), "2");
      EXPECT_EQ(request.header_count("x-two"), 2u);
      EXPECT_FALSE(request.content_length());
      EXPECT_TRUE(request.keep_alive());
      EXPECT_TRUE(connection.peer().starts_with("127.0.0.1:"));
    };
    connect().feed_in_pieces(kHead, piece);
    EXPECT_TRUE(seen);
  }
}

TEST_F(Connections, PresentWhatIsNotConsumedAgainAsItWasLeft) {
  std::vector<std::string> seen;
  script().receive = [&seen](Connection&, std::span<std::uint8_t> bytes) -> std::size_t {
    seen.emplace_back(bytes.begin(), bytes.end());
    bytes[0] = '!';
    return bytes.size() >= 3 ? 2 : 0;
  };
  auto& connection = opened();

  connection.feed_byte_by_byte("abc");

  EXPECT_EQ(seen, (std::vector<std::string>{"a", "!b", "!bc", "c"}))
      << "the rest of what was consumed is shown at once";
  EXPECT_EQ(connection.unconsumed(), "!");
}

TEST_F(Connections, AnswerPipelinedRequestsOnOneConnection) {
  script().open = [](Connection& connection, const Request& request) {
    connection.write(std::string(request.path()) + ";");
    connection.end_request(KeepAlive::Yes);
  };
  auto& connection = connect();

  connection.feed("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HT");
  EXPECT_EQ(connection.written(), "/1;/2;");
  connection.feed("TP/1.1\r\n\r\n");

  EXPECT_EQ(connection.take_written(), "/1;/2;/3;");
  EXPECT_EQ(connection.requests_opened(), 3u);
  EXPECT_EQ(connection.requests_ended(), 3u);
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::AwaitingHead);
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(Connections, CallClosedOnceBehindTheCallThatEnds) {
  std::vector<std::string> order;
  script().receive = [&order](Connection& connection, std::span<std::uint8_t> bytes) {
    connection.close(Flush::Yes);
    order.push_back("receive returns");
    return bytes.size();
  };
  script().closed = [&order](Connection&) { order.push_back("closed"); };
  auto& connection = opened();

  connection.feed("x");
  connection.feed("y");
  connection.disconnect();

  EXPECT_EQ(order, (std::vector<std::string>{"receive returns", "closed"}));
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

TEST_F(Connections, NoteWhatATransportMustNotDo) {
  const auto sentence = [this](const char* provoke) {
    component.reset();
    const auto before = host.violations().size();
    auto& connection = opened();
    connection.feed("x");
    connection.shutdown(ShutdownReason::Kicked, provoke);
    connection.disconnect();
    const auto all = host.violations();
    return all.size() == before + 1 ? all.back() : std::to_string(all.size() - before) + " violations";
  };

  script().receive = [](Connection&, std::span<std::uint8_t> bytes) { return bytes.size() + 1; };
  EXPECT_EQ(sentence("consume too much"), "receive consumed 2 of 1 bytes");

  script() = {};
  script().closed = [](Connection& connection) { connection.write("too late"); };
  EXPECT_EQ(sentence("write in closed"), "write was called on a connection after its request was over");

  script() = {};
  script().receive = [](Connection& connection, std::span<std::uint8_t> bytes) {
    connection.end_request(KeepAlive::Yes);
    connection.write("too late");
    return bytes.size();
  };
  EXPECT_EQ(sentence("write behind the end"), "write was called after end_request");

  script() = {};
  script().receive = [](Connection& connection, std::span<std::uint8_t> bytes) {
    connection.close(Flush::No);
    connection.submit(0, Encoding::Text, bytes);
    return bytes.size();
  };
  EXPECT_EQ(sentence("submit behind the end"), "submit was called on a connection that had been ended");
}

TEST_F(Connections, NoteARefusedOpenThatLeavesTheClientWaiting) {
  script().ended_in_open = true;
  connect().feed(kHead);
  EXPECT_EQ(host.violations(), std::vector<std::string>{"open answered 7 without having ended the request"});
}

TEST_F(Connections, HaveOneTimer) {
  int fired = 0;
  script().open = [](Connection& connection, const Request&) { connection.set_timer(2s); };
  script().timer = [&fired](Connection& connection) {
    if (++fired < 3) connection.set_timer(1s);
  };
  auto& connection = opened();

  EXPECT_EQ(connection.timer(), 2s);
  host.advance(500ms);
  EXPECT_EQ(connection.timer(), 1500ms);
  host.advance(10s);

  EXPECT_EQ(fired, 3);
  EXPECT_FALSE(connection.timer());
}

TEST_F(Connections, CarrySessionsAndTheirAnswers) {
  host.on_submit([](const Submitted& message) {
    RouterAnswer answer{.payload = "echo " + message.payload};
    answer.later = message.payload == "later";
    answer.refused = message.payload == "bad";
    if (answer.refused) answer.code = "BAD";
    return answer;
  });
  std::vector<std::string> replies;
  script().open = [](Connection& connection, const Request&) { EXPECT_TRUE(connection.open_session()); };
  script().receive = [](Connection& connection, std::span<std::uint8_t> bytes) {
    const auto correlation = bytes[0] == 'd' ? 0u : 5u;
    EXPECT_EQ(connection.submit(0, Encoding::Text, bytes, correlation), OMNIBROKER_OK);
    EXPECT_EQ(bytes[0], '#') << "nobody may count on the bytes afterwards";
    return bytes.size();
  };
  script().reply = [&replies](Connection&, std::uint64_t correlation, const omnibroker_reply& reply) {
    replies.push_back(std::to_string(correlation) + " " + std::string(view(reply.payload.bytes)) + " " +
                      std::string(view(reply.code)));
  };
  auto& connection = opened();
  EXPECT_EQ(connection.client_id(), "00000000-0000-4000-8000-000000000001");

  connection.feed("direct");
  connection.feed("now");
  connection.feed("bad");
  connection.feed("later");
  EXPECT_EQ(replies, (std::vector<std::string>{"5 echo now ", "5 echo bad BAD"}));
  connection.reply(5, "at last");
  connection.deliver("news");

  EXPECT_EQ(connection.written(), "<echo direct><news>");
  EXPECT_EQ(replies.back(), "5 at last ");
  EXPECT_TRUE(host.submitted().at(0).in_place);
  connection.disconnect();
  EXPECT_EQ(host.session_count(), 0u);
}

TEST_F(Connections, PassADetachedSessionOn) {
  omnibroker_session number = 0;
  script().open = [&number](Connection& connection, const Request&) {
    if (number == 0) number = connection.open_detached_session("secret")->number;
    EXPECT_EQ(connection.attach(number), OMNIBROKER_OK);
    EXPECT_EQ(connection.attach(999), OMNIBROKER_NOT_FOUND);
  };
  std::vector<ShutdownReason> asked;
  script().shutdown = [&asked](Connection& connection, ShutdownReason reason, std::string_view) {
    asked.push_back(reason);
    connection.close(Flush::Yes);
  };
  auto& first = opened();
  const auto* sessions = host.host().table<omnibroker_host_session_v1>(OMNIBROKER_HOST_SESSION);
  EXPECT_EQ(sessions->find(host.raw(), text("secret")), number);
  EXPECT_EQ(sessions->find(host.raw(), text("guess")), 0u);

  auto& second = opened();
  EXPECT_TRUE(first.ended()) << "a session has one receiving connection";
  second.disconnect();
  EXPECT_EQ(host.session_count(), 1u) << "it outlives its connections";
  auto& third = opened();
  sessions->close(host.raw(), number);

  EXPECT_TRUE(third.ended());
  EXPECT_EQ(host.session_count(), 0u);
  EXPECT_EQ(asked, (std::vector<ShutdownReason>{ShutdownReason::Restart, ShutdownReason::GoingAway}));
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(Connections, RefuseSessionsAndBytesWhenToldTo) {
  host.refuse_sessions("full");
  std::string reason;
  script().open = [&reason](Connection& connection, const Request&) {
    if (const auto session = connection.open_session(); !session) reason = session.error().message;
  };
  script().receive = [](Connection& connection, std::span<std::uint8_t> bytes) {
    EXPECT_FALSE(connection.write("x"));
    EXPECT_EQ(connection.submit(0, Encoding::Text, bytes), OMNIBROKER_NOT_FOUND);
    return bytes.size();
  };
  auto& connection = opened();
  EXPECT_EQ(reason, "full");

  connection.set_write_status(OMNIBROKER_RESOURCE_EXHAUSTED);
  connection.feed("y");

  EXPECT_EQ(connection.written(), "");
}

TEST_F(Connections, EndWithTheInputWhereTheTransportSaysSo) {
  script().end_of_input = [](Connection& connection) {
    connection.write("bye");
    connection.close(Flush::Yes);
  };
  auto& connection = opened();

  connection.end_input();
  connection.feed("ignored");

  EXPECT_EQ(connection.written(), "bye");
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

TEST_F(Connections, AreWokenFromOutsideOnceForAllWhoAskedForIt) {
  int woken = 0;
  script().woken = [&woken](Connection&) { ++woken; };
  opened();
  const auto* table = host.host().table<omnibroker_host_connection_v1>(OMNIBROKER_HOST_CONNECTION);
  const Waker waker(host.host());

  waker.wake(1);
  table->wake(host.raw(), 1);
  waker.wake(77);
  EXPECT_EQ(woken, 0) << "only when the host calls";

  EXPECT_EQ(host.run_wake_ups(), 1u);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(host.run_wake_ups(), 0u);
}

TEST_F(Connections, AreNotWokenWhenTheyAreOver) {
  int woken = 0;
  script().woken = [&woken](Connection&) { ++woken; };
  auto& connection = opened();
  Waker(host.host()).wake(1);
  connection.disconnect();

  EXPECT_EQ(host.run_wake_ups(), 0u);
  EXPECT_EQ(woken, 0);
}

TEST_F(Connections, SayWhatThePeerHasNotTakenAndWhenItHas) {
  std::vector<std::size_t> unsent;
  script().receive = [](Connection& connection, std::span<std::uint8_t> bytes) {
    connection.write(std::string(100, 'x'));
    connection.wake_when_sent(10);
    return bytes.size();
  };
  script().woken = [&unsent](Connection& connection) { unsent.push_back(connection.unsent()); };
  auto& connection = opened();

  connection.set_reading(false);
  connection.feed("a");
  EXPECT_EQ(host.run_wake_ups(), 0u);
  connection.set_reading(true);
  EXPECT_EQ(host.run_wake_ups(), 1u);
  connection.feed("b");
  EXPECT_EQ(host.run_wake_ups(), 1u) << "it has been taken at once";

  EXPECT_EQ(unsent, (std::vector<std::size_t>{0, 0}));
}

TEST_F(Connections, ShowAgainWhatWasLeftWhenTheyAreWoken) {
  bool busy = true;
  std::string seen;
  script().receive = [&](Connection&, std::span<std::uint8_t> bytes) -> std::size_t {
    if (busy) return 0;
    seen.append(bytes.begin(), bytes.end());
    return bytes.size();
  };
  script().woken = [&busy](Connection&) { busy = false; };
  auto& connection = opened();
  connection.feed("later");

  Waker(host.host()).wake(1);
  host.run_wake_ups();

  EXPECT_EQ(seen, "later");
}

TEST_F(Connections, AreNotHandedOverByATransportThatCannot) {
  auto& connection = opened();
  ComponentUnderTest next(host, probe_plugin(), "transport");
  ASSERT_TRUE(next.bring_up());

  EXPECT_EQ(connection.hand_over(next), OMNIBROKER_UNSUPPORTED);
  EXPECT_TRUE(connection.open());
  EXPECT_FALSE(connection.export_session());
}

TEST_F(Connections, SurviveATransportThatThrows) {
  script().receive = [](Connection&, std::span<std::uint8_t>) -> std::size_t { throw std::runtime_error("oops"); };
  auto& connection = opened();

  connection.feed("x");

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::Closed);
  EXPECT_EQ(host.metric("plugin_exceptions_total"), 1);
}

}  // namespace
}  // namespace omnibroker::testing
