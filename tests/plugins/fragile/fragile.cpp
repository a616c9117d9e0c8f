/// A handler that does what a message asks of it, also to the process that it runs in, and uses everything that the
/// host lends to a component with a process of its own.
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

class Fragile final : public Handler {
 public:
  static constexpr const char* failure_code = "FRAGILE_FAILED";
  static constexpr const char* noun = "fragile things";

  struct Config {
    std::string dies = "never";
    std::string mark;
    std::string gate;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("dies", &Config::dies, "The step of its life in which its process ends.")
                                 .choices("never|prepare|start|restart|destroy")
                                 .field("mark", &Config::mark, "A file that says that it has been started before.")
                                 .field("gate", &Config::gate, "The named pipe at which it waits.");
    return spec;
  }

  Fragile(Host host, Config config)
      : host_(host),
        executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)),
        clients_(host.table<omnibroker_host_clients_v1>(OMNIBROKER_HOST_CLIENTS)),
        config_(std::move(config)),
        handled_(host.counter("fragile_handled_total", "Messages that it has seen.")),
        held_(host.gauge("fragile_held", "Messages that it has seen since it was made.")) {}
  ~Fragile() override {
    if (config_.dies == "destroy") std::_Exit(3);
  }

  Status prepare() override {
    if (config_.dies == "prepare") std::abort();
    return {};
  }
  Status start() override {
    if (config_.dies == "start") std::abort();
    if (config_.mark.empty()) return {};
    const bool again = std::filesystem::exists(config_.mark);
    std::ofstream(config_.mark) << "started";
    if (again && config_.dies == "restart") std::abort();
    return {};
  }
  Status drain() override {
    host_.log().info("Drained");
    return {};
  }
  Status stop() override {
    host_.log().info("Stopped");
    return {};
  }

  Outcome handle(const Message& message, Call& call) override {
    handled_.add();
    held_.add();
    const auto how = text_of(message, "how");
    harm(how);
    if (how == "count") return count(call);
    if (how == "later" || how == "timer" || how == "at once" || how == "never") return later(how, call);
    if (how == "register") return register_as(text_of(message, "role"), call);
    if (how == "replace") call.replace(text_of(message, "instead"));
    if (how == "refuse") return Outcome::refuse("NOT_TODAY", "It thought better of it");
    if (how == "debug") host_.log().debug("It was asked to say so");
    call.acknowledge();
    return Outcome::accept();
  }

 private:
  struct Work {
    Fragile* self;
    const omnibroker_host_call_v1* calls;
    std::uint64_t token;
  };

  static std::string text_of(const Message& message, std::string_view name) {
    const auto field = message.field(name);
    return field && field->is_string() ? std::string(field->string()) : std::string();
  }

  void harm(std::string_view how) const {
    if (how == "abort") std::abort();
    if (how == "exit") std::_Exit(7);
    if (how == "wait") {
      host_.log().info("Waits");
      const int gate = ::open(config_.gate.c_str(), O_RDONLY);
      if (gate >= 0) ::close(gate);
    }
    if (how == "garbage") write_garbage(std::string(8, '\xff'));
    if (how == "wrong frame") write_garbage(std::string("\x01\0\0\0\x7f", 5));
    if (how == "hang up") ::shutdown(3, SHUT_RDWR);
  }
  static void write_garbage(const std::string& bytes) { static_cast<void>(!::write(3, bytes.data(), bytes.size())); }

  /// What only the broker knows.
  Outcome count(Call& call) const {
    const auto total = clients_->total(host_.raw());
    const auto registered = clients_->registered(host_.raw());
    const auto web = clients_->with_role(host_.raw(), text("web_ui"));
    const bool sees_metrics = host_.metrics().find("omnibroker_sessions") != std::string::npos;
    call.answer("{\"type\":\"counted\",\"total\":" + std::to_string(total) +
                ",\"registered\":" + std::to_string(registered) + ",\"web\":" + std::to_string(web) +
                ",\"receivers\":" + std::to_string(call.receivers()) + ",\"max_message\":" +
                std::to_string(host_.limit("max_message")) + ",\"metrics\":" + (sees_metrics ? "true" : "false") + "}");
    return Outcome::consume();
  }

  Outcome register_as(const std::string& role, Call& call) {
    switch (call.register_role(role)) {
      case Call::Registered::Now: call.acknowledge(); return Outcome::consume();
      case Call::Registered::Before: return Outcome::refuse("BEFORE", "It has this role");
      case Call::Registered::AsAnotherRole: return Outcome::refuse("ANOTHER", "It has another role");
      default: return Outcome::refuse("UNKNOWN", "There is no such role");
    }
  }

  Outcome later(std::string_view how, Call& call) {
    call.acknowledge();
    call.answer(R"({"type":"note"})");
    auto& work = keep({this, call.table(), call.defer()});
    if (how == "at once") complete(&work);
    if (how == "timer") executor_->after(host_.raw(), 1'000'000, complete, &work);
    if (how == "never") executor_->after(host_.raw(), 4'000'000'000, tell, this);
    if (how == "later") static_cast<void>(executor_->run_blocking(host_.raw(), complete, &work));
    return Outcome::pending();
  }
  Work& keep(Work work) {
    const std::lock_guard lock(mutex_);
    return works_.emplace_back(work);
  }
  static void tell(void* context) { static_cast<const Fragile*>(context)->host_.log().info("Still undecided"); }
  static void complete(void* context) {
    const auto& work = *static_cast<const Work*>(context);
    work.calls->complete(work.self->host_.raw(), work.token, OMNIBROKER_ACCEPT, {}, {}, {});
  }

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  const omnibroker_host_clients_v1* clients_;
  Config config_;
  Metric handled_;
  Metric held_;
  std::mutex mutex_;
  std::deque<Work> works_;  // guarded by mutex_; addresses hold
};

}  // namespace

OMNIBROKER_PLUGIN("fragile", "1.0.0", "Breaks when it is asked to.",
                  component<Fragile>("fragile", "Does to its process what a message asks for."))
