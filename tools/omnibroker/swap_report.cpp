#include "swap_report.hpp"

#include "terminal.hpp"
#include "text_table.hpp"

#include <array>
#include <cstdio>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

std::string milliseconds(const Object& report, const char* member) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", report.getValue<double>(member) / 1000);
  return text.data();
}

}  // namespace

std::string swap_report_text(const Object& report) {
  const auto text = [&](const char* member) { return printable(report.getValue<std::string>(member)); };
  const auto staying = report.getValue<Poco::Int64>("staying");
  std::string out =
      text("name") + ": generation " + text("to") + " has taken over from generation " + text("from") + "\n";
  if (report.has("plugin")) {
    out += "  plugin   " + text("plugin") + " " + text("version") + " (" + text("sha256").substr(0, kShortHash) + ")\n";
  }
  if (const auto canary = report.getObject("canary"); !canary.isNull()) {
    const auto of = [&](const char* opened, const char* failed) {
      return canary->getValue<std::string>(failed) + " failed of " + canary->getValue<std::string>(opened);
    };
    out += "  canary   " + of("opened", "failed") + "; with the present one " + of("present_opened", "present_failed") +
           "\n";
  }
  if (const auto state = report.getObject("state"); !state.isNull()) {
    out += "  state    " +
           (state->has("bytes") ? state->getValue<std::string>("bytes") + " bytes; all messages waited " +
                                      milliseconds(*state, "stood_still_us") + " for it"
                                : "not taken over: " + printable(state->getValue<std::string>("refusal"))) +
           "\n";
  }
  out += "  moved    " + text("moved") + (text("moved") == "1" ? " connection" : " connections") + " in " +
         milliseconds(report, "took_us") + "\n";
  if (report.getValue<Poco::Int64>("moved") > 0) {
    out += "  frozen   p50 " + milliseconds(report, "freeze_p50_us") + ", p99 " +
           milliseconds(report, "freeze_p99_us") + ", at most " + milliseconds(report, "freeze_max_us") + "\n";
  }
  if (staying > 0) {
    const auto why = text("refusal");
    out += "  staying  " + std::to_string(staying) + " with an older generation until they end or can move" +
           (why.empty() ? "" : ": " + why) + "\n";
  }
  return out;
}

ControlClient::Progress shown_progress() {
  if (!is_terminal(STDERR_FILENO)) return {};
  return [](std::size_t moved, std::size_t of) {
    std::fprintf(stderr, "\rmoved %zu of %zu connections\033[K", moved, of);
    std::fflush(stderr);
  };
}

}  // namespace omnibroker::tools
