#pragma once

#include "config/options.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <omnibroker/config.hpp>

namespace omnibroker::core {

/// The options of one section of the broker, bound to a plain struct: a ConfigSpec that can also write the struct back,
/// so that the effective configuration is printed from the same list that it is read with.
template <class T>
class SectionSpec {
 public:
  template <class Member>
  SectionSpec& field(const char* name, Member T::*member, const char* doc) {
    spec_.field(name, member, doc);
    copiers_.push_back([member](const T& from) { return stored(from.*member); });
    return *this;
  }
  SectionSpec& required() { return spec_.required(), *this; }
  SectionSpec& choices(const char* alternatives) { return spec_.choices(alternatives), *this; }
  SectionSpec& example(const char* yaml) { return spec_.example(yaml), *this; }
  template <class Bound>
  SectionSpec& range(Bound minimum, Bound maximum) {
    return spec_.range(minimum, maximum), *this;
  }
  SectionSpec& check(std::function<Status(const T&)> relation) { return spec_.check(std::move(relation)), *this; }

  Options options() const { return spec_.options(); }

  /// Reads the section at `place`; what is wrong is reported, and counts as its default.
  T read(const Place& place, ReadContext& context) const {
    const auto values = read_options(options(), place, context);
    auto read = spec_.parse(*values.raw());
    if (read) return std::move(read).value();
    context.findings.error(place.mark, place.path, read.error().message);
    return T{};
  }

  /// Each option's name and value as YAML, in the order of the options.
  std::vector<std::pair<std::string, std::string>> write(const T& section) const {
    std::vector<std::pair<std::string, std::string>> lines;
    for (std::size_t i = 0; i < copiers_.size(); ++i) {
      const auto& option = *spec_.options()[i];
      lines.emplace_back(option.name, yaml_of(option, copiers_[i](section)));
    }
    return lines;
  }

 private:
  template <class Member>
  static OptionValue stored(const Member& member) {
    const auto canonical = omnibroker::detail::OptionTraits<Member>::canonical(member);
    using Canonical = std::remove_cvref_t<decltype(canonical)>;
    OptionValue value;
    if constexpr (std::is_same_v<Canonical, std::string>) {
      value.text = canonical;
    } else if constexpr (std::is_same_v<Canonical, omnibroker::TextList>) {
      value.items = canonical;
    } else if constexpr (std::is_same_v<Canonical, omnibroker::ByteSize>) {
      value.integer = static_cast<std::int64_t>(canonical.bytes);
    } else if constexpr (std::is_same_v<Canonical, std::chrono::nanoseconds>) {
      value.integer = canonical.count();
    } else {
      value.integer = static_cast<std::int64_t>(canonical);
    }
    return value;
  }

  omnibroker::ConfigSpec<T> spec_;
  std::vector<std::function<OptionValue(const T&)>> copiers_;
};

}  // namespace omnibroker::core
