#pragma once

#include "places.hpp"

#include <cstring>
#include <functional>

/// The server that `client_test.py` has started, for suites that are run once for each of them; or none.
inline std::vector<std::string> servers() {
  return nucleus().empty() ? std::vector<std::string>{} : std::vector<std::string>{nucleus()};
}

/// A test against a Nucleus, which keeps to a folder of its own there.
class AtANucleus : public testing::TestWithParam<std::string> {
 protected:
  AtANucleus() {
    if (const char* const port = std::getenv("OMNICLIENT_TEST_DISCOVERY")) {
      omniClientConfigSetInt("omniverse.discovery_port", std::atoi(port));
    }
    handle_ = omniClientRegisterConnectionStatusCallback(
        &statuses, [](void* data, char const*, OmniClientConnectionStatus status) noexcept {
          static_cast<client::Collected<OmniClientConnectionStatus>*>(data)->add(status);
        });
  }
  ~AtANucleus() override { omniClientUnregisterCallback(handle_); }

  std::string at(const std::string& path) const { return GetParam() + folder + "/" + path; }
  /// The same over another connection: a server has one for each name that it is called by.
  std::string other(const std::string& path) const {
    auto url = at(path);
    return url.replace(url.find("127.0.0.1"), std::strlen("127.0.0.1"), "localhost");
  }
  bool was(OmniClientConnectionStatus status) const {
    for (const auto one : statuses.all()) {
      if (one == status) return true;
    }
    return false;
  }

  client::Library library;
  const std::string folder = library.folder().filename().string();
  client::Collected<OmniClientConnectionStatus> statuses;

 private:
  std::uint32_t handle_;
};

/// An auth callback for as long as this is there, and what it was asked.
class AuthCallback {
 public:
  using Answer = std::function<bool(const std::string& server, OmniClientCredentials&)>;

  explicit AuthCallback(Answer answer) : answer_(std::move(answer)) {
    handle_ = omniClientRegisterAuthCallback(
        this, [](void* data, char const* server, OmniClientCredentials* credentials) noexcept {
          auto& self = *static_cast<AuthCallback*>(data);
          self.servers.add(server);
          return self.answer_(server, *credentials);
        });
  }
  ~AuthCallback() { omniClientUnregisterCallback(handle_); }
  AuthCallback(const AuthCallback&) = delete;

  static OmniClientContent text(std::string_view text) {
    auto content = omniClientAllocContent(text.size());
    if (!text.empty()) text.copy(static_cast<char*>(content.buffer), text.size());
    return content;
  }

  client::Collected<std::string> servers;

 private:
  const Answer answer_;
  std::uint32_t handle_;
};

/// The user `ann`, who has signed in by the server's other name, beside its administrator.
class WithAnn : public AtANucleus {
 private:
  AuthCallback ann_{[](const std::string& server, OmniClientCredentials& credentials) {
    if (server.find("localhost") == std::string::npos) return false;  // The administrator is in the environment.
    credentials.username = AuthCallback::text("$omni-api-token");
    credentials.password = AuthCallback::text(std::getenv("OMNICLIENT_TEST_ANN"));
    return true;
  }};
};
