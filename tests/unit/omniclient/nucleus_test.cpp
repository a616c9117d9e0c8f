// Against a Nucleus that tests/integration/nucleus/client_test.py has started, and torments when it is told to. Without
// one there is nothing to instantiate these with.
#include "at_a_nucleus.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace client;

constexpr auto kOk = eOmniClientResult_Ok;

/// Tells the test's other half to do something with the server, and waits until it is done.
void torment(const std::string& command) {
  const char* const port = std::getenv("OMNICLIENT_TEST_CONTROL");
  ASSERT_NE(port, nullptr);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto line = command + "\n";
  ASSERT_EQ(::send(socket, line.data(), line.size(), 0), static_cast<ssize_t>(line.size()));
  char done[16] = {};
  EXPECT_EQ(::recv(socket, done, 3, MSG_WAITALL), 3) << command;
  EXPECT_STREQ(done, "ok\n") << command;
  ::close(socket);
}

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

class Nucleus : public AtANucleus {};

TEST_P(Nucleus, TellsHowItConnects) {
  const auto id = connection_id(GetParam());

  EXPECT_EQ(id.result, kOk);
  EXPECT_EQ(id.text.size(), 16u);
  EXPECT_EQ(statuses.wait_for(2), (std::vector<OmniClientConnectionStatus>{eOmniClientConnectionStatus_Connecting,
                                                                           eOmniClientConnectionStatus_Connected}));
  EXPECT_EQ(connection_id(other("")).result, kOk);
  EXPECT_NE(connection_id(other("")).text, id.text);
}

TEST_P(Nucleus, SignsOutAndInAgain) {
  const auto before = connection_id(GetParam());
  omniClientSignOut(GetParam().c_str());
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_SignedOut; });

  const auto after = connection_id(GetParam());

  EXPECT_EQ(after.result, kOk);
  EXPECT_NE(after.text, before.text);
}

TEST_P(Nucleus, KeepsCheckpoints) {
  ASSERT_EQ(write(at("a"), "one", "first"), kOk);
  ASSERT_EQ(write(at("a"), "two", "second"), kOk);

  const auto listed = list_checkpoints(at("a"));
  EXPECT_EQ(listed.names(), (std::vector<std::string>{"&1", "&2"}));
  EXPECT_EQ(listed.items[0].comment, "first");
  EXPECT_EQ(read(at("a?&1")).content, "one");
  const auto again = create_checkpoint(at("a"), "nothing new");
  EXPECT_EQ(again.result, eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(again.text, "&2");
  EXPECT_EQ(create_checkpoint(at("a"), "forced", true).text, "&3");
  EXPECT_EQ(copy(at("a?&1"), at("a"), eOmniClientCopy_Overwrite), kOk);
  EXPECT_EQ(read(at("a")).content, "one");
  ASSERT_EQ(write_without_checkpoint(at("b"), "x"), kOk);
  EXPECT_TRUE(list_checkpoints(at("b")).items.empty());
}

TEST_P(Nucleus, MovesAndDeletesItemsAndNoVersionsOfThem) {
  ASSERT_EQ(write(at("a"), "one", "first"), kOk);
  ASSERT_EQ(write(at("a"), "two", "second"), kOk);

  for (const char* version : {"a?&1", "a?branch", "a?branch&1"}) {
    EXPECT_EQ(delete_item(at(version)), eOmniClientResult_ErrorBadRequest) << version;
    EXPECT_EQ(remove_single(at(version)), eOmniClientResult_ErrorBadRequest) << version;
    for (const auto& to : {at("a"), at("b"), (library.folder() / "c").string()}) {
      EXPECT_EQ(move(at(version), to, eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorBadRequest) << version;
    }
  }
  EXPECT_EQ(read(at("a")).content, "two");
}

TEST_P(Nucleus, MovesNothingOntoItselfByAnotherNameOfTheServer) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);

  const auto file = move(at("in/a"), other("in/a"), eOmniClientCopy_Overwrite);
  EXPECT_EQ(file.result, eOmniClientResult_ErrorSourceIsDest);
  EXPECT_FALSE(file.copied);
  EXPECT_EQ(move(at("in"), other("in"), eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorSourceIsDest);
  EXPECT_EQ(read(at("in/a")).content, "x");
  EXPECT_EQ(move(at("in/a"), other("in/b"), eOmniClientCopy_Overwrite).result, kOk);
  EXPECT_EQ(list(at("in")).names(), std::vector<std::string>{"b"});
}

TEST_P(Nucleus, TakesNoNameThatIsNoText) {
  EXPECT_EQ(write(at("a%E4"), "x"), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(delete_item(at("a%E4")), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(list(at("")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Nucleus, LocksForOneConnection) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(call(omniClientLock, at("a")), kOk);

  EXPECT_FALSE(stat(other("a")).item.locked_by.empty());
  EXPECT_EQ(call(omniClientLock, other("a")), eOmniClientResult_ErrorLocked);
  EXPECT_EQ(call(omniClientUnlock, other("a")), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(write(other("a"), "y"), eOmniClientResult_ErrorLocked);
  EXPECT_EQ(write(at("a"), "y"), kOk);
  EXPECT_EQ(call(omniClientUnlock, at("a")), kOk);
  EXPECT_EQ(write(other("a"), "z"), kOk);
}

TEST_P(Nucleus, BringsBackWhatWasDeleted) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);
  ASSERT_EQ(delete_item(at("in")), kOk);

  EXPECT_EQ(stat(at("in"), eOmniClientListIncludeOption_IncludeDeleted).result, kOk);
  EXPECT_EQ(call(omniClientUndelete, at("in")), kOk);
  EXPECT_EQ(read(at("in/a")).content, "x");
  EXPECT_EQ(call(omniClientUndelete, at("in")), eOmniClientResult_ErrorAlreadyExists);
}

TEST_P(Nucleus, LetsMembersOfAChannelSpeak) {
  Member ann(at("c.channel"));
  const auto joined = ann.said.wait_for(1).front();
  EXPECT_EQ(joined.event, eOmniClientChannelEvent_Join);
  EXPECT_EQ(joined.from, connection_id(GetParam()).text);
  {
    Member bob(other("c.channel"));
    const auto bob_id = connection_id(other("")).text;
    EXPECT_EQ(bob.said.wait_for(1).front().from, bob_id);
    EXPECT_EQ(bob.until(eOmniClientChannelEvent_Hello).from, joined.from);
    EXPECT_EQ(bob.send("hi"), kOk);
    const auto heard = ann.until(eOmniClientChannelEvent_Message);
    EXPECT_EQ(heard.content, "hi");
    EXPECT_EQ(heard.from, bob_id);
    EXPECT_EQ(bob.until(eOmniClientChannelEvent_Message).content, "hi");
  }
  ASSERT_EQ(delete_item(at("c.channel")), kOk);
  EXPECT_EQ(ann.until(eOmniClientChannelEvent_Deleted).result, kOk);
}

struct ObjectUpdate {
  OmniClientResult result;
  std::uint64_t object;
  std::uint64_t sequence;
  std::string content;
};

/// Reads a live object as its updates come.
class Follower {
 public:
  explicit Follower(const std::string& url)
      : id_(omniClientLiveRead2(url.c_str(), 0, 0, &updates,
                                [](void* data, OmniClientResult result, uint64_t object, uint64_t sequence,
                                   OmniClientContent* content) noexcept {
                                  const auto* bytes = static_cast<const char*>(content->buffer);
                                  static_cast<Collected<ObjectUpdate>*>(data)->add(
                                      {result, object, sequence, std::string(bytes, bytes ? content->size : 0)});
                                })) {}
  ~Follower() { omniClientStop(id_); }
  Follower(const Follower&) = delete;

  Collected<ObjectUpdate> updates;

 private:
  const OmniClientRequestId id_;
};

struct CreatedObject {
  OmniClientResult result = eOmniClientResult_Error;
  std::uint64_t object = 0;
};

CreatedObject create_live(const std::string& url, std::string_view text) {
  CreatedObject sent;
  auto content = omniClientAllocContent(text.size());
  text.copy(static_cast<char*>(content.buffer), text.size());
  omniClientWait(omniClientLiveCreate(url.c_str(), &content, &sent,
                                      [](void* data, OmniClientResult result, uint64_t object, uint64_t) noexcept {
                                        *static_cast<CreatedObject*>(data) = {result, object};
                                      }));
  return sent;
}

OmniClientResult update_live(const std::string& url, std::uint64_t object, std::string_view text) {
  auto result = eOmniClientResult_Error;
  auto content = omniClientAllocContent(text.size());
  text.copy(static_cast<char*>(content.buffer), text.size());
  omniClientWait(omniClientLiveUpdate(url.c_str(), object, &content, &result,
                                      [](void* data, OmniClientResult updated, uint64_t, uint64_t) noexcept {
                                        *static_cast<OmniClientResult*>(data) = updated;
                                      }));
  return result;
}

TEST_P(Nucleus, SendsEachUpdateOfALiveObjectOnce) {
  const auto made = create_live(at("l.live"), "one");
  ASSERT_EQ(made.result, kOk);
  ASSERT_EQ(update_live(at("l.live"), made.object, "two"), kOk);
  Follower follower(other("l.live"));
  const auto history = follower.updates.wait_for(2);
  EXPECT_EQ(history[0].content, "one");
  EXPECT_EQ(history[0].result, kOk);
  EXPECT_EQ(history[1].content, "two");
  EXPECT_EQ(history[1].result, eOmniClientResult_OkLatest);

  ASSERT_EQ(update_live(at("l.live"), made.object, "three"), kOk);

  const auto latest = follower.updates.wait_for(3)[2];
  EXPECT_EQ(latest.result, kOk);
  EXPECT_EQ(latest.content, "three");
  EXPECT_EQ(latest.sequence, history[1].sequence + 1);
  EXPECT_EQ(update_live(at("l.live"), made.object + 100, "x"), eOmniClientResult_ErrorNotFound);
  ASSERT_EQ(write(at("file"), "x"), kOk);
  EXPECT_EQ(update_live(at("file"), 1, "x"), eOmniClientResult_ErrorWrongType);
}

TEST_P(Nucleus, CarriesLargeUpdatesOfALiveObjectInTheirOrder) {
  const auto large = noise(1'000'000);
  const auto made = create_live(at("large.live"), "first");
  ASSERT_EQ(made.result, kOk);
  ASSERT_EQ(update_live(at("large.live"), made.object, large), kOk);
  ASSERT_EQ(update_live(at("large.live"), made.object, "last"), kOk);
  Follower follower(other("large.live"));
  const auto history = follower.updates.wait_for(3);

  EXPECT_EQ(history[0].content, "first");
  EXPECT_TRUE(history[1].content == large);
  EXPECT_EQ(history[2].content, "last");
  EXPECT_EQ(history[2].result, eOmniClientResult_OkLatest);
}

TEST_P(Nucleus, CarriesLargeContents) {
  const auto bytes = noise(12'000'000);
  ASSERT_EQ(write(at("large"), bytes), kOk);

  EXPECT_TRUE(read(at("large")).content == bytes);
  const auto hash = stat(at("large")).item.hash;
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientCreateWithHash(
      at("same").c_str(), hash.c_str(), false, &result,
      [](void* data, OmniClientResult made, char const*, char const*) noexcept {
        *static_cast<OmniClientResult*>(data) = made;
      },
      nullptr));
  EXPECT_EQ(result, kOk);
  EXPECT_TRUE(read(at("same")).content == bytes);
}

TEST_P(Nucleus, LendsLocalFilesWhileTheyAreWanted) {
  ASSERT_EQ(write(at("model.usd"), "content"), kOk);
  auto id = kInvalidRequestId;
  const auto local = local_file(at("model.usd"), &id);
  ASSERT_EQ(local.result, kOk);
  EXPECT_EQ(std::filesystem::path(local.text).filename(), "model.usd");
  ASSERT_EQ(write(at("model.usd"), "another"), kOk);  // What was lent stays as it was.

  std::ifstream file(local.text);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "content");
  omniClientStop(id);
  EXPECT_FALSE(std::filesystem::exists(local.text));
  EXPECT_EQ(local_file(at("none")).result, eOmniClientResult_ErrorNotFound);
}

/// A server that has no time for the first two questions of each connection.
class Busy : public AtANucleus {};

TEST_P(Busy, ServerIsAskedAgainWhenItHasTime) {
  EXPECT_EQ(stat(at("a")).result, kOk);
  EXPECT_EQ(read(at("a")).content, "content");
}

TEST_P(Busy, ServerIsAskedAgainForALocalFile) {
  OmniClientRequestId id = 0;
  const auto local = local_file(at("a"), &id);

  EXPECT_EQ(local.result, kOk);
  EXPECT_EQ(read(local.text).content, "content");
  omniClientStop(id);
}

TEST_P(Busy, ServerIsLeftAloneWhereTheProgramSaysSo) {
  omniClientSetRetries({0, 0, 0});

  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_Error);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Busy, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Busy);

/// A server whose folders have names in them that lead elsewhere.
class Hostile : public AtANucleus {};

TEST_P(Hostile, NamesAreLeftOut) { EXPECT_EQ(list(at("f")).names(), std::vector<std::string>{"a"}); }

INSTANTIATE_TEST_SUITE_P(Omniclient, Hostile, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Hostile);

/// A user whose password is no text.
class NoText : public AtANucleus {};

TEST_P(NoText, PasswordIsAWrongOne) {
  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(statuses.wait_for(2).back(), eOmniClientConnectionStatus_AuthFailed);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, NoText, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NoText);

class NotTrusted : public AtANucleus {};

TEST_P(NotTrusted, ServerIsNotConnectedTo) {
  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(statuses.wait_for(2).back(), eOmniClientConnectionStatus_ConnectError);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, NotTrusted, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NotTrusted);

INSTANTIATE_TEST_SUITE_P(Omniclient, Nucleus, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Nucleus);

// ---------------------------------------- faults

class Tormented : public AtANucleus {};

TEST_P(Tormented, ServerThatIsKilledIsFoundAgain) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto folder_watch = Watch::folder(at(""));
  ASSERT_EQ(folder_watch.first(), kOk);
  auto item_watch = Watch::item(at("b"));
  ASSERT_EQ(item_watch.first(), eOmniClientResult_OkNotYetFound);
  Member member(at("c.channel"));
  const auto before = member.said.wait_for(1).front();
  folder_watch.until(eOmniClientListEvent_Created, "c.channel");

  torment("kill");
  Stated stated;
  const auto asked = omniClientStat(at("a").c_str(), &stated,
                                    [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
                                      *static_cast<Stated*>(data) = {result, Item::of(entry)};
                                    });
  torment("start");
  omniClientWait(asked);

  EXPECT_EQ(stated.result, kOk);
  EXPECT_TRUE(was(eOmniClientConnectionStatus_Disconnected));
  ASSERT_EQ(write(at("b"), "new"), kOk);
  folder_watch.until(eOmniClientListEvent_Created, "b");
  item_watch.until(eOmniClientListEvent_Created, "b");
  for (const auto& change : folder_watch.changes.all()) EXPECT_NE(change.item.path, "a") << "nothing has changed there";
  const auto joined = member.said.wait_until(
      [&](const Said& said) { return said.event == eOmniClientChannelEvent_Join && said.from != before.from; });
  EXPECT_EQ(joined.from, connection_id(GetParam()).text);
}

TEST_P(Tormented, ConnectionThatIsCutInATransferIsMadeAgain) {
  const auto bytes = noise(12'000'000);
  ASSERT_EQ(connection_id(GetParam()).result, kOk);

  torment("cut 4000000");
  ASSERT_EQ(write(at("large"), bytes), kOk);
  torment("cut 9000000");
  EXPECT_TRUE(read(at("large")).content == bytes);
}

TEST_P(Tormented, GarbageEndsAConnectionAndNothingElse) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto watch = Watch::folder(at(""));
  ASSERT_EQ(watch.first(), kOk);

  torment("garbage");
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_Disconnected; });

  EXPECT_EQ(read(at("a")).content, "x");
  ASSERT_EQ(write(at("b"), "y"), kOk);
  watch.until(eOmniClientListEvent_Created, "b");
}

TEST_P(Tormented, SlowServerHoldsUpOnlyThoseWhoWaitForIt) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  torment("hold");
  Collected<OmniClientResult> answers;
  const auto ask = [&] {
    return omniClientStat(at("a").c_str(), &answers,
                          [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
                            static_cast<Collected<OmniClientResult>*>(data)->add(result);
                          });
  };
  const auto stopped = ask();
  ask();

  EXPECT_EQ(write((library.folder() / "files" / "local").string(), "at once"), kOk);
  omniClientStop(stopped);
  EXPECT_TRUE(answers.all().empty());
  torment("release");

  EXPECT_EQ(answers.wait_for(1), std::vector<OmniClientResult>{kOk});
}

TEST_P(Tormented, TokenThatHasExpiredIsRenewed) {
  // The server gives tokens for a second.
  const auto before = connection_id(GetParam());
  ASSERT_EQ(before.result, kOk);
  std::this_thread::sleep_for(std::chrono::seconds(2));

  torment("drop");
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_Disconnected; });
  const auto after = connection_id(GetParam());

  EXPECT_EQ(after.result, kOk);
  EXPECT_NE(after.text, before.text);
}

TEST_P(Tormented, ServerThatKnowsNoTokenIsSignedInToAgain) {
  ASSERT_EQ(connection_id(GetParam()).result, kOk);

  torment("kill");
  torment("fresh");
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_Disconnected; });

  EXPECT_EQ(write(at("a"), "x"), kOk);
}

TEST_P(Tormented, FirstConnectionThatFailsIsNotTriedAgainUnasked) {
  torment("kill");
  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(statuses.wait_for(2).back(), eOmniClientConnectionStatus_ConnectError);
  torment("start");

  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);
  omniClientReconnect(GetParam().c_str());
  EXPECT_EQ(write(at("a"), "x"), kOk);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Tormented, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Tormented);

}  // namespace
