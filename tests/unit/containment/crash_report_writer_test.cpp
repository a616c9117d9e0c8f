#include "containment/crash_report_writer.hpp"

#include "../envelope/allocations.hpp"
#include "containment/mapped_libraries.hpp"

#include <cstdio>
#include <ctime>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// What `write` writes to a descriptor.
template <class Write>
std::string written(Write write) {
  std::FILE* file = std::tmpfile();
  EXPECT_NE(file, nullptr);
  {
    SignalText out(::fileno(file));
    write(out);
  }
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text.push_back(static_cast<char>(c));
  std::fclose(file);
  return text;
}

std::string time_of(std::time_t time, bool compact) {
  char text[24];
  return {text, format_time(time, compact, text)};
}

TEST(FormatTime, AgreesWithTheLibrary) {
  for (std::time_t time = 0; time < 8'000'000'000; time += 12'345'677) {  // until 2223
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[32];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &parts);
    ASSERT_EQ(time_of(time, /*compact=*/false), expected);
  }
}

TEST(FormatTime, KnowsTheLeapDays) {
  EXPECT_EQ(time_of(951'782'400, false), "2000-02-29T00:00:00Z");
  EXPECT_EQ(time_of(1'709'251'199, false), "2024-02-29T23:59:59Z");
  EXPECT_EQ(time_of(4'107'542'400, false), "2100-03-01T00:00:00Z");
}

TEST(FormatTime, IsShortInTheNameOfAFile) { EXPECT_EQ(time_of(1'709'251'199, true), "20240229T235959Z"); }

TEST(SignalText, WritesNumbersAndText) {
  const auto text = written([](SignalText& out) {
    out << "n=";
    out.decimal(0) << ' ';
    out.decimal(18'446'744'073'709'551'615u) << ' ';
    out.decimal(7, 2) << ' ';
    out.hex(0) << ' ';
    out.hex(0xdeadbeef);
  });

  EXPECT_EQ(text, "n=0 18446744073709551615 07 0x0 0xdeadbeef");
}

TEST(SignalText, WritesMoreThanItHolds) {
  const std::string much(10'000, 'x');

  EXPECT_EQ(written([&](SignalText& out) { out << much << "end"; }), much + "end");
}

TEST(SignalText, LetsNoTextBreakALine) {
  EXPECT_EQ(written([](SignalText& out) { out << "a\nsha256 b\r\x1b[31m" << '\n'; }), "a?sha256 b??[31m\n");
}

CrashFacts facts(int signal, const siginfo_t& info) {
  CrashFacts made;
  made.signal = signal;
  made.info = &info;
  made.time = 1'709'251'199;
  made.process = 42;
  made.thread = 43;
  made.thread_name = "worker 0";
  made.version = "1.2.3";
  return made;
}

TEST(CrashReportWriter, SaysThatItWasInNoComponent) {
  siginfo_t info{};
  info.si_code = SI_USER;
  info.si_pid = 7;

  bool named = true;
  const auto text = written([&](SignalText& out) { named = write_crash_head(out, facts(SIGABRT, info)); });

  EXPECT_FALSE(named);
  EXPECT_EQ(text,
            "omnibroker crash report 1\n"
            "time        2024-02-29T23:59:59Z\n"
            "signal      SIGABRT, sent by process 7\n"
            "process     42\n"
            "thread      43 worker 0\n"
            "version     1.2.3\n"
            "component   -\n"
            "generation  -\n"
            "call        -\n"
            "plugin      -\n"
            "file        -\n"
            "sha256      -\n"
            "build-id    -\n"
            "inside      no component\n");
}

TEST(CrashReportWriter, NamesGenerationLibraryAndTheCallsAround) {
  static const PluginFacts plugin{"websocket", "/opt/websocket.so", "c0ffee", "beef"};
  const auto& transport = new_place("transports.realtime", "websocket", &plugin);
  transport.generation = 3;
  const auto& handler = new_place("handlers.one", "one", nullptr);
  const CallMark outer(&handler, Call::Handle);
  const CallMark core(nullptr, Call::Receive);
  const CallMark inner(&transport, Call::Encode);
  siginfo_t info{};
  info.si_code = SEGV_ACCERR;
  info.si_addr = reinterpret_cast<void*>(0x1000);
  auto crash = facts(SIGSEGV, info);
  crash.marks = marks_of_this_thread();

  bool named = false;
  const auto text = written([&](SignalText& out) { named = write_crash_head(out, crash); });

  EXPECT_TRUE(named);
  for (const char* line :
       {"signal      SIGSEGV, address 0x1000, which may not be used so\n", "component   transports.realtime\n",
        "generation  3\n", "call        encode\n", "plugin      websocket\n", "file        /opt/websocket.so\n",
        "sha256      c0ffee\n", "build-id    beef\n",
        "inside      transports.realtime g3 encode < the core < handlers.one handle\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(CrashReportWriter, WritesTheStackByLibrariesAndWhereItKnowsNone) {
  note_mapped_libraries();
  void* const frames[] = {reinterpret_cast<void*>(&facts), nullptr};

  const auto text = written([&](SignalText& out) { write_crash_stack(out, frames, /*named=*/false); });

  const auto* own = library_at(reinterpret_cast<std::uintptr_t>(&facts));
  ASSERT_NE(own, nullptr);
  EXPECT_NE(text.find("stack\n  0 omnibroker_containment_tests + 0x"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  1 0x0\nlibraries\n  " + own->path + " build-id "), std::string::npos) << text;
  EXPECT_EQ(text.find("on the stack"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\nend\n"));
}

TEST(CrashReportWriter, AllocatesNothing) {
  static const PluginFacts plugin{"a_plugin_with_a_long_name", std::string(200, 'x'), std::string(64, 'a'), "beef"};
  const auto& place = new_place("handlers.with_a_name_that_is_long_enough", "type", &plugin);
  const CallMark mark(&place, Call::Handle);
  note_mapped_libraries();
  void* const frames[] = {reinterpret_cast<void*>(&facts), nullptr};
  const siginfo_t info{};
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);

  const auto before = allocations();
  {
    SignalText out(::fileno(file));
    auto crash = facts(SIGSEGV, info);
    crash.marks = marks_of_this_thread();
    write_crash_sentence(out, crash, "/x/y.crash");
    write_crash_stack(out, frames, write_crash_head(out, crash));
    write_crash_stack(out, frames, write_crash_head(out, facts(SIGABRT, info)));
  }

  EXPECT_EQ(allocations(), before);
  std::fclose(file);
}

TEST(CrashReportWriter, SaysInOneSentenceWhatIsKnown) {
  siginfo_t info{};
  info.si_code = SEGV_MAPERR;

  EXPECT_EQ(written([&](SignalText& out) { write_crash_sentence(out, facts(SIGSEGV, info), "/x/y.crash"); }),
            "omnibroker: crashed with SIGSEGV, address 0x0, nothing is mapped there, inside no component; process 42, "
            "version 1.2.3; the report is /x/y.crash\n");
}

}  // namespace
}  // namespace omnibroker::core
