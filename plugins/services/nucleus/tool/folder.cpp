#include "store/beside.hpp"
#include "tool.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace omnibroker::plugins::nucleus::tool {
namespace {

namespace fs = std::filesystem;

/// As a YAML text in quotes.
std::string quoted(const std::string& text) {
  if (text.find("${") != std::string::npos) throw Failure("a data folder cannot have ${ in its name: " + text);
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') throw Failure("a data folder cannot have control characters in its name");
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string address(const std::string& host, const std::string& port) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with("[");
  return "{ address: " + quoted((bare_ipv6 ? "[" + host + "]" : host) + ":" + port) + " }\n";
}

/// The four services at one listener: each at `/omni/NAME`, or at `/` of its own.
std::string service(const std::string& name, const std::string& plugin, const std::string& listener,
                    const std::string& path, const std::string& data) {
  const bool keeps = plugin != "discovery";
  return "  " + name + ": { plugin: \"nucleus:" + plugin + "\", listener: " + listener + ", path: " + path +
         (keeps ? ", data: " + data : "") + " }\n";
}

/// What configs/nucleus.yaml says, for this folder.
std::string configuration(const Request& request, const fs::path& folder) {
  const auto host = request.option("host", "localhost");
  const auto data = quoted(folder.string());
  struct One {
    const char *name, *plugin, *port;
  };
  constexpr One kAll[] = {{"discovery", "discovery", "3333"},
                          {"auth", "auth", "3100"},
                          {"api", "api", "3009"},
                          {"transfer", "lft", "3030"}};
  const bool one_port = request.has("port");
  std::string listeners = "listeners:\n", services = "services:\n";
  for (const auto& one : kAll) {
    if (!one_port) {
      listeners += "  " + std::string(one.name) + ": " + address(host, one.port);
      services += service(one.name, one.plugin, one.name, "/", data);
    }
    services += service(std::string("web_") + one.name, one.plugin, "web", std::string("/omni/") + one.plugin, data);
  }
  listeners += "  web: " + address(host, request.option("port", "8080"));
  return "# Written by `omnibroker nucleus serve`, anew at each start.\n" + listeners + services +
         "limits:\n  max_message: 16MiB\n  max_backlog: 16MiB\n  max_control_queue: 4MiB\n";
}

void write_file(const fs::path& file, const std::string& text) {
  const auto failed = [&] { return Failure(file.string() + " cannot be written: " + std::strerror(errno)); };
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) throw failed();
  const auto written = ::write(descriptor, text.data(), text.size());
  const auto closed = ::close(descriptor);
  if (written != static_cast<ssize_t>(text.size()) || closed != 0) throw failed();
}

}  // namespace

int backup(const Request& request) {
  const fs::path to = request.words[1];
  must(store::backup_beside(request.data(), to));
  const auto verified = must(store::verify_beside(to));
  if (!verified.problems.empty()) {
    throw Failure("the backup in " + to.string() + " is damaged: " + verified.problems.front());
  }
  std::printf("%s has %llu entries and %llu contents with %llu bytes; serve it, or copy it back\n", to.c_str(),
              static_cast<unsigned long long>(verified.entries), static_cast<unsigned long long>(verified.contents),
              static_cast<unsigned long long>(verified.bytes));
  return kDone;
}

int verify(const Request& request) {
  const auto verified = must(store::verify_beside(request.data()));
  for (const auto& problem : verified.problems) std::printf("%s\n", problem.c_str());
  const auto what = std::to_string(verified.entries) + " entries and " + std::to_string(verified.contents) +
                    " contents with " + std::to_string(verified.bytes) + " bytes";
  if (verified.problems.empty()) {
    std::printf("%s: nothing is wrong\n", what.c_str());
    return kDone;
  }
  std::printf("%s: something is wrong, as said above\n", what.c_str());
  return kRefused;
}

int serve(const Request& request) {
  if (const auto text = request.option("port", "0"); true) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port > 65'535) {
      throw Failure("nucleus: --port must be a whole number from 0 to 65535, not " + text, kWrongUsage);
    }
  }
  const auto folder = fs::absolute(request.data()).lexically_normal();
  static_cast<void>(make_store(folder));  // what is wrong with it is said here
  const auto file = (folder / "serve.yaml").string();
  write_file(file, configuration(request, folder));
  std::string run = "run", text = file, program = request.program;
  char* words[] = {program.data(), run.data(), text.data(), nullptr};
  ::execv(program.c_str(), words);
  throw Failure(program + " cannot be started: " + std::strerror(errno), kCouldNotStart);
}

}  // namespace omnibroker::plugins::nucleus::tool
