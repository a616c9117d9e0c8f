// URLs: no engine is needed for any of these.
#include "api/start.hpp"
#include "engine/base_urls.hpp"

#include <cstdlib>
#include <cstring>

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

/// The parts point into `parts`; the C side sees only the first member.
struct OwnedUrl {
  OmniClientUrl raw{};
  Url parts;
};

OmniClientUrl* give(Url parts) {
  auto* const owned = new OwnedUrl{{}, std::move(parts)};
  const auto pointer = [](const std::optional<std::string>& part) { return part ? part->c_str() : nullptr; };
  owned->raw = {pointer(owned->parts.scheme),   pointer(owned->parts.user),
                pointer(owned->parts.host),     pointer(owned->parts.port),
                pointer(owned->parts.path),     pointer(owned->parts.query),
                pointer(owned->parts.fragment), owned->parts.raw};
  return &owned->raw;
}

Url parts_of(const OmniClientUrl& raw) {
  const auto part = [](char const* pointer) {
    return pointer == nullptr ? std::nullopt : std::optional<std::string>(pointer);
  };
  Url url{part(raw.scheme),
          part(raw.user),
          part(raw.host),
          part(raw.port),
          part(raw.path),
          part(raw.query),
          part(raw.fragment),
          raw.isRaw,
          {},
          {}};
  return url;
}

struct OwnedCheckpoint {
  OmniClientBranchAndCheckpoint raw{};
  std::string branch;
};

}  // namespace

OmniClientUrl* omniClientBreakUrl(char const* url) noexcept { return url == nullptr ? nullptr : give(break_url(url)); }

OmniClientUrl* omniClientBreakUrlReference(char const* urlReference) noexcept {
  return urlReference == nullptr ? nullptr : give(break_reference(urlReference));
}

void omniClientFreeUrl(OmniClientUrl* url) noexcept { delete reinterpret_cast<OwnedUrl*>(url); }

char* omniClientMakeUrl(OmniClientUrl const* url, char* buffer, size_t* bufferSize) noexcept {
  return write_text(url == nullptr ? std::string() : make_url(parts_of(*url)), buffer, bufferSize);
}

char* omniClientMakeFileUrl(char const* path, char* buffer, size_t* bufferSize) noexcept {
  Url url;
  url.scheme = "file";
  url.path = text(path);
  return write_text(make_url(url), buffer, bufferSize);
}

char* omniClientNormalizeUrl(char const* url, char* buffer, size_t* bufferSize) noexcept {
  return write_text(normalize_url(text(url)), buffer, bufferSize);
}

char* omniClientCombineUrls(char const* baseUrl, char const* otherUrl, char* buffer, size_t* bufferSize) noexcept {
  return write_text(combine(text(baseUrl), text(otherUrl)), buffer, bufferSize);
}

OmniClientUrl* omniClientCombineUrls2(OmniClientUrl const* baseUrl, char const* otherUrl) noexcept {
  return give(combine(baseUrl == nullptr ? break_url("") : parts_of(*baseUrl), text(otherUrl)));
}

char* omniClientCombineWithBaseUrl(char const* otherUrl, char* buffer, size_t* bufferSize) noexcept {
  return write_text(make_url(combine(base_urls::current(), text(otherUrl))), buffer, bufferSize);
}

OmniClientUrl* omniClientCombineWithBaseUrl2(char const* otherUrl) noexcept {
  return give(combine(base_urls::current(), text(otherUrl)));
}

char* omniClientMakeRelativeUrl(char const* baseUrl, char const* otherUrl, char* buffer, size_t* bufferSize) noexcept {
  return write_text(make_relative(text(baseUrl), text(otherUrl)), buffer, bufferSize);
}

char* omniClientMakePrintable(char const* string, char* buffer, size_t* bufferSize) noexcept {
  return write_text(make_printable(text(string)), buffer, bufferSize);
}

void omniClientPushBaseUrl(char const* baseUrl) noexcept { base_urls::push(text(baseUrl)); }
bool omniClientPopBaseUrl(char const* baseUrl) noexcept { return base_urls::pop(baseUrl); }
char const* omniClientGetBaseUrl() noexcept { return base_urls::top(); }

OmniClientBranchAndCheckpoint* omniClientGetBranchAndCheckpointFromQuery(char const* query) noexcept {
  const auto found = read_checkpoint_query(text(query));
  if (!found) return nullptr;
  auto* const owned = new OwnedCheckpoint{{}, found->branch};
  owned->raw = {owned->branch.c_str(), found->checkpoint};
  return &owned->raw;
}

void omniClientFreeBranchAndCheckpoint(OmniClientBranchAndCheckpoint* branchAndCheckpoint) noexcept {
  delete reinterpret_cast<OwnedCheckpoint*>(branchAndCheckpoint);
}

char* omniClientMakeQueryFromBranchAndCheckpoint(char const* branch, uint64_t checkpoint, char* buffer,
                                                 size_t* bufferSize) noexcept {
  return write_text(make_checkpoint_query(text(branch), checkpoint), buffer, bufferSize);
}
