#include "probe.hpp"

namespace omnibroker::testing {
namespace {

using namespace std::chrono_literals;

ProbeConfig config;

class ProbeExchange final : public Exchange {
 public:
  explicit ProbeExchange(Connection connection) : connection_(connection) {}
  ~ProbeExchange() override {
    if (script().closed) script().closed(connection_);
  }

  std::size_t receive(std::span<std::uint8_t> bytes) override {
    return script().receive ? script().receive(connection_, bytes) : bytes.size();
  }
  void timer() override {
    if (script().timer) script().timer(connection_);
  }
  void woken() override {
    if (script().woken) script().woken(connection_);
  }
  void reply(std::uint64_t correlation, const omnibroker_reply& reply) override {
    if (script().reply) script().reply(connection_, correlation, reply);
  }
  void shutdown(ShutdownReason reason, std::string_view sentence) override {
    if (script().shutdown) script().shutdown(connection_, reason, sentence);
  }
  void end_of_input() override {
    if (script().end_of_input) script().end_of_input(connection_);
  }

 private:
  Connection connection_;
};

class ProbeTransport final : public Transport {
 public:
  using Config = ProbeConfig;
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("flag", &Config::flag, "A flag.")
                                 .field("whole", &Config::whole, "A whole number.")
                                 .range(1u, 10u)
                                 .field("number", &Config::number, "A number.")
                                 .field("text", &Config::text, "A text.")
                                 .field("pause", &Config::pause, "A duration.")
                                 .field("size", &Config::size, "A size.")
                                 .field("list", &Config::list, "A list.")
                                 .field("map", &Config::map, "A map.")
                                 .field("choice", &Config::choice, "A choice.")
                                 .choices("red|green");
    return spec;
  }
  static constexpr bool wakes = true;
  ProbeTransport(Host host, Config given) : host_(host) { config = std::move(given); }

  Status start() override {
    if (script().start) script().start(host_);
    return {};
  }
  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override {
    if (script().open) script().open(connection, request);
    if (script().ended_in_open) return nullptr;
    return std::make_unique<ProbeExchange>(connection);
  }
  void encode(const omnibroker_payload& payload, const Sink& out) const override {
    out.append("<" + std::string(view(payload.bytes)) + ">");
  }

 private:
  Host host_;
};

class ProbeHandler final : public Handler {
 public:
  explicit ProbeHandler(Host) {}
  Outcome handle(const Message& message, Call& call) override {
    return script().handle ? script().handle(message, call) : Outcome::accept();
  }
  Status export_state(const Sink& out) { return script().export_state ? script().export_state(out) : Status(); }
  Status import_state(std::string_view state) {
    return script().import_state ? script().import_state(state) : Status();
  }
};

class ProbeReply final : public Reply {
 public:
  explicit ProbeReply(Host) {}
  void ack(std::string_view original_type, const Sink& out) const override {
    out.append("ack ");
    out.append(original_type);
  }
  void error(std::string_view code, std::string_view message, const Sink& out) const override {
    out.append(std::string(code) + ": " + std::string(message));
  }
};

}  // namespace

Script& script() {
  static Script current;
  return current;
}

const ProbeConfig& last_config() { return config; }

const omnibroker_plugin& probe_plugin() {
  static const omnibroker::detail::PluginDescriptor descriptor(
      "probe", "1.0.0", "Does what a test says.",
      {component<ProbeTransport>("transport", "A transport."), component<ProbeHandler>("handler", "A handler."),
       component<ProbeReply>("reply", "A reply.")});
  return *descriptor.get();
}

}  // namespace omnibroker::testing
