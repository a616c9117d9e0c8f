#include "isolation/isolated_component.hpp"

#include "plugin/catalog.hpp"
#include "plugin/component.hpp"
#include "plugin/loader_lane.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

/// A host of memory, and in it a component that runs in a process of its own.
class IsolatedComponentTest : public testing::Test {
 protected:
  IsolatedComponentTest() {
    log_.struct_size = sizeof log_;
    log_.enabled = [](const omnibroker_host*, omnibroker_log_level) { return 1; };
    log_.write = [](const omnibroker_host* host, omnibroker_log_level, omnibroker_text sentence,
                    const omnibroker_field* fields, std::size_t count) {
      Line line{std::string(view(sentence)), {}};
      for (std::size_t i = 0; i < count; ++i) line.fields[std::string(view(fields[i].key))] = view(fields[i].value);
      auto& test = of(host);
      const std::lock_guard lock(test.mutex_);
      test.lines_.push_back(std::move(line));
      test.changed_.notify_all();
    };
    metrics_.struct_size = sizeof metrics_;
    metrics_.counter = [](const omnibroker_host* host, const char* name, const char*) {
      return reinterpret_cast<omnibroker_metric*>(&of(host).metric(name));
    };
    metrics_.gauge = metrics_.counter;
    metrics_.add = [](omnibroker_metric* metric, std::int64_t amount) {
      *reinterpret_cast<std::atomic<std::int64_t>*>(metric) += amount;
    };
    limits_.struct_size = sizeof limits_;
    limits_.get = [](const omnibroker_host*, const char*) -> std::uint64_t { return 65'536; };
    message_.struct_size = sizeof message_;
    message_.payload = [](const omnibroker_message*) { return text(R"({"type":"sulk"})"); };
    message_.sender = [](const omnibroker_message*) -> omnibroker_session { return 1; };
    message_.client_id = [](const omnibroker_message*) { return text("somebody"); };
    message_.role = [](const omnibroker_message*) { return text(""); };
    call_.struct_size = sizeof call_;
    call_.receivers = [](omnibroker_call*) -> std::uint64_t { return 0; };
    call_.defer = [](omnibroker_call* call) -> std::uint64_t { return ++*reinterpret_cast<std::uint64_t*>(call); };
    call_.refuse = [](omnibroker_call*, omnibroker_text, omnibroker_text) {};
    tables_.context = this;
    tables_.add(OMNIBROKER_HOST_LOG, &log_);
    tables_.add(OMNIBROKER_HOST_METRICS, &metrics_);
    tables_.add(OMNIBROKER_HOST_LIMITS, &limits_);
    tables_.add(OMNIBROKER_HOST_MESSAGE, &message_);
    tables_.add(OMNIBROKER_HOST_CALL, &call_);
  }

  struct Line {
    std::string sentence;
    std::map<std::string, std::string> fields;
  };

  static IsolatedComponentTest& of(const omnibroker_host* host) {
    return *static_cast<IsolatedComponentTest*>(ComponentHost::of(host).tables->context);
  }

  std::atomic<std::int64_t>& metric(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return numbers_[name];
  }

  std::unique_ptr<Component> make(const std::string& plugin) {
    const auto found = catalog_.find(plugin);
    EXPECT_TRUE(found) << found.error().message;
    IsolationPlan plan;
    plan.type = found.value().type;
    plan.library = catalog_.origin(*plan.type).staged;
    plan.complete = [this](std::uint64_t token, LateDecision decision) -> omnibroker_status {
      const std::lock_guard lock(mutex_);
      completed_.emplace(token, std::move(decision));
      changed_.notify_all();
      return OMNIBROKER_OK;
    };
    auto made = Component::create(*plan.type, "handlers.sample", tables_, lane_, IsolatedComponent::deadlines(),
                                  nullptr, std::make_shared<IsolatedComponent>(plan));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(made).value();
  }

  static ConfigValues moody(const std::string& step, const std::string& mood) {
    ConfigValues::Builder values;
    values.add_text(OMNIBROKER_OPTION_CHOICE, step, false);
    values.add_text(OMNIBROKER_OPTION_CHOICE, mood, false);
    values.add_integer(OMNIBROKER_OPTION_INTEGER, 1, false);
    return std::move(values).build();
  }

  static void bring_up(Component& component, const ConfigValues& values) {
    for (const auto& status : {component.configure(values), component.prepare(), component.start()}) {
      ASSERT_TRUE(status) << status.error().message;
    }
  }

  template <class Holds>
  void wait_until(Holds holds, const char* what) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 60s, holds)) << what;
  }

  /// The process that it was started in for the `count`th time.
  pid_t pid(std::size_t count = 1) {
    std::vector<pid_t> pids;
    wait_until(
        [&] {
          pids.clear();
          for (const auto& line : lines_) {
            if (line.sentence.ends_with("serves")) pids.push_back(std::stoi(line.fields.at("pid")));
          }
          return pids.size() >= count;
        },
        "it serves");
    return pids.size() < count ? -1 : pids[count - 1];
  }

  /// Health is looked at once a second.
  static void wait_for_health(const Component& component, omnibroker_health state) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (component.health().state != state && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(component.health().state, state) << component.health().detail;
  }

  static bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Line> lines_;                                    // guarded by mutex_
  std::map<std::string, std::atomic<std::int64_t>> numbers_;  // guarded by mutex_
  std::map<std::uint64_t, LateDecision> completed_;           // guarded by mutex_
  omnibroker_host_log_v1 log_{};
  omnibroker_host_metrics_v1 metrics_{};
  omnibroker_host_limits_v1 limits_{};
  omnibroker_host_message_v1 message_{};
  omnibroker_host_call_v1 call_{};
  HostTables tables_;
  LoaderLane lane_;
  Catalog catalog_{{OMNIBROKER_TEST_PLUGINS}};
};

TEST_F(IsolatedComponentTest, LivesAWholeLifeInAProcessThatLeavesNothing) {
  auto component = make("moody");
  bring_up(*component, moody("none", "fail"));
  const auto process = pid();
  EXPECT_TRUE(exists(process));

  EXPECT_TRUE(component->drain());
  EXPECT_TRUE(component->stop());
  component.reset();

  EXPECT_FALSE(exists(process));
  EXPECT_EQ(metric("isolated_process_running"), 0);
  EXPECT_EQ(metric("isolated_process_deaths_total"), 0);
}

TEST_F(IsolatedComponentTest, FailsAStepWithTheComponentsOwnReason) {
  for (const std::string step : {"prepare", "start", "drain", "stop"}) {
    auto component = make("moody");
    auto status = component->configure(moody(step, "fail"));
    if (status) status = component->prepare();
    if (status) status = component->start();
    if (status) status = component->drain();
    if (status) status = component->stop();

    ASSERT_FALSE(status) << step;
    EXPECT_EQ(status.error().message, "handlers.sample: plugin moody: " + step + " failed: not in the mood to " + step);
    EXPECT_EQ(status.error().code, ErrorCode::Unavailable);
  }
}

TEST_F(IsolatedComponentTest, EndsTheProcessOfOneThatIsDestroyedInTheMiddleOfItsLife) {
  auto component = make("moody");
  bring_up(*component, moody("none", "fail"));
  const auto process = pid();

  component.reset();

  EXPECT_FALSE(exists(process));
}

TEST_F(IsolatedComponentTest, TakesChangedOptionsInPlaceAndAfterARestart) {
  auto component = make("moody");
  bring_up(*component, moody("health", "fail"));
  wait_for_health(*component, OMNIBROKER_DEGRADED);
  EXPECT_EQ(component->health().detail, "not in the mood to health");

  std::string error;
  EXPECT_EQ(component->reconfigure(moody("drain", "fail"), error), OMNIBROKER_NEEDS_REPLACE);
  EXPECT_NE(error.find("step cannot be changed in place"), std::string::npos) << error;
  EXPECT_EQ(component->reconfigure(moody("health", "throw"), error), OMNIBROKER_APPLIED);
  wait_for_health(*component, OMNIBROKER_FAILED);

  ::kill(pid(), SIGKILL);
  static_cast<void>(pid(2));
  wait_for_health(*component, OMNIBROKER_FAILED);
  EXPECT_EQ(component->health().detail.find("not in the mood"), std::string::npos) << component->health().detail;
}

TEST_F(IsolatedComponentTest, SaysThatItsProcessIsAway) {
  const auto mark = std::filesystem::path(testing::TempDir()) / ("omnibroker-mark-" + std::to_string(::getpid()));
  ConfigValues::Builder values;
  values.add_text(OMNIBROKER_OPTION_CHOICE, "restart", false);
  values.add_text(OMNIBROKER_OPTION_TEXT, mark.string(), false);
  values.add_text(OMNIBROKER_OPTION_TEXT, "", true);
  auto component = make("fragile");
  bring_up(*component, std::move(values).build());
  EXPECT_EQ(component->health().state, OMNIBROKER_HEALTHY);

  ::kill(pid(), SIGKILL);  // it cannot be started again
  wait_for_health(*component, OMNIBROKER_FAILED);

  EXPECT_TRUE(component->health().detail.starts_with("Its process has ended: signal SIG"))
      << component->health().detail;
  EXPECT_GE(metric("isolated_process_deaths_total"), 1);
  std::filesystem::remove(mark);
}

TEST_F(IsolatedComponentTest, RefusesWhatIsTooMuchAndEndsAllElseWithTheProcess) {
  auto component = make("moody");
  bring_up(*component, moody("none", "fail"));
  ::kill(pid(), SIGSTOP);
  const auto* handler = component->table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  std::uint64_t token = 0;
  std::size_t taken = 0;
  while (taken < 100'000 && handler->handle(component->self(), reinterpret_cast<omnibroker_call*>(&token), nullptr) ==
                                OMNIBROKER_PENDING) {
    ++taken;
  }
  EXPECT_EQ(taken, 4'096u);
  EXPECT_EQ(metric("isolated_messages_refused_total"), 1);
  ::kill(pid(), SIGKILL);
  wait_until([&] { return completed_.size() == taken; }, "each of them is answered");
  const std::lock_guard lock(mutex_);
  for (const auto& [number, decision] : completed_) {
    EXPECT_EQ(decision.action, OMNIBROKER_REFUSE);
    EXPECT_EQ(decision.code, "INTERNAL_ERROR");
  }
}

TEST_F(IsolatedComponentTest, HandlesManyInTheirOrder) {
  auto component = make("moody");
  bring_up(*component, moody("none", "fail"));
  const auto* handler = component->table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);

  std::uint64_t token = 0;
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_EQ(handler->handle(component->self(), reinterpret_cast<omnibroker_call*>(&token), nullptr),
              OMNIBROKER_PENDING);
  }

  wait_until([&] { return completed_.size() == 2'000; }, "all are handled");
  const std::lock_guard lock(mutex_);
  for (const auto& [number, decision] : completed_) EXPECT_EQ(decision.action, OMNIBROKER_ACCEPT) << number;
}

TEST_F(IsolatedComponentTest, CannotBeStartedWithoutItsProgram) {
  const auto found = catalog_.find("moody");
  ASSERT_TRUE(found);
  IsolationPlan plan;
  plan.type = found.value().type;
  plan.program.path = "/nowhere/omnibroker";
  auto component = Component::create(*plan.type, "handlers.sample", tables_, lane_, IsolatedComponent::deadlines(),
                                     nullptr, std::make_shared<IsolatedComponent>(plan));
  ASSERT_TRUE(component);

  const auto status = (*component)->configure(moody("none", "fail"));

  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("A process for the component could not be started: No such file or directory"),
            std::string::npos)
      << status.error().message;
}

TEST_F(IsolatedComponentTest, SaysThatAProgramIsNoneThatItCanTalkTo) {
  const auto found = catalog_.find("moody");
  ASSERT_TRUE(found);
  IsolationPlan plan;
  plan.type = found.value().type;
  plan.program = {"/bin/false", {"false"}};
  auto component = Component::create(*plan.type, "handlers.sample", tables_, lane_, IsolatedComponent::deadlines(),
                                     nullptr, std::make_shared<IsolatedComponent>(plan));
  ASSERT_TRUE(component);

  const auto status = (*component)->configure(moody("none", "fail"));

  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("Its process has ended: exit status 1"), std::string::npos)
      << status.error().message;
}

}  // namespace
}  // namespace omnibroker::core
