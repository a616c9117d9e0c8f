#include "password_gate.hpp"

#include "outbox.hpp"
#include "sows_service.hpp"

#include <nlohmann/json.hpp>
#include <nucleus/sows.hpp>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

TEST(PasswordGate, HasSoManyPlacesForOnePeerOnAllItsPorts) {
  PasswordGate gate(10, 2);
  auto first = gate.enter("10.0.0.1:4000");
  const auto second = gate.enter("10.0.0.1:4001");

  EXPECT_TRUE(first && second);
  EXPECT_FALSE(gate.enter("10.0.0.1:4002"));
  EXPECT_TRUE(gate.enter("10.0.0.2:4000"));
  first.reset();
  EXPECT_TRUE(gate.enter("10.0.0.1:4002"));
}

TEST(PasswordGate, HasSoManyPlacesForAll) {
  PasswordGate gate(3, 2);
  std::vector<std::shared_ptr<void>> places;
  for (const char* peer : {"[::1]:1", "[::2]:1", "[::3]:1"}) places.push_back(gate.enter(peer));

  EXPECT_FALSE(gate.enter("[::4]:1"));
  places.pop_back();
  EXPECT_TRUE(gate.enter("[::4]:1"));
}

TEST(SowsConversations, RefuseCallsThatAreNotLetIn) {
  omnibroker::testing::FakeHost host;
  const auto outbox = std::make_shared<Outbox>(Waker(host.host()), 1, 1024);
  int calls = 0;
  SowsConversation conversation(
      nullptr, outbox, [&](std::string_view, const nlohmann::json&, nlohmann::json&) { return ++calls, true; },
      [](std::string_view method) -> std::optional<std::shared_ptr<void>> {
        if (method == "Credentials.auth") return std::nullopt;
        return nullptr;
      });
  std::string problem;

  EXPECT_TRUE(conversation.take(
      omnibroker::nucleus::sows::write(omnibroker::nucleus::sows::Call{1, "Credentials.auth", "{}"}), problem));
  Outgoing answer;
  ASSERT_TRUE(outbox->take(answer));
  EXPECT_EQ(calls, 0);
  EXPECT_NE(answer.head.find("too many logins"), std::string::npos) << answer.head;

  EXPECT_TRUE(conversation.take(
      omnibroker::nucleus::sows::write(omnibroker::nucleus::sows::Call{2, "Tokens.refresh", "{}"}), problem));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
