#include "client_session.hpp"
#include "command.hpp"
#include "live_table.hpp"
#include "messages.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  ClientTarget target;
  std::string select;
  std::uint64_t count = 0;  ///< 0: no end.
  double seconds = 0;       ///< 0: no end.
  bool json = false;
  bool table = false;
};

std::string local_time() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(now.count() / 1000);
  std::tm here{};
  localtime_r(&seconds, &here);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03d", here.tm_hour, here.tm_min, here.tm_sec,
                static_cast<int>(now.count() % 1000));
  return text.data();
}

std::string line_of(const std::optional<Message>& message, const std::string& text) {
  if (message && message->type == "error") return "error " + message->error_code + ": " + message->error_message;
  if (!message || message->type != "coordinate_update") return text;
  std::array<char, 96> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "  %.9f %.9f %.2f m", message->latitude, message->longitude,
                message->height);
  std::string line = message->prim_path + numbers.data();
  for (const auto& [name, value] : message->metadata) line += " " + name + "=" + value;
  return line;
}

bool readable(int descriptor) {
  pollfd watched{descriptor, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

/// Lines from standard input, as they become whole; it is never waited for.
class TypedLines {
 public:
  int descriptor() const { return ended_ ? -1 : STDIN_FILENO; }

  /// Reads what is there, and answers whether there was anything.
  bool read_some() {
    if (ended_ || !readable(STDIN_FILENO)) return false;
    std::array<char, 4096> bytes{};
    const auto size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size > 0) {
      pending_.append(bytes.data(), static_cast<std::size_t>(size));
    } else {
      ended_ = true;
    }
    return size > 0;
  }

  std::optional<std::string> next() {
    const auto end = pending_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    auto line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
  }

 private:
  std::string pending_;
  bool ended_ = false;
};

/// A web client in the terminal.
class Listener {
 public:
  explicit Listener(const Settings& settings) : settings_(settings), begun_(Clock::now()) {
    if (settings.table) table_.emplace(settings.target.url);
  }

  int run() {
    while (!over()) {
      auto connected = connect_as("web_ui", settings_.target);
      if (connected) {
        registered_ = true;
        patience_.reset();
        say("Registered at " + settings_.target.url);
        attend(**connected);
      } else if (connected.error().code == ErrorCode::InvalidArgument) {
        table_.reset();
        say(connected.error().message);
        return kRefused;
      } else {
        try_later(connected.error().message);
      }
    }
    return registered_ ? kDone : kCouldNotStart;
  }

 private:
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }
  bool over() const {
    return end_requested() || left_ || std::ferror(stdout) != 0 || (settings_.count > 0 && heard_ >= settings_.count) ||
           (settings_.seconds > 0 && elapsed() >= settings_.seconds);
  }

  /// What is not a message: standard output has only those.
  void say(const std::string& sentence) {
    if (table_) {
      table_->say(sentence);
    } else {
      std::fprintf(stderr, "%s\n", printable(sentence).c_str());
    }
  }

  void try_later(const std::string& reason) {
    if (over()) return;
    auto span = patience_.next();
    std::array<char, 48> when{};
    std::snprintf(when.data(), when.size(), "; trying again in %.1f s", static_cast<double>(span.count()) / 1000);
    say(reason + when.data());
    if (settings_.seconds > 0) {
      const auto left = std::chrono::duration<double>(std::max(0.0, settings_.seconds - elapsed()));
      span = std::min(span, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    if (table_) table_->refresh();
    pause_for(span);
  }

  void attend(WebSocketClient& client) {
    if (!settings_.select.empty() && !std::exchange(selected_, true)) select(client, settings_.select);
    while (!over()) {
      auto span = std::chrono::milliseconds(100);
      if (table_) span = std::min(span, table_->refresh());
      if (client.wait(span, typed_.descriptor())) {
        auto received = client.receive();
        if (!received) return try_later("Connection lost: " + received.error().message);
        if (received->has_value()) hear(**received);
      }
      if (typed_.read_some()) obey(client);
    }
    client.close();
  }

  void obey(WebSocketClient& client) {
    while (auto line = typed_.next()) {
      const auto begin = line->find_first_not_of(" \t\r");
      const auto end = line->find_last_not_of(" \t\r");
      const auto word = begin == std::string::npos ? std::string() : line->substr(begin, end - begin + 1);
      if (word == "q" || word == "quit") {
        left_ = true;
      } else if (word.starts_with("/")) {
        select(client, word);
      } else if (!word.empty()) {
        say("Type the path of a prim to select it, as /World/Husky_01; q leaves");
      }
      if (table_) table_->typed();
    }
  }

  void select(WebSocketClient& client, const std::string& prim_path) {
    const auto sent = client.send(select_message(prim_path));
    say(sent ? "Selected " + prim_path : "The selection is lost: " + sent.error().message);
  }

  void hear(const std::string& text) {
    const auto message = read_message(text);
    const bool answer = message && (message->type == "error" || message->type == "ack");
    if (!answer) ++heard_;
    if (table_) {
      if (message) table_->take(*message);
    } else if (settings_.json) {
      std::printf("%s\n", text.c_str());
      std::fflush(stdout);
    } else {
      std::printf("%s %s\n", local_time().c_str(), printable(line_of(message, text)).c_str());
      std::fflush(stdout);
    }
  }

  const Settings settings_;
  const Clock::time_point begun_;
  std::optional<LiveTable> table_;
  TypedLines typed_;
  Patience patience_;
  std::uint64_t heard_ = 0;
  bool registered_ = false;
  bool selected_ = false;
  bool left_ = false;
};

Result<Settings> read_settings(const Arguments& arguments) {
  Settings settings;
  const auto count = arguments.count("count", 0, 0, UINT64_MAX);
  const auto seconds = arguments.number("seconds", 0, 0, 1e9);
  if (!count) return count.error();
  if (!seconds) return seconds.error();
  settings.target = {arguments.text("url", settings.target.url), arguments.text("ca", "")};
  settings.select = arguments.text("select", "");
  settings.count = count.value();
  settings.seconds = seconds.value();
  settings.json = arguments.has("json");
  settings.table = is_terminal(STDOUT_FILENO) && !settings.json && !arguments.has("plain");
  return settings;
}

int listen(const Arguments& arguments) {
  const auto settings = read_settings(arguments);
  if (!settings) {
    std::fprintf(stderr, "omnibroker: listen: %s\n", settings.error().message.c_str());
    return kWrongUsage;
  }
  end_on_request();
  return Listener(settings.value()).run();
}

}  // namespace

Command listen_command() {
  return {{.name = "listen",
           .purpose = "show what a web client gets, and select objects",
           .usage = "",
           .text = "Registers as web_ui and shows what arrives: on a terminal as a table, elsewhere a line\n"
                   "for each message. Type the path of a prim and Enter to select it; lines from a pipe do\n"
                   "the same. When the connection is lost it connects again by itself. q or Ctrl-C ends it.\n",
           .options = {{"select", "", "PRIM", "Select this once, to begin with."},
                       {"count", "n", "NUMBER", "End after so many messages (0: never)."},
                       {"seconds", "s", "NUMBER", "End after so long (0: never)."},
                       {"json", "j", "", "Print each message as it came, a line each."},
                       {"plain", "p", "", "Print lines on a terminal too."},
                       {"url", "u", "URL", "Where the broker is (ws://localhost:8000/ws)."},
                       {"ca", "", "FILE", "PEM certificates to believe a wss:// broker by\n(those of the system)."}},
           .examples = {{"omnibroker listen", "watch everything move"},
                        {"omnibroker listen --json --count 100 > updates.jsonl", "keep a hundred messages"},
                        {"omnibroker listen --select /World/Husky_01 --seconds 1", "select an object, and leave"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          listen};
}

}  // namespace omnibroker::tools
