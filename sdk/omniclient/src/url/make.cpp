// Parts to texts, and what changes no meaning.
#include "characters.hpp"
#include "encoding.hpp"
#include "url.hpp"

#include <vector>

namespace omniclient {
namespace {

constexpr bool is_path_character(char c) { return is_unreserved(c) || is_sub_delimiter(c) || c == ':' || c == '@'; }

bool encodes_one_of(std::string_view text, std::string_view characters) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0' && characters.find('\0') != std::string_view::npos) return true;  // Is written encoded.
    if (is_encoded(text, i) && characters.find(decoded_at(text, i)) != std::string_view::npos) return true;
  }
  return false;
}

/// Whether the encoded form is that of the decoded one, and can be written as it is.
bool writes(const std::optional<std::string>& text, const std::optional<std::string>& part) {
  return text && part && decoded(*text) == *part;
}

std::string encoded_path(std::string_view path, const Url& url) {
  std::string text;
  text.reserve(path.size());
  const auto first_slash = path.find('/');
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    // What would be read as something else: a scheme in front of a relative path, an authority in front of a path that
    // has none.
    const bool as_scheme = c == ':' && !url.scheme && !url.host && i < first_slash;
    const bool as_authority = c == '/' && i == 1 && path[0] == '/' && !url.host;
    if ((is_path_character(c) || c == '/') && !as_scheme && !as_authority) {
      text += c;
    } else {
      append_encoded(text, c);
    }
  }
  return text;
}

std::string remove_dot_segments(std::string_view path) {
  const bool absolute = path.substr(0, 1) == "/";
  std::vector<std::string_view> kept;
  bool folder = false;  // whether the path ends in a slash
  for (std::size_t begin = absolute ? 1 : 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    const bool last = end == path.size();
    folder = last && (segment == "." || segment == ".." || segment.empty());
    if (segment == "..") {
      if (!kept.empty() && kept.back() != "..") {
        kept.pop_back();
      } else if (!absolute) {
        kept.push_back(segment);
      }
    } else if (segment != "." && !(last && segment.empty())) {
      kept.push_back(segment);
    }
    begin = end + 1;
  }
  std::string result = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) result += '/';
    result += kept[i];
  }
  if (folder && !kept.empty()) result += '/';
  // A relative path that came to nothing is the folder itself; "" would be the document.
  if (result.empty() && !path.empty()) result = "./";
  // An empty segment that has come to its front must not make it an absolute one.
  if (!absolute && !result.empty() && result.front() == '/') result.insert(0, "./");
  return result;
}

}  // namespace

std::string encoded_part(std::string_view part, std::string_view more) {
  std::string text;
  text.reserve(part.size());
  for (const char c : part) {
    if (is_path_character(c) || more.find(c) != std::string_view::npos) {
      text += c;
    } else {
      append_encoded(text, c);
    }
  }
  return text;
}

std::string canonical(std::string_view text, std::string_view more) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_encoded(text, i)) {
      result += encoded_part(text.substr(i, 1), more);
      continue;
    }
    const char c = decoded_at(text, i);
    if (is_unreserved(c)) {
      result += c;
    } else {
      append_encoded(result, c);
    }
    i += 2;
  }
  return result;
}

void hide_embedded_scheme(std::string& text, std::size_t from) {
  constexpr std::string_view kEmbedded = "omniverse://";
  for (std::size_t at = from; at + kEmbedded.size() <= text.size(); ++at) {
    if (lower(std::string_view(text).substr(at, kEmbedded.size())) != kEmbedded) continue;
    text.replace(at + kEmbedded.find(':'), 1, "%3A");
  }
}

bool path_loses_by_decoding(std::string_view text, const Url& url) {
  // `/%2F` is how a path that begins with two slashes is written where there is no host.
  if (!url.host && text.substr(0, 4) == "/%2F") text.remove_prefix(4);
  return encodes_one_of(text, {"/\0;+", 4});
}
bool query_loses_by_decoding(std::string_view text) { return encodes_one_of(text, "&=;+,/?"); }

std::string written_path(std::string text, const Url& url) {
  if (!url.scheme && !url.host) {
    for (std::size_t at = 0; at < text.size() && text[at] != '/'; ++at) {
      if (text[at] == ':') text.replace(at, 1, "%3A");
    }
  }
  hide_embedded_scheme(text, 0);
  return text;
}

bool has_encoded_slash(const Url& url) {
  return writes(url.path_text, url.path) &&
         (url.path_text->find("%2F") != std::string::npos || url.path_text->find("%00") != std::string::npos);
}

std::string make_url(const Url& url) {
  if (url.raw) return url.path.value_or("");
  std::string text;
  if (url.scheme) text = *url.scheme + ":";
  if (url.host) {
    text += "//";
    if (url.user && url.scheme != "omniverse") text += encoded_authority(*url.user, ":") + "@";
    text += encoded_host(*url.host);
    if (url.port) text += ":" + encoded_authority(*url.port, "");
  }
  const auto after_authority = text.size();
  if (url.path && !url.path->empty()) {
    if (url.host && url.path->front() != '/') text += '/';
    const bool as_authority = !url.host && url.path_text && url.path_text->substr(0, 2) == "//";
    const bool as_it_was = !as_authority && writes(url.path_text, url.path);
    text += as_it_was ? written_path(*url.path_text, url) : encoded_path(*url.path, url);
  }
  if (url.query) text += "?" + (writes(url.query_text, url.query) ? *url.query_text : encoded_part(*url.query, "/?"));
  if (url.fragment) text += "#" + encoded_part(*url.fragment, "/?");
  hide_embedded_scheme(text, after_authority);
  return text;
}

Url normalized(Url url) {
  // An empty port means none (RFC 3986 6.2.3); its colon would make a scheme of a host's end and a path of two slashes.
  if (url.port && url.port->empty()) url.port.reset();
  if (!url.path) return url;
  if (writes(url.path_text, url.path)) {
    // An encoded slash does not end a segment.
    auto text = remove_dot_segments(*url.path_text);
    url.path = decoded(text);
    const bool as_authority = !url.host && text.substr(0, 2) == "//";
    url.path_text = std::move(text);
    if (!as_authority && path_loses_by_decoding(*url.path_text, url)) return url;
    url.path_text.reset();
  }
  auto path = remove_dot_segments(*url.path);
  if (url.raw && !break_url(path).raw) {
    // What was in front of it kept it from being read as a URL.
    path.insert(0, "./");
    if (!break_url(path).raw) return url;
  }
  url.path = std::move(path);
  return url;
}

std::string normalize_url(std::string_view text) { return make_url(normalized(break_url(text))); }

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

std::string server_of(const Url& url) {
  std::string text = url.scheme.value_or("file") + ":";
  if (!url.host) return text;
  text += "//" + *url.host;
  if (url.port && !url.port->empty()) text += ":" + *url.port;
  return text;
}

}  // namespace omniclient
