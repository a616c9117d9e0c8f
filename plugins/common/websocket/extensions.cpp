#include "extensions.hpp"

#include "token.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::plugins::websocket {
namespace {

struct Parameter {
  std::string_view name;
  std::optional<std::string> value;
};

struct Offer {
  std::string_view extension;
  std::vector<Parameter> parameters;
};

/// Reads one header line front to back: offers between commas, each a name and parameters behind semicolons.
class OfferReader {
 public:
  explicit OfferReader(std::string_view line) : rest_(line) {}

  /// Whether no offer follows. Passes over empty places in the list, as HTTP has it.
  bool at_end() {
    while (take(',')) {
    }
    return rest_.empty();
  }

  /// The next offer; nothing where there is none in this form.
  std::optional<Offer> read() {
    Offer offer{token(), {}};
    if (offer.extension.empty()) return std::nullopt;
    while (take(';')) {
      Parameter parameter{token(), std::nullopt};
      if (parameter.name.empty()) return std::nullopt;
      if (take('=')) {
        parameter.value = take('"') ? quoted() : std::string(token());
        if (!parameter.value || !is_token(*parameter.value)) return std::nullopt;  // also what was quoted is a token
      }
      offer.parameters.push_back(std::move(parameter));
    }
    skip_space();
    if (!rest_.empty() && rest_.front() != ',') return std::nullopt;
    return offer;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char mark) {
    skip_space();
    if (rest_.empty() || rest_.front() != mark) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() {
    skip_space();
    std::size_t size = 0;
    while (size < rest_.size() && is_token(rest_.substr(size, 1))) ++size;
    const auto found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  /// What stands up to the closing quote, its escapes undone.
  std::optional<std::string> quoted() {
    std::string text;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        rest_.remove_prefix(at + 1);
        return text;
      }
      if (rest_[at] == '\\' && ++at == rest_.size()) break;
      text.push_back(rest_[at]);
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

constexpr std::string_view kName = "permessage-deflate";
constexpr std::string_view kServerTakeover = "server_no_context_takeover";
constexpr std::string_view kClientTakeover = "client_no_context_takeover";
constexpr std::string_view kServerWindow = "server_max_window_bits";
constexpr std::string_view kClientWindow = "client_max_window_bits";
constexpr std::uint8_t kLeastWindow = 9;
constexpr std::uint8_t kWidestWindow = 15;

/// 8 to 15 in its shortest form, else 0.
std::uint8_t window_bits(std::string_view text) {
  constexpr std::array<std::string_view, 8> forms{"8", "9", "10", "11", "12", "13", "14", "15"};
  const auto* const found = std::find(forms.begin(), forms.end(), text);
  return found == forms.end() ? std::uint8_t{0} : static_cast<std::uint8_t>(8 + (found - forms.begin()));
}

/// Whether a parameter that may be offered has a value that it may have.
bool is_valid(const Parameter& parameter) {
  const auto& value = parameter.value;
  if (parameter.name == kServerTakeover || parameter.name == kClientTakeover) return !value;
  if (parameter.name == kServerWindow) return value && window_bits(*value) != 0;
  if (parameter.name == kClientWindow) return !value || window_bits(*value) != 0;
  return false;
}

/// What this offer comes to; no window where it cannot be taken. A client's own window needs no answer: whatever it
/// sends is read with the widest.
DeflateTerms terms_of(const Offer& offer) {
  DeflateTerms terms{kWidestWindow, false};
  const auto& parameters = offer.parameters;
  for (auto at = parameters.begin(); at != parameters.end(); ++at) {
    const auto repeats = [at](const Parameter& earlier) { return earlier.name == at->name; };
    if (!is_valid(*at) || std::any_of(parameters.begin(), at, repeats)) return {};
    if (at->name == kServerWindow) terms = {window_bits(*at->value), true};
  }
  return terms.window_bits < kLeastWindow ? DeflateTerms{} : terms;
}

}  // namespace

std::optional<DeflateTerms> choose_terms(const Request& request) {
  DeflateTerms chosen;
  for (std::size_t line = 0; line < request.header_count("Sec-WebSocket-Extensions"); ++line) {
    OfferReader reader(*request.header("Sec-WebSocket-Extensions", line));
    while (!reader.at_end()) {
      const auto offer = reader.read();
      if (!offer) return std::nullopt;
      if (chosen.window_bits == 0 && offer->extension == kName) chosen = terms_of(*offer);
    }
  }
  return chosen;
}

std::string extensions_value(const DeflateTerms& terms) {
  std::string value(kName);
  value.append("; ").append(kServerTakeover).append("; ").append(kClientTakeover);
  if (terms.window_named) {
    value.append("; ").append(kServerWindow).append("=").append(std::to_string(terms.window_bits));
  }
  return value;
}

}  // namespace omnibroker::plugins::websocket
