#include "offers.hpp"

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::plugins::websocket_beast {
namespace {

constexpr std::string_view kDeflate = "permessage-deflate";

/// The pieces of a header line: tokens and quoted texts, and the signs between them. Where `bad`, the line is neither.
struct Piece {
  char sign = '\0';  ///< ',' ';' or '='; '\0' for a word, and behind the last piece.
  std::string word;
  bool is_word = false;
  bool bad = false;
};

class Pieces {
 public:
  explicit Pieces(std::string_view line) : rest_(line) { next(); }

  const Piece& now() const { return now_; }
  bool at_end() const { return !now_.is_word && !now_.bad && now_.sign == '\0'; }
  bool skip(char sign) {
    if (now_.sign != sign) return false;
    next();
    return true;
  }
  /// The word that stands here, or nothing.
  std::optional<std::string> take_word() {
    if (!now_.is_word) return std::nullopt;
    auto word = std::move(now_.word);
    next();
    return word;
  }

 private:
  void next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    now_ = {};
    if (rest_.empty()) return;
    const char front = rest_.front();
    if (front == ',' || front == ';' || front == '=') {
      now_.sign = front;
      rest_.remove_prefix(1);
    } else {
      now_.is_word = front == '"' ? read_quoted() : read_token();
      now_.bad = !now_.is_word;
    }
  }
  bool read_token() {
    const auto size = std::min(rest_.find_first_of(",;= \t\""), rest_.size());
    now_.word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return is_token(now_.word);
  }
  /// What is quoted must be a token, too (RFC 6455, 9.1).
  bool read_quoted() {
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return false;
      now_.word.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    return is_token(now_.word);
  }

  std::string_view rest_;
  Piece now_;
};

using Parameters = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// Reads `name; parameter; parameter=value`. Nothing: it is not one.
std::optional<std::pair<std::string, Parameters>> read_offer(Pieces& pieces) {
  auto name = pieces.take_word();
  if (!name) return std::nullopt;
  Parameters parameters;
  while (pieces.skip(';')) {
    auto parameter = pieces.take_word();
    if (!parameter) return std::nullopt;
    std::optional<std::string> value;
    if (pieces.skip('=')) {
      value = pieces.take_word();
      if (!value) return std::nullopt;
    }
    parameters.emplace_back(std::move(*parameter), std::move(value));
  }
  if (!pieces.at_end() && pieces.now().sign != ',') return std::nullopt;
  return std::pair(std::move(*name), std::move(parameters));
}

/// 8 to 15, without zeros before; otherwise 0.
std::uint8_t read_bits(const std::string& text) {
  std::uint8_t bits = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, bits);
  const bool good = read.ec == std::errc() && read.ptr == end && text[0] != '0' && bits >= 8 && bits <= 15;
  return good ? bits : std::uint8_t{0};
}

Agreement keep(const Parameters& parameters) {
  Agreement agreement{15, false};
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : parameters) {
    for (const auto earlier : seen) {
      if (earlier == name) return {};
    }
    seen.push_back(name);
    const bool window = name == "server_max_window_bits" || name == "client_max_window_bits";
    const bool takeover = name == "server_no_context_takeover" || name == "client_no_context_takeover";
    if ((!window && !takeover) || (takeover && value)) return {};
    if (!window) continue;
    const auto bits = value ? read_bits(*value) : std::uint8_t{0};
    if (value && bits == 0) return {};
    if (name == "client_max_window_bits") continue;  // whatever it sends is read with the widest
    if (bits < 9) return {};
    agreement = {bits, true};
  }
  return agreement;
}

}  // namespace

std::string Agreement::header() const {
  std::string value = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  if (asked_for) value += "; server_max_window_bits=" + std::to_string(window_bits);
  return value;
}

std::optional<Agreement> agree_to(const Request& request) {
  Agreement agreement;
  for (std::size_t line = 0; line < request.header_count("Sec-WebSocket-Extensions"); ++line) {
    Pieces pieces(*request.header("Sec-WebSocket-Extensions", line));
    while (!pieces.at_end()) {
      if (pieces.skip(',')) continue;
      const auto offer = read_offer(pieces);
      if (!offer) return std::nullopt;
      if (agreement.window_bits == 0 && offer->first == kDeflate) agreement = keep(offer->second);
    }
  }
  return agreement;
}

}  // namespace omnibroker::plugins::websocket_beast
