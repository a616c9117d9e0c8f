#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

using namespace omnibroker;

/// A robot's battery runs low: `{"type": "battery_alert", "prim_path": "/World/Robot_1", "percent": 12}`.
///
/// Alerts of batteries that are full enough go to nobody.
class BatteryAlert final : public Handler {
 public:
  struct Config {
    double below = 20;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("below", &Config::below, "Percent from which an alert is passed on.")
                                 .range(0.0, 100.0);
    return spec;
  }

  static constexpr const char* failure_code = "BATTERY_ALERT_FAILED";
  static constexpr const char* noun = "battery alerts";

  BatteryAlert(Host host, Config config) : host_(host), config_(config) {}

  Outcome handle(const Message& message, Call&) override {
    if (const auto path = fields::require_path(message, "prim_path", 1024); !path) return fields::refuse(path.error());
    auto percent = fields::require_number(message, "percent", 0, 100);
    if (!percent) return fields::refuse(percent.error());

    return *percent <= config_.below ? Outcome::accept() : Outcome::consume();
  }

 private:
  Host host_;
  Config config_;
};

OMNIBROKER_PLUGIN("battery_alert", "1.0.0", "Passes alerts of empty batteries on.",
                  component<BatteryAlert>("battery_alert", "Checks battery alerts, and drops those that are none."))
