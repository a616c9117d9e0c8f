#include "config/options.hpp"

#include "config/secrets.hpp"
#include "config/units.hpp"
#include "config/wording.hpp"
#include "config/yaml_text.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

bool is_bounded(const omnibroker_option& option) { return option.minimum <= option.maximum; }

std::string bound_text(const omnibroker_option& option, double bound) {
  // Whole numbers: every bound that an author writes fits, and the widest of unsigned types is cut where int64 ends.
  constexpr double kLargest = 9.2e18;
  const auto whole = static_cast<std::int64_t>(std::clamp(bound, -kLargest, kLargest));
  switch (option.type) {
    case OMNIBROKER_OPTION_DURATION: return detail::yaml_text(std::chrono::nanoseconds(whole));
    case OMNIBROKER_OPTION_SIZE: return detail::yaml_text(ByteSize{static_cast<std::uint64_t>(whole)});
    case OMNIBROKER_OPTION_INTEGER: return std::to_string(whole);
    default: return number_text(bound);
  }
}

std::string bounds_text(const omnibroker_option& option) {
  constexpr double kUnbounded = 9.2e18;
  if (!is_bounded(option)) return {};
  if (option.minimum <= -kUnbounded && option.maximum >= kUnbounded) return {};
  const bool has_unit = option.type == OMNIBROKER_OPTION_DURATION || option.type == OMNIBROKER_OPTION_SIZE;
  if (has_unit && option.minimum <= 0) return " of at most " + bound_text(option, option.maximum);
  if (option.maximum >= kUnbounded) return " of at least " + bound_text(option, option.minimum);
  return " from " + bound_text(option, option.minimum) + " to " + bound_text(option, option.maximum);
}

/// Reads one scalar as what its option asks for, and says what is wrong with it.
class ScalarReader {
 public:
  ScalarReader(const omnibroker_option& option, const Place& place, Findings& findings)
      : option_(option), place_(place), node_(*place.node), findings_(findings) {}

  std::optional<OptionValue> read() {
    switch (option_.type) {
      case OMNIBROKER_OPTION_BOOLEAN: return boolean();
      case OMNIBROKER_OPTION_INTEGER: return integer();
      case OMNIBROKER_OPTION_NUMBER: return number();
      case OMNIBROKER_OPTION_DURATION: return duration();
      case OMNIBROKER_OPTION_SIZE: return size();
      default: return text();
    }
  }

  /// `hint` goes behind what was found.
  std::nullopt_t refuse(const std::string& hint = {}) {
    if (node_.is_broken) return std::nullopt;
    std::string found = node_.kind == Node::Kind::Null           ? "nothing"
                        : node_.kind == Node::Kind::List         ? "a list"
                        : node_.kind == Node::Kind::Map          ? "a map"
                        : has(option_, OMNIBROKER_OPTION_SECRET) ? "something else"
                                                                 : shown(node_.text);
    findings_.error(node_.mark, place_.path, "expected " + expectation(option_) + ", found " + found + hint);
    return std::nullopt;
  }

 private:
  bool is_scalar() const { return node_.is_text(); }

  /// A number in quotes is a text that happens to look like one.
  bool is_quoted_value(bool would_do) {
    if (!node_.quoted) return false;
    refuse(would_do ? " in quotes, which make it a text (write it without)" : "");
    return true;
  }

  std::optional<OptionValue> checked(double comparable, OptionValue value) {
    if (!is_bounded(option_) || (comparable >= option_.minimum && comparable <= option_.maximum)) return value;
    return refuse();
  }

  std::optional<OptionValue> boolean() {
    if (!is_scalar()) return refuse();
    const bool is_true = node_.text == "true";
    if (is_quoted_value(is_true || node_.text == "false")) return std::nullopt;
    if (is_true || node_.text == "false") return OptionValue{is_true ? 1 : 0, 0, {}, {}};
    for (const std::string_view word : {"yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE", "y", "Y", "1"}) {
      if (node_.text == word) return refuse(" (write true)");
    }
    for (const std::string_view word : {"no", "No", "NO", "off", "Off", "OFF", "False", "FALSE", "n", "N", "0"}) {
      if (node_.text == word) return refuse(" (write false)");
    }
    return refuse(did_you_mean(node_.text, {"true", "false"}));
  }

  std::optional<OptionValue> integer() {
    if (!is_scalar()) return refuse();
    const auto word = word_for_zero(option_);
    if (!word.empty() && node_.text == word) return OptionValue{};
    const auto value = parse_integer(node_.text);
    if (is_quoted_value(value.has_value())) return std::nullopt;
    if (value) return checked(static_cast<double>(*value), {*value, 0, {}, {}});
    const bool is_padded = node_.text.size() > 1 && node_.text[0] == '0' &&
                           node_.text.find_first_not_of("0123456789") == std::string::npos;
    if (is_padded) return refuse(" (write it without leading zeros)");
    if (node_.text.starts_with("0x") || node_.text.starts_with("0o")) return refuse(" (write it in decimal digits)");
    return refuse(word.empty() ? std::string() : did_you_mean(node_.text, {word}));
  }

  std::optional<OptionValue> number() {
    if (!is_scalar()) return refuse();
    const auto value = parse_number(node_.text);
    if (is_quoted_value(value.has_value())) return std::nullopt;
    if (!value) return refuse();
    return checked(*value, {0, *value, {}, {}});
  }

  // Durations and sizes may be quoted: with their units they cannot be taken for another type.
  std::optional<OptionValue> duration() {
    if (!is_scalar()) return refuse();
    const auto value = parse_duration(node_.text);
    if (value) return checked(static_cast<double>(value->count()), {value->count(), 0, {}, {}});
    const auto near = near_duration(node_.text);
    return refuse(near.empty() ? std::string() : " (did you mean " + shown(near) + "?)");
  }

  std::optional<OptionValue> size() {
    if (!is_scalar()) return refuse();
    const auto value = parse_size(node_.text);
    if (value) {
      return checked(static_cast<double>(value->bytes), {static_cast<std::int64_t>(value->bytes), 0, {}, {}});
    }
    const auto near = near_size(node_.text);
    return refuse(near.empty() ? std::string() : " (did you mean " + shown(near) + "?)");
  }

  std::optional<OptionValue> text() {
    if (!is_scalar()) return refuse();
    const auto names = alternatives(option_.choices);
    if (!names.empty() && std::find(names.begin(), names.end(), node_.text) == names.end()) {
      return refuse(did_you_mean(node_.text, names));
    }
    return OptionValue{0, 0, node_.text, {}};
  }

  const omnibroker_option& option_;
  const Place& place_;
  const Node& node_;
  Findings& findings_;
};

/// One text of an option: checked against its choices, and fetched where it is a secret that lies elsewhere.
std::optional<std::string> read_text(const omnibroker_option& option, const Place& place, ReadContext& context) {
  auto value = ScalarReader(option, place, context.findings).read();
  if (!value) return std::nullopt;
  if (!has(option, OMNIBROKER_OPTION_SECRET)) return std::move(value->text);
  const auto& folder = place.node->mark.file->folder;
  if (const auto file = secret_file(value->text, folder)) context.files.push_back(*file);
  auto secret = fetch_secret(value->text, folder, context.environment);
  if (secret) return std::move(secret).value();
  context.findings.error(place.node->mark, place.path, secret.error().message);
  return std::nullopt;
}

/// The option as it would be if it had one text only: what each item of a list, each value of a map is checked against.
omnibroker_option element_of(const omnibroker_option& option) {
  auto element = option;
  element.type = option.choices == nullptr ? OMNIBROKER_OPTION_TEXT : OMNIBROKER_OPTION_CHOICE;
  return element;
}

std::optional<OptionValue> read_list(const omnibroker_option& option, const Place& place, ReadContext& context) {
  const auto element = element_of(option);
  OptionValue value;
  if (place.node->is_text()) {
    auto only = read_text(element, place, context);
    if (!only) return std::nullopt;
    value.items.push_back(std::move(*only));
    return value;
  }
  if (place.node->kind != Node::Kind::List) return ScalarReader(option, place, context.findings).refuse();
  bool is_right = true;
  for (std::size_t i = 1; i <= place.node->items.size(); ++i) {
    auto item = read_text(element, place.item(i), context);
    is_right = is_right && item;
    if (item) value.items.push_back(std::move(*item));
  }
  return is_right ? std::optional(std::move(value)) : std::nullopt;
}

std::optional<OptionValue> read_map(const omnibroker_option& option, const Place& place, ReadContext& context) {
  const auto element = element_of(option);
  if (place.node->kind != Node::Kind::Map) return ScalarReader(option, place, context.findings).refuse();
  OptionValue value;
  bool is_right = true;
  for (const auto& entry : place.node->entries) {
    auto item = read_text(element, place.child(entry), context);
    is_right = is_right && item;
    value.items.push_back(entry.key);
    value.items.push_back(item ? std::move(*item) : std::string());
  }
  return is_right ? std::optional(std::move(value)) : std::nullopt;
}

void add_value(ConfigValues::Builder& builder, omnibroker_option_type type, OptionValue value, bool is_default) {
  switch (type) {
    case OMNIBROKER_OPTION_NUMBER: return builder.add_number(value.number, is_default);
    case OMNIBROKER_OPTION_TEXT:
    case OMNIBROKER_OPTION_CHOICE: return builder.add_text(type, std::move(value.text), is_default);
    case OMNIBROKER_OPTION_TEXT_LIST:
    case OMNIBROKER_OPTION_TEXT_MAP: return builder.add_items(type, std::move(value.items), is_default);
    default: return builder.add_integer(type, value.integer, is_default);
  }
}

std::string type_name(const omnibroker_option& option) {
  switch (option.type) {
    case OMNIBROKER_OPTION_BOOLEAN: return "true or false";
    case OMNIBROKER_OPTION_INTEGER: return "a whole number";
    case OMNIBROKER_OPTION_NUMBER: return "a number";
    case OMNIBROKER_OPTION_DURATION: return "a duration";
    case OMNIBROKER_OPTION_SIZE: return "a size";
    case OMNIBROKER_OPTION_CHOICE: return listing(alternatives(option.choices));
    case OMNIBROKER_OPTION_TEXT_LIST:
      return option.choices == nullptr ? "a text or a list of texts"
                                       : "a list of " + listing(alternatives(option.choices));
    case OMNIBROKER_OPTION_TEXT_MAP: return "a map of texts";
    default: return "a text";
  }
}

/// The word for zero, where there is one.
std::string zero_text(const omnibroker_option& option) {
  if (const auto word = word_for_zero(option); !word.empty()) return " or " + std::string(word);
  const bool may_be_off = option.type == OMNIBROKER_OPTION_DURATION && (!is_bounded(option) || option.minimum <= 0);
  return may_be_off ? " or off" : "";
}

}  // namespace

std::optional<OptionValue> read_option(const omnibroker_option& option, const Place& place, ReadContext& context) {
  switch (option.type) {
    case OMNIBROKER_OPTION_TEXT_LIST: return read_list(option, place, context);
    case OMNIBROKER_OPTION_TEXT_MAP: return read_map(option, place, context);
    case OMNIBROKER_OPTION_TEXT:
    case OMNIBROKER_OPTION_CHOICE: {
      auto text = read_text(option, place, context);
      if (!text) return std::nullopt;
      return OptionValue{0, 0, std::move(*text), {}};
    }
    default: return ScalarReader(option, place, context.findings).read();
  }
}

Result<OptionValue> default_of(const omnibroker_option& option) {
  if (option.default_text == nullptr) return OptionValue{};
  const SourceFile nowhere{"default", {}, 0};
  Findings findings;
  Node node;
  if (parse_document(option.default_text, nowhere, node, findings)) {
    auto plain = option;
    plain.flags &= ~static_cast<std::uint32_t>(OMNIBROKER_OPTION_SECRET);
    plain.minimum = 1;  // "off" is a fair default where the file could only write a duration
    plain.maximum = 0;
    // "" is the default of every list and choice that says nothing.
    if (option.type == OMNIBROKER_OPTION_CHOICE && node.text.empty()) return OptionValue{};
    ReadContext context{{}, findings};
    if (auto value = read_option(plain, {&node, node.mark, {}}, context)) return std::move(*value);
  }
  return Error{ErrorCode::InvalidArgument, "its option " + std::string(option.name) + " has the default " +
                                               shown(option.default_text) + ", which is not " + expectation(option)};
}

ConfigValues read_options(Options options, const Place& place, ReadContext& context) {
  ConfigValues::Builder builder;
  for (const auto* option : options) {
    const auto* entry = place.node->find(option->name);
    std::optional<OptionValue> value;
    if (entry != nullptr) value = read_option(*option, place.child(*entry), context);
    if (entry == nullptr && has(*option, OMNIBROKER_OPTION_REQUIRED)) {
      context.findings.error(place.mark, place.path,
                             std::string(option->name) + " is missing: " + expectation(*option) +
                                 (option->example == nullptr ? "" : ", such as " + std::string(option->example)));
    }
    const bool is_default = !value;
    if (!value) {
      auto fallback = default_of(*option);
      if (!fallback) context.findings.error(place.mark, place.path, fallback.error().message);
      value = fallback ? std::move(fallback).value() : OptionValue{};
    }
    add_value(builder, option->type, std::move(*value), is_default);
  }
  return std::move(builder).build();
}

void refuse_unknown_keys(const Place& place, const std::vector<std::string_view>& known, Findings& findings) {
  for (const auto& entry : place.node->entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const auto child = place.child(entry);
    auto hint = did_you_mean(entry.key, known);
    if (hint.empty() && known.size() <= 12) hint = " (known here: " + listing(known) + ")";
    findings.error(entry.mark, child.path, "unknown key" + hint);
  }
}

std::string type_text(const omnibroker_option& option) {
  return type_name(option) + bounds_text(option) + zero_text(option);
}

std::string expectation(const omnibroker_option& option) {
  const char* units = option.type == OMNIBROKER_OPTION_DURATION ? " in ms, s, m, h or d"
                      : option.type == OMNIBROKER_OPTION_SIZE   ? " in B, KiB, MiB, GiB, kB, MB or GB"
                                                                : "";
  return type_name(option) + units + bounds_text(option) + zero_text(option);
}

std::string_view word_for_zero(const omnibroker_option& option) {
  return option.type == OMNIBROKER_OPTION_INTEGER && option.choices != nullptr ? option.choices : std::string_view();
}

std::string yaml_of(const omnibroker_option& option, const OptionValue& value) {
  const auto item = [&option](const std::string& text) {
    return has(option, OMNIBROKER_OPTION_SECRET) && !text.empty() ? "\"***\"" : yaml_scalar(text);
  };
  switch (option.type) {
    case OMNIBROKER_OPTION_BOOLEAN: return value.integer != 0 ? "true" : "false";
    case OMNIBROKER_OPTION_INTEGER:
      return value.integer == 0 && !word_for_zero(option).empty() ? std::string(word_for_zero(option))
                                                                  : std::to_string(value.integer);
    case OMNIBROKER_OPTION_NUMBER: return number_text(value.number);
    case OMNIBROKER_OPTION_DURATION: return detail::yaml_text(std::chrono::nanoseconds(value.integer));
    case OMNIBROKER_OPTION_SIZE: return detail::yaml_text(ByteSize{static_cast<std::uint64_t>(value.integer)});
    case OMNIBROKER_OPTION_TEXT_LIST: {
      if (value.items.size() == 1) return item(value.items[0]);
      std::string list = "[";
      for (const auto& text : value.items) list += (list.size() > 1 ? ", " : "") + item(text);
      return list + "]";
    }
    case OMNIBROKER_OPTION_TEXT_MAP: {
      std::string map = "{";
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        map += (map.size() > 1 ? ", " : "") + yaml_key(value.items[i]) + ": " + item(value.items[i + 1]);
      }
      return map + "}";
    }
    default: return item(value.text);
  }
}

std::string yaml_of(const omnibroker_option& option, const omnibroker_value& value) {
  OptionValue copy{value.integer, value.number, std::string(view(value.text)), {}};
  for (std::size_t i = 0; i < value.item_count; ++i) copy.items.emplace_back(view(value.items[i]));
  return yaml_of(option, copy);
}

bool can_be_written(const omnibroker_option& option, const std::string& yaml) {
  const SourceFile nowhere{"default", {}, 0};
  Findings findings;
  Node node;
  if (!parse_document(yaml, nowhere, node, findings)) return false;
  auto plain = option;
  plain.flags &= ~static_cast<std::uint32_t>(OMNIBROKER_OPTION_SECRET);
  ReadContext context{{}, findings};
  return read_option(plain, {&node, node.mark, {}}, context).has_value();
}

}  // namespace omnibroker::core
