#include "plugin/probe.hpp"

#include <csignal>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string reason(const std::function<Status()>& look, std::chrono::milliseconds deadline = 30s) {
  const auto status = probe_in_child(look, deadline);
  return status ? "" : status.error().message;
}

TEST(Probe, AnswersWhatTheChildAnswered) {
  EXPECT_EQ(reason([] { return Status(); }), "");

  const auto status = probe_in_child([] { return Status(Error{ErrorCode::Unsupported, "no such thing"}); }, 30s);

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(status.error().message, "no such thing");
}

TEST(Probe, KeepsTheChildsChangesAwayFromThisProcess) {
  static int touched = 0;
  EXPECT_EQ(reason([] {
              touched = 1;
              return Status();
            }),
            "");
  EXPECT_EQ(touched, 0);
}

TEST(Probe, NamesTheSignalOfACrash) {
  for (const auto& [number, name] : {std::pair{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGABRT, "SIGABRT"}}) {
    EXPECT_EQ(reason([number = number] {
                raise(number);
                return Status();
              }),
              "It crashed while it was being loaded (" + std::string(name) + ")");
  }
}

TEST(Probe, NamesTheStatusOfAnExit) {
  EXPECT_EQ(reason([]() -> Status { ::_exit(3); }), "It ended the process while it was being loaded (exit status 3)");
}

TEST(Probe, EndsAChildThatHangs) {
  const auto hang = []() -> Status {
    while (true) ::pause();
  };
  EXPECT_EQ(reason(hang, 50ms), "It did not come back within 50 ms while it was being loaded");
}

TEST(Probe, DoesNotWaitForAChildThatClosedItsAnswerAndHangs) {
  const auto hang = []() -> Status {
    for (int descriptor = 3; descriptor < 1024; ++descriptor) ::close(descriptor);
    while (true) ::pause();
  };
  EXPECT_NE(reason(hang), "");
}

TEST(Probe, CarriesASentenceOfAnyLength) {
  const std::string long_sentence(200'000, 'x');
  EXPECT_EQ(reason([&] { return Status(Error{ErrorCode::Internal, long_sentence}); }), long_sentence);
}

}  // namespace
}  // namespace omnibroker::core
