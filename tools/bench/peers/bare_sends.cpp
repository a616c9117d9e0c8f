// What fan-out costs when a server does nothing else: the first message that a publisher sends is sent again and again
// to every subscriber, at a rate of the server's own, with one send for each message and subscriber. With --rate 0
// every subscriber gets as large sends as the kernel takes: the kernel's limit.
//
//   omnibroker_bare_sends [--rate MESSAGES_PER_SECOND]     prints where it listens; ends on SIGTERM
//
// It reads nothing but what it must: an upgrade, a registration, one message. `omnibroker bench --dialect repeater` is
// its client. One thread, one epoll.
#include "load/target.hpp"
#include "load/wire.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using omnibroker::load::Opcode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = 256 * 1024;  // what one send offers with --rate 0

/// A frame as a server sends it; of less than 64 KiB.
std::string server_frame(std::string_view payload) {
  std::string frame = "\x81";
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(payload.size()));
  } else {
    frame.push_back(126);
    frame.push_back(static_cast<char>(payload.size() >> 8));
    frame.push_back(static_cast<char>(payload.size() & 0xff));
  }
  return frame.append(payload);
}

struct Client {
  int descriptor = -1;
  bool upgraded = false;
  bool subscriber = false;
  bool writable = true;
  std::string input;
  std::size_t sent = 0;  // of a frame, or of the block
};

class BareSends {
 public:
  explicit BareSends(double rate) : rate_(rate) {}

  int run() {
    if (!listen()) return 1;
    for (;;) {
      const auto wait = frame_.empty()   ? std::chrono::nanoseconds(std::chrono::seconds(1))
                        : rate_ > 0      ? std::max(due_ - Clock::now(), Clock::duration::zero())
                        : any_writable() ? std::chrono::nanoseconds(0)
                                         : std::chrono::nanoseconds(std::chrono::seconds(1));
      turn(wait);
      if (frame_.empty()) continue;
      if (rate_ > 0) {
        send_due();
      } else {
        send_blocks();
      }
    }
  }

 private:
  bool listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const bare = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, bare, size) != 0 || ::listen(listener_, 1024) != 0) return false;
    ::getsockname(listener_, bare, &size);
    watch(listener_, EPOLLIN, nullptr);
    std::printf("ws://127.0.0.1:%u/\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return true;
  }

  void watch(int descriptor, std::uint32_t events, Client* client) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = client;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void turn(std::chrono::nanoseconds wait) {
    std::array<epoll_event, 256> events{};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const timespec timeout{seconds.count(), static_cast<long>((wait - seconds).count())};
    const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      auto* const client = static_cast<Client*>(event.data.ptr);
      if (client == nullptr) {
        accept_all();
        continue;
      }
      if ((event.events & EPOLLOUT) != 0) client->writable = true;
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(*client);
    }
  }

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const int at_once = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
      clients_.push_back(std::make_unique<Client>());
      clients_.back()->descriptor = descriptor;
      // Edges: what can be written is known from the last send, and is reported when it changes.
      watch(descriptor, EPOLLIN | EPOLLOUT | EPOLLET, clients_.back().get());
    }
  }

  void read(Client& client) {
    std::array<char, 65536> bytes;
    for (;;) {
      const auto got = ::recv(client.descriptor, bytes.data(), bytes.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (got <= 0) return drop(client);
      client.input.append(bytes.data(), static_cast<std::size_t>(got));
    }
    if (!client.upgraded) upgrade(client);
    while (client.upgraded && read_frame(client)) continue;
  }

  void drop(Client& client) {
    ::close(client.descriptor);
    client.descriptor = -1;
    client.subscriber = false;
  }

  void upgrade(Client& client) {
    const auto end = client.input.find("\r\n\r\n");
    if (end == std::string::npos) return;
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const auto key = client.input.find(name) + name.size();
    const auto answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        omnibroker::load::accept_for(client.input.substr(key, 24)) + "\r\n\r\n";
    ::send(client.descriptor, answer.data(), answer.size(), MSG_NOSIGNAL);
    client.input.erase(0, end + 4);
    client.upgraded = true;
  }

  bool read_frame(Client& client) {
    const auto head = omnibroker::load::read_frame_head(client.input);
    if (!head || client.input.size() < head->head_size + 4 + head->payload_size) return false;
    auto payload = client.input.substr(head->head_size + 4, head->payload_size);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ client.input[head->head_size + i % 4]);
    }
    client.input.erase(0, head->head_size + 4 + head->payload_size);
    if (head->opcode == Opcode::Text) take(client, payload);
    return true;
  }

  void take(Client& client, const std::string& text) {
    if (text.find("\"client_register\"") != std::string::npos) {
      const auto ack = server_frame(R"({"type":"ack","original_type":"client_register","status":"success"})");
      ::send(client.descriptor, ack.data(), ack.size(), MSG_NOSIGNAL);
      client.subscriber = text.find("\"web_ui\"") != std::string::npos;
    } else if (frame_.empty()) {
      frame_ = server_frame(text);
      while (block_.size() < kBlock) block_ += frame_;
      due_ = Clock::now();
    }
  }

  /// What is due goes out, each message with a send of its own to each subscriber. A subscriber whose socket is full
  /// misses it; a frame that the kernel took in part is finished first.
  void send_due() {
    const auto step = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate_));
    const auto now = Clock::now();
    if (now - due_ > std::chrono::seconds(1)) due_ = now;
    for (; due_ <= now; due_ += step) {
      for (const auto& client : clients_) {
        if (client->subscriber) send_frame(*client);
      }
    }
  }

  void send_frame(Client& client) const {
    if (client.sent != 0) client.sent = (client.sent + give(client, frame_, client.sent)) % frame_.size();
    if (client.sent == 0) client.sent = give(client, frame_, 0) % frame_.size();
  }

  void send_blocks() {
    for (const auto& client : clients_) {
      if (!client->subscriber || !client->writable) continue;
      const auto took = give(*client, block_, client->sent);
      client->writable = client->sent + took == block_.size();
      client->sent = (client->sent + took) % frame_.size();
    }
  }

  static std::size_t give(const Client& client, const std::string& bytes, std::size_t from) {
    const auto took = ::send(client.descriptor, bytes.data() + from, bytes.size() - from, MSG_NOSIGNAL);
    return took < 0 ? 0 : static_cast<std::size_t>(took);
  }

  bool any_writable() const {
    return std::any_of(clients_.begin(), clients_.end(),
                       [](const auto& client) { return client->subscriber && client->writable; });
  }

  const double rate_;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = -1;
  std::vector<std::unique_ptr<Client>> clients_;
  std::string frame_, block_;
  Clock::time_point due_;
};

}  // namespace

int main(int count, char** words) {
  double rate = 0;
  if (count == 3 && std::strcmp(words[1], "--rate") == 0) {
    rate = std::atof(words[2]);
  } else if (count != 1) {
    std::fprintf(stderr, "usage: omnibroker_bare_sends [--rate MESSAGES_PER_SECOND]\n");
    return 2;
  }
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // the generator has the same
  return BareSends(rate).run();
}
