#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

inline constexpr std::string_view kCrashReportTitle = "omnibroker crash report 1";
inline constexpr std::string_view kCrashReportSuffix = ".crash";
inline constexpr std::size_t kMostCrashReports = 50;

/// What one file of the reports' folder says; empty where it says nothing.
struct CrashReport {
  std::filesystem::path file;
  std::chrono::sys_seconds time{};
  std::string signal;  ///< `SIGSEGV, address 0x0, nothing is mapped there`
  std::string process;
  std::string thread;
  std::string version;
  std::string component;
  std::string generation;
  std::string call;
  std::string plugin;
  std::string plugin_file;
  std::string sha256;  ///< Of the plugin that it happened in.
  std::string build_id;
};

/// Every report of a folder, the newest first; none where there is no such folder. What is no report is left out, and
/// so is what does not belong to this user. Threads: any.
std::vector<CrashReport> read_crash_reports(const std::filesystem::path& folder);

/// Removes all but the newest `most` reports; damaged ones are the oldest. Answers how many. Unavailable: one could not
/// be removed.
Result<std::size_t> remove_crash_reports(const std::filesystem::path& folder, std::size_t most = 0);

/// A library that has crashed again and again.
struct CrashingPlugin {
  std::string plugin;
  std::string sha256;
  std::size_t crashes = 0;  ///< In the reports that there are.
};
/// The libraries inside of which `count` crashes lie no more than `window` apart. None where `count` is 0.
std::vector<CrashingPlugin> crashing_plugins(const std::vector<CrashReport>& reports, std::size_t count,
                                             std::chrono::nanoseconds window);

}  // namespace omnibroker::core
