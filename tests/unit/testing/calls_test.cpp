#include "probe.hpp"

namespace omnibroker::testing {
namespace {

using Calls = ProbeTest;

TEST_F(Calls, ShowAMessageAndItsSender) {
  auto& handler = start("handler");
  FakeCall call(host);
  call.sender = {7, "an-id", "web_ui"};
  script().handle = [](const Message& message, Call&) {
    EXPECT_EQ(message.payload(), R"({"type":"t","n":-12.5e1,"s":"\u00e9\n\ud83c\udf4c","b":true,"z":null})");
    EXPECT_EQ(message.type(), "t");
    EXPECT_EQ(message.sender(), 7u);
    EXPECT_EQ(message.client_id(), "an-id");
    EXPECT_EQ(message.role(), "web_ui");
    EXPECT_EQ(message.field("n")->number(), -125.0);
    EXPECT_EQ(message.field("s")->string(), "\u00e9\n\U0001F34C");
    EXPECT_TRUE(message.field("b")->boolean());
    EXPECT_TRUE(message.field("z")->is_null());
    EXPECT_FALSE(message.field("absent"));
    return Outcome::accept();
  };

  EXPECT_EQ(handler.handle(R"(  {"type":"t","n":-12.5e1,"s":"\u00e9\n\ud83c\udf4c","b":true,"z":null} )", call),
            OMNIBROKER_ACCEPT);
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(Calls, ShowObjectsAndArraysInOrder) {
  auto& handler = start("handler");
  FakeCall call(host);
  script().handle = [](const Message& message, Call&) {
    const auto object = *message.field("o");
    EXPECT_EQ(object.size(), 2u);
    EXPECT_EQ(object.at(1)->first, "second");
    EXPECT_EQ(object.member("first")->size(), 3u);
    EXPECT_EQ(object.member("first")->at(2)->second.number(), 3);
    EXPECT_FALSE(object.at(2));
    EXPECT_FALSE(object.member("first")->member("not an object"));
    return Outcome::accept();
  };

  handler.handle(R"({"type":"t","o":{"first":[1,2,3],"second":{}}})", call);
}

TEST_F(Calls, RecordWhatAHandlerDoes) {
  auto& handler = start("handler");
  FakeCall call(host);
  call.receivers = 5;
  script().handle = [](const Message&, Call& given) {
    EXPECT_EQ(given.receivers(), 5u);
    EXPECT_EQ(given.register_role("teapot"), Call::Registered::UnknownRole);
    EXPECT_EQ(given.register_role("web_ui"), Call::Registered::Now);
    EXPECT_EQ(given.register_role("web_ui"), Call::Registered::Before);
    EXPECT_EQ(given.register_role("omniverse_extension"), Call::Registered::AsAnotherRole);
    given.replace("other");
    given.acknowledge();
    given.answer("direct");
    return Outcome::refuse("NOT_TODAY", "Come back tomorrow.");
  };

  EXPECT_EQ(handler.handle(R"({"type":"t"})", call), OMNIBROKER_REFUSE);

  EXPECT_EQ(call.sender.role, "web_ui");
  EXPECT_EQ(call.registered_role, "omniverse_extension");
  EXPECT_EQ(call.delivered("mine"), "other");
  EXPECT_TRUE(call.acknowledged);
  EXPECT_EQ(call.answers, std::vector<std::string>{"direct"});
  EXPECT_EQ(call.refused_code, "NOT_TODAY");
  EXPECT_EQ(call.refused_message, "Come back tomorrow.");
}

TEST_F(Calls, CompleteWhatWasDeferredOnce) {
  auto& handler = start("handler");
  FakeCall call(host);
  omnibroker_status first = -1, second = -1;
  script().handle = [&](const Message&, Call& given) {
    const auto token = given.defer();
    const auto complete = [&] {
      return given.table()->complete(host.raw(), token, OMNIBROKER_REFUSE, text("LATE"), text("too late"), {});
    };
    first = complete();
    second = complete();
    return Outcome::pending();
  };

  EXPECT_EQ(handler.handle(R"({"type":"t"})", call), OMNIBROKER_PENDING);

  EXPECT_EQ(first, OMNIBROKER_OK);
  EXPECT_EQ(second, OMNIBROKER_NOT_FOUND);
  ASSERT_EQ(host.completions().size(), 1u);
  EXPECT_EQ(host.completions()[0].token, call.deferred_token);
  EXPECT_EQ(host.completions()[0].code, "LATE");
}

TEST_F(Calls, CanRunOutOfTokens) {
  auto& handler = start("handler");
  FakeCall call(host);
  call.can_defer = false;
  script().handle = [](const Message&, Call& given) {
    EXPECT_EQ(given.defer(), 0u);
    return Outcome::consume();
  };
  EXPECT_EQ(handler.handle(R"({"type":"t"})", call), OMNIBROKER_CONSUME);
}

TEST_F(Calls, AreNotMadeForWhatARouterRefuses) {
  auto& handler = start("handler");
  FakeCall call(host);
  bool called = false;
  script().handle = [&called](const Message&, Call&) { return called = true, Outcome::accept(); };

  for (const char* json : {"", "nonsense", "[]", "{}", R"({"type":1})", R"({"type":""})", R"({"type":"t"} x)",
                           R"({"type":"t",})", R"({"type":"t","n":01})", R"({"type":"t","s":"\ud800"})"}) {
    const auto before = host.violations().size();
    EXPECT_EQ(handler.handle(json, call), OMNIBROKER_REFUSE) << json;
    EXPECT_EQ(host.violations().size(), before + 1) << json;
  }
  EXPECT_FALSE(called);
}

TEST_F(Calls, ReachReplyComponents) {
  auto& reply = start("reply");
  EXPECT_EQ(reply.ack("t"), "ack t");
  EXPECT_EQ(reply.error("CODE", "sentence"), "CODE: sentence");
}

TEST_F(Calls, CarryStateFromOneComponentToAnother) {
  std::string taken;
  script().export_state = [](const Sink& out) { return out.append("probe/1 "), out.append("seven"), Status(); };
  script().import_state = [&](std::string_view state) { return taken = state, Status(); };
  auto& handler = start("handler");
  auto state = handler.export_state();
  ASSERT_TRUE(state);
  EXPECT_TRUE(handler.import_state(*state));
  EXPECT_EQ(taken, "probe/1 seven");

  script().export_state = [](const Sink&) -> Status { return Error{ErrorCode::Unavailable, "busy"}; };
  script().import_state = [](std::string_view) -> Status { throw std::runtime_error("thrown"); };
  EXPECT_EQ(handler.export_state().error().code, ErrorCode::Unavailable);
  EXPECT_EQ(handler.import_state("x").error().message, "thrown");
  EXPECT_EQ(start("reply").export_state().error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace omnibroker::testing
