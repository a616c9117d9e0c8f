#include "params.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;

/// What there is too much of in a text, whatever else is wrong with it; empty: nothing. What follows a bracket or a
/// comma counts as a value.
std::string excess(std::string_view text, std::size_t& values) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNested) return "nested deeper than " + std::to_string(kMostNested) + " arrays and objects";
      ++values;
    } else if (c == ',') {
      ++values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
    if (values > kMostValues) return "of more than " + std::to_string(kMostValues) + " values";
  }
  return {};
}

bool is_negative(const Json& came) { return !came.is_number_unsigned() && came.get<std::int64_t>() < 0; }

std::string kind_of(const Json& came) {
  if (came.is_null()) return "null";
  if (came.is_array()) return "an array";
  if (came.is_object()) return "an object";
  if (came.is_string()) return "a text";
  if (came.is_boolean()) return "a boolean";
  if (came.is_number_float()) return "a number with a fraction";
  return is_negative(came) ? "a negative number" : "a number";
}

std::uint64_t number_of(std::string_view name, const Json& came) {
  constexpr const char* kExpected = "a number from 0 on, or a text of digits";
  if (came.is_number_integer() && !is_negative(came)) return came.get<std::uint64_t>();
  if (!came.is_string()) refuse_type(name, came, kExpected);
  const auto& text = came.get_ref<const std::string&>();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw BadParameter(std::string(name) + " is a text that is no number, and should be " + kExpected);
}

std::string text_of(std::string_view name, const Json& came) {
  if (!came.is_string()) refuse_type(name, came, "a text");
  return came.get<std::string>();
}

}  // namespace

bool parse_object(std::string_view text, Json& object, std::string& problem, std::size_t* values) {
  std::size_t count = 0;
  if (problem = excess(text, count); !problem.empty()) return false;
  if (values != nullptr) *values = count;
  object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_object()) return true;
  problem = "no JSON object";
  return false;
}

const Json* member(const Json& params, const char* name) {
  const auto found = params.find(name);
  return found == params.end() || found->is_null() ? nullptr : &*found;
}

void refuse_type(std::string_view name, const Json& came, std::string_view expected) {
  throw BadParameter(std::string(name) + " is " + kind_of(came) + ", and should be " + std::string(expected));
}

std::uint64_t number_in(const Json& params, const char* name, std::uint64_t missing) {
  const auto* came = member(params, name);
  return came == nullptr ? missing : number_of(name, *came);
}

std::string text_in(const Json& params, const char* name) {
  const auto* came = member(params, name);
  return came == nullptr ? std::string() : text_of(name, *came);
}

std::string text_in(const Json& params, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto* came = member(params, name)) return text_of(name, *came);
  }
  return {};
}

std::optional<std::vector<std::string>> texts_in(const Json& params, const char* name) {
  const auto* came = member(params, name);
  if (came == nullptr) return std::nullopt;
  if (!came->is_array()) refuse_type(name, *came, "an array of texts");
  std::vector<std::string> texts;
  for (const auto& one : *came) texts.push_back(text_of(std::string(name) + "[]", one));
  return texts;
}

std::vector<std::string> branches_in(const Json& params) {
  auto branches = texts_in(params, "branches").value_or(std::vector<std::string>());
  if (branches.size() <= kMostBranches) return branches;
  throw BadParameter("branches has " + std::to_string(branches.size()) + " texts, and should have at most " +
                     std::to_string(kMostBranches));
}

bool flag_in(const Json& params, const char* name) {
  const auto* came = member(params, name);
  if (came == nullptr) return false;
  if (!came->is_boolean()) refuse_type(name, *came, "true or false");
  return came->get<bool>();
}

std::optional<double> seconds_in(const Json& params, const char* name) {
  const auto* came = member(params, name);
  if (came == nullptr) return std::nullopt;
  if (!came->is_number()) refuse_type(name, *came, "a number of seconds");
  return came->get<double>();
}

std::optional<std::string> message_in(const Json& params) {
  const auto* came = member(params, "message");
  return came == nullptr ? std::nullopt : std::optional(text_of("message", *came));
}

store::PathAtVersion path_in(const Json& params, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto* came = member(params, name);
    if (came == nullptr) continue;
    if (came->is_object()) return {text_in(*came, "path"), text_in(*came, "branch"), number_in(*came, "checkpoint")};
    if (!came->is_string()) refuse_type(name, *came, "a text, or an object with path, branch and checkpoint");
    return {came->get<std::string>(), text_in(params, "branch"), number_in(params, "checkpoint")};
  }
  return {};
}

}  // namespace omnibroker::plugins::nucleus
