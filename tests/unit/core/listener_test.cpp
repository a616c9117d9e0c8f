#include "net/listener.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::string port_of(const ListeningSocket& socket) { return socket.name().substr(socket.name().rfind(':') + 1); }

TEST(ListeningSocket, LocalhostIsBothLoopbackAddressesOnOnePort) {
  auto sockets = ListeningSocket::open("localhost:0", 10);

  ASSERT_TRUE(sockets) << sockets.error().message;
  EXPECT_TRUE((*sockets)[0]->name().starts_with("127.0.0.1:"));
  if (sockets->size() == 2) {
    EXPECT_TRUE((*sockets)[1]->name().starts_with("[::1]:"));
    EXPECT_EQ(port_of(*(*sockets)[0]), port_of(*(*sockets)[1]));
  }
}

TEST(ListeningSocket, APortInUseIsNamed) {
  auto first = ListeningSocket::open("127.0.0.1:0", 10);
  ASSERT_TRUE(first);

  auto second = ListeningSocket::open("127.0.0.1:" + port_of(*first->front()), 10);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "Cannot listen on " + first->front()->name() + ": another program is using it");
}

TEST(ListeningSocket, BadAddressesAreRefusedWithTheReason) {
  for (const auto* address : {"nonsense", "localhost:", ":80", "no.such.host.invalid:80", "127.0.0.1:http2x"}) {
    const auto sockets = ListeningSocket::open(address, 10);
    ASSERT_FALSE(sockets) << address;
    EXPECT_TRUE(sockets.error().message.starts_with("Cannot listen on ")) << sockets.error().message;
  }
}

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibroker-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
};

TEST_F(UnixSocket, ItsFileGoesWithIt) {
  const auto path = folder / "broker.sock";
  {
    const auto sockets = ListeningSocket::open("unix:" + path.string(), 10);
    ASSERT_TRUE(sockets) << sockets.error().message;
    EXPECT_TRUE(std::filesystem::is_socket(path));
    const auto again = ListeningSocket::open("unix:" + path.string(), 10);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().message.ends_with("another program is using it"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixSocket, AFileThatAKilledProcessLeftIsTakenOver) {
  const auto path = folder / "broker.sock";
  if (const auto child = ::fork(); child == 0) {
    auto sockets = ListeningSocket::open("unix:" + path.string(), 10);
    ::_exit(sockets ? 0 : 1);  // without destructors, as if it had been killed
  } else {
    ASSERT_GT(child, 0);
    while (!std::filesystem::exists(path)) std::this_thread::yield();
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }

  EXPECT_TRUE(ListeningSocket::open("unix:" + path.string(), 10));
}

TEST_F(UnixSocket, AFileThatIsNoSocketIsLeftAlone) {
  const auto path = folder / "notes.txt";
  std::ofstream(path) << "mine";

  EXPECT_FALSE(ListeningSocket::open("unix:" + path.string(), 10));
  EXPECT_EQ(std::filesystem::file_size(path), 4u);
}

}  // namespace
}  // namespace omnibroker::core
