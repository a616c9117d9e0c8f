#include "probe.hpp"

namespace omnibroker::testing {
namespace {

using namespace std::chrono_literals;
using HostOfMemory = ProbeTest;

TEST_F(HostOfMemory, RecordsLogsAndMetrics) {
  script().start = [](const Host& given) {
    EXPECT_EQ(given.component(), "tests.probe");
    given.log().warn("Something happened", {{"key", "value"}, {"number", 3}});
    given.counter("things_total", "Things.").add(2);
    given.counter("things_total", "Things.").add();
    given.gauge("level", "A level.").add(-4);
  };
  start("transport");

  ASSERT_EQ(host.log().size(), 1u);
  EXPECT_TRUE(host.logged("Something happened"));
  EXPECT_FALSE(host.logged("Something happened", OMNIBROKER_LOG_ERROR));
  EXPECT_EQ(host.log()[0].field("number"), "3");
  EXPECT_EQ(host.log()[0].field("absent"), "");
  EXPECT_EQ(host.metric("things_total"), 3);
  EXPECT_EQ(host.metric("level"), -4);
  EXPECT_EQ(host.metric("absent_total"), 0);
  EXPECT_EQ(host.violations(), kNone);
}

TEST_F(HostOfMemory, NotesMisuseOfLogsAndMetrics) {
  script().start = [](const Host& given) {
    given.log().info("Ends with a full stop.");
    given.counter("things_total", "Things.").add(-1);
    given.gauge("things_total", "Things.");
  };
  start("transport");

  EXPECT_EQ(host.violations(), (std::vector<std::string>{"a log sentence ends with a full stop: Ends with a full stop.",
                                                         "a counter was lowered: things_total",
                                                         "asked for as a counter and as a gauge: things_total"}));
}

TEST_F(HostOfMemory, RunsTimersInTheirOrderAtTheirTime) {
  std::vector<std::string> ran;
  struct Work {
    FakeHost& host;
    std::vector<std::string>& ran;
    std::string name;
    static void run(void* raw) {
      auto& work = *static_cast<Work*>(raw);
      work.ran.push_back(work.name + " at " + std::to_string(work.host.now() / 1s));
    }
  };
  Work late{host, ran, "late"}, early{host, ran, "early"}, cancelled{host, ran, "cancelled"};
  const auto* executor = host.host().table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR);
  executor->after(host.raw(), 5'000'000'000, Work::run, &late);
  executor->after(host.raw(), 2'000'000'000, Work::run, &early);
  const auto id = executor->after(host.raw(), 1'000'000'000, Work::run, &cancelled);
  EXPECT_EQ(executor->cancel(host.raw(), id), OMNIBROKER_OK);
  EXPECT_EQ(executor->cancel(host.raw(), id), OMNIBROKER_NOT_FOUND);

  host.advance(4s);
  EXPECT_EQ(ran, std::vector<std::string>{"early at 2"});
  host.advance(4s);

  EXPECT_EQ(ran, (std::vector<std::string>{"early at 2", "late at 5"}));
  EXPECT_EQ(host.now(), 8s);
}

TEST_F(HostOfMemory, RunsBlockingWorkByHand) {
  int ran = 0;
  const auto work = [](void* counter) { ++*static_cast<int*>(counter); };
  const auto* executor = host.host().table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR);
  host.set_blocking_queue(2);

  EXPECT_EQ(executor->run_blocking(host.raw(), work, &ran), OMNIBROKER_OK);
  EXPECT_EQ(executor->run_blocking(host.raw(), work, &ran), OMNIBROKER_OK);
  EXPECT_EQ(executor->run_blocking(host.raw(), work, &ran), OMNIBROKER_RESOURCE_EXHAUSTED);
  EXPECT_EQ(ran, 0);

  EXPECT_EQ(host.run_blocking_work(), 2u);
  EXPECT_EQ(ran, 2);
}

TEST_F(HostOfMemory, HasLimitsClientsAndAPublisher) {
  host.set_limit("max_message", 7);
  host.set_role_count("web_ui", 2);
  const auto* clients = host.host().table<omnibroker_host_clients_v1>(OMNIBROKER_HOST_CLIENTS);
  const auto* publisher = host.host().table<omnibroker_host_publish_v1>(OMNIBROKER_HOST_PUBLISH);

  EXPECT_EQ(host.host().limit("max_message"), 7u);
  EXPECT_EQ(host.host().limit("unknown"), 0u);
  EXPECT_EQ(clients->with_role(host.raw(), text("web_ui")), 2u);
  EXPECT_EQ(clients->registered(host.raw()), 2u);
  EXPECT_EQ(publisher->publish(host.raw(), text("news")), OMNIBROKER_OK);
  host.set_publish_status(OMNIBROKER_RESOURCE_EXHAUSTED);
  EXPECT_EQ(publisher->publish(host.raw(), text("lost")), OMNIBROKER_RESOURCE_EXHAUSTED);
  EXPECT_EQ(host.published(), std::vector<std::string>{"news"});
}

TEST_F(HostOfMemory, KnowsNoOtherTable) { EXPECT_EQ(host.host().table<void>("omnibroker.host.teapot/1"), nullptr); }

}  // namespace
}  // namespace omnibroker::testing
