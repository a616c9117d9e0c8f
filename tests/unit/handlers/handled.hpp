#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_call.hpp>
#include <omnibroker/testing/fake_host.hpp>

/// A handler that is up, and what it made of one message.
class HandlerTest {
 public:
  explicit HandlerTest(const char* type, omnibroker::testing::Options options = {})
      : component_(host_, *omnibroker_plugin_entry_v1(), type, std::move(options)), up_(component_.bring_up()) {}

  /// "accepted", "consumed", or "CODE: message". What else the handler did is in `call`.
  std::string handle(std::string_view message, omnibroker::testing::FakeCall& call) {
    switch (component_.handle(message, call)) {
      case OMNIBROKER_ACCEPT: return "accepted";
      case OMNIBROKER_CONSUME: return "consumed";
      case OMNIBROKER_REFUSE: return call.refused_code + ": " + call.refused_message;
      default: return "pending";
    }
  }
  std::string handle(std::string_view message) {
    omnibroker::testing::FakeCall call(host_);
    return handle(message, call);
  }

  omnibroker::testing::FakeHost& host() { return host_; }
  const omnibroker::testing::ComponentUnderTest& component() const { return component_; }
  const omnibroker::Status& up() const { return up_; }

 private:
  omnibroker::testing::FakeHost host_;
  omnibroker::testing::ComponentUnderTest component_;
  omnibroker::Status up_;
};
