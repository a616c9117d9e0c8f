#include "applying.hpp"

#include <atomic>
#include <barrier>
#include <fcntl.h>
#include <functional>
#include <set>

namespace omnibroker::core {
namespace {

/// A handler that numbers messages: what it knows is the last number.
class StateTest : public ApplyingTest {
 protected:
  StateTest() {
    parts.limits += ", messages_per_second: off, frames_per_second: off";
    use("counting:numbering");
  }
  void use(std::string_view plugin) {
    parts.routes =
        "  client_register: { from: anyone, handler: client_register }\n"
        "  select_object: { from: web_ui, to: web_ui, handler: select_object }\n"
        "  count: { from: web_ui, to: web_ui, handler: { plugin: \"" +
        std::string(plugin) + "\" } }\n";
  }
  /// Of the handler: as `numbering, run: 2`.
  ComponentConfig numbering(std::string_view options) {
    auto other = parts;
    replace(other.routes, "\"counting:numbering\"", "\"counting:numbering\", " + std::string(options));
    const auto config = config_of(other);
    for (const auto& route : config.routes) {
      if (route.handler.name == "handlers.count") return route.handler;
    }
    ADD_FAILURE() << "no handler";
    return {};
  }
  void serve_with(std::string_view options) {
    replace(parts.routes, "\"counting:numbering\"", "\"counting:numbering\", " + std::string(options));
    serve();
    replace(parts.routes, std::string(", ") + std::string(options), "");
  }
  void gate() const {
    ::setenv("OMNIBROKER_TEST_GATE", (folder / "gate").c_str(), 1);
    ASSERT_EQ(::mkfifo((folder / "gate").c_str(), 0600), 0);
  }
  void open_gate() const { std::ofstream(folder / "gate").put('x'); }
  /// Until somebody is at the gate.
  void wait_for_reader() {
    while ((gate_ = ::open((folder / "gate").c_str(), O_WRONLY | O_NONBLOCK)) < 0) std::this_thread::yield();
  }
  static std::string counted(Peer& peer) { return answer(peer, R"({"type":"count"})"); }
  ~StateTest() override {
    if (gate_ >= 0) ::close(gate_);
  }

  static std::string number(int n) { return R"({"type":"count","number":)" + std::to_string(n) + "}"; }

  int gate_ = -1;
};

TEST_F(StateTest, ASuccessorGoesOnWithWhatWasKnown) {
  serve();
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  EXPECT_EQ(counted(*peer), number(2));

  auto report = broker->swap(numbering("run: 2"));

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->state);
  EXPECT_EQ(report->state->bytes, std::string("count/1 2").size());
  EXPECT_GT(report->state->stood_still.count(), 0);
  EXPECT_EQ(counted(*peer), number(3));
}

TEST_F(StateTest, ARollbackTakesItBack) {
  serve();
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  ASSERT_TRUE(broker->swap(numbering("run: 2")));
  EXPECT_EQ(counted(*peer), number(2));

  auto report = broker->rollback("handlers.count");

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->state && report->state->bytes);
  EXPECT_EQ(counted(*peer), number(3));
}

TEST_F(StateTest, ABrokenGenerationDoesNotBarTheWayBack) {
  serve();
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  ASSERT_TRUE(broker->swap(numbering("step: state_export")));
  EXPECT_EQ(counted(*peer), number(2));

  auto report = broker->rollback("handlers.count");

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->state);
  EXPECT_FALSE(report->state->bytes);
  EXPECT_NE(report->state->refusal.find("not in the mood to state_export"), std::string::npos);
  EXPECT_EQ(counted(*peer), number(2)) << "with what it knew itself";
}

TEST_F(StateTest, AnAppliedChangeCarriesIt) {
  serve();
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  replace(parts.routes, "\"counting:numbering\"", "\"counting:numbering\", run: 2");

  const auto report = applied();

  ASSERT_EQ(report.swaps.size(), 1u);
  EXPECT_TRUE(report.swaps[0].state && report.swaps[0].state->bytes);
  EXPECT_EQ(counted(*peer), number(2));
}

TEST_F(StateTest, ASuccessorThatTakesNoneBeginsWithoutAndTheReportSaysSo) {
  serve();
  auto wanted = numbering("run: 2");
  use("moody");
  const auto other = config_of(parts);
  for (const auto& route : other.routes) {
    if (route.handler.name == wanted.name) wanted = route.handler;
  }

  auto report = broker->swap(wanted);

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->state);
  EXPECT_FALSE(report->state->bytes);
  EXPECT_EQ(report->state->refusal, "its plugin takes none");
}

TEST_F(StateTest, AFormatThatIsNotKnownLeavesTheOldGenerationServing) {
  serve();
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  use("counting:stranger");

  const auto report = apply();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "handlers.count: plugin stranger: state_import failed: expected strange/7");
  EXPECT_EQ(counted(*peer), number(2));
}

TEST_F(StateTest, OneThatIsBusyIsAskedAgain) {
  serve_with("step: state_export, mood: busy_twice");
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));

  auto report = broker->swap(numbering("run: 2"));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(counted(*peer), number(2));
}

class StateFault : public StateTest, public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(StateFault, LeavesTheOldGenerationServing) {
  const auto [step, mood] = GetParam();
  gate();
  const auto faulty = "step: " + std::string(step) + ", mood: " + mood;
  const bool is_export = std::string_view(step) == "state_export";
  if (is_export) {
    serve_with(faulty);
  } else {
    serve();
  }
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));

  auto report = broker->swap(numbering(is_export ? "run: 2" : faulty));

  ASSERT_FALSE(report);
  const auto& said = report.error().message;
  EXPECT_EQ(said.find("handlers.count: plugin numbering: " + std::string(step)), 0u) << said;
  EXPECT_EQ(states("handlers.count"), States{"1 current 0"});
  EXPECT_EQ(counted(*peer), number(2));
  talks(*peer);
  talks(*robot());
  if (std::string_view(mood) == "hang") open_gate();  // lets the thread go
}

INSTANTIATE_TEST_SUITE_P(Moods, StateFault,
                         testing::Values(std::pair("state_export", "fail"), std::pair("state_export", "throw"),
                                         std::pair("state_export", "hang"), std::pair("state_export", "busy"),
                                         std::pair("state_export", "damaged"), std::pair("state_export", "too_much"),
                                         std::pair("state_import", "fail"), std::pair("state_import", "throw"),
                                         std::pair("state_import", "hang"), std::pair("state_import", "busy")),
                         [](const auto& one) {
                           return std::string(one.param.first) + "_" + std::string(one.param.second);
                         });

TEST_F(StateTest, OneThatDidNotComeBackIsNotAskedAgain) {
  gate();
  serve_with("step: state_export, mood: hang");
  auto peer = robot();
  ASSERT_FALSE(broker->swap(numbering("run: 2")));

  auto report = broker->swap(numbering("run: 2"));

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->state);
  EXPECT_NE(report->state->refusal.find("state_export did not return within 1 s"), std::string::npos)
      << report->state->refusal;
  EXPECT_EQ(counted(*peer), number(1)) << "from the start: the way out is open";
  open_gate();
}

TEST_F(StateTest, ThereIsNoWayBackToOneThatDidNotComeBack) {
  gate();
  serve_with("step: state_import, mood: hang");
  auto peer = robot();
  EXPECT_EQ(counted(*peer), number(1));
  ASSERT_TRUE(broker->swap(numbering("run: 2")));
  EXPECT_EQ(counted(*peer), number(2));

  const auto report = broker->rollback("handlers.count");

  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("state_import did not return within 1 s"), std::string::npos);
  EXPECT_EQ(broker->rollback("handlers.count").error().code, ErrorCode::NotFound);
  EXPECT_EQ(counted(*peer), number(3));
  open_gate();
}

TEST_F(StateTest, AWorkerThatHangsHoldsTheOthersUpForASecondAtMost) {
  gate();
  parts.routes += "  wait: { from: web_ui, to: web_ui, handler: { plugin: \"counting:numbering\" } }\n";
  serve();
  auto one = robot(), other = robot();  // each on a worker of its own
  one->say(R"({"type":"wait"})");
  wait_for_reader();

  const auto report = broker->swap(numbering("run: 2"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(report.error().message, "A worker is inside a call into a component for longer than 1 s; try again later");
  EXPECT_EQ(counted(*other), number(1)) << "while the first one still hangs";
  open_gate();
  auto again = broker->swap(numbering("run: 2"));
  while (!again && again.error().code == ErrorCode::Unavailable) again = broker->swap(numbering("run: 2"));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(counted(*other), R"({"type":"wait","number":1})");
}

TEST_F(StateTest, EveryMessageIsCountedOnceWhileGenerationsChange) {
  parts.routes += "  tally: { from: tally, to: web_ui, handler: \"parts:forward\" }\n";
  replace(parts.routes, "count: { from: web_ui, to: web_ui", "count: { from: web_ui, to: [web_ui, tally]");
  parts.rest = "workers: 2\nbridges: { tally: { plugin: \"counting:tally\", role: tally } }\n";
  serve();
  constexpr std::size_t kTalkers = 4, kBurst = 20;
  constexpr int kChanges = 30;
  std::vector<std::unique_ptr<Peer>> talkers;
  for (std::size_t i = 0; i < kTalkers; ++i) talkers.push_back(robot());
  std::atomic<bool> enough{false};
  std::atomic<std::size_t> said{0};
  bool is_last = false;
  std::barrier<std::function<void()>> round(kTalkers, [&]() noexcept { is_last = enough; });
  std::vector<std::vector<std::string>> heard(kTalkers);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kTalkers; ++i) {
    threads.emplace_back([&, i] {
      auto& all = heard[i];
      while (!is_last) {
        for (std::size_t n = 0; n < kBurst; ++n) talkers[i]->say(R"({"type":"count"})");
        said += kBurst;
        round.arrive_and_wait();
        while (all.size() < 2 * said && (all.empty() || !all.back().empty())) {  // every message, and every tally
          all.push_back(talkers[i]->hear());
        }
        round.arrive_and_wait();
      }
    });
  }
  for (int run = 2; run < kChanges + 2; ++run) {
    auto next = parts;
    replace(next.routes, "\"counting:numbering\"", "\"counting:numbering\", run: " + std::to_string(run));
    replace(next.rest, "\"counting:tally\"", "\"counting:tally\", run: " + std::to_string(run));
    auto report = broker->apply(config_of(next));
    while (!report && report.error().code == ErrorCode::Unavailable) {  // a slow machine does not stand within a second
      report = broker->apply(config_of(next));
    }
    EXPECT_TRUE(report) << report.error().message;
    if (run % 4 == 0) {
      EXPECT_TRUE(broker->rollback("handlers.count"));
    }
  }
  enough = true;
  for (auto& thread : threads) thread.join();
  for (const auto& all : heard) {
    const std::set<std::string> different(all.begin(), all.end());
    EXPECT_EQ(different.size(), 2 * said);
    EXPECT_EQ(different.count(number(static_cast<int>(said))), 1u);
    EXPECT_EQ(different.count(R"({"type":"tally","number":)" + std::to_string(said) + "}"), 1u);
  }
}

}  // namespace
}  // namespace omnibroker::core
