#pragma once

#include "running_broker.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace omnibroker::core {

/// A configuration in parts, so that a test changes one of them.
struct Parts {
  std::string listeners, transports, limits = "rollback_window: 10m", routes, rest = "workers: 2\n";
};

/// A broker that is brought from one configuration to another.
class ApplyingTest : public RunningBrokerTest {
 protected:
  ApplyingTest() {
    parts.listeners = "  public: { address: \"unix:" + socket() + "\" }\n";
    parts.transports = "  realtime: { plugin: websocket, listener: public, path: /ws }\n";
    parts.routes =
        "  client_register: { from: anyone, handler: client_register }\n"
        "  select_object: { from: web_ui, to: web_ui, handler: select_object }\n";
  }
  BrokerConfig config_of(const Parts& wanted) {
    return parsed("listeners:\n" + wanted.listeners + "transports:\n" + wanted.transports + "limits: { " +
                  wanted.limits + " }\nroutes:\n" + wanted.routes + wanted.rest);
  }
  void serve() {
    auto started = Broker::start(config_of(parts), catalog, *log, metrics);
    ASSERT_TRUE(started) << started.error().message;
    broker = std::move(started).value();
  }
  Result<ApplyReport> apply() { return broker->apply(config_of(parts)); }
  ApplyReport applied() {
    auto report = apply();
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(report).value() : ApplyReport();
  }
  /// Of everything that is current: its generation.
  std::map<std::string, unsigned> numbers() const {
    std::map<std::string, unsigned> all;
    for (const auto& one : broker->generations()) {
      if (one.state == GenerationInfo::State::Current) all[one.name] = one.number;
    }
    return all;
  }
  static void replace(std::string& text, std::string_view what, std::string_view with) {
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), with);
  }
  static std::string answer(Peer& peer, std::string_view text) {
    peer.say(text);
    return peer.hear();
  }

  Parts parts;
};

}  // namespace omnibroker::core
