#include "containment/crash_report_writer.hpp"

#include "containment/crash_reports.hpp"
#include "containment/mapped_libraries.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace omnibroker::core {
namespace {

/// The innermost call that a thread is inside of.
ThreadMarks::Seen innermost(const ThreadMarks* marks) {
  for (auto frame = marks == nullptr ? 0 : ThreadMarks::kDepth; frame > 0; --frame) {
    const auto seen = marks->look(frame - 1);
    if (seen.entry != 0) return seen;
  }
  return {};
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// A plugin by the file that it came from; the staged copy has a name that says nothing.
std::string_view path_of(const MappedLibrary& library) {
  const auto* plugin = library.plugin.load(std::memory_order_acquire);
  return plugin == nullptr ? std::string_view(library.path) : std::string_view(plugin->file);
}

std::string_view or_dash(std::string_view text) { return text.empty() ? std::string_view("-") : text; }

struct Line {
  SignalText& out;
  Line(SignalText& to, std::string_view key) : out(to) {
    constexpr std::size_t kColumn = 12;
    out << key;
    for (auto at = key.size(); at < kColumn; ++at) out << ' ';
  }
  ~Line() { out << '\n'; }
};

void write_text(SignalText& out, std::string_view key, std::string_view text) {
  const Line line(out, key);
  out << or_dash(text);
}

// Never a `const char*` beside a `std::string` behind a `?`: that makes a string, and so allocates.
constexpr std::string_view kNothing;

void write_plugin(SignalText& out, const PluginFacts* plugin) {
  const auto text = [plugin](std::string PluginFacts::*member) {
    return plugin == nullptr ? kNothing : std::string_view(plugin->*member);
  };
  write_text(out, "plugin", text(&PluginFacts::name));
  write_text(out, "file", text(&PluginFacts::file));
  write_text(out, "sha256", text(&PluginFacts::sha256));
  write_text(out, "build-id", text(&PluginFacts::build_id));
}

void write_reason(SignalText& out, const siginfo_t& info, int signal) {
  if (info.si_code <= 0) {
    out << ", sent by process ";
    out.decimal(static_cast<std::uint64_t>(info.si_pid));
  } else if (signal != SIGABRT) {
    out << ", address ";
    out.hex(reinterpret_cast<std::uintptr_t>(info.si_addr));
    if (signal == SIGSEGV && info.si_code == SEGV_MAPERR) out << ", nothing is mapped there";
    if (signal == SIGSEGV && info.si_code == SEGV_ACCERR) out << ", which may not be used so";
  }
}

/// Every call that the thread is inside of, the innermost first.
void write_calls(SignalText& out, const ThreadMarks& marks) {
  const Line line(out, "inside");
  bool first = true;
  for (auto frame = ThreadMarks::kDepth; frame > 0; --frame) {
    const auto seen = marks.look(frame - 1);
    if (seen.entry == 0) continue;
    if (!first) out << " < ";
    first = false;
    if (seen.place == nullptr) {
      out << "the core";
      continue;
    }
    out << (seen.place->component.empty() ? std::string_view("a library") : seen.place->component);
    if (const auto generation = seen.place->generation.load(std::memory_order_relaxed); generation != 0) {
      out << " g";
      out.decimal(generation);
    }
    out << ' ' << name_of(seen.call);
  }
  if (first) out << "no component";
}

}  // namespace

SignalText& SignalText::operator<<(char character) {
  if (size_ == buffer_.size()) flush();
  const auto byte = static_cast<unsigned char>(character);
  buffer_[size_++] = (byte < 0x20 && character != '\n') || byte == 0x7f ? '?' : character;
  return *this;
}

SignalText& SignalText::operator<<(std::string_view text) {
  for (const char character : text) *this << (character == '\n' ? '?' : character);
  return *this;
}

SignalText& SignalText::decimal(std::uint64_t number, unsigned least_digits) {
  char digits[20];
  std::size_t count = 0;
  do digits[count++] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  while (count < least_digits) digits[count++] = '0';
  while (count > 0) *this << digits[--count];
  return *this;
}

SignalText& SignalText::hex(std::uintptr_t number) {
  char digits[16];
  std::size_t count = 0;
  do digits[count++] = "0123456789abcdef"[number % 16];
  while ((number /= 16) != 0);
  *this << "0x";
  while (count > 0) *this << digits[--count];
  return *this;
}

void SignalText::flush() {
  std::size_t written = 0;
  while (written < size_) {
    const auto count = ::write(descriptor_, buffer_.data() + written, size_ - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // there is nobody to tell
    written += static_cast<std::size_t>(count);
  }
  size_ = 0;
}

std::size_t format_time(std::time_t time, bool compact, std::span<char> out) {
  // `gmtime_r` takes a lock in some libraries. Days to a date as in the Gregorian calendar, whose years of 365 or 366
  // days repeat after 400 of them; the year begins in March here, so that the day that is not always there is its last.
  const auto days = static_cast<std::int64_t>(time / 86'400);
  const auto second = static_cast<unsigned>(time % 86'400);
  const std::int64_t since_march = days + 719'468;  // from 0000-03-01 to 1970-01-01
  const std::int64_t era = since_march / 146'097;
  const std::int64_t day_of_era = since_march % 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<unsigned>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto month = static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  const auto year = static_cast<unsigned>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));

  std::size_t size = 0;
  const auto put = [&](unsigned number, unsigned digits, char behind) {
    for (auto at = digits; at > 0; --at, number /= 10) out[size + at - 1] = static_cast<char>('0' + number % 10);
    size += digits;
    if (behind != '\0' && (!compact || behind == 'T' || behind == 'Z')) out[size++] = behind;
  };
  put(year, 4, '-');
  put(month, 2, '-');
  put(day, 2, 'T');
  put(second / 3600, 2, ':');
  put(second / 60 % 60, 2, ':');
  put(second % 60, 2, 'Z');
  return size;
}

std::string_view crash_signal_name(int signal) {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGABRT: return "SIGABRT";
    default: return "a signal";
  }
}

bool write_crash_head(SignalText& out, const CrashFacts& facts) {
  char time[24];
  const auto within = innermost(facts.marks);
  const auto* place = within.place;
  out << kCrashReportTitle << '\n';
  write_text(out, "time", {time, format_time(facts.time, /*compact=*/false, time)});
  {
    const Line line(out, "signal");
    out << crash_signal_name(facts.signal);
    write_reason(out, *facts.info, facts.signal);
  }
  {
    const Line line(out, "process");
    out.decimal(static_cast<std::uint64_t>(facts.process));
  }
  {
    const Line line(out, "thread");
    out.decimal(static_cast<std::uint64_t>(facts.thread)) << ' ' << facts.thread_name;
  }
  write_text(out, "version", facts.version);
  write_text(out, "component", place == nullptr ? kNothing : std::string_view(place->component));
  {
    const Line line(out, "generation");
    const auto generation = place == nullptr ? 0 : place->generation.load(std::memory_order_relaxed);
    generation == 0 ? out << '-' : out.decimal(generation);
  }
  write_text(out, "call", place == nullptr ? kNothing : std::string_view(name_of(within.call)));
  write_plugin(out, place == nullptr ? nullptr : place->plugin);
  if (facts.marks != nullptr) {
    write_calls(out, *facts.marks);
  } else {
    write_text(out, "inside", "no component");
  }
  out.flush();
  return place != nullptr && place->plugin != nullptr;
}

void write_crash_stack(SignalText& out, std::span<void* const> frames, bool named) {
  std::array<const MappedLibrary*, 64> libraries{};
  std::size_t count = 0;
  const PluginFacts* plugin = nullptr;
  out << "stack" << '\n';
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(frames[i]);
    const auto* library = library_at(address);
    out << "  ";
    out.decimal(i) << ' ';
    if (library == nullptr) {
      out.hex(address) << '\n';
      continue;
    }
    out << file_name(path_of(*library)) << " + ";
    out.hex(address - library->base) << '\n';
    if (plugin == nullptr) plugin = library->plugin.load(std::memory_order_acquire);
    const bool is_new = std::find(libraries.begin(), libraries.begin() + count, library) == libraries.begin() + count;
    if (is_new && count < libraries.size()) libraries[count++] = library;
  }
  out << "libraries" << '\n';
  for (std::size_t i = 0; i < count; ++i) {
    out << "  " << path_of(*libraries[i]) << " build-id " << or_dash(libraries[i]->build_id) << '\n';
  }
  if (!named && plugin != nullptr) {
    out << "on the stack" << '\n';
    write_plugin(out, plugin);
  }
  out << "end" << '\n';
  out.flush();
}

void write_crash_sentence(SignalText& out, const CrashFacts& facts, std::string_view report) {
  const auto within = innermost(facts.marks);
  out << "omnibroker: crashed with " << crash_signal_name(facts.signal);
  write_reason(out, *facts.info, facts.signal);
  if (within.place == nullptr) {
    out << ", inside no component";
  } else {
    const auto* plugin = within.place->plugin;
    out << ", inside " << or_dash(within.place->component) << " (" << name_of(within.call) << ")";
    if (plugin != nullptr) {
      out << " of plugin " << plugin->name << ' ' << std::string_view(plugin->sha256).substr(0, 12) << ", build id "
          << or_dash(plugin->build_id);
    }
  }
  out << "; process ";
  out.decimal(static_cast<std::uint64_t>(facts.process)) << ", version " << facts.version;
  if (!report.empty()) out << "; the report is " << report;
  out << '\n';
  out.flush();
}

}  // namespace omnibroker::core
