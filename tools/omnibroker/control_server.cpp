#include "control_server.hpp"

#include "containment/call_marks.hpp"
#include "control_channel.hpp"
#include "control_reports.hpp"
#include "control_socket.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

constexpr std::size_t kMostConnections = 8;
constexpr std::size_t kLongestRequest = 64 * 1024;
constexpr std::chrono::minutes kIdle{1};
constexpr std::chrono::milliseconds kBetweenProgress{100};

const char* code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument: return "INVALID_ARGUMENT";
    case ErrorCode::NotFound: return "NOT_FOUND";
    case ErrorCode::AlreadyExists: return "ALREADY_EXISTS";
    case ErrorCode::Conflict: return "CONFLICT";
    case ErrorCode::Unavailable: return "UNAVAILABLE";
    case ErrorCode::ResourceExhausted: return "RESOURCE_EXHAUSTED";
    case ErrorCode::Closed: return "CLOSED";
    case ErrorCode::Unsupported: return "UNSUPPORTED";
    default: return "INTERNAL";
  }
}

std::string line_of(const char* member, const Object::Ptr& content) {
  auto line = new_object();
  line->set(member, content);
  std::ostringstream text;
  line->stringify(text);
  return text.str();
}

std::string error_line(const char* code, const std::string& message) {
  auto error = new_object();
  error->set("code", std::string(code));
  error->set("message", message);
  return line_of("error", error);
}

std::string progress_line(std::size_t moved, std::size_t of) {
  auto progress = new_object();
  progress->set("moved", static_cast<Poco::Int64>(moved));
  progress->set("of", static_cast<Poco::Int64>(of));
  return line_of("progress", progress);
}

/// Null: it is no JSON object.
Object::Ptr parsed(const std::string& line) {
  try {
    Poco::JSON::Parser parser;
    const auto value = parser.parse(line);
    return value.type() == typeid(Object::Ptr) ? value.extract<Object::Ptr>() : Object::Ptr();
  } catch (const Poco::Exception&) {
    return {};
  }
}

std::string text_of(const Object& request, const char* member) {
  const auto value = request.get(member);
  return value.isString() ? value.extract<std::string>() : std::string();
}

/// Tells how far a command is, as often as somebody can follow.
class Progress {
 public:
  explicit Progress(ControlChannel& channel) : channel_(channel) {}

  void operator()(std::size_t moved, std::size_t of) {
    const auto now = std::chrono::steady_clock::now();
    if (of == 0 || moved == moved_ || (moved < of && now - told_ < kBetweenProgress)) return;
    moved_ = moved;
    told_ = now;
    channel_.offer_line(progress_line(moved, of));
  }

 private:
  ControlChannel& channel_;
  std::size_t moved_ = 0;
  std::chrono::steady_clock::time_point told_{};
};

}  // namespace

Waker::Waker() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Waker::~Waker() { ::close(descriptor_); }
void Waker::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(::write(descriptor_, &one, sizeof one) == sizeof one);
}

ControlServer::ControlServer(const ControlSocket& socket, ControlOperations& operations, const Waker& waker,
                             core::Log& log)
    : socket_(socket), operations_(operations), waker_(waker), log_(log), accepting_([this] { accept_all(); }) {}

ControlServer::~ControlServer() { accepting_.join(); }

void ControlServer::accept_all() {
  core::register_this_thread();
  while (true) {
    std::array<pollfd, 2> watched{pollfd{socket_.descriptor(), POLLIN, 0}, pollfd{waker_.descriptor(), POLLIN, 0}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
    if (watched[1].revents != 0) break;
    if (watched[0].revents != 0) accept_one();
  }
  for (auto& one : served_) one.thread.join();
}

void ControlServer::accept_one() {
  served_.remove_if([](Served& one) {
    if (!one.done) return false;
    one.thread.join();
    return true;
  });
  const int descriptor = ::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) {
    pollfd ending{waker_.descriptor(), POLLIN, 0};
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ::poll(&ending, 1, 100);  // what is to be accepted stays
    return;
  }
  const auto peer = peer_of(descriptor);
  const bool may = peer.uid == ::geteuid() || peer.uid == 0;
  const auto count = std::count_if(served_.begin(), served_.end(), [](const Served& one) { return !one.left; });
  if (may && static_cast<std::size_t>(count) < kMostConnections && begin_to_serve(descriptor, peer)) return;
  ControlChannel channel(descriptor);
  channel.offer_line(may ? error_line("RESOURCE_EXHAUSTED", "There are " + std::to_string(count) +
                                                                " control connections already, try again later")
                         : error_line("FORBIDDEN", "Only the broker's own user and root may send commands"));
  if (!may) log_.warn("A control connection of another user was refused", {{"uid", peer.uid}, {"pid", peer.pid}});
}

/// False: the system has no thread for it now; the descriptor is still the caller's.
bool ControlServer::begin_to_serve(int descriptor, ucred peer) {
  auto& one = served_.emplace_back();
  try {
    one.thread = std::thread([this, &one, descriptor, peer] {
      serve(one, descriptor, peer);
      one.done = true;
    });
  } catch (const std::system_error&) {
    served_.pop_back();
    return false;
  }
  return true;
}

void ControlServer::serve(Served& one, int descriptor, ucred peer) {
  core::register_this_thread();
  ControlChannel channel(descriptor, waker_.descriptor());
  std::string line;
  while (true) {
    switch (channel.read_line(line, kLongestRequest, kIdle)) {
      case ControlChannel::Got::Line:
        if (!answer(one, channel, line, peer)) return;
        break;
      case ControlChannel::Got::TooLong:
        channel.offer_line(error_line("INVALID_ARGUMENT", "A command has at most 64 KiB"));
        return;
      case ControlChannel::Got::TimedOut:
      case ControlChannel::Got::Closed:
      case ControlChannel::Got::Woken: return;
    }
  }
}

/// False: the connection is to be closed.
bool ControlServer::answer(Served& one, ControlChannel& channel, const std::string& line, const ucred& peer) {
  const auto request = parsed(line);
  const auto command = request.isNull() ? std::string() : text_of(*request, "command");
  if (command.empty()) {
    channel.offer_line(error_line("INVALID_ARGUMENT", "Expected a JSON object with \"command\" on one line"));
    return false;
  }
  Progress progress(channel);
  const auto result = [&]() -> Result<ControlOperations::Json> {
    try {
      return operations_.perform(command, *request, [&](std::size_t moved, std::size_t of) {
        progress(moved, of);
        if (channel.is_left()) one.left = true;
      });
    } catch (const std::exception& failure) {
      return Error{ErrorCode::Internal, failure.what()};
    }
  }();
  if (ControlOperations::is_change(command)) {
    const auto about = text_of(*request, "name") + text_of(*request, "client_id") + text_of(*request, "level");
    note(command, about, result ? nullptr : &result.error(), peer);
  }
  return channel.write_line(result ? line_of("result", result.value())
                                   : error_line(code_name(result.error().code), result.error().message));
}

void ControlServer::note(const std::string& command, const std::string& about, const Error* refusal,
                         const ucred& peer) {
  if (refusal == nullptr) {
    log_.info("A command was carried out",
              {{"command", command}, {"about", about}, {"uid", peer.uid}, {"pid", peer.pid}});
    return;
  }
  log_.warn(
      "A command was refused",
      {{"command", command}, {"about", about}, {"reason", refusal->message}, {"uid", peer.uid}, {"pid", peer.pid}});
}

}  // namespace omnibroker::tools
