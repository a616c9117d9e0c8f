#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker {

/// A number of bytes, written `64KiB` in YAML.
struct ByteSize {
  std::uint64_t bytes = 0;
  friend bool operator==(const ByteSize&, const ByteSize&) = default;
};

/// A text of a fixed set, written as one of `choices`.
using TextList = std::vector<std::string>;
using TextMap = std::vector<std::pair<std::string, std::string>>;

namespace detail {

std::string yaml_text(bool value);
std::string yaml_text(std::int64_t value);
std::string yaml_text(double value);
std::string yaml_text(const std::string& value);
std::string yaml_text(std::chrono::nanoseconds value);
std::string yaml_text(ByteSize value);
std::string yaml_text(const TextList& value);
std::string yaml_text(const TextMap& value);

/// How a member's C++ type is written in a specification, and read from a value.
template <class T>
struct OptionTraits;

}  // namespace detail

/// The options of one component: name, type, default, bounds and documentation of each, bound to the members of a plain
/// struct. From this one object come parsing, defaults, errors with line and column, `omnibroker describe`, the
/// reference page and the JSON Schema; no other place parses an option.
///
/// ```
/// struct Config { std::string greeting = "hello"; std::chrono::nanoseconds pause = 5s; };
/// static const auto spec = ConfigSpec<Config>{}
///     .field("greeting", &Config::greeting, "What is said first.")
///     .field("pause", &Config::pause, "How long to wait before the next word.").range(1ms, 1min).reloadable();
/// ```
/// Member types: bool, integers, double, std::string, std::chrono durations, ByteSize, TextList, TextMap. The default
/// is the member's own initializer. A modifier applies to the field before it.
///
/// Threads: a value; immutable once built.
template <class Config>
class ConfigSpec {
 public:
  template <class T>
  ConfigSpec& field(const char* name, T Config::*member, const char* doc) {
    using Traits = detail::OptionTraits<T>;
    auto& entry = entries_.emplace_back();
    entry.default_text = detail::yaml_text(Traits::canonical(Config{}.*member));
    entry.option = {sizeof(omnibroker_option), Traits::type, 0, name, doc, nullptr, nullptr, nullptr, 1, 0};
    entry.option.default_text = entry.default_text.c_str();
    if constexpr (std::is_unsigned_v<T> && !std::is_same_v<T, bool>) {
      entry.option.minimum = 0;
      entry.option.maximum = static_cast<double>(std::numeric_limits<T>::max());
    }
    entry.assign = [member](Config& config, const omnibroker_value& value) { config.*member = Traits::read(value); };
    pointers_.push_back(&entry.option);
    return *this;
  }

  /// The file must give it: there is no default.
  ConfigSpec& required() {
    last().flags |= OMNIBROKER_OPTION_REQUIRED;
    last().default_text = nullptr;
    return *this;
  }
  /// A change can be applied in place, by `reconfigure`.
  ConfigSpec& reloadable() {
    last().flags |= OMNIBROKER_OPTION_RELOADABLE;
    return *this;
  }
  /// Prints as ***; may be given as `file:/path` or `env:NAME`.
  ConfigSpec& secret() {
    last().flags |= OMNIBROKER_OPTION_SECRET;
    return *this;
  }
  /// Both bounds inclusive, in the option's own type.
  template <class T>
  ConfigSpec& range(T minimum, T maximum) {
    last().minimum = detail::OptionTraits<T>::bound(minimum);
    last().maximum = detail::OptionTraits<T>::bound(maximum);
    return *this;
  }
  /// "a|b|c". Turns a text into a choice.
  ConfigSpec& choices(const char* alternatives) {
    last().choices = alternatives;
    if (last().type == OMNIBROKER_OPTION_TEXT) last().type = OMNIBROKER_OPTION_CHOICE;
    return *this;
  }
  ConfigSpec& example(const char* yaml) {
    last().example = yaml;
    return *this;
  }
  /// What no single option can say: one contradicts another. The message names the options.
  ConfigSpec& check(std::function<Status(const Config&)> relation) {
    relation_ = std::move(relation);
    return *this;
  }

  /// In the order of declaration; lives as long as the specification.
  const std::vector<const omnibroker_option*>& options() const { return pointers_; }

  /// Builds the struct from values that the host has checked, then checks relations.
  Result<Config> parse(const omnibroker_config& values) const {
    Config config;
    for (std::size_t i = 0; i < entries_.size() && i < values.count; ++i) {
      if (values.values[i] != nullptr) entries_[i].assign(config, *values.values[i]);
    }
    if (relation_) {
      if (auto status = relation_(config); !status) return status.error();
    }
    return config;
  }

  ConfigSpec() = default;
  ConfigSpec(const ConfigSpec& other) { *this = other; }
  ConfigSpec& operator=(const ConfigSpec& other) {
    if (this == &other) return *this;
    entries_ = other.entries_;
    relation_ = other.relation_;
    pointers_.clear();
    for (auto& entry : entries_) {  // the texts moved with their entries
      if (entry.option.default_text != nullptr) entry.option.default_text = entry.default_text.c_str();
      pointers_.push_back(&entry.option);
    }
    return *this;
  }

 private:
  struct Entry {
    omnibroker_option option{};
    std::string default_text;
    std::function<void(Config&, const omnibroker_value&)> assign;
  };

  omnibroker_option& last() { return entries_.back().option; }

  std::deque<Entry> entries_;  // addresses must hold: `pointers_` looks into it
  std::vector<const omnibroker_option*> pointers_;
  std::function<Status(const Config&)> relation_;
};

/// A component without options.
struct NoConfig {};

namespace detail {

template <>
struct OptionTraits<bool> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_BOOLEAN;
  static bool canonical(bool value) { return value; }
  static bool read(const omnibroker_value& value) { return value.integer != 0; }
};

template <std::integral T>
struct OptionTraits<T> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_INTEGER;
  static std::int64_t canonical(T value) { return static_cast<std::int64_t>(value); }
  static T read(const omnibroker_value& value) { return static_cast<T>(value.integer); }
  static double bound(T value) { return static_cast<double>(value); }
};

template <>
struct OptionTraits<double> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_NUMBER;
  static double canonical(double value) { return value; }
  static double read(const omnibroker_value& value) { return value.number; }
  static double bound(double value) { return value; }
};

template <>
struct OptionTraits<std::string> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_TEXT;
  static const std::string& canonical(const std::string& value) { return value; }
  static std::string read(const omnibroker_value& value) { return std::string(view(value.text)); }
};

template <class Rep, class Period>
struct OptionTraits<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_DURATION;
  static std::chrono::nanoseconds canonical(Duration value) { return value; }
  static Duration read(const omnibroker_value& value) {
    return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(value.integer));
  }
  static double bound(Duration value) { return static_cast<double>(canonical(value).count()); }
};

template <>
struct OptionTraits<ByteSize> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_SIZE;
  static ByteSize canonical(ByteSize value) { return value; }
  static ByteSize read(const omnibroker_value& value) { return {static_cast<std::uint64_t>(value.integer)}; }
  static double bound(ByteSize value) { return static_cast<double>(value.bytes); }
};

template <>
struct OptionTraits<TextList> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_TEXT_LIST;
  static const TextList& canonical(const TextList& value) { return value; }
  static TextList read(const omnibroker_value& value) {
    TextList list;
    for (std::size_t i = 0; i < value.item_count; ++i) list.emplace_back(view(value.items[i]));
    return list;
  }
};

template <>
struct OptionTraits<TextMap> {
  static constexpr omnibroker_option_type type = OMNIBROKER_OPTION_TEXT_MAP;
  static const TextMap& canonical(const TextMap& value) { return value; }
  static TextMap read(const omnibroker_value& value) {
    TextMap map;
    for (std::size_t i = 0; i + 1 < value.item_count; i += 2) {
      map.emplace_back(std::string(view(value.items[i])), std::string(view(value.items[i + 1])));
    }
    return map;
  }
};

inline std::string yaml_text(bool value) { return value ? "true" : "false"; }
inline std::string yaml_text(std::int64_t value) { return std::to_string(value); }

inline std::string yaml_text(double value) {
  auto text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.push_back('0');
  return text;
}

inline std::string yaml_text(const std::string& value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

inline std::string yaml_text(std::chrono::nanoseconds value) {
  struct Unit {
    std::int64_t nanoseconds;
    const char* name;
  };
  constexpr Unit units[] = {{86'400'000'000'000, "d"}, {3'600'000'000'000, "h"}, {60'000'000'000, "m"},
                            {1'000'000'000, "s"},      {1'000'000, "ms"},        {1'000, "us"}};
  if (value.count() == 0) return "off";
  for (const auto& unit : units) {
    if (value.count() % unit.nanoseconds == 0) return std::to_string(value.count() / unit.nanoseconds) + unit.name;
  }
  return std::to_string(value.count()) + "ns";
}

inline std::string yaml_text(ByteSize value) {
  struct Unit {
    std::uint64_t bytes;
    const char* name;
  };
  constexpr Unit units[] = {{1ull << 30, "GiB"}, {1ull << 20, "MiB"}, {1ull << 10, "KiB"}};
  for (const auto& unit : units) {
    if (value.bytes != 0 && value.bytes % unit.bytes == 0) return std::to_string(value.bytes / unit.bytes) + unit.name;
  }
  return std::to_string(value.bytes) + "B";
}

inline std::string yaml_text(const TextList& value) {
  std::string list = "[";
  for (const auto& item : value) list += (list.size() > 1 ? ", " : "") + yaml_text(item);
  return list + "]";
}

inline std::string yaml_text(const TextMap& value) {
  std::string map = "{";
  for (const auto& [key, item] : value) map += (map.size() > 1 ? ", " : "") + yaml_text(key) + ": " + yaml_text(item);
  return map + "}";
}

}  // namespace detail
}  // namespace omnibroker
