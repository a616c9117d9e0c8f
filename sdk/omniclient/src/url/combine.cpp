// References: what they mean at a base, and the shortest one between two URLs.
#include "characters.hpp"
#include "encoding.hpp"
#include "url.hpp"

#include <vector>

namespace omniclient {
namespace {

/// The path up to its last slash, and that.
std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::string path_text(const Url& url) {
  const auto path = url.path.value_or("");
  return url.path_text && decoded(*url.path_text) == path ? *url.path_text : encoded_part(path, "/");
}

std::string merged(bool has_host, const std::string& base_path, const std::string& path) {
  if (has_host && base_path.empty()) return "/" + path;
  return folder_of(base_path) + path;
}

Url combine_raw(const Url& base, std::string_view reference) {
  Url url = break_url(reference);
  if (!url.raw) return normalized(std::move(url));
  if (url.path->empty()) return normalized(base);
  if (url.path->front() != '/') url.path = folder_of(base.path.value_or("")) + *url.path;
  return normalized(std::move(url));
}

Url combine_relative(const Url& base, Url reference) {
  Url url;
  url.scheme = base.scheme;
  url.fragment = reference.fragment;
  if (reference.host) {
    reference.scheme = base.scheme;
    if (base.scheme == "omniverse") reference.user.reset();
    return normalized(std::move(reference));
  }
  url.user = base.user;
  url.host = base.host;
  url.port = base.port;
  url.query = reference.query;
  url.query_text = reference.query_text;
  if (!reference.path) {
    url.path = base.path;
    url.path_text = base.path_text;
    if (!reference.query) {
      url.query = base.query;
      url.query_text = base.query_text;
    }
  } else if (reference.path->front() == '/') {
    url.path = reference.path;
    url.path_text = reference.path_text;
  } else {
    url.path = merged(base.host.has_value(), base.path.value_or(""), *reference.path);
    if (base.path_text || reference.path_text) {
      url.path_text = merged(base.host.has_value(), path_text(base), path_text(reference));
      url.path = decoded(*url.path_text);
    }
  }
  return normalized(std::move(url));
}

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

/// The way from one path to the other. Both begin with a slash, or neither does.
std::string way(const std::string& from, const std::string& to) {
  const auto here = segments_of(from);
  const auto there = segments_of(to);
  std::size_t common = 0;
  while (common + 1 < here.size() && common + 1 < there.size() && here[common] == there[common]) ++common;
  std::string text;
  for (std::size_t i = common; i + 1 < here.size(); ++i) text += "../";
  for (std::size_t i = common; i < there.size(); ++i) {
    if (i > common) text += '/';
    text += there[i];
  }
  // Nothing would mean the document itself, a slash in front another place, a colon a scheme.
  const auto first = text.substr(0, text.find('/'));
  if (text.empty() || text.front() == '/' || first.find(':') != std::string::npos) text.insert(0, "./");
  return text;
}

std::string relative_reference(const Url& base, const Url& other) {
  Url reference;
  reference.raw = other.raw;
  reference.query = other.query;
  reference.fragment = other.fragment;
  const auto from = base.path.value_or(base.host ? "/" : "");
  const auto to = other.path.value_or(other.host ? "/" : "");
  const bool same_document = from == to && (other.query || !base.query) && !other.raw;
  if (!same_document) {
    reference.path = way(from, to);
  } else if (other.query == base.query) {
    reference.query.reset();
  }
  return make_url(reference);
}

}  // namespace

Url combine(const Url& base, std::string_view reference) {
  if (base.raw) return combine_raw(base, reference);
  Url url = break_reference(reference);
  if (url.scheme) return normalized(std::move(url));
  return combine_relative(base, std::move(url));
}

std::string combine(std::string_view base, std::string_view reference) {
  return make_url(combine(break_url(base), reference));
}

std::string make_relative(std::string_view base, std::string_view other) {
  const Url here = break_url(base);
  const Url to = normalized(break_url(other));
  // A reference is relative to the folder of the base as it is written, whatever the last segment is.
  Url from = here;
  from.path.reset();
  if (here.path) {
    const auto folder = folder_of(*here.path);
    Url above = here;
    above.path = folder;
    from.path = normalized(above).path.value_or("") + here.path->substr(folder.size());
  }
  const bool comparable = from.raw == to.raw && from.scheme == to.scheme && from.user == to.user &&
                          from.host == to.host && from.port == to.port;
  if (!comparable) return std::string(other);
  auto reference = relative_reference(from, to);
  return make_url(combine(here, reference)) == make_url(to) ? reference : std::string(other);
}

}  // namespace omniclient
