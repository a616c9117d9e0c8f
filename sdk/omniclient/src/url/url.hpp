#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// URLs as the client library reads and writes them: RFC 3986, raw local paths, and the schemes' own rules. Pure
/// functions.
namespace omniclient {

/// A URL in parts. A part that is absent differs from one that is empty. Path, query and fragment are percent-decoded.
/// Where decoding loses something, such as the difference between `/` and `%2F`, or between `&` and `%26`, the encoded
/// form is kept beside the decoded one, and written for as long as it is the same path or query.
struct Url {
  std::optional<std::string> scheme;
  std::optional<std::string> user;
  std::optional<std::string> host;
  std::optional<std::string> port;
  std::optional<std::string> path;
  std::optional<std::string> query;
  std::optional<std::string> fragment;
  bool raw = false;  ///< A local path: all of it is in `path`, as it was written.
  std::optional<std::string> path_text;
  std::optional<std::string> query_text;

  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads an absolute URL; what has no scheme is a raw local path. Text in front of an embedded `omniverse://` is left
/// out, schemes that begin with `omni` are `omniverse`, and a letter, a colon and a slash are a drive.
Url break_url(std::string_view text);

/// Reads a URL or a relative reference.
Url break_reference(std::string_view text);

/// Writes a URL so that reading it gives the same parts.
std::string make_url(const Url& url);

/// Removes dot segments. A path that does not begin with a slash keeps the `..` that lead out of it.
Url normalized(Url url);
std::string normalize_url(std::string_view text);

/// What `reference` means at `base` (RFC 3986, 5.2.2). At a raw base it is a raw path.
Url combine(const Url& base, std::string_view reference);
std::string combine(std::string_view base, std::string_view reference);

/// The shortest reference with which `combine(base, result) == normalize_url(other)`; `other` itself where none leads
/// there.
std::string make_relative(std::string_view base, std::string_view other);

/// For people to read: control characters and what is no UTF-8 percent-encoded, encoded text decoded.
std::string make_printable(std::string_view text);

struct BranchAndCheckpoint {
  std::string branch;
  std::uint64_t checkpoint = 0;  ///< 0 is the present.
};

/// Reads `branch=b&checkpoint=3`, either half of it, or `b&3`. Nothing where the query is something else.
std::optional<BranchAndCheckpoint> read_checkpoint_query(std::string_view query);

/// `branch=b&checkpoint=3`, or `branch=b` for the present.
std::string make_checkpoint_query(std::string_view branch, std::uint64_t checkpoint);

/// Whether the path has an encoded slash or NUL, which no name of a file can have.
bool has_encoded_slash(const Url& url);

/// The path without the slashes at its end; the root stays `/`.
std::string_view without_trailing_slashes(std::string_view path);

/// `scheme://host[:port]`: what names a connection. The scheme alone where there is no host.
std::string server_of(const Url& url);

}  // namespace omniclient
