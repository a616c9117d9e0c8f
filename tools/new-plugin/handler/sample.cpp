#include <cstdint>
#include <string>
#include <utility>

#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

/// Says what this message type means: `{"type": "sample", "text": "hello"}`.
///
/// The router has checked before: it is JSON, the sender is registered, and its role may send this type. What is left
/// are the fields. Several workers call at once: keep no state, or guard it.
class Sample final : public Handler {
 public:
  struct Config {
    std::uint32_t longest = 200;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec =
        ConfigSpec<Config>{}.field("longest", &Config::longest, "How many bytes of text a message may carry.");
    return spec;
  }

  static constexpr const char* noun = "sample messages";  // "Only Web UI can send sample messages"

  Sample(Host host, Config config) : host_(host), config_(config) {}

  Outcome handle(const Message& message, Call&) override {
    const auto text = fields::require_string(message, "text");
    if (!text) return fields::refuse(text.error());
    if (text.value().size() > config_.longest) {
      return Outcome::refuse(kInvalidMessageFormat,
                             "Field 'text' must be at most " + std::to_string(config_.longest) + " bytes long");
    }
    return Outcome::accept();  // goes on to everyone that the route names, as the sender wrote it
  }

 private:
  Host host_;  // host_.log().info("..."), host_.counter("..._total", "...")
  Config config_;
};

}  // namespace

OMNIBROKER_PLUGIN("sample", "0.1.0", "What sample messages mean.",
                  component<Sample>("sample", "Checks the text of a message."))
