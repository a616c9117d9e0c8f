#include "config/addresses.hpp"

#include "config/units.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <sys/un.h>

namespace omnibroker::core {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestType = 128;
constexpr std::size_t kLongestHost = 253;  // RFC 1035, 2.3.4, without the final dot
constexpr std::size_t kLongestPath = 1024;

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string port_problem(std::string_view port) {
  const auto number = parse_integer(port);
  if (number && *number >= 0 && *number <= 65'535) return {};
  return "the port must be a number from 0 to 65535, found " + shown(port);
}

bool is_ip(int family, std::string_view text) {
  unsigned char bytes[16];
  return inet_pton(family, std::string(text).c_str(), bytes) == 1;
}

std::string host_problem(std::string_view host) {
  if (host == "*") return "write 0.0.0.0 or [::] for every address of this machine";
  const bool is_numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  if (is_numeric && !is_ip(AF_INET, host)) return shown(host) + " is not an IPv4 address";
  const bool is_name = host.size() <= kLongestHost && std::all_of(host.begin(), host.end(), [](char c) {
                         return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
                       });
  return is_name ? std::string() : shown(host) + " is not the name of a host";
}

std::string unix_problem(std::string_view path) {
  if (!path.starts_with('/')) return "expected unix:/path, found " + shown("unix:" + std::string(path));
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  return path.size() <= longest ? std::string()
                                : "the path of a Unix socket has at most " + std::to_string(longest) + " bytes";
}

std::string v6_problem(std::string_view address) {
  const auto end = address.find(']');
  if (end == std::string_view::npos || address.substr(end + 1, 1) != ":") {
    return "expected [IPv6]:port, found " + shown(address);
  }
  const auto host = address.substr(1, end - 1);
  if (!is_ip(AF_INET6, host)) return shown(host) + " is not an IPv6 address";
  return port_problem(address.substr(end + 2));
}

}  // namespace

std::string address_problem(std::string_view address) {
  if (address.starts_with("unix:")) return unix_problem(address.substr(5));
  if (address.starts_with('[')) return v6_problem(address);
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    const auto port = colon == 0 ? address.substr(1) : address;
    const bool is_port = parse_integer(port) && port_problem(port).empty();
    return "expected host:port, [IPv6]:port or unix:/path, found " + shown(address) +
           (is_port ? " (did you mean " + shown("localhost:" + std::string(port)) + "?)" : "");
  }
  const auto host = address.substr(0, colon);
  if (host.find(':') != std::string_view::npos) {
    return "an IPv6 address stands in brackets: " +
           shown("[" + std::string(host) + "]:" + std::string(address.substr(colon + 1)));
  }
  auto problem = host_problem(host);
  return problem.empty() ? port_problem(address.substr(colon + 1)) : problem;
}

bool is_exclusive(std::string_view address) { return address.starts_with("unix:") || !address.ends_with(":0"); }

std::string path_problem(std::string_view path) {
  if (!path.starts_with('/')) return "a path begins with /, found " + shown(path);
  if (path.size() > kLongestPath) return "a path has at most 1024 bytes";
  if (path.size() > 1 && path.ends_with('/')) {
    const auto last = path.find_last_not_of('/');
    return "a path does not end with /: write " +
           shown(last == std::string_view::npos ? "/" : path.substr(0, last + 1)) +
           ", which takes everything below it too";
  }
  if (path.find("//") != std::string_view::npos) return "a path has no empty part, found " + shown(path);
  const auto bad = std::find_if(path.begin(), path.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '?' || c == '#' || c == '%';
  });
  return bad == path.end() ? std::string()
                           : "a path has no space, ?, # or %: it is compared with the decoded path of a request";
}

std::string name_problem(std::string_view name) {
  const bool begins = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  const bool goes_on = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!begins || !goes_on)
    return "a name begins with a to z and has only a to z, 0 to 9, _ and -, found " + shown(name);
  return name.size() <= kLongestName ? std::string() : "a name has at most 64 characters";
}

std::string type_problem(std::string_view type) {
  if (type.empty()) return "a message type cannot be empty";
  if (type.size() > kLongestType) return "a message type has at most 128 bytes here";
  const bool printable = std::all_of(type.begin(), type.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7F;
  });
  return printable ? std::string() : "a message type has no control characters";
}

}  // namespace omnibroker::core
