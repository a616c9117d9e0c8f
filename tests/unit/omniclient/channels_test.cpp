#include "client.hpp"
#include "providers/memory/faults.hpp"

namespace {

using namespace client;

constexpr auto kJoin = eOmniClientChannelEvent_Join;
constexpr auto kHello = eOmniClientChannelEvent_Hello;
constexpr auto kMessage = eOmniClientChannelEvent_Message;

class Channel : public testing::Test {
 protected:
  Library library;
  const std::string ann = "mem://ann@h/c.channel";
  const std::string bob = "mem://bob@h/c.channel";
};

TEST_F(Channel, IsMadeByWhoJoinsFirst) {
  Member member(ann);

  const auto joined = member.until(kJoin);
  EXPECT_EQ(joined.from, connection_id(ann).text);
  EXPECT_TRUE(stat(ann).item.flags & fOmniClientItem_IsChannel);
  omniClientWait(member.id());
}

TEST_F(Channel, TellsWhoComesAndWhoIsThere) {
  Member first(ann);
  first.until(kJoin);
  Member second(bob);

  EXPECT_EQ(second.until(kHello).from, connection_id(ann).text);
  const auto bobs = connection_id(bob).text;
  first.said.wait_until([&bobs](const Said& said) { return said.event == kJoin && said.from == bobs; });
}

TEST_F(Channel, GivesAMessageToAllAndToItsSender) {
  Member first(ann);
  first.until(kJoin);
  Member second(bob);
  second.until(kHello);

  EXPECT_EQ(second.send(std::string("to\0all", 6)), kOk);

  for (auto* const member : {&first, &second}) {
    const auto said = member->until(kMessage);
    EXPECT_EQ(said.content, std::string("to\0all", 6));
    EXPECT_EQ(said.from, connection_id(bob).text);
  }
}

TEST_F(Channel, KeepsTheOrderOfMessages) {
  Member first(ann);
  first.until(kJoin);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(first.send(std::to_string(i)), kOk);

  const auto all = first.said.wait_for(101);

  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i) + 1].content, std::to_string(i));
}

TEST_F(Channel, TakesNoMessageBeforeItsFirstEvent) {
  omniclient::memory::Faults faults;
  faults.delay = std::chrono::hours(1);
  omniclient::memory::set_faults(faults);
  Member member(ann);
  auto content = omniClientAllocContent(1);

  EXPECT_EQ(omniClientSendMessage(member.id(), &content, nullptr, nullptr), kInvalidRequestId);
  EXPECT_EQ(content.buffer, nullptr);  // Taken over all the same.
  EXPECT_EQ(omniClientSendMessage(0, nullptr, nullptr, nullptr), kInvalidRequestId);
}

TEST_F(Channel, IsLeftByStopping) {
  Member first(ann);
  first.until(kJoin);
  std::string gone;
  {
    Member second(bob);
    second.until(kHello);
    gone = connection_id(bob).text;
  }

  EXPECT_EQ(first.until(eOmniClientChannelEvent_Left).from, gone);
}

TEST_F(Channel, IsLeftByLosingTheConnection) {
  Member first(ann);
  first.until(kJoin);
  Member second(bob);
  second.until(kHello);

  omniClientSignOut("mem://bob@h/");

  first.until(eOmniClientChannelEvent_Left);
  EXPECT_EQ(second.until(eOmniClientChannelEvent_Error).result, eOmniClientResult_ErrorConnection);
}

TEST_F(Channel, EndsForAllWhenItIsDeleted) {
  Member first(ann);
  first.until(kJoin);

  ASSERT_EQ(delete_item(bob), kOk);

  first.until(eOmniClientChannelEvent_Deleted);
  EXPECT_NE(first.send("x"), kOk);
}

TEST_F(Channel, IsNoFile) {
  Member first(ann);
  first.until(kJoin);
  EXPECT_EQ(read(ann).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write(ann, "x"), eOmniClientResult_ErrorWrongType);

  ASSERT_EQ(write("mem://ann@h/file", "x"), kOk);
  Member refused("mem://ann@h/file");
  EXPECT_EQ(refused.until(eOmniClientChannelEvent_Error).result, eOmniClientResult_ErrorWrongType);
}

}  // namespace
