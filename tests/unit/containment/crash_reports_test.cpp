#include "containment/crash_reports.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

class CrashReports : public ::testing::Test {
 protected:
  CrashReports() {
    std::string name = "/tmp/omnibroker-test-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~CrashReports() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  static std::string report(const std::string& time, const std::string& sha256 = "-") {
    return "omnibroker crash report 1\ntime        " + time + "\nplugin      one\nsha256      " + sha256 + "\n";
  }

  fs::path folder_;
};

TEST_F(CrashReports, AreReadBack) {
  write("a.crash",
        "omnibroker crash report 1\n"
        "time        2026-11-21T10:00:01Z\n"
        "signal      SIGSEGV, address 0x0\n"
        "process     42\n"
        "thread      43 worker 0\n"
        "version     1.2.3\n"
        "component   handlers.one\n"
        "generation  -\n"
        "call        handle\n"
        "plugin      one\n"
        "file        /opt/a folder/one.so\n"
        "sha256      c0ffee\n"
        "build-id    beef\n"
        "inside      handlers.one handle\n"
        "stack\n"
        "  0 plugin + 0x1\n"
        "end\n");

  const auto reports = read_crash_reports(folder_);

  ASSERT_EQ(reports.size(), 1u);
  const auto& one = reports.front();
  EXPECT_EQ(one.file, folder_ / "a.crash");
  EXPECT_EQ(one.time, std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(10) + 1s);
  EXPECT_EQ(one.signal, "SIGSEGV, address 0x0");
  EXPECT_EQ(one.process, "42");
  EXPECT_EQ(one.thread, "43 worker 0");
  EXPECT_EQ(one.version, "1.2.3");
  EXPECT_EQ(one.component, "handlers.one");
  EXPECT_EQ(one.generation, "");
  EXPECT_EQ(one.call, "handle");
  EXPECT_EQ(one.plugin, "one");
  EXPECT_EQ(one.plugin_file, "/opt/a folder/one.so");
  EXPECT_EQ(one.sha256, "c0ffee");
  EXPECT_EQ(one.build_id, "beef");
}

TEST_F(CrashReports, OfAStackThatCouldNotBeWalkedCount) {
  write("a.crash", report("2026-11-21T10:00:00Z", "c0ffee") + "stack\n  0 one.so +");

  ASSERT_EQ(read_crash_reports(folder_).size(), 1u);
  EXPECT_EQ(read_crash_reports(folder_).front().sha256, "c0ffee");
}

TEST_F(CrashReports, MustBeReports) {
  write("a.crash", "");
  write("b.crash", "something else\ntime        2026-11-21T10:00:00Z\n");
  write("c.crash", "omnibroker crash report 1\n");
  write("d.txt", report("2026-11-21T10:00:00Z"));
  for (const char* time : {"yesterday", "2026-13-01T00:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21T10:00:00Z or so"}) {
    write(std::string(time) + ".crash", report(time));
  }
  fs::create_directory(folder_ / "e.crash");
  fs::create_symlink(write("elsewhere", report("2026-11-21T10:00:00Z")), folder_ / "f.crash");

  EXPECT_EQ(read_crash_reports(folder_).size(), 0u);
}

TEST_F(CrashReports, OfNoFolderAreNone) { EXPECT_EQ(read_crash_reports(folder_ / "none").size(), 0u); }

TEST_F(CrashReports, AreSortedAndTheOldestGo) {
  for (const char* day : {"02", "03", "01"}) {
    write(std::string(day) + ".crash", report("2026-11-" + std::string(day) + "T10:00:00Z"));
  }

  EXPECT_EQ(remove_crash_reports(folder_, 2).value(), 1u);

  const auto left = read_crash_reports(folder_);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].file.filename(), "03.crash");
  EXPECT_EQ(left[1].file.filename(), "02.crash");
  EXPECT_EQ(remove_crash_reports(folder_).value(), 2u);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(CrashReports, ThatAreDamagedGoFirst) {
  write("z.crash", "omnibroker crash rep");
  write("a.crash", report("2026-11-21T10:00:00Z"));

  EXPECT_EQ(remove_crash_reports(folder_, 1).value(), 1u);

  EXPECT_FALSE(fs::exists(folder_ / "z.crash"));
  EXPECT_TRUE(fs::exists(folder_ / "a.crash"));
}

/// Reports of one library, so many seconds after a time, the newest first.
std::vector<CrashReport> at(const std::vector<int>& seconds, const std::string& sha256 = "c0ffee") {
  std::vector<CrashReport> reports;
  for (auto second = seconds.rbegin(); second != seconds.rend(); ++second) {
    CrashReport report;
    report.time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::seconds(*second);
    report.plugin = "one";
    report.sha256 = sha256;
    reports.push_back(report);
  }
  return reports;
}

TEST(CrashingPlugins, HaveCrashedSoOftenWithinTheWindow) {
  EXPECT_EQ(crashing_plugins(at({0, 60, 600}), 3, 10min).size(), 1u);
  EXPECT_EQ(crashing_plugins(at({0, 60, 601}), 3, 10min).size(), 0u);
  EXPECT_EQ(crashing_plugins(at({0, 60}), 3, 10min).size(), 0u);
  EXPECT_EQ(crashing_plugins(at({5}), 1, 10min).size(), 1u);
}

TEST(CrashingPlugins, AreFoundAmongEarlierAndLaterCrashes) {
  const auto found = crashing_plugins(at({0, 10'000, 10'001, 10'002, 90'000}), 3, 10min);

  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].plugin, "one");
  EXPECT_EQ(found[0].sha256, "c0ffee");
  EXPECT_EQ(found[0].crashes, 5u);
}

TEST(CrashingPlugins, AreCountedEachForItself) {
  auto reports = at({0, 2, 4});
  for (const auto& other : at({1, 3}, "beef")) reports.push_back(other);

  const auto found = crashing_plugins(reports, 3, 10min);

  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].sha256, "c0ffee");
}

TEST(CrashingPlugins, AreNoneWhereNobodyWasNamedOrNobodyAsks) {
  EXPECT_EQ(crashing_plugins(at({0, 1, 2}, ""), 3, 10min).size(), 0u);
  EXPECT_EQ(crashing_plugins(at({0, 1, 2}), 0, 10min).size(), 0u);
}

}  // namespace
}  // namespace omnibroker::core
