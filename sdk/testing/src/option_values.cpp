#include "option_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace omnibroker::testing::detail {
namespace {

std::string unquoted(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  if (!quoted) return std::string(text);
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && text.front() == '"' && i + 2 < text.size()) ++i;
    plain.push_back(text[i]);
  }
  return plain;
}

/// The items of `[a, "b, c"]` or `{k: v}`, or the one item of a scalar; keys and values in turn.
std::vector<std::string> flow_items(std::string_view text, bool map) {
  std::vector<std::string> items;
  const bool flow = text.size() >= 2 && (text.front() == '[' || text.front() == '{');
  if (!flow) return {unquoted(text)};
  text = text.substr(1, text.size() - 2);
  std::string item;
  char quote = 0;
  bool key = map;
  const auto finish = [&] {
    if (item.find_first_not_of(' ') != std::string::npos) items.push_back(unquoted(item));
    item.clear();
  };
  for (const char c : text) {
    if (quote == 0 && (c == ',' || (key && c == ':'))) {
      finish();
      key = map && c == ',';
      continue;
    }
    if (c == '"' || c == '\'') quote = quote == 0 ? c : (quote == c ? '\0' : quote);
    item.push_back(c);
  }
  finish();
  return items;
}

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kDurations[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},   {"s", 1e9},
                               {"m", 6e10}, {"h", 3.6e12}, {"d", 8.64e13}};
constexpr Unit kSizes[] = {{"B", 1},      {"kB", 1e3},      {"MB", 1e6},     {"GB", 1e9},
                           {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

/// A number with one of these units, or nothing. Without units: a plain number.
template <std::size_t Count>
std::optional<double> measured(const std::string& text, const Unit (&units)[Count]) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return std::nullopt;
  const std::string_view unit(end);
  for (const auto& known : units) {
    if (known.name == unit) return number * known.factor;
  }
  return unit.empty() && number == 0 ? std::optional(0.0) : std::nullopt;
}

std::optional<double> numeric(omnibroker_option_type type, const std::string& text) {
  if (type == OMNIBROKER_OPTION_DURATION) return text == "off" ? std::optional(0.0) : measured(text, kDurations);
  if (type == OMNIBROKER_OPTION_SIZE) return measured(text, kSizes);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0) return std::nullopt;
  if (type == OMNIBROKER_OPTION_INTEGER && number != std::floor(number)) return std::nullopt;
  return number;
}

bool is_choice(const char* choices, std::string_view text) {
  if (choices == nullptr) return true;
  std::string_view rest(choices);
  for (;;) {
    const auto bar = rest.find('|');
    if (rest.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    rest.remove_prefix(bar + 1);
  }
}

Error refused(const omnibroker_option& option, const std::string& why) {
  return {ErrorCode::InvalidArgument, std::string(option.name) + ": " + why};
}

}  // namespace

Status OptionValues::read(const omnibroker_option& option, std::string_view written, Held& held) {
  held.text = unquoted(written);
  held.value.struct_size = sizeof(omnibroker_value);
  held.value.type = option.type;
  switch (option.type) {
    case OMNIBROKER_OPTION_BOOLEAN:
      if (held.text != "true" && held.text != "false") return refused(option, "must be true or false: " + held.text);
      held.value.integer = held.text == "true" ? 1 : 0;
      break;
    case OMNIBROKER_OPTION_INTEGER:
    case OMNIBROKER_OPTION_NUMBER:
    case OMNIBROKER_OPTION_DURATION:
    case OMNIBROKER_OPTION_SIZE: {
      const auto number = numeric(option.type, held.text);
      if (!number) return refused(option, "is not of its type: " + held.text);
      const bool bounded = option.minimum <= option.maximum;
      if (bounded && (*number < option.minimum || *number > option.maximum)) {
        return refused(option, "is out of its bounds: " + held.text);
      }
      held.value.number = *number;
      held.value.integer = static_cast<std::int64_t>(*number);
      break;
    }
    case OMNIBROKER_OPTION_CHOICE:
      if (!is_choice(option.choices, held.text)) return refused(option, "is none of its choices: " + held.text);
      break;
    case OMNIBROKER_OPTION_TEXT_LIST:
    case OMNIBROKER_OPTION_TEXT_MAP:
      held.items = flow_items(written, option.type == OMNIBROKER_OPTION_TEXT_MAP);
      for (const auto& item : held.items) {
        if (!is_choice(option.choices, item))
          return refused(option, "has an item that is none of its choices: " + item);
        held.views.push_back(text(item));
      }
      held.value.items = held.views.data();
      held.value.item_count = held.views.size();
      break;
    default: break;
  }
  held.value.text = text(held.text);
  return {};
}

Status OptionValues::fill(const omnibroker_component_type& type, const Options& options) {
  for (const auto& [name, written] : options) {
    const bool known = std::any_of(type.options, type.options + type.option_count,
                                   [&name = name](const omnibroker_option* option) { return name == option->name; });
    if (!known) return Error{ErrorCode::InvalidArgument, "unknown option: " + name};
  }
  for (std::size_t i = 0; i < type.option_count; ++i) {
    const auto& option = *type.options[i];
    auto& held = held_.emplace_back();
    const auto given =
        std::find_if(options.begin(), options.end(), [&](const auto& entry) { return entry.first == option.name; });
    const bool is_default = given == options.end();
    if (is_default && option.default_text == nullptr) return refused(option, "is required");
    if (auto status = read(option, is_default ? std::string_view(option.default_text) : given->second, held); !status) {
      return status;
    }
    held.value.is_default = is_default ? 1 : 0;
    pointers_.push_back(&held.value);
  }
  raw_ = {sizeof(omnibroker_config), static_cast<std::uint32_t>(pointers_.size()), pointers_.data()};
  return {};
}

}  // namespace omnibroker::testing::detail
