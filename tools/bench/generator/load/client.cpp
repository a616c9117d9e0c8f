#include "client.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::load {
namespace {

constexpr std::uint64_t kClientsOfAnAddress = 20'000;
constexpr std::size_t kLargestAnswer = 16 * 1024;  // of a server to the upgrade

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS || error == EINTR; }

Error failed(const char* what) {
  return {errno == EMFILE || errno == ENFILE ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable,
          std::string(what) + ": " + std::strerror(errno)};
}

/// Another loopback address to come from, its port chosen when it connects.
Status bind_source(int descriptor, std::uint64_t number) {
  const int later = 1;
  ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof(later));
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number / kClientsOfAnAddress));
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) return failed("Cannot bind");
  return {};
}

}  // namespace

Client::Client(const Wire& wire, const Target& target, Role role)
    : wire_(&wire), target_(&target), role_(role), receiver_(wire) {}

Client::~Client() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Client::Client(Client&& other) noexcept
    : wire_(other.wire_),
      target_(other.target_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      stage_(other.stage_),
      role_(other.role_),
      receiver_(other.receiver_),
      probe_(std::move(other.probe_)) {}

Status Client::connect(std::uint64_t number) {
  sockaddr_storage to{};
  std::memcpy(&to, target_->address.data(), target_->address.size());
  descriptor_ = ::socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return failed("Cannot make a socket");
  const int at_once = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
  if (target_->loopback4 && number >= kClientsOfAnAddress) {
    if (auto bound = bind_source(descriptor_, number); !bound) return bound;
  }
  const auto size = static_cast<socklen_t>(target_->address.size());
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), size) != 0 && !would_wait(errno)) {
    return failed("Cannot connect");
  }
  return {};
}

std::uint32_t Client::interest() const {
  if (stage_ == Stage::Ended) return 0;
  const bool writes = stage_ == Stage::Connecting || blocked_ || !unsaid_.empty();
  return (paused_ ? 0u : std::uint32_t{EPOLLIN}) | (writes ? std::uint32_t{EPOLLOUT} : 0u);
}

void Client::ready(std::uint32_t events, ReadBuffer& buffer, const RunClock& clock) {
  if (stage_ == Stage::Ended) return;
  if (stage_ == Stage::Connecting) {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(std::strerror(error));
    if ((events & EPOLLOUT) == 0) return;
    stage_ = Stage::Upgrading;
    return say(target_->request);
  }
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    flush();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (paused_) return end("the connection was reset while it read nothing");
  read_some(buffer, clock);
}

void Client::read_some(ReadBuffer& buffer, const RunClock& clock) {
  char* const bytes = buffer.data();
  std::memcpy(bytes, rest_.data(), rest_.size());
  const auto got = ::recv(descriptor_, bytes + rest_.size(), ReadBuffer::kRead, 0);
  if (got < 0 && would_wait(errno)) return;
  if (got < 0) return end(std::strerror(errno));
  if (got == 0) return end("closed without a close frame");

  std::string_view all(bytes, rest_.size() + static_cast<std::size_t>(got));
  if (stage_ == Stage::Upgrading) all.remove_prefix(read_upgrade(all));
  if (stage_ == Stage::Greeting || stage_ == Stage::Ready) {
    std::vector<Notice> notices;
    all.remove_prefix(receiver_.read(all, clock.now(), probe_.get(), notices));
    act_on(notices);
  }
  rest_.assign(all);
}

std::size_t Client::read_upgrade(std::string_view bytes) {
  const auto end_of_head = bytes.find("\r\n\r\n");
  if (end_of_head == std::string_view::npos) {
    if (bytes.size() > kLargestAnswer) end("its answer to the upgrade is longer than 16 KiB");
    return 0;
  }
  const auto problem = upgrade_problem(*target_, std::string(bytes.substr(0, end_of_head)));
  if (!problem.empty()) {
    end(problem);
    return bytes.size();
  }
  const auto greeting = wire_->greeting(role_);
  stage_ = greeting.empty() ? Stage::Ready : Stage::Greeting;
  if (!greeting.empty()) say(client_frame(Opcode::Text, greeting, fresh_mask()));
  return end_of_head + 4;
}

void Client::act_on(std::vector<Notice>& notices) {
  for (auto& notice : notices) {
    switch (notice.kind) {
      case Notice::Kind::Greeted:
        if (stage_ == Stage::Greeting) stage_ = Stage::Ready;
        break;
      case Notice::Kind::Refused:
        if (stage_ == Stage::Greeting) return end("it refused the client: " + notice.text);
        refusals_.push_back(std::move(notice.text));
        break;
      case Notice::Kind::Ping: say(client_frame(Opcode::Pong, notice.text, fresh_mask())); break;
      case Notice::Kind::NatsPing: say(client_frame(Opcode::Text, "PONG\r\n", fresh_mask())); break;
      case Notice::Kind::Closed:
      case Notice::Kind::Broken: return end(std::move(notice.text));
    }
  }
}

void Client::say(std::string frame) {
  unsaid_ += frame;
  flush();
}

void Client::flush() {
  if (unsaid_.empty() || in_frame_ || stage_ == Stage::Ended) return;
  unsaid_.erase(0, send(unsaid_));
}

std::size_t Client::send(std::string_view bytes) {
  if (stage_ == Stage::Ended) return 0;
  const auto took = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (took < 0 && !would_wait(errno)) end(std::strerror(errno));
  const auto count = took < 0 ? 0 : static_cast<std::size_t>(took);
  blocked_ = count < bytes.size();
  return count;
}

void Client::in_frame(bool yes) {
  in_frame_ = yes;
  flush();
}

void Client::leave() {
  constexpr std::string_view normal("\x03\xe8", 2);  // 1000
  if (stage_ == Stage::Ready && !in_frame_ && !blocked_) send(client_frame(Opcode::Close, normal, fresh_mask()));
  end(kLeft);
}

void Client::end(std::string reason) {
  if (stage_ == Stage::Ended) return;
  stage_ = Stage::Ended;
  reason_ = std::move(reason);
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace omnibroker::load
