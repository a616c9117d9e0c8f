#include "command.hpp"
#include "config/loader.hpp"
#include "containment/crash_reports.hpp"
#include "crash_folder.hpp"
#include "installation.hpp"
#include "private_folder.hpp"
#include "text_table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace omnibroker::tools {
namespace {

namespace fs = std::filesystem;
using core::CrashReport;

void complain(const std::string& sentence) { std::fprintf(stderr, "omnibroker: %s\n", printable(sentence).c_str()); }

std::string time_text(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

/// `SIGSEGV`, of all that a report says about it.
std::string signal_of(const CrashReport& report) { return report.signal.substr(0, report.signal.find(',')); }
std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

Result<std::vector<fs::path>> folders_of(const Arguments& arguments) {
  if (arguments.has("dir")) {
    const fs::path folder = arguments.text("dir", "");
    const auto status = is_private(folder);
    if (!status) return status.error();
    return std::vector{folder};
  }
  core::CrashesConfig config;
  if (!arguments.words().empty()) {
    const fs::path file = arguments.words().front();
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) {
      return Error{ErrorCode::NotFound, file.string() + " is not a file"};
    }
    config = core::crashes_config_of(file);
  } else if (const auto file = default_config(); file) {
    config = core::crashes_config_of(file.value());
  }
  return existing_crash_folders(config);
}

std::string looked_in(const std::vector<fs::path>& folders) {
  std::string text;
  for (const auto& folder : folders) text += (text.empty() ? "" : ", ") + folder.string();
  return text.empty() ? "any folder that exists" : text;
}

void print_table(const std::vector<CrashReport>& reports) {
  std::vector<std::vector<std::string>> rows = {
      {"TIME", "SIGNAL", "COMPONENT", "GEN", "CALL", "PLUGIN", "HASH", "REPORT"}};
  for (const auto& report : reports) {
    rows.push_back({time_text(report.time), signal_of(report), or_dash(report.component), or_dash(report.generation),
                    or_dash(report.call), or_dash(report.plugin), or_dash(report.sha256.substr(0, kShortHash)),
                    report.file.string()});
  }
  std::fputs(text_table(rows, output_paint()).c_str(), stdout);
}

void print_json(const std::vector<CrashReport>& reports) {
  Poco::JSON::Array::Ptr list = new Poco::JSON::Array;
  for (const auto& report : reports) {
    Poco::JSON::Object::Ptr entry = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
    entry->set("report", report.file.string());
    entry->set("time", time_text(report.time));
    entry->set("signal", signal_of(report));
    entry->set("process", report.process);
    entry->set("thread", report.thread);
    entry->set("version", report.version);
    entry->set("component", report.component);
    entry->set("generation", report.generation);
    entry->set("call", report.call);
    entry->set("plugin", report.plugin);
    entry->set("file", report.plugin_file);
    entry->set("sha256", report.sha256);
    entry->set("build_id", report.build_id);
    list->add(entry);
  }
  Poco::JSON::Object result(Poco::JSON_PRESERVE_KEY_ORDER);
  result.set("crashes", list);
  std::ostringstream text;
  result.stringify(text, 2);
  std::printf("%s\n", text.str().c_str());
}

int clear(const std::vector<fs::path>& folders, bool as_json) {
  std::size_t removed = 0;
  for (const auto& folder : folders) {
    const auto count = core::remove_crash_reports(folder);
    if (!count) {
      complain(count.error().message);
      return kRefused;
    }
    removed += count.value();
  }
  if (as_json) {
    std::printf("{\n  \"removed\" : %zu\n}\n", removed);
  } else {
    std::printf("%zu crash %s removed\n", removed, removed == 1 ? "report is" : "reports are");
  }
  return kDone;
}

int crashes(const Arguments& arguments) {
  if (arguments.has("dir") && !arguments.words().empty()) {
    std::fprintf(stderr,
                 "omnibroker: crashes: --dir and CONFIG do not go together\nomnibroker crashes --help tells more\n");
    return kWrongUsage;
  }
  const auto folders = folders_of(arguments);
  if (!folders) {
    complain(folders.error().message);
    return kRefused;
  }
  if (arguments.has("clear")) return clear(folders.value(), arguments.has("json"));
  std::vector<CrashReport> reports;
  for (const auto& folder : folders.value()) {
    for (auto& report : core::read_crash_reports(folder)) reports.push_back(std::move(report));
  }
  std::stable_sort(reports.begin(), reports.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  if (arguments.has("json")) {
    print_json(reports);
  } else if (reports.empty()) {
    std::printf("No crash reports in %s\n", looked_in(folders.value()).c_str());
  } else {
    print_table(reports);
  }
  return kDone;
}

}  // namespace

Command crashes_command() {
  return {{.name = "crashes",
           .purpose = "list the crashes of brokers, and in which plugin each happened",
           .usage = "[CONFIG]",
           .text = "Each crash of `omnibroker run` leaves a report: a text file, of which this is a list,\n"
                   "the newest first. What several reports within crashes.safe_mode_window name is not\n"
                   "loaded at the next start, until it is built again or the reports are removed.\n\n"
                   "The reports lie in crashes.folder of CONFIG, or of what `run` would take without one.\n",
           .options = {{"clear", "", "", "Remove them instead."},
                       {"dir", "d", "DIR", "Look into this folder."},
                       {"json", "j", "", "Print a JSON object, for programs."}},
           .examples = {{"omnibroker crashes", "what has crashed"},
                        {"omnibroker crashes --clear", "let every plugin be loaded again"}},
           .exit_codes = {kDone, kRefused, kWrongUsage},
           .most_words = 1},
          crashes};
}

}  // namespace omnibroker::tools
