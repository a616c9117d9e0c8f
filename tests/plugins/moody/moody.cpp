/// A handler that misbehaves in the step of its life that its configuration names.
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

#include <omnibroker/plugin.hpp>

namespace {

class Moody final : public omnibroker::Handler {
 public:
  struct Config {
    std::string step = "none";
    std::string mood = "fail";
    std::int64_t pace = 1;
  };
  static const omnibroker::ConfigSpec<Config>& spec() {
    static const auto spec =
        omnibroker::ConfigSpec<Config>{}
            .field("step", &Config::step, "Where it misbehaves.")
            .choices("none|configure|prepare|start|drain|stop|destroy|reconfigure|health")
            .field("mood", &Config::mood, "How: hang waits for a reader's end of the pipe in OMNIBROKER_TEST_GATE.")
            .choices("fail|throw|throw_number|hang")
            .field("pace", &Config::pace, "Can be changed while it runs, up to 10.")
            .range(std::int64_t{1}, std::int64_t{100})
            .reloadable();
    return spec;
  }

  Moody(omnibroker::Host host, Config config) : host_(host), config_(std::move(config)) {
    if (auto status = behave("configure"); !status) throw std::invalid_argument(status.error().message);
  }
  ~Moody() override {
    if (config_.step == "destroy") static_cast<void>(behave("destroy"));
  }

  omnibroker::Status prepare() override { return behave("prepare"); }
  omnibroker::Status start() override { return behave("start"); }
  omnibroker::Status drain() override { return behave("drain"); }
  omnibroker::Status stop() override { return behave("stop"); }
  omnibroker::Health health() override {
    const auto status = behave("health");
    return status ? omnibroker::Health{} : omnibroker::Health{OMNIBROKER_DEGRADED, status.error().message};
  }
  omnibroker_reconfigured reconfigure(const Config& before, const Config& after, std::string& error) {
    if (auto status = behave("reconfigure"); !status) {
      error = status.error().message;
      return OMNIBROKER_REJECTED;
    }
    if (before.step != after.step) {
      error = "step cannot be changed in place";
      return OMNIBROKER_NEEDS_REPLACE;
    }
    config_ = after;
    return OMNIBROKER_APPLIED;
  }

  omnibroker::Outcome handle(const omnibroker::Message&, omnibroker::Call&) override {
    return omnibroker::Outcome::accept();
  }

 private:
  omnibroker::Status behave(std::string_view step) {
    if (config_.step != step) return {};
    if (config_.mood == "throw") throw std::runtime_error("thrown out of " + config_.step);
    if (config_.mood == "throw_number") throw 42;
    if (config_.mood == "hang") {
      const int gate = ::open(std::getenv("OMNIBROKER_TEST_GATE"), O_RDONLY);
      if (gate >= 0) ::close(gate);
      return {};
    }
    return omnibroker::Error{omnibroker::ErrorCode::Unavailable, "not in the mood to " + config_.step};
  }

  omnibroker::Host host_;
  Config config_;
};

}  // namespace

OMNIBROKER_PLUGIN("moody", "1.0.0", "Misbehaves on demand.",
                  omnibroker::component<Moody>("moody", "Misbehaves in one step of its life."))
