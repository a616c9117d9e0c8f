#include "config/units.hpp"

#include "config/wording.hpp"

#include <charconv>
#include <cmath>
#include <span>
#include <system_error>
#include <vector>

namespace omnibroker::core {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kDurations[] = {{"ns", 1},
                               {"us", 1'000},
                               {"ms", 1'000'000},
                               {"s", 1'000'000'000},
                               {"m", 60'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"d", 86'400'000'000'000}};
constexpr Unit kSizes[] = {{"B", 1},      {"KiB", 1 << 10},  {"MiB", 1 << 20},     {"GiB", 1 << 30},
                           {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// How many characters from `begin` on are digits.
std::size_t digits(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - begin;
}

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const auto count = digits(text, 0);
  const auto amount = parse_integer(text.substr(0, count));
  if (!amount) return std::nullopt;
  for (const auto& unit : units) {
    if (unit.name != text.substr(count)) continue;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(*amount, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

/// The amount with the unit that is nearest to what was written behind it.
std::string near_with_unit(std::string_view text, std::span<const Unit> units, std::string_view unit_if_none) {
  const auto count = digits(text, 0);
  if (count == 0 || !parse_integer(text.substr(0, count))) return {};
  auto written = text.substr(count);
  while (!written.empty() && written.front() == ' ') written.remove_prefix(1);
  const auto amount = std::string(text.substr(0, count));
  if (written.empty()) return amount + std::string(unit_if_none);
  std::vector<std::string_view> names;
  for (const auto& unit : units) {
    if (unit.name == written) return amount + std::string(written);
    names.push_back(unit.name);
  }
  const auto near = nearest(written, names);
  return near.empty() ? std::string() : amount + std::string(near);
}

bool is_json_number(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const auto whole = digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const auto fraction = digits(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const auto exponent = digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const auto count = digits(text, sign);
  if (count == 0 || sign + count != text.size()) return std::nullopt;
  if (text[sign] == '0' && (count > 1 || sign == 1)) return std::nullopt;
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  if (!is_json_number(text)) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "off" || text == "0") return std::chrono::nanoseconds(0);
  const auto count = parse_with_unit(text, kDurations);
  if (!count) return std::nullopt;
  return std::chrono::nanoseconds(*count);
}

std::optional<ByteSize> parse_size(std::string_view text) {
  if (text == "0") return ByteSize{};
  const auto count = parse_with_unit(text, kSizes);
  if (!count) return std::nullopt;
  return ByteSize{static_cast<std::uint64_t>(*count)};
}

std::string near_duration(std::string_view text) { return near_with_unit(text, kDurations, "s"); }
std::string near_size(std::string_view text) { return near_with_unit(text, kSizes, "B"); }

std::string number_text(double value) {
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, written.ptr);
}

}  // namespace omnibroker::core
