#include "load/probe.hpp"

#include <gtest/gtest.h>

namespace omnibroker::load {
namespace {

UpdateLayout layout() { return UpdateLayout::of_size(240, "0a1b2c3d").value(); }

/// A probe with what it needs, and messages for it. Two publishers: objects 0, 2, 4 of the first, 1 and 3 of the
/// second.
struct Watch {
  std::string message(std::uint64_t prim, std::uint64_t number, std::uint64_t sent = 0) const {
    auto text = form.update(prim);
    write_digits(text.data() + form.number_at(), UpdateLayout::kDigits, UpdateLayout::kBase + number);
    write_digits(text.data() + form.time_at(), UpdateLayout::kDigits, UpdateLayout::kBase + sent);
    return text;
  }
  void see(std::uint64_t prim, std::uint64_t number) { probe.see(message(prim, number).data(), 1000); }

  const UpdateLayout form = layout();
  MeasuredSpan span{100, 200};
  LatencyHistogram latencies;
  Probe probe{form, {5, 2}, &latencies, span};
};

TEST(Probe, HasNoComplaintAboutEachObjectsNumbersInOrder) {
  Watch watch;
  // The first publisher numbers its three objects 1, 2, 3, then 4, 5, 6; the order between objects is free.
  for (const auto& [prim, number] : {std::pair{2, 2}, {0, 1}, {1, 1}, {4, 3}, {3, 2}, {0, 4}, {1, 3}, {2, 5}}) {
    watch.see(static_cast<std::uint64_t>(prim), static_cast<std::uint64_t>(number));
  }

  EXPECT_EQ(watch.probe.lost() + watch.probe.duplicated() + watch.probe.reordered() + watch.probe.strange(), 0u);
}

TEST(Probe, CountsWhatIsMissingAlsoAtTheBeginning) {
  Watch watch;
  watch.see(0, 7);   // without 1 and 4
  watch.see(0, 13);  // without 10

  EXPECT_EQ(watch.probe.lost(), 3u);
  EXPECT_EQ(watch.probe.reordered(), 0u);
}

TEST(Probe, TellsARepetitionFromAStepBack) {
  Watch watch;
  for (const std::uint64_t number : {1, 3, 3, 5, 1}) watch.see(1, number);

  EXPECT_EQ(watch.probe.duplicated(), 1u);
  EXPECT_EQ(watch.probe.reordered(), 1u);
  EXPECT_EQ(watch.probe.lost(), 0u);
}

TEST(Probe, CallsWhatNobodySentStrange) {
  Watch watch;
  watch.see(5, 1);  // there are objects 0 to 4
  watch.see(0, 2);  // which is the number of object 2

  EXPECT_EQ(watch.probe.strange(), 2u);
  EXPECT_EQ(watch.probe.lost(), 0u);
}

TEST(Probe, TimesOnlyWhatWasSentInTheMeasuredSpan) {
  Watch watch;
  watch.probe.see(watch.message(1, 1, 99).data(), 150);
  watch.probe.see(watch.message(1, 3, 100).data(), 150);
  watch.probe.see(watch.message(1, 5, 199).data(), 260);
  watch.probe.see(watch.message(1, 7, 200).data(), 260);

  EXPECT_EQ(watch.latencies.count(), 2u);
  EXPECT_EQ(watch.latencies.quantile(0.5), 50u);
  EXPECT_EQ(watch.latencies.longest(), 61u);
}

TEST(Probe, HasWhatItAwaitsWithTheNewestOfEachObjectOrSomethingNewer) {
  Watch watch;
  watch.see(0, 4);
  watch.probe.await({4, 3, 2, 0, 0});
  EXPECT_FALSE(watch.probe.has_awaited());

  watch.see(1, 1);
  watch.see(2, 5);
  EXPECT_FALSE(watch.probe.has_awaited());
  watch.see(1, 3);
  EXPECT_TRUE(watch.probe.has_awaited());
}

}  // namespace
}  // namespace omnibroker::load
