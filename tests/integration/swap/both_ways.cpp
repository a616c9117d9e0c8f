// Many maps and one robot that talk to each other through a broker, each as fast as it is told to, and notice whatever
// is lost, comes twice or out of order, and whoever is cut off.
//
//     both_ways PORT MAPS RATE SECONDS [fragments]
//
// Each map sends RATE select_object a second, and the robot RATE coordinate_update; every message has a number. They
// hold back while what is on its way is more than a few seconds' worth, so that a slow machine is not flooded. With
// `fragments` a map's message goes in two frames with a ping between them, each frame in two writes. Prints one JSON
// object when everything that was sent has come, or will not come any more. One thread, raw sockets.

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <load/wire.hpp>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using omnibroker::load::client_frame;
using omnibroker::load::Opcode;
using omnibroker::load::read_frame_head;

constexpr auto kPatience = std::chrono::seconds(60);
constexpr double kMostOnTheWay = 4;  // seconds of traffic

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "both_ways: %s\n", what.c_str());
  std::exit(2);
}

/// The number behind `"number":`.
long number_in(std::string_view text) {
  constexpr std::string_view kKey = "\"number\":";
  const auto at = text.find(kKey);
  long number = -1;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), number);
  }
  return number;
}

struct Tally {
  long lost = 0, twice = 0, disordered = 0, strange = 0, closed = 0, pongs = 0;

  /// `next`: the number that should come.
  void see(long number, long& next) {
    if (number == next) {
      ++next;
    } else if (number > next) {
      lost += number - next;
      next = number + 1;
    } else {
      ++(number == next - 1 ? twice : disordered);
    }
  }
};

class Client {
 public:
  Client(int port, const char* role) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("cannot connect");
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::string greeting =
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
        "13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n" +
        frame(Opcode::Text, R"({"type":"client_register","client_type":")" + std::string(role) + "\"}");
    if (::send(descriptor_, greeting.data(), greeting.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(greeting.size())) {
      give_up("cannot greet");
    }
    std::string head;
    while (head.find("\"ack\"") == std::string::npos) {
      char bytes[4096];
      const auto got = ::recv(descriptor_, bytes, sizeof bytes, 0);
      if (got <= 0) give_up("no ack: " + head);
      head.append(bytes, static_cast<std::size_t>(got));
    }
    input_ = head.substr(head.find("\r\n\r\n") + 4);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(descriptor_); }

  static std::string frame(Opcode opcode, std::string_view payload) {
    return client_frame(opcode, payload, omnibroker::load::fresh_mask());
  }

  int descriptor() const { return descriptor_; }
  bool open() const { return open_; }

  void send(std::string_view bytes) {
    output_ += bytes;
    flush();
  }
  void flush() {
    while (open_ && !output_.empty()) {
      const auto sent = ::send(descriptor_, output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) open_ = false;
        return;
      }
      output_.erase(0, static_cast<std::size_t>(sent));
    }
  }

  /// Shows each text message.
  template <class Visit>
  void read(Tally& tally, Visit visit) {
    char bytes[65536];
    for (int i = 0; i < 4 && open_; ++i) {
      const auto got = ::recv(descriptor_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (got <= 0) {
        open_ = false;
        ++tally.closed;
        break;
      }
      input_.append(bytes, static_cast<std::size_t>(got));
    }
    std::size_t used = 0;
    while (const auto head = read_frame_head(std::string_view(input_).substr(used))) {
      const auto whole = head->head_size + head->payload_size;
      if (head->wrong || !head->final) ++tally.strange;
      if (input_.size() - used < whole) break;
      const auto payload = std::string_view(input_).substr(used + head->head_size, head->payload_size);
      if (head->opcode == Opcode::Text) visit(payload);
      if (head->opcode == Opcode::Ping) send(frame(Opcode::Pong, payload));
      if (head->opcode == Opcode::Pong) ++tally.pongs;
      if (head->opcode == Opcode::Close && open_) {
        open_ = false;
        ++tally.closed;
      }
      used += whole;
    }
    input_.erase(0, used);
  }

 private:
  int descriptor_;
  bool open_ = true;
  std::string input_, output_;
};

struct Map {
  Map(int port, std::size_t index) : client(port, "web_ui"), path("/World/Map_" + std::to_string(index)) {}

  Client client;
  std::string path;
  long sent = 0;            // selections
  long heard_of = 0;        // of these, the robot
  long next_update = -1;    // the number that should come
  std::string second_half;  // of a message that is under way

  std::string message() {
    return R"({"type":"select_object","prim_path":")" + path + R"(","number":)" + std::to_string(sent++) + "}";
  }
  void select() { client.send(Client::frame(Opcode::Text, message())); }
  void begin_select() {
    const auto text = message();
    auto first = Client::frame(Opcode::Text, text.substr(0, text.size() / 2));
    first[0] = static_cast<char>(first[0] & 0x7F);  // not final
    second_half = Client::frame(Opcode::Continuation, text.substr(text.size() / 2));
    const auto ping = Client::frame(Opcode::Ping, "between");
    client.send(first + ping.substr(0, 5));
    second_half = ping.substr(5) + second_half;
  }
  void go_on() {
    if (second_half.empty()) return;
    client.send(second_half.substr(0, second_half.size() - 3));
    second_half.erase(0, second_half.size() - 3);
  }
  void end_select() {
    client.send(second_half);
    second_half.clear();
  }
};

}  // namespace

int main(int count, char** words) {
  if (count < 5) give_up("usage: both_ways PORT MAPS RATE SECONDS [fragments]");
  const int port = std::atoi(words[1]);
  const auto many = static_cast<std::size_t>(std::atoi(words[2]));
  const double rate = std::atof(words[3]);
  const std::chrono::duration<double> lasting(std::atof(words[4]));
  const bool in_fragments = count > 5 && std::string_view(words[5]) == "fragments";
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  Tally tally;
  const int poll = ::epoll_create1(0);
  const auto watch = [&](const Client& client, std::uint64_t id) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, client.descriptor(), &event);
  };
  Client robot(port, "omniverse_extension");
  watch(robot, many);
  std::vector<std::unique_ptr<Map>> maps;
  for (std::size_t i = 0; i < many; ++i) {
    maps.push_back(std::make_unique<Map>(port, i));
    watch(maps.back()->client, i);
  }
  std::printf("ready\n");
  std::fflush(stdout);

  const auto begun = Clock::now();
  const auto until = begun + std::chrono::duration_cast<Clock::duration>(lasting);
  long updates = 0, selections = 0, heard = 0, steps = 0;
  const long steps_each = in_fragments ? 3 : 1;  // of one map's message
  auto progress = begun;
  long progress_made = 0;
  const auto total_seen = [&] {
    long seen = heard;
    for (const auto& map : maps) seen += std::max(map->next_update, 0L);
    return seen;
  };
  const auto read_robot = [&](std::string_view text) {
    if (text.find("\"select_object\"") == std::string_view::npos) return;
    constexpr std::string_view kPath = "/World/Map_";
    std::size_t index = many;
    const auto at = text.find(kPath);
    if (at != std::string_view::npos)
      std::from_chars(text.data() + at + kPath.size(), text.data() + text.size(), index);
    if (index >= many) {
      ++tally.strange;
      return;
    }
    ++heard;
    tally.see(number_in(text), maps[index]->heard_of);
  };
  while (true) {
    const auto now = Clock::now();
    const double elapsed = std::chrono::duration<double>(std::min(now, until) - begun).count();
    const auto maps_count = static_cast<double>(many);
    const auto on_the_way = static_cast<double>(updates) * maps_count + static_cast<double>(selections - total_seen());
    const bool flooded = on_the_way > kMostOnTheWay * 2 * rate * maps_count;
    for (const auto due = static_cast<long>(elapsed * rate); !flooded && updates < due; ++updates) {
      robot.send(
          Client::frame(Opcode::Text, R"({"type":"coordinate_update","prim_path":"/World/Robot","latitude":37.5,)"
                                      R"("longitude":127.0,"height":1.0,"number":)" +
                                          std::to_string(updates) + "}"));
    }
    const auto due = static_cast<long>(elapsed * rate * static_cast<double>(steps_each) * maps_count);
    for (; !flooded && steps < due; ++steps) {
      auto& map = *maps[static_cast<std::size_t>(steps) % many];
      const auto step = steps / static_cast<long>(many) % steps_each;
      if (!in_fragments) {
        map.select();
      } else if (step == 0) {
        map.begin_select();
      } else if (step == 1) {
        map.go_on();
      } else {
        map.end_select();
      }
      if (step == 0) ++selections;
    }
    if (now >= until && !flooded) {
      for (auto& map : maps) map->end_select();
      bool all = heard >= selections;
      for (const auto& map : maps) all = all && (map->next_update == updates || !map->client.open());
      if (const auto seen = total_seen(); seen != progress_made) {
        progress_made = seen;
        progress = now;
      }
      if (all || now - progress > kPatience) break;
    }
    epoll_event events[256];
    const int ready = ::epoll_wait(poll, events, 256, 1);
    for (int i = 0; i < ready; ++i) {
      const auto id = events[i].data.u64;
      auto& client = id == many ? robot : maps[id]->client;
      if (id == many) {
        robot.read(tally, read_robot);
      } else {
        client.read(tally, [&](std::string_view text) {
          if (text.find("\"coordinate_update\"") == std::string_view::npos) return;
          auto& next = maps[id]->next_update;
          const auto number = number_in(text);
          if (next < 0) next = number;  // the last value, where it came late
          tally.see(number, next);
        });
      }
      if (!client.open()) ::epoll_ctl(poll, EPOLL_CTL_DEL, client.descriptor(), nullptr);
    }
    robot.flush();
    for (auto& map : maps) map->client.flush();
  }
  long missing = selections - heard - tally.lost;
  for (const auto& map : maps) missing += updates - std::max(map->next_update, 0L);
  std::printf(
      "{\"maps\":%zu,\"seconds\":%.1f,\"updates\":%ld,\"selections\":%ld,\"received\":%ld,\"lost\":%ld,\"missing\":%ld,"
      "\"twice\":%ld,\"disordered\":%ld,\"strange\":%ld,\"closed\":%ld,\"pongs\":%ld}\n",
      many, std::chrono::duration<double>(Clock::now() - begun).count(), updates, selections, total_seen(), tally.lost,
      missing, tally.twice, tally.disordered, tally.strange, tally.closed, tally.pongs);
  ::close(poll);
  return 0;
}
