#include "containment/crash_reports.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 64 * 1024;  // a report has less; what is behind that is not looked at

/// The beginning of a file of this user's. Nothing where it is something else.
std::optional<std::string> read_own_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  std::optional<std::string> text;
  struct stat found {};
  if (::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == ::geteuid()) {
    text.emplace(kMostBytes, '\0');
    const auto count = ::read(descriptor, text->data(), text->size());
    text->resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  return text;
}

std::optional<std::chrono::sys_seconds> parse_time(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int used = 0;
  const int count =
      std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2uZ%n", &year, &month, &day, &hour, &minute, &second, &used);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  const bool good =
      count == 6 && static_cast<std::size_t>(used) == text.size() && date.ok() && hour < 24 && minute < 60;
  if (!good) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::string CrashReport::*member_of(std::string_view key) {
  static const std::map<std::string_view, std::string CrashReport::*> members{
      {"signal", &CrashReport::signal},       {"process", &CrashReport::process},
      {"thread", &CrashReport::thread},       {"version", &CrashReport::version},
      {"component", &CrashReport::component}, {"generation", &CrashReport::generation},
      {"call", &CrashReport::call},           {"plugin", &CrashReport::plugin},
      {"file", &CrashReport::plugin_file},    {"sha256", &CrashReport::sha256},
      {"build-id", &CrashReport::build_id},
  };
  const auto found = members.find(key);
  return found == members.end() ? nullptr : found->second;
}

/// The next line, without its end.
std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

/// Lines of a word, blanks and a text; the frames of the stack begin with a blank.
std::optional<CrashReport> parse(std::string_view text) {
  if (take_line(text) != kCrashReportTitle) return std::nullopt;
  CrashReport report;
  bool has_time = false;
  while (!text.empty()) {
    const auto line = take_line(text);
    const auto key = line.substr(0, line.find(' '));
    const auto begin = line.find_first_not_of(' ', key.size());
    if (key.empty() || begin == std::string_view::npos) continue;
    const auto value = std::string(line.substr(begin));
    if (key == "time") {
      const auto time = parse_time(value);
      has_time = time.has_value();
      if (has_time) report.time = *time;
    } else if (const auto member = member_of(key); member != nullptr && value != "-") {
      report.*member = value;
    }
  }
  if (!has_time) return std::nullopt;
  return report;
}

struct Folder {
  std::vector<CrashReport> reports;  // the newest first
  std::vector<fs::path> damaged;     // of this user's, with such a name, such as one that a full disk has cut off
};

Folder read_folder(const fs::path& folder) {
  Folder found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() != kCrashReportSuffix) continue;
    const auto text = read_own_file(entry->path());
    if (!text) continue;
    auto report = parse(*text);
    if (!report) {
      found.damaged.push_back(entry->path());
      continue;
    }
    report->file = entry->path();
    found.reports.push_back(std::move(*report));
  }
  std::sort(found.reports.begin(), found.reports.end(), [](const CrashReport& a, const CrashReport& b) {
    return a.time != b.time ? a.time > b.time : a.file.native() > b.file.native();
  });
  return found;
}

}  // namespace

std::vector<CrashReport> read_crash_reports(const fs::path& folder) { return read_folder(folder).reports; }

Result<std::size_t> remove_crash_reports(const fs::path& folder, std::size_t most) {
  const auto found = read_folder(folder);
  std::vector<fs::path> files;
  for (const auto& report : found.reports) files.push_back(report.file);
  files.insert(files.end(), found.damaged.begin(), found.damaged.end());
  std::size_t removed = 0;
  for (std::size_t i = most; i < files.size(); ++i) {
    std::error_code failed;
    fs::remove(files[i], failed);
    if (failed) return Error{ErrorCode::Unavailable, files[i].string() + " cannot be removed: " + failed.message()};
    ++removed;
  }
  return removed;
}

std::vector<CrashingPlugin> crashing_plugins(const std::vector<CrashReport>& reports, std::size_t count,
                                             std::chrono::nanoseconds window) {
  std::map<std::string, std::vector<const CrashReport*>> by_hash;  // each from the newest to the oldest
  for (const auto& report : reports) {
    if (!report.sha256.empty()) by_hash[report.sha256].push_back(&report);
  }
  std::vector<CrashingPlugin> found;
  for (const auto& [hash, crashes] : by_hash) {
    for (std::size_t last = count; count > 0 && last <= crashes.size(); ++last) {
      if (crashes[last - count]->time - crashes[last - 1]->time > window) continue;
      found.push_back({crashes.front()->plugin, hash, crashes.size()});
      break;
    }
  }
  return found;
}

}  // namespace omnibroker::core
