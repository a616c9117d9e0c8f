/// Components that count messages, and give their count to their successors; each can misbehave there on demand.
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

constexpr std::string_view kFormat = "count/1 ";

struct Options {
  std::string step = "none";
  std::string mood = "fail";
  std::int64_t run = 1;
};

const ConfigSpec<Options>& options() {
  static const auto spec =
      ConfigSpec<Options>{}
          .field("step", &Options::step, "Where it misbehaves.")
          .choices("none|state_export|state_import")
          .field("mood", &Options::mood, "How: hang waits for a byte from the pipe in OMNIBROKER_TEST_GATE.")
          .choices("fail|throw|hang|busy|busy_twice|damaged|too_much|far_too_much|die")
          .field("run", &Options::run, "Makes one generation differ from another.")
          .range(std::int64_t{1}, std::int64_t{1'000'000});
  return spec;
}

/// Until somebody writes to the pipe.
void wait_at_gate() {
  const int gate = ::open(std::getenv("OMNIBROKER_TEST_GATE"), O_RDONLY);
  char byte = 0;
  if (gate >= 0 && ::read(gate, &byte, 1) >= 0) ::close(gate);
}

/// A count that moves on.
class Count {
 public:
  explicit Count(Options options) : options_(std::move(options)) {}

  std::int64_t next() { return ++count_; }

  Status write(const Sink& out) {
    if (auto status = behave("state_export", out); !status) return status;
    out.append(std::string(kFormat) + std::to_string(count_.load()));
    return {};
  }
  Status read(std::string_view state) {
    if (auto status = behave("state_import", Sink(nullptr)); !status) return status;
    std::int64_t count = 0;
    if (!state.starts_with(kFormat)) return Error{ErrorCode::Unsupported, "expected " + std::string(kFormat)};
    state.remove_prefix(kFormat.size());
    const auto [end, problem] = std::from_chars(state.data(), state.data() + state.size(), count);
    if (problem != std::errc() || end != state.data() + state.size()) {
      return Error{ErrorCode::InvalidArgument, "expected a number"};
    }
    count_ = count;
    return {};
  }

 private:
  Status behave(std::string_view step, const Sink& out) {
    if (options_.step != step) return {};
    const auto& mood = options_.mood;
    if (mood == "throw") throw std::runtime_error("thrown out of " + options_.step);
    if (mood == "die") std::abort();
    if (mood == "damaged") return out.append("count/1 many"), Error{ErrorCode::Internal, "it is damaged"};
    if (mood == "too_much" || mood == "far_too_much") {
      const std::string megabyte(1 << 20, 'x');
      for (int i = 0; i < (mood == "too_much" ? 65 : 129); ++i) out.append(megabyte);
      return {};
    }
    if (mood == "hang") {
      wait_at_gate();
      return {};
    }
    if (mood == "busy" || (mood == "busy_twice" && ++asked_ <= 2)) return Error{ErrorCode::Unavailable, "it is busy"};
    if (mood == "busy_twice") return {};
    return Error{ErrorCode::InvalidArgument, "not in the mood to " + options_.step};
  }

  const Options options_;
  std::atomic<std::int64_t> count_{0};
  int asked_ = 0;
};

/// Puts its number into every message; one of type `wait` takes as long as somebody wants.
class Numbering final : public Handler {
 public:
  using Config = Options;
  static const ConfigSpec<Config>& spec() { return options(); }
  Numbering(Host, Config config) : count_(std::move(config)) {}

  Outcome handle(const Message& message, Call& call) override {
    if (message.type() == "wait") wait_at_gate();
    const auto number = std::to_string(count_.next());
    call.replace(R"({"type":")" + std::string(message.type()) + R"(","number":)" + number + "}");
    return Outcome::accept();
  }
  Status export_state(const Sink& out) { return count_.write(out); }
  Status import_state(std::string_view state) { return count_.read(state); }

 private:
  Count count_;
};

/// Publishes the number of each message that it gets.
class Tally final : public Bridge {
 public:
  using Config = Options;
  static const ConfigSpec<Config>& spec() { return options(); }
  Tally(Host host, Config config) : host_(host), count_(std::move(config)) {}

  void deliver(const omnibroker_payload&) override {
    const auto message = R"({"type":"tally","number":)" + std::to_string(count_.next()) + "}";
    if (!publish(host_, message)) host_.log().error("The tally was not published");
  }
  Status export_state(const Sink& out) { return count_.write(out); }
  Status import_state(std::string_view state) { return count_.read(state); }

 private:
  Host host_;
  Count count_;
};

/// Knows another format.
class Stranger final : public Handler {
 public:
  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }
  explicit Stranger(Host) {}
  Status export_state(const Sink& out) { return out.append("strange/7"), Status(); }
  Status import_state(std::string_view) { return Error{ErrorCode::Unsupported, "expected strange/7"}; }
};

}  // namespace

OMNIBROKER_PLUGIN("counting", "1.0.0", "Counts, and lets others go on with its count.",
                  component<Numbering>("numbering", "Numbers messages."), component<Tally>("tally", "Counts."),
                  component<Stranger>("stranger", "Gives and takes something else."))
