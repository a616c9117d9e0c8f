// What our server never does; tests/integration/nucleus/played_test.py plays servers that do it.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

#include <algorithm>

namespace {

using namespace client;

Texted renewed_token(const std::string& url) {
  Texted texted;
  omniClientWait(omniClientRefreshAuthToken(url.c_str(), &texted,
                                            [](void* data, OmniClientResult result, char const* token) noexcept {
                                              *static_cast<Texted*>(data) = {result, token};
                                            }));
  return texted;
}

/// A server at which an access token expires between two requests.
class Expired : public AtANucleus {
 protected:
  std::size_t times(OmniClientConnectionStatus status) const {
    const auto all = statuses.all();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), status));
  }
};

TEST_P(Expired, TokenIsRenewedAndWhatWasRefusedIsSentAgain) {
  const auto before = connection_id(GetParam()).text;

  EXPECT_EQ(write(at("a"), "x"), kOk);

  EXPECT_NE(connection_id(GetParam()).text, before);
  EXPECT_EQ(times(eOmniClientConnectionStatus_Disconnected), 1u);
  EXPECT_EQ(times(eOmniClientConnectionStatus_Connected), 2u);
  EXPECT_EQ(write(at("b"), "x"), kOk);
  EXPECT_EQ(times(eOmniClientConnectionStatus_Connected), 2u);
}

TEST_P(Expired, TokenTakesTheLocksOfItsConnectionWithIt) {
  ASSERT_EQ(call(omniClientLock, at("a")), kOk);
  ASSERT_EQ(stat(at("a")).item.locked_by, "ann");

  EXPECT_EQ(write(at("a"), "x"), kOk);

  EXPECT_EQ(stat(at("a")).item.locked_by, "");
}

TEST_P(Expired, TokenLeavesUnknownWhetherWhatWasUnderWayIsDone) {
  auto deleted = kOk;
  const auto deleting = omniClientDelete(at("b").c_str(), &deleted, [](void* data, OmniClientResult result) noexcept {
    *static_cast<OmniClientResult*>(data) = result;
  });
  Stated stated;
  const auto looking = omniClientStat(
      at("held").c_str(), &stated, [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
        *static_cast<Stated*>(data) = {result, Item::of(entry)};
      });

  EXPECT_EQ(write(at("a"), "x"), kOk);
  omniClientWait(deleting);
  omniClientWait(looking);

  EXPECT_EQ(deleted, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(stated.result, kOk) << "what only looks is sent again";
  EXPECT_EQ(stated.item.size, 7u);
}

TEST_P(Expired, TokenIsRenewedOnceForEachRequest) {
  EXPECT_EQ(write(at("never"), "x"), eOmniClientResult_ErrorConnection);

  EXPECT_EQ(times(eOmniClientConnectionStatus_Disconnected), 1u);
  EXPECT_EQ(stat(at("a")).result, kOk);
  EXPECT_EQ(times(eOmniClientConnectionStatus_Connected), 2u);
}

TEST_P(Expired, TokenThatCannotBeRenewedIsAskedForAgain) {
  AuthCallback bob([](auto&, auto& credentials) {
    credentials.username = AuthCallback::text("bob");
    credentials.password = AuthCallback::text("secret");
    return true;
  });
  ASSERT_EQ(stat(at("a")).result, kOk);
  const auto refused = renewed_token(GetParam());
  EXPECT_EQ(refused.result, eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(refused.text, "");

  EXPECT_EQ(write(at("a"), "x"), kOk);

  EXPECT_EQ(bob.servers.all().size(), 2u);
}

/// A server that has nothing but a login, and names who is connected by what the client says of itself.
class Poor : public AtANucleus {
 protected:
  /// Somebody at whom the server behaves differently.
  static AuthCallback sign_in(const char* user) {
    return AuthCallback([user](auto&, auto& credentials) {
      credentials.username = AuthCallback::text(user);
      credentials.password = AuthCallback::text("secret");
      return true;
    });
  }
};

TEST_P(Poor, ServerAnswersThatItLacksWhatItIsAskedFor) {
  for (const auto& request : item_requests()) {
    EXPECT_EQ(request.send(at("a")), eOmniClientResult_ErrorNotSupported) << request.function;
  }
  EXPECT_EQ(result_of([&](auto... more) { return omniClientCreateGroup(GetParam().c_str(), "team", more...); }),
            eOmniClientResult_ErrorNotSupported);
}

TEST_P(Poor, ServerIsToldOfTheProgramAndTellsWhatItLacks) {
  struct Server {
    OmniClientResult result = eOmniClientResult_Error;
    std::string username;
    bool has_something = true;
  } server;
  omniClientSetProductInfo("Painter", "1.2", nullptr);

  omniClientWait(omniClientGetServerInfo(
      GetParam().c_str(), &server, [](void* data, OmniClientResult result, OmniClientServerInfo const* info) noexcept {
        *static_cast<Server*>(data) = {result, info->username,
                                       info->cacheEnabled || info->omniObjectsEnabled || info->checkpointsEnabled ||
                                           info->atomicCheckpoints || info->undeleteEnabled};
      }));

  EXPECT_EQ(server.result, kOk);
  EXPECT_NE(server.username.find("Painter 1.2"), std::string::npos) << server.username;
  EXPECT_FALSE(server.has_something);
}

TEST_P(Poor, ServerThatCannotLogAnybodyInIsNotConnectedTo) {
  const auto user = sign_in("broken");

  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);

  EXPECT_EQ(statuses.wait_for(2)[1], eOmniClientConnectionStatus_AuthError);
}

TEST_P(Poor, ServerThatSpeaksAnotherLanguageIsNotConnectedTo) {
  const auto user = sign_in("strange");

  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorConnection);

  EXPECT_EQ(statuses.wait_for(2)[1], eOmniClientConnectionStatus_ServerIncompatible);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Poor, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Poor);
/// A server whose large contents fail again and again, and get through in the end.
class Forgetful : public AtANucleus {};

TEST_P(Forgetful, ServerIsSentEverythingAgain) {
  std::string large(200'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i / 7);

  EXPECT_EQ(write(at("a"), large), kOk);
  EXPECT_TRUE(read(at("a")).content == large);
  EXPECT_FALSE(was(eOmniClientConnectionStatus_Disconnected)) << "the connection has nothing to do with it";
}

TEST_P(Forgetful, ServerSaysWhatItRefuses) {
  const std::string large(200'000, 'x');

  EXPECT_EQ(write(at("closed"), large), kDenied);
  EXPECT_EQ(write(at("full"), large), eOmniClientResult_Error);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Forgetful, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Forgetful);
INSTANTIATE_TEST_SUITE_P(Omniclient, Expired, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Expired);

}  // namespace
