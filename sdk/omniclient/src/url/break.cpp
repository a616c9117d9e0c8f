// Texts to parts.
#include "characters.hpp"
#include "encoding.hpp"
#include "url.hpp"

#include <algorithm>

namespace omniclient {
namespace {

constexpr std::string_view kOmniverse = "omniverse";

/// A letter, a colon and a slash of either kind begin a path on a drive.
bool is_drive(std::string_view text) {
  return text.size() > 2 && is_letter(text[0]) && text[1] == ':' && (text[2] == '\\' || text[2] == '/');
}

/// The text before the first colon, where it can be a scheme.
std::optional<std::string_view> scheme_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 1 || !is_letter(text[0]) || is_drive(text)) return std::nullopt;
  const auto scheme = text.substr(0, colon);
  const bool fits = std::all_of(scheme.begin(), scheme.end(),
                                [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  return fits ? std::optional(scheme) : std::nullopt;
}

std::string_view from_embedded_omniverse(std::string_view text) {
  constexpr std::string_view kEmbedded = "omniverse://";
  const auto found = std::search(text.begin(), text.end(), kEmbedded.begin(), kEmbedded.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? text : text.substr(static_cast<std::size_t>(found - text.begin()));
}

/// Takes what is up to one of `ends` off the front of `rest`.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  const auto at = std::min(rest.find_first_of(ends), rest.size());
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at);
  return taken;
}

void break_authority(std::string_view authority, Url& url) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (url.scheme != kOmniverse) url.user = encoded_authority(authority.substr(0, at), ":");
    authority.remove_prefix(at + 1);
  }
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = lower(encoded_host(authority.substr(0, std::min(colon, authority.size()))));
  if (colon != std::string_view::npos) url.port = encoded_authority(authority.substr(colon + 1), "");
}

Url break_rest(std::string_view rest, Url url) {
  if (rest.substr(0, 2) == "//") {
    rest.remove_prefix(2);
    break_authority(take_until(rest, "/?#"), url);
  }
  const auto path = take_until(rest, "?#");
  // RFC 3986 knows no absent path. An empty one counts as absent, so that what asks for it sees that nothing was
  // written.
  if (!path.empty()) {
    url.path = decoded(path);
    auto text = written_path(canonical(path, "/"), url);
    if (path_loses_by_decoding(text, url)) url.path_text = std::move(text);
  }
  if (rest.substr(0, 1) == "?") {
    rest.remove_prefix(1);
    const auto query = take_until(rest, "#");
    url.query = decoded(query);
    if (query_loses_by_decoding(query)) {
      url.query_text = canonical(query, "/?");
      hide_embedded_scheme(*url.query_text, 0);
    }
  }
  if (rest.substr(0, 1) == "#") url.fragment = decoded(rest.substr(1));
  return url;
}

Url break_absolute(std::string_view text, std::string_view scheme) {
  Url url;
  url.scheme = lower(scheme);
  if (url.scheme->substr(0, 4) == "omni") url.scheme = std::string(kOmniverse);
  return break_rest(text.substr(scheme.size() + 1), std::move(url));
}

}  // namespace

Url break_url(std::string_view text) {
  const auto embedded = from_embedded_omniverse(text);
  if (const auto scheme = scheme_of(embedded)) return break_absolute(embedded, *scheme);
  Url url;
  url.raw = true;
  url.path = std::string(text);
  return url;
}

Url break_reference(std::string_view text) {
  const auto embedded = from_embedded_omniverse(text);
  if (const auto scheme = scheme_of(embedded)) return break_absolute(embedded, *scheme);
  return break_rest(text, {});
}

}  // namespace omniclient
