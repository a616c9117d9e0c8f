#include "live_table.hpp"

#include "terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace omnibroker::tools {
namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr int kLinesAround = 5;  // title, heading, "and more", sentence, what is typed

std::string metadata_text(const Message& message) {
  std::string text;
  for (const auto& [name, value] : message.metadata) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

std::string numbers_text(const Message& message, double age) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%13.7f %13.7f %9.2f %5.1fs", message.latitude, message.longitude,
                message.height, age);
  return text.data();
}

/// Cuts at `width` bytes, never in the middle of a character.
std::string cut(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  while (width > 0 && (static_cast<unsigned char>(text[width]) & 0xc0) == 0x80) --width;
  text.resize(width);
  return text;
}

void put_line(std::string& screen, const std::string& line) { screen += line + "\033[K\r\n"; }

}  // namespace

LiveTable::LiveTable(std::string where) : where_(std::move(where)) {
  std::fputs("\033[?1049h\033[2J", stdout);
  typed();
}

LiveTable::~LiveTable() {
  std::fputs("\033[?1049l", stdout);
  std::fflush(stdout);
}

void LiveTable::take(const Message& message) {
  if (message.type == "coordinate_update") {
    auto& row = rows_[message.prim_path];
    row.last = message;
    row.at = Clock::now();
    ++row.updates;
    ++updates_;
  } else if (message.type == "error") {
    say(message.error_code + ": " + message.error_message);
  }
}

void LiveTable::say(std::string sentence) { sentence_ = printable(sentence); }

void LiveTable::typed() {
  const auto size = terminal_size(STDOUT_FILENO);
  std::printf("\033[%d;1H\033[Kselect> ", size.rows);
  std::fflush(stdout);
  draw();
}

std::chrono::milliseconds LiveTable::refresh() {
  const auto now = Clock::now();
  const auto since = now - drawn_;
  if (since < kInterval) return std::chrono::ceil<std::chrono::milliseconds>(kInterval - since);
  const double seconds = std::chrono::duration<double>(since).count();
  const double present = static_cast<double>(updates_ - updates_at_draw_) / seconds;
  per_second_ = drawn_ == Clock::time_point{} ? 0 : 0.7 * per_second_ + 0.3 * present;  // a calm number
  updates_at_draw_ = updates_;
  drawn_ = now;
  draw();
  return kInterval;
}

void LiveTable::draw() const {
  const auto size = terminal_size(STDOUT_FILENO);
  const auto width = static_cast<std::size_t>(std::max(size.columns - 1, 20));
  const auto paint = output_paint();
  const auto now = Clock::now();

  std::size_t name_width = 9;
  for (const auto& [name, row] : rows_) name_width = std::max(name_width, name.size());
  name_width = std::min<std::size_t>(name_width, 40);
  const auto named = [&](const std::string& name) {
    auto text = cut(printable(name), name_width);
    return text + std::string(name_width - text.size(), ' ');
  };

  std::string screen = "\0337\033[H";  // remembers where the person types
  std::array<char, 96> counts{};
  std::snprintf(counts.data(), counts.size(), "  %zu objects, %.0f updates/s, %llu in all", rows_.size(), per_second_,
                static_cast<unsigned long long>(updates_));
  put_line(screen, paint.bold(cut(where_ + counts.data(), width)));
  put_line(screen,
           paint.dim(cut(named("prim_path") + "      latitude     longitude    height    age  metadata", width)));

  const auto room = static_cast<std::size_t>(std::max(size.rows - kLinesAround, 1));
  std::size_t shown = 0;
  for (const auto& [name, row] : rows_) {
    if (shown == room) break;
    const double age = std::chrono::duration<double>(now - row.at).count();
    const auto line = named(name) + " " + numbers_text(row.last, age) + "  " + printable(metadata_text(row.last));
    put_line(screen, cut(line, width));
    ++shown;
  }
  for (; shown < room; ++shown) put_line(screen, "");
  put_line(screen, rows_.size() > room ? paint.dim("and " + std::to_string(rows_.size() - room) + " more") : "");
  screen += paint.yellow(cut(sentence_, width)) + "\033[K\0338";
  std::fputs(screen.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace omnibroker::tools
