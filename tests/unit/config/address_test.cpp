#include "config/addresses.hpp"
#include "config/relations.hpp"

#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

TEST(Address, AcceptsWhatCanBeListenedOn) {
  for (const char* address : {"localhost:8000", "0.0.0.0:0", "[::]:8000", "[fe80::1]:65535", "a-b.example.com:1",
                              "unix:/run/x.sock", "my_host:80"}) {
    EXPECT_EQ(address_problem(address), "") << address;
  }
}

TEST(Address, RefusesWhatCannot) {
  for (const char* address :
       {"", "8000", ":8000", "*:80", "::1:80", "[::1]", "[::1]80", "[x]:80", "h:65536", "h:-1", "h:080", "h:", "h:http",
        "1.2.3:80", "256.1.1.1:80", "unix:", "unix:x", "a b:80", "a/b:80"}) {
    EXPECT_NE(address_problem(address), "") << address;
  }
}

TEST(Address, RefusesAUnixPathThatTheKernelCannotHold) {
  EXPECT_EQ(address_problem("unix:/" + std::string(106, 'x')), "");
  EXPECT_NE(address_problem("unix:/" + std::string(107, 'x')), "");
}

TEST(Address, IsSharedOnlyWithPortZero) {
  EXPECT_TRUE(is_exclusive("localhost:80"));
  EXPECT_FALSE(is_exclusive("localhost:0"));
  EXPECT_TRUE(is_exclusive("unix:/run/x:0"));
}

TEST(Path, IsAbsoluteAndPlain) {
  for (const char* path : {"/", "/ws", "/a/b", "/~x"}) EXPECT_EQ(path_problem(path), "") << path;
  for (const char* path : {"", "ws", "/ws/", "//", "/a//b", "/a?b", "/a#b", "/a%20b", "/a b"}) {
    EXPECT_NE(path_problem(path), "") << path;
  }
}

TEST(Role, HasATitleMadeFromItsName) {
  EXPECT_EQ(title_of("web_ui"), "Web UI");
  EXPECT_EQ(title_of("omniverse_extension"), "Omniverse Extension");
  EXPECT_EQ(title_of("a"), "A");
  EXPECT_EQ(title_of("field__sensor_"), "Field Sensor");
}

}  // namespace
}  // namespace omnibroker::core
