#include "client_session.hpp"
#include "command.hpp"
#include "fleet.hpp"
#include "messages.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto kStatusInterval = std::chrono::seconds(5);

struct Settings {
  std::uint64_t robots = 10;
  double rate = 10;    ///< Updates per second of each robot.
  double seconds = 0;  ///< 0: until asked to end.
  std::uint64_t seed = 1;
  ClientTarget target;
};

/// A fleet that drives, whether a broker listens or not.
class Simulation {
 public:
  explicit Simulation(const Settings& settings) : settings_(settings), begun_(Clock::now()), status_due_(begun_) {
    std::mt19937_64 random(settings.seed);
    for (std::uint64_t i = 1; i <= settings.robots; ++i) robots_.emplace_back(i, random);
  }

  int run() {
    while (!over()) {
      auto connected = connect_as("omniverse_extension", settings_.target);
      if (connected) {
        std::printf("Registered at %s, %zu robots drive\n", settings_.target.url.c_str(), robots_.size());
        std::fflush(stdout);
        registered_ = true;
        patience_.reset();
        status_due_ = Clock::now() + kStatusInterval;
        drive(**connected);
      } else if (connected.error().code == ErrorCode::InvalidArgument) {
        std::fprintf(stderr, "omnibroker: %s\n", printable(connected.error().message).c_str());
        return kRefused;
      } else {
        try_later(connected.error().message);
      }
    }
    std::printf("%llu updates of %zu robots in %.1f s, %llu selections heard, %llu errors\n", sent_, robots_.size(),
                elapsed(), selections_, errors_);
    return registered_ ? kDone : kCouldNotStart;
  }

 private:
  double elapsed() const { return Seconds(Clock::now() - begun_).count(); }
  bool over() const {
    return end_requested() || std::ferror(stdout) != 0 || (settings_.seconds > 0 && elapsed() >= settings_.seconds);
  }

  void try_later(const std::string& reason) {
    if (over()) return;
    auto span = patience_.next();
    std::fprintf(stderr, "%s; trying again in %.1f s\n", printable(reason).c_str(), Seconds(span).count());
    if (settings_.seconds > 0) {
      const Seconds left(settings_.seconds - elapsed());
      span = std::min(span, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    pause_for(span);
  }

  /// Sends what is due and takes what comes, until the end or the loss of the connection.
  void drive(WebSocketClient& client) {
    const double per_second = settings_.rate * static_cast<double>(robots_.size());
    double owed_since = elapsed();
    std::uint64_t sent_since = 0;
    while (!over()) {
      const double now = elapsed();
      auto due = static_cast<std::uint64_t>((now - owed_since) * per_second) + 1;
      if (due > sent_since + static_cast<std::uint64_t>(per_second) + 1) {
        owed_since = now;  // a second behind: what was not sent in time is worth nothing any more
        sent_since = 0;
        due = 1;
      }
      for (; sent_since < due; ++sent_since) {
        if (auto sent = send_one(client); !sent) return try_later("Connection lost: " + sent.error().message);
      }
      const Seconds until_next(static_cast<double>(sent_since) / per_second - (elapsed() - owed_since));
      if (auto taken = take_messages(client, until_next); !taken) {
        return try_later("Connection lost: " + taken.error().message);
      }
      report_status();
    }
    client.close();
  }

  Status send_one(WebSocketClient& client) {
    auto& robot = robots_[turn_];
    turn_ = (turn_ + 1) % robots_.size();
    robot.advance_to(elapsed());
    if (auto sent = client.send(robot.coordinate_update()); !sent) return sent;
    ++sent_;
    return {};
  }

  Status take_messages(WebSocketClient& client, Seconds longest) {
    constexpr Seconds slice(0.1);  // the end is looked for this often
    auto span = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(longest, Seconds(0), slice));
    while (client.wait(span)) {
      auto received = client.receive();
      if (!received) return received.error();
      if (received->has_value()) hear(**received);
      span = span.zero();
    }
    return {};
  }

  void hear(const std::string& text) {
    const auto message = read_message(text);
    if (!message) return;
    if (message->type == "select_object") {
      ++selections_;
      std::printf("Selected: %s\n", printable(message->prim_path).c_str());
      std::fflush(stdout);
    } else if (message->type == "error") {
      ++errors_;
      if (++errors_by_code_[message->error_code] > 1) return;  // one line for each kind; the rest are counted
      std::fprintf(stderr, "The broker refuses: %s: %s\n", printable(message->error_code).c_str(),
                   printable(message->error_message).c_str());
    }
  }

  void report_status() {
    const auto now = Clock::now();
    if (now < status_due_) return;
    const double span = Seconds(now - status_due_ + kStatusInterval).count();
    std::printf("%zu robots, %.1f updates/s, %llu sent, %llu selections heard, %llu errors\n", robots_.size(),
                static_cast<double>(sent_ - sent_at_status_) / span, sent_, selections_, errors_);
    std::fflush(stdout);
    sent_at_status_ = sent_;
    status_due_ = now + kStatusInterval;
  }

  const Settings settings_;
  const Clock::time_point begun_;
  Clock::time_point status_due_;
  std::vector<Robot> robots_;
  std::size_t turn_ = 0;
  Patience patience_;
  bool registered_ = false;
  unsigned long long sent_ = 0, sent_at_status_ = 0, selections_ = 0, errors_ = 0;
  std::map<std::string, int> errors_by_code_;
};

Result<Settings> read_settings(const Arguments& arguments) {
  Settings settings;
  const auto robots = arguments.count("robots", settings.robots, 1, 100'000);
  const auto rate = arguments.number("rate", settings.rate, 0.01, 1'000);
  const auto seconds = arguments.number("seconds", 0, 0, 1e9);
  const auto seed = arguments.count("seed", settings.seed, 0, UINT64_MAX);
  for (const auto* number : {&rate, &seconds}) {
    if (!*number) return number->error();
  }
  for (const auto* number : {&robots, &seed}) {
    if (!*number) return number->error();
  }
  settings.robots = robots.value();
  settings.rate = rate.value();
  settings.seconds = seconds.value();
  settings.seed = seed.value();
  settings.target = {arguments.text("url", settings.target.url), arguments.text("ca", "")};
  return settings;
}

int sim(const Arguments& arguments) {
  const auto settings = read_settings(arguments);
  if (!settings) {
    std::fprintf(stderr, "omnibroker: sim: %s\n", settings.error().message.c_str());
    return kWrongUsage;
  }
  end_on_request();
  return Simulation(settings.value()).run();
}

}  // namespace

Command sim_command() {
  return {{.name = "sim",
           .purpose = "drive a fleet of robots, as an Omniverse extension would",
           .usage = "",
           .text = "Registers as omniverse_extension, drives robots along closed paths, sends where they\n"
                   "are as coordinate_update, and prints the selections that it hears. When the\n"
                   "connection is lost it connects again by itself. Ctrl-C ends it with a summary.\n",
           .options = {{"robots", "r", "NUMBER", "How many (10)."},
                       {"rate", "", "NUMBER", "Updates per second of each robot (10)."},
                       {"seconds", "s", "NUMBER", "End after so long (0: never)."},
                       {"seed", "", "NUMBER", "Another fleet on other paths (1)."},
                       {"url", "u", "URL", "Where the broker is (ws://localhost:8000/ws)."},
                       {"ca", "", "FILE", "PEM certificates to believe a wss:// broker by\n(those of the system)."}},
           .examples = {{"omnibroker sim --robots 10 --rate 10", "100 updates a second"},
                        {"omnibroker sim --robots 1000 --rate 1 --seconds 60", "many slow ones, for a minute"},
                        {"omnibroker sim --url ws://map.example:8000/ws", "somewhere else"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          sim};
}

}  // namespace omnibroker::tools
