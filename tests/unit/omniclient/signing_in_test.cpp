// Who signs in to a server, and with what, over a real connection.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

namespace {

using namespace client;

struct Info {
  OmniClientResult result = eOmniClientResult_Error;
  std::string version, username, token, connection;
  bool cache = false, objects = false, checkpoints = false, atomic = false, undelete = false;
};

Info info_of(const std::string& url) {
  Info info;
  omniClientWait(omniClientGetServerInfo(
      url.c_str(), &info, [](void* data, OmniClientResult result, OmniClientServerInfo const* told) noexcept {
        *static_cast<Info*>(data) = {result,
                                     told->version,
                                     told->username,
                                     told->authToken,
                                     told->connectionId,
                                     told->cacheEnabled,
                                     told->omniObjectsEnabled,
                                     told->checkpointsEnabled,
                                     told->atomicCheckpoints,
                                     told->undeleteEnabled};
      }));
  return info;
}

Texted renewed(const std::string& url) {
  Texted texted;
  omniClientWait(omniClientRefreshAuthToken(url.c_str(), &texted,
                                            [](void* data, OmniClientResult result, char const* token) noexcept {
                                              *static_cast<Texted*>(data) = {result, token};
                                            }));
  return texted;
}

bool fill_in(OmniClientCredentials& credentials, std::string_view user, std::string_view password) {
  credentials.username = AuthCallback::text(user);
  credentials.password = AuthCallback::text(password);
  return true;
}

bool as_ann(OmniClientCredentials& credentials) {
  return fill_in(credentials, "$omni-api-token", std::getenv("OMNICLIENT_TEST_ANN"));
}

/// Nobody is in the environment.
class SigningIn : public AtANucleus {
 protected:
  SigningIn() {
    unsetenv("OMNI_USER");
    unsetenv("OMNI_PASS");
  }
  ~SigningIn() override {
    setenv("OMNI_USER", user_.c_str(), 1);
    setenv("OMNI_PASS", password_.c_str(), 1);
  }

  bool as_admin(OmniClientCredentials& credentials) const { return fill_in(credentials, user_, password_); }
  std::string server() const { return GetParam().substr(0, GetParam().size() - 1); }
  OmniClientConnectionStatus second_status() { return statuses.wait_for(2)[1]; }

 private:
  const std::string user_ = std::getenv("OMNI_USER");
  const std::string password_ = std::getenv("OMNI_PASS");
};

TEST_P(SigningIn, NeedsSomebodyWhoDoes) {
  EXPECT_EQ(stat(GetParam()).result, kLost);
  EXPECT_EQ(second_status(), eOmniClientConnectionStatus_NoUsername);
  EXPECT_EQ(renewed(GetParam()).result, kLost);
  EXPECT_EQ(info_of(GetParam()).result, kLost);

  AuthCallback ann([](auto&, auto& credentials) { return as_ann(credentials); });
  EXPECT_EQ(stat(GetParam()).result, kLost) << "what has failed is not tried again unasked";
  EXPECT_TRUE(ann.servers.all().empty());
  omniClientReconnect(GetParam().c_str());
  EXPECT_EQ(stat(GetParam()).result, kOk);
  EXPECT_EQ(info_of(GetParam()).username, "ann");
  EXPECT_EQ(ann.servers.all(), std::vector<std::string>{server()});
}

TEST_P(SigningIn, FailsWithAWrongPasswordAndWorksWithTheRightOne) {
  std::atomic<bool> right{false};
  AuthCallback ann([&](auto&, auto& credentials) { return fill_in(credentials, "ann", right ? "ann" : "bob"); });

  EXPECT_EQ(write(at("a"), "x"), kLost);
  EXPECT_EQ(second_status(), eOmniClientConnectionStatus_AuthFailed);
  EXPECT_EQ(read(at("a")).result, kLost);
  right = true;
  omniClientReconnect(GetParam().c_str());

  EXPECT_EQ(write(at("a"), "x"), kOk);
  EXPECT_EQ(stat(at("a")).item.created_by, "ann");
  EXPECT_EQ(ann.servers.all().size(), 2u);
}

TEST_P(SigningIn, IsGivenUpWhereTheProgramWantsNoConnection) {
  AuthCallback nobody([](auto&, auto& credentials) { return credentials.abort = true; });

  EXPECT_EQ(list(GetParam()).result, kLost);

  EXPECT_EQ(second_status(), eOmniClientConnectionStatus_AuthAbort);
}

TEST_P(SigningIn, AsksTheNewestFirstAndEachOnce) {
  AuthCallback old([](auto&, auto& credentials) { return as_ann(credentials); });
  AuthCallback fresh([](auto&, auto&) { return false; });

  EXPECT_EQ(stat(GetParam()).result, kOk);
  EXPECT_EQ(list(GetParam()).result, kOk);

  EXPECT_EQ(fresh.servers.all(), std::vector<std::string>{server()});
  EXPECT_EQ(old.servers.all(), std::vector<std::string>{server()});
}

TEST_P(SigningIn, TellsOfTheServer) {
  AuthCallback admin([this](auto&, auto& credentials) { return as_admin(credentials); });
  const auto info = info_of(GetParam());

  EXPECT_EQ(info.result, kOk);
  EXPECT_EQ(info.version, "1.19");
  EXPECT_EQ(info.username, "omniverse");
  EXPECT_EQ(info.connection.size(), 16u);
  EXPECT_EQ(std::count(info.token.begin(), info.token.end(), '.'), 2) << "a JWT has three parts";
  EXPECT_TRUE(info.objects && info.checkpoints && info.atomic && info.undelete);
  EXPECT_FALSE(info.cache);
}

TEST_P(SigningIn, RenewsItsTokenWhichIsAGoodOne) {
  Texted token;
  AuthCallback both([&](const std::string& server, OmniClientCredentials& credentials) {
    if (server.find("localhost") == std::string::npos) return as_admin(credentials);
    credentials.token = AuthCallback::text(token.text);
    return true;
  });
  ASSERT_EQ(stat(GetParam()).result, kOk);

  token = renewed(GetParam());

  EXPECT_EQ(token.result, kOk);
  EXPECT_EQ(info_of(GetParam()).token, token.text);
  EXPECT_EQ(info_of(other("")).username, "omniverse") << "somebody else signs in with it";
  // That one was given by the program, and stays as it is.
  EXPECT_EQ(renewed(other("")).result, kOk);
  EXPECT_EQ(renewed(other("")).text, token.text);
}

TEST_P(SigningIn, FailsWithATokenThatIsNone) {
  AuthCallback wrong([](auto&, auto& credentials) {
    credentials.token = AuthCallback::text("no.such.token");
    return true;
  });

  EXPECT_EQ(stat(GetParam()).result, kLost);

  EXPECT_EQ(second_status(), eOmniClientConnectionStatus_AuthFailed);
}

TEST_P(SigningIn, IsAskedForAgainAfterSigningOut) {
  AuthCallback ann([](auto&, auto& credentials) { return as_ann(credentials); });
  auto watch = Watch::folder(GetParam());
  ASSERT_EQ(watch.first(), kOk);
  Member member(at("c.channel"));
  member.until(eOmniClientChannelEvent_Join);

  omniClientSignOut(GetParam().c_str());

  watch.changes.wait_until([](const Change& change) { return change.result == kLost; });
  EXPECT_EQ(member.until(eOmniClientChannelEvent_Error).result, kLost);
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_SignedOut; });
  EXPECT_EQ(stat(GetParam()).result, kOk);
  EXPECT_EQ(ann.servers.all().size(), 2u);
}

TEST_P(SigningIn, IsLeftByWhoSignsOutMeanwhile) {
  std::promise<void> asked, go_on;
  AuthCallback slow([&](auto&, auto& credentials) {
    asked.set_value();
    go_on.get_future().wait();
    return as_ann(credentials);
  });
  auto result = kOk;
  const auto id = omniClientStat(GetParam().c_str(), &result,
                                 [](void* data, OmniClientResult got, OmniClientListEntry const*) noexcept {
                                   *static_cast<OmniClientResult*>(data) = got;
                                 });
  asked.get_future().wait();

  omniClientSignOut(GetParam().c_str());
  go_on.set_value();
  omniClientWait(id);

  EXPECT_EQ(result, kLost);
  EXPECT_EQ(second_status(), eOmniClientConnectionStatus_SignedOut);
}

TEST_P(SigningIn, IsToldToWhoAsksLater) {
  AuthCallback ann([](auto&, auto& credentials) { return as_ann(credentials); });
  ASSERT_EQ(stat(GetParam()).result, kOk);
  Collected<std::pair<std::string, OmniClientConnectionStatus>> told;

  const auto handle = omniClientRegisterConnectionStatusCallback(
      &told, [](void* data, char const* url, OmniClientConnectionStatus status) noexcept {
        static_cast<decltype(told)*>(data)->add({url, status});
      });

  EXPECT_EQ(told.wait_for(1)[0], std::make_pair(server(), eOmniClientConnectionStatus_Connected));
  omniClientUnregisterCallback(handle);
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, SigningIn, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SigningIn);

}  // namespace
