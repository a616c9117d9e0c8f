#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_call.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::testing {

inline const std::vector<std::string> kNone;

/// What the components below do when they are called: each test says it, also what breaks the rules.
struct Script {
  std::function<void(Connection&, const Request&)> open = {};  ///< May end the request: then it answers "closed".
  std::function<std::size_t(Connection&, std::span<std::uint8_t>)> receive = {};  ///< Without it: all is consumed.
  std::function<void(Connection&)> timer = {};
  std::function<void(Connection&)> woken = {};
  std::function<void(Connection&, ShutdownReason, std::string_view)> shutdown = {};
  std::function<void(Connection&)> end_of_input = {};
  std::function<void(Connection&, std::uint64_t, const omnibroker_reply&)> reply = {};
  std::function<void(Connection&)> closed = {};
  std::function<Outcome(const Message&, Call&)> handle = {};
  std::function<void(const Host&)> start = {};
  std::function<Status(const Sink&)> export_state = {};
  std::function<Status(std::string_view)> import_state = {};
  bool ended_in_open = false;  ///< What `open` answers: the request has been ended.
};

/// The script in force; each test sets its own.
Script& script();

/// A plugin with one component of each kind, in the C++ layer: `transport`, `handler`, `reply`.
const omnibroker_plugin& probe_plugin();

/// The options that the transport and the handler were given last.
struct ProbeConfig {
  bool flag = true;
  std::uint32_t whole = 3;
  double number = 0.5;
  std::string text = "a \"b\"";
  std::chrono::nanoseconds pause = std::chrono::seconds(90);
  ByteSize size{64 * 1024};
  TextList list = {"one", "two, three"};
  TextMap map = {{"key", "value: 1"}};
  std::string choice = "red";
};
const ProbeConfig& last_config();

class ProbeTest : public ::testing::Test {
 protected:
  ProbeTest() { script() = {}; }
  ~ProbeTest() override { script() = {}; }

  ComponentUnderTest& start(std::string_view type, Options options = {}) {
    component = std::make_unique<ComponentUnderTest>(host, probe_plugin(), type, std::move(options));
    const auto status = component->bring_up();
    EXPECT_TRUE(status) << status.error().message;
    return *component;
  }

  FakeHost host{"tests.probe"};
  std::unique_ptr<ComponentUnderTest> component;
};

}  // namespace omnibroker::testing
