#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::client_register {
namespace {

/// The first message of every client: it says what the client is, which becomes its role.
///
/// Saying the same again is acknowledged again, so that a client may repeat it when in doubt. Saying something else is
/// refused, and the first stays: roles decide who may send what, and must not change under a running client.
///
/// Threads: no state but the configuration.
class ClientRegister final : public Handler {
 public:
  static constexpr const char* failure_code = "REGISTRATION_FAILED";
  static constexpr const char* noun = "registrations";

  struct Config {
    TextList client_types = {"omniverse_extension", "web_ui"};
  };

  static const ConfigSpec<Config>& spec() {
    static const auto spec =
        ConfigSpec<Config>{}
            .field("client_types", &Config::client_types,
                   "What a client may register as. Each is a role that some route names in `from` or `to`.")
            .example("[omniverse_extension, web_ui, recorder]")
            .check([](const Config& config) -> Status {
              if (config.client_types.empty())
                return Error{ErrorCode::InvalidArgument, "client_types must not be empty"};
              return {};
            });
    return spec;
  }

  ClientRegister(Host, Config config) : config_(std::move(config)) {}

  Outcome handle(const Message& message, Call& call) override {
    const auto field = fields::require_string(message, "client_type");
    if (!field) return fields::refuse(field.error());
    const auto timestamp = fields::optional_string(message, "timestamp");
    if (!timestamp) return fields::refuse(timestamp.error());

    const std::string_view client_type = field.value();
    if (!is_supported(client_type)) return unsupported(client_type);
    switch (call.register_role(client_type)) {
      case Call::Registered::Now:
      case Call::Registered::Before: call.acknowledge(); return Outcome::consume();
      case Call::Registered::UnknownRole: return unsupported(client_type);
      case Call::Registered::AsAnotherRole: break;
    }
    return Outcome::refuse(failure_code, "This client is registered as " + std::string(message.role()) + " already");
  }

 private:
  bool is_supported(std::string_view client_type) const {
    const auto& known = config_.client_types;
    return std::find(known.begin(), known.end(), client_type) != known.end();
  }

  static Outcome unsupported(std::string_view client_type) {
    return Outcome::refuse("UNSUPPORTED_CLIENT_TYPE", "Unsupported client type: " + fields::shortened(client_type));
  }

  const Config config_;
};

}  // namespace
}  // namespace omnibroker::plugins::client_register

OMNIBROKER_PLUGIN("client_register", "1.0.0", "Gives clients their role.",
                  omnibroker::component<omnibroker::plugins::client_register::ClientRegister>(
                      "client_register", "Registers the sender with the role that its client_type names."))
