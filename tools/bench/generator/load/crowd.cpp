#include "crowd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::load {
namespace {

constexpr std::size_t kAtOnce = 128;  // connections that are being made at one time
constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kKindsOfRefusals = 20;

bool settled(const Seat* seat) { return seat->client.stage() >= Client::Stage::Ready; }

}  // namespace

Crowd::Crowd(const Wire& wire, Target target, const RunClock& clock)
    : wire_(wire), target_(std::move(target)), clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Crowd::~Crowd() { ::close(epoll_); }

Status Crowd::gather(const Settings& settings, bool (*end_asked)()) {
  subscribers_.reserve(settings.clients);
  publishers_.reserve(settings.publishers);
  const auto role = settings.unregistered ? Role::Silent : Role::Subscriber;
  const Numbering numbering{settings.prims, settings.publishers};
  for (std::uint64_t i = 0; i < settings.clients; ++i) subscribers_.push_back({Client(wire_, target_, role)});
  for (std::uint64_t i = 0; i < settings.publishers; ++i) {
    publishers_.push_back({{Client(wire_, target_, Role::Publisher)}, Publication(wire_, numbering, i)});
  }

  std::vector<Seat*> seats;
  for (auto& seat : subscribers_) seats.push_back(&seat);
  if (auto connected = connect(seats, 0, end_asked); !connected) return connected;
  seats.clear();
  for (auto& publisher : publishers_) seats.push_back(&publisher.seat);
  return connect(seats, subscribers_.size(), end_asked);
}

Status Crowd::connect(const std::vector<Seat*>& seats, std::uint64_t first_number, bool (*end_asked)()) {
  std::vector<Seat*> begun;
  std::size_t next = 0;
  auto progress = clock_.now();
  while (next < seats.size() || !begun.empty()) {
    if (end_asked()) return Error{ErrorCode::Unavailable, "It was interrupted before all clients were connected"};
    for (; next < seats.size() && begun.size() < kAtOnce; ++next) {
      if (auto connecting = seats[next]->client.connect(first_number + next); !connecting) return connecting;
      epoll_event event{};
      event.data.ptr = seats[next];
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, seats[next]->client.descriptor(), &event);
      watch(*seats[next]);
      begun.push_back(seats[next]);
    }
    turn(std::chrono::milliseconds(100));
    if (ended_ != 0) return Error{ErrorCode::Unavailable, "A client could not connect: " + first_end_};
    const auto before = begun.size();
    begun.erase(std::remove_if(begun.begin(), begun.end(), settled), begun.end());
    const auto now = clock_.now();
    if (begun.size() != before) progress = now;
    if (now - progress > static_cast<std::uint64_t>(std::chrono::nanoseconds(kPatience).count())) {
      return Error{ErrorCode::Unavailable, std::to_string(next - begun.size()) + " of " + std::to_string(seats.size()) +
                                               " clients were accepted, and then nothing came for 10 s"};
    }
  }
  return {};
}

void Crowd::turn(std::chrono::nanoseconds longest) {
  std::array<epoll_event, 256> events{};
  const auto span = std::max(longest, std::chrono::nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span);
  const timespec timeout{seconds.count(), static_cast<long>((span - seconds).count())};
  const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    handle(*static_cast<Seat*>(event.data.ptr), event.events);
  }
}

void Crowd::handle(Seat& seat, std::uint32_t events) {
  if (seat.client.stage() == Client::Stage::Ended) return;
  seat.client.ready(events, buffer_, clock_);
  count_refusals(seat.client);
  watch(seat);
}

void Crowd::watch(Seat& seat) {
  if (seat.client.stage() == Client::Stage::Ended) return note_end(seat.client);
  const auto wanted = seat.client.interest();
  if (wanted == seat.watched) return;
  epoll_event event{};
  event.events = seat.watched = wanted;
  event.data.ptr = &seat;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, seat.client.descriptor(), &event);
}

void Crowd::push(Publisher& publisher) {
  auto& [seat, publication] = publisher;
  if (seat.client.stage() != Client::Stage::Ready) return;
  const auto bytes = publication.unsent();
  if (!bytes.empty()) publication.sent(seat.client.send(bytes));
  seat.client.in_frame(publication.in_frame());
  watch(seat);
}

void Crowd::pause(Seat& seat, bool paused) {
  seat.client.pause(paused);
  watch(seat);
}

void Crowd::dismiss() {
  for (auto& publisher : publishers_) publisher.seat.client.leave();
  for (auto& seat : subscribers_) seat.client.leave();
}

void Crowd::note_end(const Client& client) {
  if (++ended_ == 1) first_end_ = client.reason();
}

void Crowd::count_refusals(Client& client) {
  for (auto& text : client.take_refusals()) {
    const auto is = [](const std::string& wanted) { return [&](const Refusal& one) { return one.text == wanted; }; };
    auto known = std::find_if(refusals_.begin(), refusals_.end(), is(text));
    if (known == refusals_.end() && refusals_.size() >= kKindsOfRefusals) {
      text = "others";
      known = std::find_if(refusals_.begin(), refusals_.end(), is(text));
    }
    if (known == refusals_.end()) known = refusals_.insert(known, {std::move(text), 0});
    ++known->count;
  }
}

}  // namespace omnibroker::load
