#include "welcome.hpp"

#include "installation.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <string_view>

#include <omnibroker/version.hpp>

namespace omnibroker::tools {
namespace {

/// `localhost:8000` for what only this machine reaches, and for every interface: the name works from here in both
/// cases.
std::string as_typed(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto host = address.substr(0, colon);
  const bool here = host == "127.0.0.1" || host == "[::1]" || host == "0.0.0.0" || host == "[::]";
  return here ? "localhost" + address.substr(colon) : address;
}

struct Urls {
  std::vector<std::string> all;
  std::string websocket;  // the first of its kind
  std::string health;
};

std::string url_of(const core::Broker::Listening& listening, const core::Broker::Listening::Mount& mount) {
  const bool websocket = mount.plugin == "websocket";
  const std::string scheme = websocket ? "ws" : "http";
  const std::string path = mount.plugin == "http" ? mount.path + "/health" : mount.path;
  if (listening.address.starts_with("unix:")) return listening.address + " " + path;
  return scheme + (listening.tls ? "s" : "") + "://" + as_typed(listening.address) + path;
}

Urls collect(const std::vector<core::Broker::Listening>& listening) {
  Urls urls;
  for (const auto& one : listening) {
    for (const auto& mount : one.mounts) {
      auto url = url_of(one, mount);
      if (std::find(urls.all.begin(), urls.all.end(), url) != urls.all.end()) continue;  // IPv4 and IPv6 of one name
      if (urls.websocket.empty() && url.starts_with("ws")) urls.websocket = url;
      if (urls.health.empty() && url.starts_with("http") && mount.plugin == "http") urls.health = url;
      urls.all.push_back(std::move(url));
    }
  }
  return urls;
}

}  // namespace

std::string welcome_text(const std::vector<core::Broker::Listening>& listening) {
  const auto paint = output_paint();
  const auto urls = collect(listening);
  std::string out = "\n" + paint.bold("omnibroker " OMNIBROKER_SDK_VERSION " is serving") + " (Ctrl-C stops it)\n";
  for (const auto& url : urls.all) out += "  " + paint.green(url) + "\n";
  if (urls.websocket.empty() && urls.health.empty()) return out + "\n";

  const auto program = program_name();
  const auto option = urls.websocket == "ws://localhost:8000/ws" ? std::string() : " --url " + urls.websocket;
  out += "\nTry next, each in a terminal of its own:\n";
  if (!urls.websocket.empty()) {
    out += "  " + program + " sim --robots 10 --rate 10" + option + "\n";
    out += "  " + program + " listen" + option + "\n";
  }
  if (!urls.health.empty()) out += "  curl -s " + urls.health + "\n";
  return out + "\n";
}

}  // namespace omnibroker::tools
