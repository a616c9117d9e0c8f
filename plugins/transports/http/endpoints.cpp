#include "endpoints.hpp"

#include <algorithm>
#include <iterator>

namespace omnibroker::plugins::http {
namespace {

constexpr std::string_view kGet = "GET, HEAD, OPTIONS";
constexpr std::string_view kPost = "POST, OPTIONS";
constexpr std::string_view kSessionFolder = "/sessions/";
constexpr std::string_view kObjectFolder = "/objects/";

constexpr ServedPath kPaths[] = {
    {Endpoint::Health, "/health", "GET", kGet},
    {Endpoint::Status, "/status", "GET", kGet},
    {Endpoint::Metrics, "/metrics", "GET", kGet},
    {Endpoint::OpenApi, "/openapi.json", "GET", kGet},
    {Endpoint::Sessions, "/sessions", "POST", kPost},
    {Endpoint::Session, "/sessions/{client_id}", "DELETE", "DELETE, OPTIONS"},
    {Endpoint::Messages, "/messages", "POST", kPost},
    {Endpoint::Events, "/events", "GET", kGet},
    {Endpoint::Objects, "/objects", "GET", kGet},
    {Endpoint::Object, "/objects/{prim_path}", "GET", kGet},
};

}  // namespace

std::span<const ServedPath> served_paths() { return kPaths; }

const ServedPath* find_path(std::string_view below_mount) {
  const auto named = [below_mount](const ServedPath& served) {
    switch (served.endpoint) {
      case Endpoint::Session: return !client_id_in(below_mount).empty();
      case Endpoint::Object: return !object_in(below_mount).empty();
      default: return served.path == below_mount;
    }
  };
  const auto* found = std::find_if(std::begin(kPaths), std::end(kPaths), named);
  return found == std::end(kPaths) ? nullptr : found;
}

std::string_view client_id_in(std::string_view below_mount) {
  if (!below_mount.starts_with(kSessionFolder)) return {};
  const auto segment = below_mount.substr(kSessionFolder.size());
  return segment.find('/') == std::string_view::npos ? segment : std::string_view{};
}

std::string_view object_in(std::string_view below_mount) {
  return below_mount.starts_with(kObjectFolder) ? below_mount.substr(kObjectFolder.size()) : std::string_view{};
}

}  // namespace omnibroker::plugins::http
