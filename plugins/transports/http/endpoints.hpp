#pragma once

#include <span>
#include <string_view>

namespace omnibroker::plugins::http {

enum class Endpoint { Health, Status, Metrics, OpenApi, Sessions, Session, Messages, Events, Objects, Object };

/// One path below the mount. Each has one method of its own, beside HEAD (with GET) and OPTIONS.
struct ServedPath {
  Endpoint endpoint;
  std::string_view
      path;  ///< As openapi.json writes it; `{client_id}` stands for one segment, `{prim_path}` for all that follows.
  std::string_view method;  ///< `GET`, `POST` or `DELETE`.
  std::string_view allow;   ///< Every method, as `Allow` lists them.

  bool serves(std::string_view asked) const { return asked == method || (asked == "HEAD" && method == "GET"); }
  /// Whether the method changes something, so that a page of a foreign origin must not cause it.
  bool unsafe() const { return method != "GET"; }
};

std::span<const ServedPath> served_paths();

/// The path that `below_mount` names, or nullptr. Paths are compared as they are: `/health/` is not `/health`.
const ServedPath* find_path(std::string_view below_mount);

/// The segment that stands for `{client_id}`.
std::string_view client_id_in(std::string_view below_mount);

/// What stands for `{prim_path}`: with or without its first slash, as it was written. Empty where there is nothing.
std::string_view object_in(std::string_view below_mount);

}  // namespace omnibroker::plugins::http
