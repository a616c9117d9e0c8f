#include "control_client.hpp"

#include "command.hpp"
#include "control_channel.hpp"
#include "control_socket.hpp"
#include "terminal.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <unistd.h>
#include <utility>
#include <vector>

#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>

namespace omnibroker::tools {
namespace fs = std::filesystem;
namespace {

using Poco::JSON::Object;

constexpr std::size_t kLongestAnswer = std::size_t{256} * 1024 * 1024;  // every session of a large broker is in one
constexpr std::chrono::seconds kShortPatience{2};                       // with one of several brokers

Error closed(const std::string& why) { return {ErrorCode::Closed, why}; }

Result<Object::Ptr> parsed(const std::string& line) {
  try {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));  // members stay in their order
    return parser.parse(line).extract<Object::Ptr>();
  } catch (const Poco::Exception&) {
    return closed("The broker's answer is no JSON object");
  }
}

std::string text_of(const Object& object, const std::string& member) {
  const auto value = object.get(member);
  return value.isString() ? value.extract<std::string>() : std::string();
}

std::size_t count_of(const Object& object, const std::string& member) {
  const auto value = object.get(member);
  return value.isInteger() ? value.convert<std::size_t>() : 0;
}

/// A broker that answers on a socket.
struct Found {
  fs::path socket;
  pid_t process = 0;
};

std::vector<Found> running_brokers() {
  std::vector<Found> found;
  for (const auto& folder : control_folders()) {
    for (auto& socket : sockets_in(folder)) {
      const auto connected = connect_to(socket);
      if (!connected) continue;
      found.push_back({std::move(socket), peer_of(connected.value()).pid});
      ::close(connected.value());
    }
    if (!found.empty()) break;  // those of this environment come before those of others
  }
  return found;
}

std::string configuration_of(const Found& broker) {
  auto client = ControlClient::connect_to(broker.socket);
  const auto status =
      client ? client->ask(new_request("status"), {}, kShortPatience) : Result<Object::Ptr>(client.error());
  return status ? text_of(*status.value(), "configuration") : "(" + status.error().message + ")";
}

Error several(const std::vector<Found>& brokers) {
  std::string text = std::to_string(brokers.size()) + " brokers are running, say which one with --control PATH:";
  for (const auto& broker : brokers) {
    text += "\n  --control " + broker.socket.string() + "  pid " + std::to_string(broker.process) + "  " +
            configuration_of(broker);
  }
  return {ErrorCode::Conflict, text};
}

Result<fs::path> find_socket(const Arguments& arguments) {
  if (arguments.has("control")) return fs::path(arguments.text("control", ""));
  const char* given = std::getenv("OMNIBROKER_CONTROL");
  if (given != nullptr && *given != '\0') return fs::path(given);
  const auto brokers = running_brokers();
  if (brokers.size() == 1) return brokers.front().socket;
  if (brokers.size() > 1) return several(brokers);
  return Error{ErrorCode::NotFound,
               "No broker of this user is running; one with `control: { socket: PATH }` needs --control PATH"};
}

/// The first line as others complain, what follows as it is.
void complain(const std::string& sentence) {
  const auto end = std::min(sentence.find('\n'), sentence.size());
  std::fprintf(stderr, "omnibroker: %s\n", printable(sentence.substr(0, end)).c_str());
  std::istringstream rest(sentence.substr(std::min(end + 1, sentence.size())));
  for (std::string line; std::getline(rest, line);) std::fprintf(stderr, "%s\n", printable(line).c_str());
}

}  // namespace

Result<ControlClient> ControlClient::connect(const Arguments& arguments) {
  const auto socket = find_socket(arguments);
  if (!socket) return socket.error();
  return connect_to(socket.value());
}

Result<ControlClient> ControlClient::connect_to(const fs::path& socket) {
  const auto connected = tools::connect_to(socket);
  if (connected) return ControlClient(std::make_unique<ControlChannel>(connected.value()));
  const auto& why = connected.error();
  const auto sentence = why.code == ErrorCode::NotFound ? "No broker listens on " + socket.string()
                                                        : "Cannot connect to " + socket.string() + ": " + why.message;
  return Error{why.code, sentence};
}

ControlClient::ControlClient(std::unique_ptr<ControlChannel> channel) : channel_(std::move(channel)) {}
ControlClient::ControlClient(ControlClient&&) noexcept = default;
ControlClient::~ControlClient() = default;

Result<ControlClient::Json> ControlClient::ask(const Object& request, const Progress& progress,
                                               std::chrono::milliseconds patience) {
  std::ostringstream text;
  request.stringify(text);
  // A broker that refuses the connection has said why, and may have closed it before this has gone.
  const bool is_sent = channel_->write_line(text.str());
  std::string line;
  if (!is_sent) patience = std::chrono::milliseconds(0);
  auto got = channel_->read_line(line, kLongestAnswer, patience);
  for (; got == ControlChannel::Got::Line; got = channel_->read_line(line, kLongestAnswer, patience)) {
    const auto answer = parsed(line);
    if (!answer) return answer.error();
    const auto& object = *answer.value();
    if (const auto result = object.getObject("result"); !result.isNull()) return result;
    if (const auto error = object.getObject("error"); !error.isNull()) {
      const bool is_missing = text_of(*error, "code") == "NOT_FOUND";
      return Error{is_missing ? ErrorCode::NotFound : ErrorCode::InvalidArgument, text_of(*error, "message")};
    }
    const auto moved = object.getObject("progress");
    if (progress && !moved.isNull()) progress(count_of(*moved, "moved"), count_of(*moved, "of"));
  }
  return closed(got == ControlChannel::Got::TimedOut ? "The broker does not answer"
                                                     : "The broker has ended the connection without an answer");
}

Option control_option() {
  return {"control", "c", "PATH",
          "The control socket of the broker. Without it: OMNIBROKER_CONTROL, or\n"
          "the one broker of this user that runs."};
}

Option json_option() { return {"json", "j", "", "Print a JSON object, for programs."}; }

Object new_request(const std::string& command) {
  Object request(Poco::JSON_PRESERVE_KEY_ORDER);
  request.set("command", command);
  return request;
}

int ask_broker(const Arguments& arguments, const Object& request,
               const std::function<std::string(const Object& result)>& as_text, const ControlClient::Progress& progress,
               std::chrono::milliseconds patience) {
  auto client = ControlClient::connect(arguments);
  if (!client) {
    complain(client.error().message);
    return kCouldNotStart;
  }
  const auto result = client->ask(request, progress, patience);
  if (progress) std::fputs("\r\033[K", stderr);  // what comes stands in the place of what was shown on the way
  if (!result) {
    complain(result.error().message);
    return result.error().code == ErrorCode::Closed ? kCouldNotStart : kRefused;
  }
  if (!arguments.has("json")) {
    std::fputs(as_text(*result.value()).c_str(), stdout);
    return kDone;
  }
  std::ostringstream text;
  result.value()->stringify(text, 2);
  std::printf("%s\n", text.str().c_str());
  return kDone;
}

}  // namespace omnibroker::tools
