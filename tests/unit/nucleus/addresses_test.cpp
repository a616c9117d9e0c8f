#include "addresses.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

struct Head {
  std::string mount = "/";
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool secure = false;
};

Addresses addresses(const Head& head) {
  std::vector<omnibroker_header> headers;
  for (const auto& [name, value] : head.headers) headers.push_back({text(name), text(value)});
  std::vector<const omnibroker_header*> pointers;
  for (const auto& header : headers) pointers.push_back(&header);
  omnibroker_request raw{};
  raw.struct_size = sizeof(raw);
  raw.mount = text(head.mount);
  raw.headers = pointers.data();
  raw.header_count = pointers.size();
  raw.secure = head.secure ? 1 : 0;
  return Addresses::of(Request(&raw));
}

TEST(Addresses, AreThePortsOfServicesThatHaveTheirOwn) {
  const auto here = addresses({"/", {{"Host", "nucleus.local:3333"}}});

  EXPECT_EQ(here.url_of("ws", "api", 3009), "ws://nucleus.local:3009");
  EXPECT_EQ(here.path_of("auth"), "/");
  EXPECT_EQ(here.port_of(3100), 3100u);
}

TEST(Addresses, AreBesideOneAnotherBelowOnePath) {
  const auto here = addresses({"/omni/discovery", {{"Host", "nucleus.local:8080"}}});

  EXPECT_EQ(here.url_of("ws", "api", 3009), "ws://nucleus.local:8080/omni/api");
  EXPECT_EQ(here.url_of("http", "lft", 3030), "http://nucleus.local:8080/omni/lft");
  EXPECT_EQ(here.path_of("auth"), "/omni/auth");
  EXPECT_EQ(here.port_of(3100), 8080u);
}

TEST(Addresses, LeaveOutThePortThatTheSchemeImplies) {
  EXPECT_EQ(addresses({"/omni/api", {{"Host", "h"}}}).url_of("http", "lft", 3030), "http://h/omni/lft");
  EXPECT_EQ(addresses({"/omni/api", {{"Host", "h"}}, true}).url_of("http", "lft", 3030), "https://h/omni/lft");
  EXPECT_EQ(addresses({"/", {{"Host", "h"}}, true}).url_of("ws", "api", 443), "wss://h");
}

TEST(Addresses, GoByAProxyThatEndsTls) {
  const auto here = addresses({"/omni/discovery", {{"Host", "h"}, {"X-Forwarded-Proto", "HTTPS"}}});
  EXPECT_TRUE(here.secure);
  EXPECT_EQ(here.url_of("ws", "api", 3009), "wss://h/omni/api");
}

TEST(Addresses, KnowIpv6AndRequestsWithoutAHost) {
  EXPECT_EQ(addresses({"/", {{"Host", "[::1]:3333"}}}).url_of("ws", "api", 3009), "ws://[::1]:3009");
  EXPECT_EQ(addresses({"/", {{"Host", "[::1]"}}}).url_of("ws", "api", 3009), "ws://[::1]:3009");
  EXPECT_EQ(addresses({}).url_of("ws", "api", 3009), "ws://localhost:3009");
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
