#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>
#include <omnibroker/host.hpp>

namespace omnibroker {

/// A value inside a message. A view: valid as long as the message it came from.
class Json {
 public:
  Json(const omnibroker_host_message_v1* table, const omnibroker_message* message) : table_(table), message_(message) {
    raw_.struct_size = sizeof(raw_);
  }

  bool is_null() const { return raw_.kind == OMNIBROKER_JSON_NULL; }
  bool is_boolean() const { return raw_.kind == OMNIBROKER_JSON_BOOLEAN; }
  bool is_number() const { return raw_.kind == OMNIBROKER_JSON_NUMBER; }
  bool is_string() const { return raw_.kind == OMNIBROKER_JSON_STRING; }
  bool is_array() const { return raw_.kind == OMNIBROKER_JSON_ARRAY; }
  bool is_object() const { return raw_.kind == OMNIBROKER_JSON_OBJECT; }

  bool boolean() const { return raw_.number != 0; }
  double number() const { return raw_.number; }
  std::string_view string() const { return view(raw_.text); }

  /// How many elements or members; 0 for a value that holds none.
  std::size_t size() const { return table_->count(message_, &raw_); }

  /// The member of an object, or nothing.
  std::optional<Json> member(std::string_view name) const {
    Json out(table_, message_);
    if (table_->member(message_, &raw_, text(name), &out.raw_) != OMNIBROKER_OK) return std::nullopt;
    return out;
  }

  /// Element or member `index` in the sender's order, with its key where this is an object.
  std::optional<std::pair<std::string_view, Json>> at(std::size_t index) const {
    omnibroker_text key{};
    Json out(table_, message_);
    if (table_->at(message_, &raw_, index, &key, &out.raw_) != OMNIBROKER_OK) return std::nullopt;
    return std::pair{view(key), out};
  }

  omnibroker_json* raw() { return &raw_; }

 private:
  const omnibroker_host_message_v1* table_;
  const omnibroker_message* message_;
  omnibroker_json raw_{};
};

/// A message on its way through a route: a JSON object, validated whole before anyone sees it (UTF-8, at most 32
/// levels, no duplicate keys of its own). A view: valid during the call that passes it.
///
/// Threads: the worker that calls.
class Message {
 public:
  Message(const omnibroker_host_message_v1* table, const omnibroker_message* raw) : table_(table), raw_(raw) {}

  /// The sender's bytes, white space around them cut off: begins with `{` and ends with `}`.
  std::string_view payload() const { return view(table_->payload(raw_)); }
  std::string_view type() const { return view(table_->type(raw_)); }

  omnibroker_session sender() const { return table_->sender(raw_); }
  std::string_view client_id() const { return view(table_->client_id(raw_)); }
  /// What the sender registered as; empty before it has.
  std::string_view role() const { return view(table_->role(raw_)); }

  /// A member of the message's object, or nothing.
  std::optional<Json> field(std::string_view name) const {
    Json out(table_, raw_);
    if (table_->field(raw_, text(name), out.raw()) != OMNIBROKER_OK) return std::nullopt;
    return out;
  }

 private:
  const omnibroker_host_message_v1* table_;
  const omnibroker_message* raw_;
};

}  // namespace omnibroker
