#pragma once

#include "routing/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A message and an envelope that has read it. What lies behind the message is hostile on purpose: it would go on with
/// it.
///
/// Threads: one at a time.
class Parsed {
 public:
  using Envelope = omnibroker::core::Envelope;

  explicit Parsed(std::string_view message, std::string_view behind = "1234567890\"}]} ,0")
      : Parsed(std::make_unique<Envelope>(message.size()), message, behind) {}

  Envelope::Verdict verdict() const { return verdict_; }
  const Envelope& envelope() const { return *envelope_; }

  std::optional<omnibroker_json> field(std::string_view name) const {
    omnibroker_json out = empty();
    if (envelope_->field(name, out) != OMNIBROKER_OK) return std::nullopt;
    return out;
  }
  std::optional<omnibroker_json> member(const omnibroker_json& object, std::string_view name) const {
    omnibroker_json out = empty();
    if (envelope_->member(object, name, out) != OMNIBROKER_OK) return std::nullopt;
    return out;
  }
  std::optional<std::pair<std::string_view, omnibroker_json>> at(const omnibroker_json& container,
                                                                 std::size_t i) const {
    omnibroker_json out = empty();
    omnibroker_text key{};
    if (envelope_->at(container, i, &key, out) != OMNIBROKER_OK) return std::nullopt;
    return std::pair{std::string_view(key.data != nullptr ? key.data : "", key.size), out};
  }

  static omnibroker_json empty() {
    omnibroker_json json{};
    json.struct_size = sizeof(json);
    return json;
  }

 private:
  Parsed(std::unique_ptr<Envelope> envelope, std::string_view message, std::string_view behind)
      : envelope_(std::move(envelope)), buffer_(message.begin(), message.end()) {
    while (buffer_.size() < message.size() + Envelope::kPadding) {
      buffer_.push_back(static_cast<std::uint8_t>(behind[(buffer_.size() - message.size()) % behind.size()]));
    }
    verdict_ = envelope_->parse(buffer_.data(), message.size());
  }

  std::unique_ptr<Envelope> envelope_;
  std::vector<std::uint8_t> buffer_;
  Envelope::Verdict verdict_ = Envelope::Verdict::InvalidJson;
};

inline std::string_view text_of(const omnibroker_json& json) {
  return {json.text.data != nullptr ? json.text.data : "", json.text.size};
}
