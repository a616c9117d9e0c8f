#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::websocket_beast {

using testing::ComponentUnderTest;
using testing::FakeConnection;
using testing::FakeHost;
using testing::Options;

/// The plugin's entry, from the library of this build.
const omnibroker_plugin& plugin(const std::string& name);

/// A frame of a client. `first`: FIN, reserved bits and opcode.
std::string frame(unsigned first, std::string_view payload);
inline std::string text(std::string_view payload) { return frame(0x81, payload); }
inline std::string ping(std::string_view payload) { return frame(0x89, payload); }
std::string close(unsigned code);

/// First byte and payload of each frame of a server; fails the test where they are not whole.
using Frames = std::vector<std::pair<unsigned, std::string>>;
Frames frames_of(std::string_view bytes);
/// The code of the one close frame that these are; 0 where they are not.
unsigned close_code(const Frames& frames);

/// As clients write and read it, by zlib itself.
std::string deflated(std::string_view message);
std::string inflated(std::string_view payload, int window_bits);
/// `size` bytes of JSON, more or less.
std::string json_of(std::size_t size);

/// A host, components of either transport on it, and clients.
class TransportTest : public ::testing::Test {
 protected:
  TransportTest() { host.set_limit("max_message", 1024); }
  void TearDown() override;

  ComponentUnderTest& start(const std::string& type, Options options = {});
  /// A client that has been upgraded, the answer taken away.
  FakeConnection& connect(ComponentUnderTest& to, std::string_view more_headers = "");
  std::vector<std::string> payloads() const;

  FakeHost host{"transports.realtime"};
  std::vector<std::unique_ptr<ComponentUnderTest>> components;
};

}  // namespace omnibroker::plugins::websocket_beast
