// Components that use what the gateway's own plugins do not: a filter, a bridge, and handlers that decide later,
// misbehave or answer. tests/integration/core runs them in the built broker.
#include <atomic>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <omnibroker/plugin.hpp>
#include <omnibroker/subscriptions.hpp>

namespace {

using namespace omnibroker;

/// Lets a message pass only where a field has one of the given texts.
class OnlyWhere final : public Filter {
 public:
  struct Config {
    std::string field = "zone";
    TextList values{"open"};
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("field", &Config::field, "The field that is looked at.")
                                 .field("values", &Config::values, "What it may be.");
    return spec;
  }
  OnlyWhere(Host, Config config) : config_(std::move(config)) {}

  Outcome filter(const Message& message, Call&) override {
    const auto value = message.field(config_.field);
    for (const auto& allowed : config_.values) {
      if (value && value->is_string() && value->string() == allowed) return Outcome::accept();
    }
    return Outcome::refuse("FORBIDDEN_ZONE", "The field " + config_.field + " has a value that may not pass");
  }

 private:
  Config config_;
};

std::string text_of(const Message& message, std::string_view name) {
  const auto field = message.field(name);
  return field && field->is_string() ? std::string(field->string()) : std::string();
}

/// Decides on a thread that may block, as the message's `decision` asks: accept, consume, refuse or never. What is
/// `held` is decided by a later message, as its `decide` asks. `register`, `subscribe` (with `glob`) and `answer` are
/// asked for before; `instead` is what is delivered.
class Later final : public Handler {
 public:
  static constexpr const char* failure_code = "LATER_FAILED";

  explicit Later(Host host)
      : host_(host),
        executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)),
        subscriptions_(host) {}

  Outcome handle(const Message& message, Call& call) override {
    if (const auto decision = text_of(message, "decide"); !decision.empty()) return decide_held(decision, call);
    ask(message, call);
    const auto decision = message.field("decision");
    auto& work = keep({host_, call.table(), call.defer(), decision ? std::string(decision->string()) : "accept",
                       text_of(message, "instead")});
    if (work.token == 0 || work.decision == "never") return Outcome::pending();
    call.acknowledge();
    if (work.decision == "held") return Outcome::pending();
    if (work.decision == "at once") {
      decide(&work);
    } else if (work.decision == "timer") {
      executor_->after(host_.raw(), 20'000'000, decide, &work);
    } else if (executor_->run_blocking(host_.raw(), decide, &work) != OMNIBROKER_OK) {
      return Outcome::refuse("LATER_FAILED", "There is too much to do");
    }
    return Outcome::pending();
  }

 private:
  struct Work {
    Host host;
    const omnibroker_host_call_v1* calls;
    std::uint64_t token;
    std::string decision;
    std::string instead;
  };

  void ask(const Message& message, Call& call) {
    if (const auto role = text_of(message, "register"); !role.empty()) static_cast<void>(call.register_role(role));
    if (const auto answer = text_of(message, "answer"); !answer.empty()) call.answer(answer);
    Subscription wanted;
    wanted.id = "later";
    wanted.type = text_of(message, "subscribe");
    wanted.key_glob = text_of(message, "glob");
    if (!wanted.type.empty()) static_cast<void>(subscriptions_.subscribe(call, wanted));
  }

  Outcome decide_held(const std::string& decision, Call& call) {
    std::vector<Work*> held;
    {
      const std::lock_guard lock(mutex_);
      for (auto& work : works_) {
        if (work.decision == "held") held.push_back(&work);
      }
    }
    for (auto* work : held) {
      work->decision = decision;
      decide(work);
    }
    call.acknowledge();
    return Outcome::consume();
  }

  /// The component owns what its timers point to: some of them never fire, when it stops before.
  Work& keep(Work work) {
    const std::lock_guard lock(mutex_);
    return works_.emplace_back(std::move(work));
  }

  static void decide(void* context) {
    const auto* work = static_cast<const Work*>(context);
    const auto action = work->decision == "refuse"    ? OMNIBROKER_REFUSE
                        : work->decision == "consume" ? OMNIBROKER_CONSUME
                                                      : OMNIBROKER_ACCEPT;
    work->calls->complete(work->host.raw(), work->token, static_cast<omnibroker_action>(action), text("LATER_FAILED"),
                          text("It was decided against"), text(work->instead));
  }

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  const Subscriptions subscriptions_;
  std::mutex mutex_;
  std::deque<Work> works_;  // guarded by mutex_; addresses hold
};

/// Does what a handler should not.
class Careless final : public Handler {
 public:
  explicit Careless(Host) {}

  Outcome handle(const Message& message, Call& call) override {
    const auto how = message.field("how");
    const auto what = how ? how->string() : std::string_view();
    if (what == "throw") throw std::runtime_error("a secret of the inside");
    if (what == "pending without defer") return Outcome::pending();
    if (what == "answers") {
      for (int i = 0; i < 3; ++i) call.answer("{\"type\":\"note\",\"number\":" + std::to_string(i) + "}");
      call.acknowledge();
      return Outcome::consume();
    }
    return Outcome::refuse("", "");
  }
};

/// Takes part as its role: what it gets, it sends back as a message of the type `echoed`; what it is answered, it logs.
class Mirror final : public Bridge {
 public:
  explicit Mirror(Host host) : host_(host) {}

  void deliver(const omnibroker_payload& payload) override {
    const auto bytes = view(payload.bytes);
    const auto colon = bytes.find("\"prim_path\"");
    if (colon == std::string_view::npos) return;
    const auto status = publish(host_, "{\"type\":\"echoed\"," + std::string(bytes.substr(colon)));
    if (!status) host_.log().warn("Not published", {{"reason", status.error().message}});
  }
  void reply(const omnibroker_reply& reply) override {
    host_.log().info("Answered", {{"refused", reply.refused}, {"code", view(reply.code)}});
  }

 private:
  Host host_;
};

/// Forwards the text in `instead` in place of the message.
class Replaces final : public Handler {
 public:
  explicit Replaces(Host) {}
  Outcome handle(const Message& message, Call& call) override {
    call.replace(text_of(message, "instead"));
    return Outcome::accept();
  }
};

/// Gives the sender a role, and then refuses its message.
class RegistersAndRefuses final : public Handler {
 public:
  explicit RegistersAndRefuses(Host) {}
  Outcome handle(const Message& message, Call& call) override {
    static_cast<void>(call.register_role(text_of(message, "register")));
    return Outcome::refuse("NOT_TODAY", "It thought better of it");
  }
};

/// Holds up the worker that calls it, as no handler should, until somebody opens a named pipe for writing.
class Blocks final : public Handler {
 public:
  struct Config {
    std::string gate;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}.field("gate", &Config::gate, "The named pipe.").required();
    return spec;
  }
  Blocks(Host host, Config config) : host_(host), config_(std::move(config)) {}

  Outcome handle(const Message&, Call&) override {
    host_.log().info("Blocks");
    const int gate = ::open(config_.gate.c_str(), O_RDONLY);
    if (gate >= 0) ::close(gate);
    return Outcome::consume();
  }

 private:
  Host host_;
  Config config_;
};

/// Publishes messages of the type `flooded`, numbered, once it gets something: a few at each tick of a timer, until one
/// is refused or there are `messages` of them.
class Floods final : public Bridge {
 public:
  struct Config {
    std::int64_t messages = 10'000;
    std::int64_t bytes = 16'384;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("messages", &Config::messages, "How many there are.")
                                 .field("bytes", &Config::bytes, "How much each carries.");
    return spec;
  }
  Floods(Host host, Config config)
      : host_(host),
        executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)),
        config_(std::move(config)) {}

  void deliver(const omnibroker_payload&) override { tick(this); }

 private:
  static constexpr std::int64_t kAtOnce = 64;

  /// On the worker that carries out what is published, so that it is never further ahead than one tick.
  static void tick(void* context) {
    auto& self = *static_cast<Floods*>(context);
    const std::string fill(static_cast<std::size_t>(self.config_.bytes), 'x');
    for (std::int64_t i = 0; i < kAtOnce && self.published_ < self.config_.messages; ++i) {
      const auto number = std::to_string(self.published_);
      const auto status = publish(self.host_, "{\"type\":\"flooded\",\"n\":" + number + ",\"fill\":\"" + fill + "\"}");
      if (!status) return self.host_.log().info("Flooded", {{"published", number}, {"refused", true}});
      ++self.published_;
    }
    if (self.published_ < self.config_.messages) {
      self.executor_->after(self.host_.raw(), 0, tick, context);
    } else {
      self.host_.log().info("Flooded", {{"published", self.published_}, {"refused", false}});
    }
  }

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  Config config_;
  std::int64_t published_ = 0;
};

/// Forwards everything.
class Forward final : public Handler {
 public:
  explicit Forward(Host) {}
  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }
};

/// Prepares, and then does not start.
class RefusesToStart final : public Handler {
 public:
  explicit RefusesToStart(Host) {}
  Status start() override { return Error{ErrorCode::Unavailable, "not today"}; }
  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }
};

/// Begins work with its start that may block, and does: each piece waits until somebody opens a named pipe for writing.
class Lingers final : public Handler {
 public:
  struct Config {
    std::string gate;
    std::int64_t pieces = 1;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec = ConfigSpec<Config>{}
                                 .field("gate", &Config::gate, "The named pipe.")
                                 .required()
                                 .field("pieces", &Config::pieces, "How much work it begins.")
                                 .range(std::int64_t{1}, std::int64_t{100});
    return spec;
  }

  Lingers(Host host, Config config) : host_(host), config_(std::move(config)) {}
  ~Lingers() override { host_.log().info("Destroyed", {{"ended", ended_.load()}}); }

  Status start() override {
    const auto* executor = host_.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR);
    for (std::int64_t i = 0; i < config_.pieces; ++i) {
      if (executor->run_blocking(host_.raw(), linger, this) != OMNIBROKER_OK) {
        return Error{ErrorCode::ResourceExhausted, "there is too much to do"};
      }
    }
    return {};
  }
  Status stop() override {
    host_.log().info("Stopped");
    return {};
  }

  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }

 private:
  static void linger(void* context) {
    auto& self = *static_cast<Lingers*>(context);
    self.host_.log().info("Work began");
    const int gate = ::open(self.config_.gate.c_str(), O_RDONLY);
    if (gate >= 0) ::close(gate);
    // Everything that it may use until its end: itself, its options, and what the host lends it.
    self.host_.log().info("Work ended", {{"gate", self.config_.gate}, {"ended", self.ended_.fetch_add(1) + 1}});
    const auto* executor = self.host_.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR);
    if (self.config_.pieces > 1 && executor->run_blocking(self.host_.raw(), note, context) != OMNIBROKER_OK) {
      self.host_.log().info("More work was refused");
    }
  }
  static void note(void* context) { static_cast<Lingers*>(context)->host_.log().info("More work ran"); }

  Host host_;
  Config config_;
  std::atomic<std::int64_t> ended_{0};
};

}  // namespace

OMNIBROKER_PLUGIN("parts", "1.0.0", "Components for tests.",
                  component<OnlyWhere>("only_where", "Lets a message pass only where a field has a given text."),
                  component<Later>("later", "Decides on another thread."),
                  component<Careless>("careless", "Does what a handler should not."),
                  component<Mirror>("mirror", "Sends back what it gets."),
                  component<Replaces>("replaces", "Forwards something else."),
                  component<RegistersAndRefuses>("registers_and_refuses", "Changes its mind."),
                  component<Blocks>("blocks", "Holds up a worker."),
                  component<Floods>("floods", "Publishes more than there is room for."),
                  component<Forward>("forward", "Forwards everything."),
                  component<Lingers>("lingers", "Begins work that does not end by itself."),
                  component<RefusesToStart>("refuses_to_start", "Prepares, and then does not start."))
