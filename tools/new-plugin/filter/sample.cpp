#include <string>
#include <utility>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

/// A step before the handler, for any message type: refuses messages that carry more than they should.
///
/// Filters of a route run in the order of the configuration; each may accept, change (`call.replace`), answer, consume
/// or refuse. Several workers call at once: keep no state, or guard it.
class Sample final : public Filter {
 public:
  struct Config {
    ByteSize largest{1024};
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec =
        ConfigSpec<Config>{}.field("largest", &Config::largest, "How large a message of this route may be.");
    return spec;
  }

  Sample(Host host, Config config)
      : config_(config), refused_(host.counter("refused_total", "Messages that were too large for their route.")) {}

  Outcome filter(const Message& message, Call&) override {
    if (message.payload().size() <= config_.largest.bytes) return Outcome::accept();
    refused_.add();
    return Outcome::refuse("TOO_LARGE",
                           "The message must be at most " + std::to_string(config_.largest.bytes) + " bytes long");
  }

 private:
  Config config_;
  Metric refused_;
};

}  // namespace

OMNIBROKER_PLUGIN("sample", "0.1.0", "Keeps messages small.",
                  component<Sample>("sample", "Refuses messages beyond a size."))
