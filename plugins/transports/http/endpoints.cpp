#include "endpoints.hpp"

namespace omnibroker::plugins::http {
namespace {

constexpr std::string_view kGet = "GET, HEAD, OPTIONS";
constexpr std::string_view kPost = "POST, OPTIONS";
constexpr std::string_view kSessionFolder = "/sessions/";

constexpr ServedPath kPaths[] = {
    {Endpoint::Health, "/health", "GET", kGet},
    {Endpoint::Status, "/status", "GET", kGet},
    {Endpoint::Metrics, "/metrics", "GET", kGet},
    {Endpoint::OpenApi, "/openapi.json", "GET", kGet},
    {Endpoint::Sessions, "/sessions", "POST", kPost},
    {Endpoint::Session, "/sessions/{client_id}", "DELETE", "DELETE, OPTIONS"},
    {Endpoint::Messages, "/messages", "POST", kPost},
    {Endpoint::Events, "/events", "GET", kGet},
};

}  // namespace

std::span<const ServedPath> served_paths() { return kPaths; }

const ServedPath* find_path(std::string_view below_mount) {
  const bool names_session = !client_id_in(below_mount).empty();
  for (const auto& served : kPaths) {
    if (served.endpoint == Endpoint::Session ? names_session : served.path == below_mount) return &served;
  }
  return nullptr;
}

std::string_view client_id_in(std::string_view below_mount) {
  if (!below_mount.starts_with(kSessionFolder)) return {};
  const auto segment = below_mount.substr(kSessionFolder.size());
  return segment.find('/') == std::string_view::npos ? segment : std::string_view{};
}

}  // namespace omnibroker::plugins::http
