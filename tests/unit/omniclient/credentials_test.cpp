// Asking the program for credentials, and showing it logins that go on elsewhere.
#include "client.hpp"
#include "engine/engine.hpp"

#include <future>
#include <memory>

namespace {

using namespace client;
using omniclient::Credentials;
using omniclient::Engine;
using omniclient::Operation;
using Kind = Credentials::Answer::Kind;

OmniClientContent filled_with(const std::string& text) {
  auto content = omniClientAllocContent(text.size());
  text.copy(static_cast<char*>(content.buffer), text.size());
  return content;
}

/// An auth callback, and what it was asked.
struct Asked {
  std::function<bool(OmniClientCredentials&)> answer;
  Collected<std::string> servers;

  static bool call(void* data, char const* server, OmniClientCredentials* credentials) noexcept {
    auto& self = *static_cast<Asked*>(data);
    self.servers.add(server);
    return self.answer(*credentials);
  }
};

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    unsetenv("OMNI_USER");
    unsetenv("OMNI_PASS");
  }
  ~CredentialsTest() override {
    unsetenv("OMNI_USER");
    unsetenv("OMNI_PASS");
  }

  Credentials::Answer ask() {
    std::promise<Credentials::Answer> answer;
    credentials().ask(operation, "omniverse://host:1234",
                      [&answer](Credentials::Answer given) { answer.set_value(std::move(given)); });
    return answer.get_future().get();
  }
  Credentials& credentials() { return engine->credentials(); }

  Library library;
  const std::shared_ptr<Engine> engine = Engine::get();
  const std::shared_ptr<Operation> operation = std::make_shared<Operation>();
};

TEST_F(CredentialsTest, AreAskedForTheNewestFirst) {
  Asked old{[](OmniClientCredentials& given) {
              given.username = filled_with("ann");
              given.password = filled_with("secret");
              return true;
            },
            {}};
  Asked fresh{[](OmniClientCredentials& given) {
                given.token = filled_with("not meant");  // Freed all the same.
                return false;
              },
              {}};
  omniClientRegisterAuthCallback(&old, Asked::call);
  const auto newest = omniClientRegisterAuthCallback(&fresh, Asked::call);

  auto answer = ask();
  EXPECT_EQ(answer.kind, Kind::Password);
  EXPECT_EQ(answer.username, "ann");
  EXPECT_EQ(answer.password, "secret");
  EXPECT_EQ(answer.token, "");
  EXPECT_EQ(fresh.servers.all(), std::vector<std::string>{"omniverse://host:1234"});
  EXPECT_EQ(old.servers.all(), std::vector<std::string>{"omniverse://host:1234"});

  fresh.answer = [](OmniClientCredentials& given) {
    given.token = filled_with("T0ken");
    return true;
  };
  answer = ask();
  EXPECT_EQ(answer.kind, Kind::Token);
  EXPECT_EQ(answer.token, "T0ken");
  EXPECT_EQ(old.servers.all().size(), 1u);

  fresh.answer = [](OmniClientCredentials& given) { return given.abort = true; };
  EXPECT_EQ(ask().kind, Kind::Abort);

  omniClientUnregisterCallback(newest);
  EXPECT_EQ(ask().username, "ann");
}

TEST_F(CredentialsTest, ComeFromTheEnvironmentLast) {
  EXPECT_EQ(ask().kind, Kind::None);
  setenv("OMNI_USER", "$omni-api-token", 1);
  setenv("OMNI_PASS", "key", 1);
  const auto answer = ask();
  EXPECT_EQ(answer.kind, Kind::Password);
  EXPECT_EQ(answer.username, "$omni-api-token");
  EXPECT_EQ(answer.password, "key");

  Asked empty{[](OmniClientCredentials&) { return true; }, {}};  // It says that it has filled in something.
  omniClientRegisterAuthCallback(&empty, Asked::call);
  EXPECT_EQ(ask().username, "$omni-api-token");
  EXPECT_EQ(empty.servers.all().size(), 1u);
}

TEST_F(CredentialsTest, AreNoMoreAskedForWhenCancelled) {
  Asked never{[](OmniClientCredentials&) { return true; }, {}};
  omniClientRegisterAuthCallback(&never, Asked::call);
  operation->cancel();
  bool called = false;
  credentials().ask(operation, "omniverse://h", [&called](const Credentials::Answer&) { called = true; });
  std::promise<void> later;
  engine->calls().post([this, &later] { engine->loop().post([&later] { later.set_value(); }); });
  later.get_future().wait();

  EXPECT_FALSE(called);
  EXPECT_TRUE(never.servers.all().empty());
}

TEST_F(CredentialsTest, AreAskedOfTheNextOneWhereACallbackWasUnregistered) {
  Asked first{[](OmniClientCredentials& given) {
                given.username = filled_with("first");
                return true;
              },
              {}};
  Asked gone{[](OmniClientCredentials&) { return true; }, {}};
  omniClientRegisterAuthCallback(&first, Asked::call);
  const auto handle = omniClientRegisterAuthCallback(&gone, Asked::call);
  std::promise<void> go_on;
  engine->calls().post([future = go_on.get_future().share()] { future.wait(); });
  std::promise<Credentials::Answer> answer;
  credentials().ask(operation, "omniverse://h",
                    [&answer](Credentials::Answer given) { answer.set_value(std::move(given)); });
  omniClientUnregisterCallback(handle);
  go_on.set_value();

  EXPECT_EQ(answer.get_future().get().username, "first");
  EXPECT_TRUE(gone.servers.all().empty());
}

TEST_F(CredentialsTest, AreAskedForWhileACallbackWaitsForTheServer) {
  Asked asked{[](OmniClientCredentials& given) {
                given.username = filled_with("ann");
                return true;
              },
              {}};
  omniClientRegisterAuthCallback(&asked, Asked::call);
  const auto inner = engine->calls().begin(omniclient::Request::Kind::Once, nullptr);
  std::promise<void> done;
  engine->calls().post([&] {
    credentials().ask(operation, "omniverse://h", [&](const Credentials::Answer&) {
      engine->calls().post(inner, nullptr, omniclient::Calls::Then::End);
    });
    omniClientWait(inner->id);
    done.set_value();
  });

  done.get_future().wait();
  EXPECT_EQ(asked.servers.all().size(), 1u);
}

struct Box {
  bool shown;
  std::string server;
  uint32_t handle;
};

TEST_F(CredentialsTest, ShowALoginInABrowserAndItsEnd) {
  Collected<Box> boxes;
  omniClientSetAuthenticationMessageBoxCallback(
      &boxes, [](void* data, bool show, const char* server, uint32_t handle) noexcept {
        static_cast<Collected<Box>*>(data)->add({show, server, handle});
      });
  auto login = credentials().show_browser("omniverse://h", [] { FAIL() << "nobody has cancelled it"; });
  const auto shown = boxes.wait_for(1)[0];
  EXPECT_TRUE(shown.shown);
  EXPECT_EQ(shown.server, "omniverse://h");
  EXPECT_EQ(shown.handle, login->handle());
  EXPECT_NE(shown.handle, 0u);

  login.reset();
  const auto hidden = boxes.wait_for(2)[1];
  EXPECT_FALSE(hidden.shown);
  EXPECT_EQ(hidden.handle, shown.handle);
  omniClientAuthenticationCancel(shown.handle);  // Too late.
  EXPECT_NE(credentials().show_browser("omniverse://h", nullptr)->handle(), shown.handle);
  omniClientSetAuthenticationMessageBoxCallback(nullptr, nullptr);
}

TEST_F(CredentialsTest, CancelALogin) {
  std::promise<std::thread::id> cancelled;
  std::promise<std::thread::id> loop;
  engine->loop().post([&loop] { loop.set_value(std::this_thread::get_id()); });
  const auto login =
      credentials().show_browser("omniverse://h", [&cancelled] { cancelled.set_value(std::this_thread::get_id()); });

  omniClientAuthenticationCancel(login->handle() + 1000);
  omniClientAuthenticationCancel(login->handle());
  omniClientAuthenticationCancel(login->handle());

  EXPECT_EQ(cancelled.get_future().get(), loop.get_future().get());
  std::promise<void> later;  // A second call would break the promise.
  engine->loop().post([&later] { later.set_value(); });
  later.get_future().wait();
}

struct Flow {
  uint32_t handle;
  bool going;
  std::string server, url, code;
  int expiration;
};

TEST_F(CredentialsTest, ShowALoginOnAnotherDevice) {
  Collected<Flow> flows;
  omniClientRegisterAuthDeviceFlowCallback(
      &flows, [](void* data, uint32_t handle, OmniClientAuthDeviceFlowParams const* params) noexcept {
        auto& all = *static_cast<Collected<Flow>*>(data);
        if (params == nullptr) return all.add({handle, false, "", "", "", 0});
        all.add({handle, true, params->server, params->url, params->code, params->expiration});
      });
  auto login = credentials().show_device_flow({"omniverse://h", "https://h/device", "AB-12", 300}, nullptr);
  const auto going = flows.wait_for(1)[0];
  EXPECT_TRUE(going.going);
  EXPECT_EQ(going.handle, login->handle());
  EXPECT_EQ(going.server, "omniverse://h");
  EXPECT_EQ(going.url, "https://h/device");
  EXPECT_EQ(going.code, "AB-12");
  EXPECT_EQ(going.expiration, 300);

  login.reset();
  EXPECT_FALSE(flows.wait_for(2)[1].going);
}

}  // namespace
