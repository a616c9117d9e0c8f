#include "telemetry/metrics.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

TEST(Metrics, AnswersTheSameValueForTheSameNameAndLabels) {
  Metrics metrics;

  auto& first = metrics.get(Metrics::Kind::Counter, "messages_total", "Messages.", "transports.realtime");
  auto& again = metrics.get(Metrics::Kind::Counter, "messages_total", "Messages.", "transports.realtime");
  auto& other = metrics.get(Metrics::Kind::Counter, "messages_total", "Messages.", "transports.rest");

  EXPECT_EQ(&first, &again);
  EXPECT_NE(&first, &other);
}

TEST(Metrics, HandsOutValuesThatStayWhereTheyAre) {
  Metrics metrics;
  auto& first = metrics.get(Metrics::Kind::Counter, "first_total", "First.");

  for (int i = 0; i < 1000; ++i) metrics.get(Metrics::Kind::Gauge, "n" + std::to_string(i), "More.");
  first.add(3);

  EXPECT_EQ(metrics.get(Metrics::Kind::Counter, "first_total", "First.").value(), 3);
}

TEST(Metrics, PrintsThePrometheusTextFormat) {
  Metrics metrics;
  metrics.get(Metrics::Kind::Counter, "refused_total", "Messages refused.", "routes", "INVALID_JSON").add(2);
  metrics.get(Metrics::Kind::Counter, "refused_total", "Messages refused.", "routes", "UNAUTHORIZED").add(1);
  metrics.get(Metrics::Kind::Gauge, "sessions", "Open sessions.").set(-1);
  metrics.get(Metrics::Kind::Counter, "starts_total", "Starts.", "reply").add();

  EXPECT_EQ(metrics.prometheus(),
            "# HELP omnibroker_refused_total Messages refused.\n"
            "# TYPE omnibroker_refused_total counter\n"
            "omnibroker_refused_total{component=\"routes\",reason=\"INVALID_JSON\"} 2\n"
            "omnibroker_refused_total{component=\"routes\",reason=\"UNAUTHORIZED\"} 1\n"
            "# HELP omnibroker_sessions Open sessions.\n"
            "# TYPE omnibroker_sessions gauge\n"
            "omnibroker_sessions -1\n"
            "# HELP omnibroker_starts_total Starts.\n"
            "# TYPE omnibroker_starts_total counter\n"
            "omnibroker_starts_total{component=\"reply\"} 1\n");
}

TEST(Metrics, EscapesDocsAndLabelsAsTheFormatAsks) {
  Metrics metrics;
  metrics.get(Metrics::Kind::Counter, "odd_total", "Two\nlines \\ \"quoted\"", "a\"b\\c\nd");

  EXPECT_EQ(metrics.prometheus(),
            "# HELP omnibroker_odd_total Two\\nlines \\\\ \"quoted\"\n"
            "# TYPE omnibroker_odd_total counter\n"
            "omnibroker_odd_total{component=\"a\\\"b\\\\c\\nd\"} 0\n");
}

TEST(Metrics, MakesAPluginsNameOneThatTheFormatAllows) {
  Metrics metrics;
  metrics.get(Metrics::Kind::Gauge, "my metric{x}", "Odd.");

  EXPECT_NE(metrics.prometheus().find("\nomnibroker_my_metric_x_ 0\n"), std::string::npos);
}

TEST(Metrics, PrintsALabelThatIsOnlyAReason) {
  Metrics metrics;
  metrics.get(Metrics::Kind::Counter, "drops_total", "Drops.", {}, "slow");

  EXPECT_NE(metrics.prometheus().find("omnibroker_drops_total{reason=\"slow\"} 0\n"), std::string::npos);
}

TEST(Metrics, LosesNothingBetweenThreads) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          metrics.get(Metrics::Kind::Counter, "adds_total", "Adds.", i % 2 == 0 ? "even" : "odd").add();
          if (i % 100 == 0) {
            EXPECT_FALSE(metrics.prometheus().empty());
          }
        }
      });
    }
  }

  EXPECT_EQ(metrics.get(Metrics::Kind::Counter, "adds_total", "Adds.", "even").value(), 2000);
  EXPECT_EQ(metrics.get(Metrics::Kind::Counter, "adds_total", "Adds.", "odd").value(), 2000);
}

}  // namespace
}  // namespace omnibroker::core
