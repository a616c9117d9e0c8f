#include "plugin/component.hpp"

#include "plugin/catalog.hpp"
#include "plugin/loader_lane.hpp"
#include "test_files.hpp"

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// Long where a step must come back, so that a busy machine fails no test.
constexpr Deadlines kPatient{60s, 60s, 60s, 60s, 60s, 60s, 60s, 60s};

class ComponentTest : public testing::Test {
 protected:
  ComponentTest() {
    log.struct_size = sizeof(log);
    log.enabled = [](const omnibroker_host*, omnibroker_log_level) { return 1; };
    log.write = [](const omnibroker_host* host, omnibroker_log_level, omnibroker_text sentence, const omnibroker_field*,
                   std::size_t) {
      auto& test = *static_cast<ComponentTest*>(ComponentHost::of(host).tables->context);
      test.logged += std::string(view(host->component)) + ": " + std::string(view(sentence)) + "\n";
    };
    metrics.struct_size = sizeof(metrics);
    metrics.counter = [](const omnibroker_host*, const char*, const char*) -> omnibroker_metric* { return nullptr; };
    metrics.gauge = metrics.counter;
    messages.struct_size = sizeof(messages);
    calls.struct_size = sizeof(calls);
    tables.context = this;
    tables.add(OMNIBROKER_HOST_LOG, &log);
    tables.add(OMNIBROKER_HOST_METRICS, &metrics);
    tables.add(OMNIBROKER_HOST_MESSAGE, &messages);
    tables.add(OMNIBROKER_HOST_CALL, &calls);
  }

  const omnibroker_component_type& type(std::string_view plugin) {
    const auto found = catalog.find(plugin);
    EXPECT_TRUE(found) << found.error().message;
    return *found.value().type;
  }

  std::unique_ptr<Component> moody(const Deadlines& deadlines = kPatient) {
    auto made = Component::create(type("moody"), "handlers.sample", tables, lane, deadlines);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(made).value();
  }

  static ConfigValues mood(const std::string& step, const std::string& mood, std::int64_t pace = 1) {
    ConfigValues::Builder values;
    values.add_text(OMNIBROKER_OPTION_CHOICE, step, false);
    values.add_text(OMNIBROKER_OPTION_CHOICE, mood, false);
    values.add_integer(OMNIBROKER_OPTION_INTEGER, pace, false);
    return std::move(values).build();
  }

  /// Steps until one fails, and answers its reason.
  static std::string first_failure(Component& component, const ConfigValues& values) {
    auto status = component.configure(values);
    if (status) status = component.prepare();
    if (status) status = component.start();
    if (status) status = component.drain();
    if (status) status = component.stop();
    return status ? "" : status.error().message;
  }

  std::string logged;
  omnibroker_host_log_v1 log{};
  omnibroker_host_metrics_v1 metrics{};
  omnibroker_host_message_v1 messages{};
  omnibroker_host_call_v1 calls{};
  HostTables tables;
  LoaderLane lane;
  Catalog catalog{{OMNIBROKER_TEST_PLUGINS}};
};

TEST_F(ComponentTest, LivesThroughAllItsSteps) {
  const auto component = moody();
  EXPECT_EQ(component->state(), Component::State::Created);
  EXPECT_NE(component->self(), nullptr);
  EXPECT_TRUE(component->configure(mood("none", "fail")));
  EXPECT_EQ(component->state(), Component::State::Configured);
  EXPECT_TRUE(component->prepare());
  EXPECT_EQ(component->state(), Component::State::Prepared);
  EXPECT_TRUE(component->start());
  EXPECT_EQ(component->state(), Component::State::Started);
  EXPECT_EQ(component->health().state, omnibroker_health{OMNIBROKER_HEALTHY});
  EXPECT_TRUE(component->drain());
  EXPECT_EQ(component->state(), Component::State::Draining);
  EXPECT_TRUE(component->stop());
  EXPECT_EQ(component->state(), Component::State::Stopped);
}

TEST_F(ComponentTest, RunsAPluginInPlainC) {
  auto made = Component::create(type("plain_c"), "handlers.echo_c", tables, lane, kPatient);
  ASSERT_TRUE(made) << made.error().message;

  EXPECT_EQ(first_failure(*made.value(), {}), "");
  EXPECT_NE(made.value()->table<omnibroker_handler_v1>(OMNIBROKER_HANDLER), nullptr);
  EXPECT_EQ(made.value()->table<omnibroker_filter_v1>(OMNIBROKER_FILTER), nullptr);
}

TEST_F(ComponentTest, GivesThePluginAHostWithItsNameAndItsTables) {
  const auto component = moody();
  const auto& host = component->host();

  EXPECT_EQ(view(host.raw.component), "handlers.sample");
  EXPECT_EQ(host.raw.struct_size, sizeof(omnibroker_host));
  EXPECT_EQ(host.raw.abi_major, OMNIBROKER_ABI_MAJOR);
  EXPECT_EQ(host.raw.table(&host.raw, OMNIBROKER_HOST_LOG), &log);
  EXPECT_EQ(host.raw.table(&host.raw, "omnibroker.host.unknown/1"), nullptr);
  EXPECT_EQ(&ComponentHost::of(&host.raw), &host);
}

TEST_F(ComponentTest, RefusesATypeWhoseNeedsAreNotMet) {
  const HostTables none;

  const auto made = Component::create(type("plain_c"), "handlers.echo_c", none, lane, kPatient);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(
      made.error().message,
      "handlers.echo_c: plugin plain_c: create failed: it needs the host table \"omnibroker.host.message/1\", which "
      "this broker does not have");
}

TEST_F(ComponentTest, NamesComponentPluginAndStepOfAFailure) {
  for (const std::string step : {"prepare", "start", "drain", "stop"}) {
    const auto component = moody();

    const auto reason = first_failure(*component, mood(step, "fail"));

    EXPECT_EQ(reason, "handlers.sample: plugin moody: " + step + " failed: not in the mood to " + step);
    EXPECT_EQ(component->state(), Component::State::Failed);
    EXPECT_EQ(component->reason(), reason);
    EXPECT_EQ(component->health().detail, reason);
  }
}

TEST_F(ComponentTest, KeepsTheErrorCodeOfAFailure) {
  const auto component = moody();
  ASSERT_TRUE(component->configure(mood("prepare", "fail")));

  EXPECT_EQ(component->prepare().error().code, ErrorCode::Unavailable);
}

TEST_F(ComponentTest, TurnsWhatAStepThrowsIntoItsReason) {
  for (const std::string step : {"configure", "prepare", "start", "drain", "stop"}) {
    const auto component = moody();
    EXPECT_EQ(first_failure(*component, mood(step, "throw")),
              "handlers.sample: plugin moody: " + step + " failed: thrown out of " + step);
    EXPECT_EQ(component->state(), Component::State::Failed);

    EXPECT_EQ(first_failure(*moody(), mood(step, "throw_number")),
              "handlers.sample: plugin moody: " + step + " failed: threw something that is not a std::exception");
  }
}

TEST_F(ComponentTest, CatchesWhatAPluginLetsOutAgainstTheRules) {
  const auto made = Component::create(type("throwing_create"), "handlers.sample", tables, lane, kPatient);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::Internal);
  EXPECT_EQ(made.error().message,
            "handlers.sample: plugin throwing_create: create let an exception out: thrown out of create");
  EXPECT_EQ(lane.stuck(), 0u);
}

TEST_F(ComponentTest, SurvivesADestructorThatMisbehaves) {
  auto component = moody();
  ASSERT_TRUE(component->configure(mood("destroy", "fail")));

  component.reset();

  EXPECT_EQ(lane.stuck(), 0u);
}

TEST_F(ComponentTest, TakesNoStepOutOfOrder) {
  const auto component = moody();

  const auto status = component->start();

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Conflict);
  EXPECT_EQ(status.error().message, "handlers.sample: plugin moody: start cannot follow: it is created");
  EXPECT_EQ(component->state(), Component::State::Created);
}

TEST_F(ComponentTest, TakesNoStepAfterAFailure) {
  const auto component = moody();
  ASSERT_NE(first_failure(*component, mood("prepare", "fail")), "");

  EXPECT_EQ(component->start().error().code, ErrorCode::Conflict);
  EXPECT_EQ(component->stop().error().code, ErrorCode::Conflict);
  EXPECT_EQ(component->state(), Component::State::Failed);
}

TEST_F(ComponentTest, StopsWhatWasPreparedAndNeverStarted) {
  const auto component = moody();
  ASSERT_TRUE(component->configure(mood("none", "fail")));
  ASSERT_TRUE(component->prepare());

  EXPECT_TRUE(component->stop());
}

TEST_F(ComponentTest, GivesUpACreateThatHangs) {
  const Gate gate;
  Deadlines hasty = kPatient;
  hasty.create = 50ms;

  const auto made = Component::create(type("hanging_create"), "handlers.sample", tables, lane, hasty);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(
      made.error().message,
      "handlers.sample: plugin hanging_create: create did not return within 50 ms; its thread is given up, and the "
      "component with it");
  EXPECT_EQ(lane.stuck(), 1u);
  EXPECT_TRUE(Component::create(type("moody"), "handlers.other", tables, lane, kPatient));  // the lane goes on
  gate.open();
}

TEST_F(ComponentTest, NeverTouchesAComponentAgainThatHangs) {
  const Gate gate;
  Deadlines hasty = kPatient;
  hasty.start = 50ms;
  auto component = moody(hasty);

  EXPECT_EQ(
      first_failure(*component, mood("start", "hang")),
      "handlers.sample: plugin moody: start did not return within 50 ms; its thread is given up, and the component "
      "with it");

  EXPECT_EQ(component->state(), Component::State::Stuck);
  EXPECT_EQ(component->health().state, omnibroker_health{OMNIBROKER_FAILED});
  EXPECT_EQ(component->stop().error().code, ErrorCode::Conflict);
  component.reset();  // must neither destroy what its thread is in, nor wait for it
  EXPECT_EQ(lane.stuck(), 1u);
  gate.open();
}

TEST_F(ComponentTest, GivesUpADestroyThatHangs) {
  const Gate gate;
  Deadlines hasty = kPatient;
  hasty.destroy = 50ms;
  auto component = moody(hasty);
  ASSERT_TRUE(component->configure(mood("destroy", "hang")));

  component.reset();

  EXPECT_EQ(lane.stuck(), 1u);
  gate.open();
}

TEST_F(ComponentTest, AppliesChangedOptionsInPlace) {
  const auto component = moody();
  ASSERT_TRUE(component->configure(mood("none", "fail", 1)));
  ASSERT_TRUE(component->prepare());
  ASSERT_TRUE(component->start());
  std::string error;

  EXPECT_EQ(component->reconfigure(mood("none", "fail", 5), error), omnibroker_reconfigured{OMNIBROKER_APPLIED});
  EXPECT_EQ(error, "");
  EXPECT_EQ(component->reconfigure(mood("stop", "fail", 5), error), omnibroker_reconfigured{OMNIBROKER_NEEDS_REPLACE});
  EXPECT_EQ(error, "handlers.sample: plugin moody: reconfigure: step cannot be changed in place");
  EXPECT_EQ(component->state(), Component::State::Started);
}

TEST_F(ComponentTest, KeepsTheOldOptionsWhenNewOnesAreRejected) {
  for (const std::string mood_of_plugin : {"fail", "throw"}) {
    const auto component = moody();
    ASSERT_TRUE(component->configure(mood("reconfigure", mood_of_plugin)));
    ASSERT_TRUE(component->prepare());
    ASSERT_TRUE(component->start());
    std::string error;

    EXPECT_EQ(component->reconfigure(mood("reconfigure", mood_of_plugin, 7), error),
              omnibroker_reconfigured{OMNIBROKER_REJECTED});

    EXPECT_TRUE(error.starts_with("handlers.sample: plugin moody: reconfigure failed")) << error;
    EXPECT_EQ(component->state(), Component::State::Started);
  }
}

TEST_F(ComponentTest, AsksForAReplacementWhereAPluginTakesNoChanges) {
  auto made = Component::create(type("plain_c"), "handlers.echo_c", tables, lane, kPatient);
  ASSERT_TRUE(made);
  ASSERT_TRUE(made.value()->configure({}));
  ASSERT_TRUE(made.value()->prepare());
  std::string error;

  EXPECT_EQ(made.value()->reconfigure({}, error), omnibroker_reconfigured{OMNIBROKER_NEEDS_REPLACE});
  EXPECT_EQ(error, "handlers.echo_c: plugin plain_c takes no changed options while it runs");
}

TEST_F(ComponentTest, PassesOnWhatAComponentSaysOfItsHealth) {
  const auto component = moody();
  ASSERT_TRUE(component->configure(mood("health", "fail")));

  const auto health = component->health();

  EXPECT_EQ(health.state, omnibroker_health{OMNIBROKER_DEGRADED});
  EXPECT_EQ(health.detail, "not in the mood to health");
}

TEST_F(ComponentTest, LogsAHealthCheckThatThrowsUnderTheComponentsName) {
  const auto component = moody();
  ASSERT_TRUE(component->configure(mood("health", "throw")));

  EXPECT_EQ(component->health().state, omnibroker_health{OMNIBROKER_FAILED});
  EXPECT_EQ(logged, "handlers.sample: Plugin threw an exception\n");
}

}  // namespace
}  // namespace omnibroker::core
