#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/config.hpp>
#include <omnibroker/handler.hpp>
#include <omnibroker/message.hpp>
#include <omnibroker/result.hpp>

/// What nearly every handler begins with: the fields of a message, checked, with the sentence that the sender hears
/// where one is not what it must be.
///
/// ```
/// const auto path = fields::require_path(message, "prim_path", 1024);
/// if (!path) return fields::refuse(path.error());
/// ```
/// An error is always InvalidArgument, and its message names the field and what it must be; nothing that the sender
/// wrote is in it. Views live as long as the message.
namespace omnibroker::fields {

namespace detail {

inline Error must(std::string_view name, std::string_view what) {
  std::string sentence = "Field '";
  sentence.append(name).append("' must ").append(what);
  return {ErrorCode::InvalidArgument, std::move(sentence)};
}

inline Error required(std::string_view name, std::string_view what) {
  std::string sentence = "Field '";
  sentence.append(name).append("' is required and must be ").append(what);
  return {ErrorCode::InvalidArgument, std::move(sentence)};
}

/// A bound as a person writes it: 90, not 90.000000.
inline std::string shown(double number) {
  auto text = omnibroker::detail::yaml_text(number);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace detail

/// The refusal that a field's error becomes.
inline Outcome refuse(const Error& error) { return Outcome::refuse(kInvalidMessageFormat, error.message); }

/// A string that is there and not empty.
inline Result<std::string_view> require_string(const Message& message, std::string_view name) {
  const auto field = message.field(name);
  if (!field) return detail::required(name, "a string");
  if (!field->is_string()) return detail::must(name, "be a string");
  if (field->string().empty()) return detail::must(name, "not be empty");
  return field->string();
}

/// An absolute path: a string that begins with `/` and is at most `longest` bytes of UTF-8.
inline Result<std::string_view> require_path(const Message& message, std::string_view name, std::size_t longest) {
  auto path = require_string(message, name);
  if (!path) return path;
  if (path->front() != '/') return detail::must(name, "be an absolute path, which begins with '/'");
  if (path->size() > longest) return detail::must(name, "be at most " + std::to_string(longest) + " bytes long");
  return path;
}

/// A number that is there and lies between `minimum` and `maximum`, both inclusive.
inline Result<double> require_number(const Message& message, std::string_view name, double minimum, double maximum) {
  const auto what = [&] { return "a number from " + detail::shown(minimum) + " to " + detail::shown(maximum); };
  const auto field = message.field(name);
  if (!field) return detail::required(name, what());
  if (!field->is_number() || !(field->number() >= minimum && field->number() <= maximum)) {
    return detail::must(name, "be " + what());
  }
  return field->number();
}

/// A number, or nothing where the field is absent. `null` is not absent: it is an error.
inline Result<std::optional<double>> optional_number(const Message& message, std::string_view name) {
  const auto field = message.field(name);
  if (!field) return std::optional<double>();
  if (!field->is_number()) return detail::must(name, "be a number");
  return std::optional<double>(field->number());
}

/// A string, which may be empty, or nothing where the field is absent.
inline Result<std::optional<std::string_view>> optional_string(const Message& message, std::string_view name) {
  const auto field = message.field(name);
  if (!field) return std::optional<std::string_view>();
  if (!field->is_string()) return detail::must(name, "be a string");
  return std::optional<std::string_view>(field->string());
}

/// An object, or nothing where the field is absent.
inline Result<std::optional<Json>> optional_object(const Message& message, std::string_view name) {
  const auto field = message.field(name);
  if (!field) return std::optional<Json>();
  if (!field->is_object()) return detail::must(name, "be an object");
  return std::optional<Json>(*field);
}

/// Text from a peer for use in a sentence: cut at the end of a character, with an ellipsis, where it is longer than
/// `longest` bytes. Text of a message is valid UTF-8; what must not leave raw is escaped by who writes the answer.
inline std::string shortened(std::string_view text, std::size_t longest = 64) {
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace omnibroker::fields
