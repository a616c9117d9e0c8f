// lock, unlock, acl get, acl set, channel join, channel send.
#include "command.hpp"
#include "content.hpp"
#include "output.hpp"
#include "until.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace omni {
namespace {

/// Runs a program and answers its exit status.
int run_program(const std::vector<std::string>& line) {
  std::vector<char*> words;
  for (const auto& word : line) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, words[0], nullptr, nullptr, words.data(), environ);
  if (error != 0) return fail("run " + line[0], std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

OmniClientResult unlock_now(const std::string& url) {
  return wait_for([&](void* data, Plain answer) { return omniClientUnlock(url.c_str(), data, answer); });
}

/// A lock, and whether it is still there: it ends with its connection, and nothing brings it back.
class Lock {
 public:
  explicit Lock(std::string url)
      : url_(std::move(url)), watch_(omniClientRegisterConnectionStatusCallback(this, connection_changed)) {}
  ~Lock() { omniClientUnregisterCallback(watch_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  OmniClientResult take() {
    omniClientWait(omniClientLock(url_.c_str(), this, [](void* data, OmniClientResult result) noexcept {
      auto& lock = *static_cast<Lock*>(data);
      lock.taken_ = result;
      if (result == eOmniClientResult_Ok) lock.state_ = State::Held;
    }));
    return taken_;
  }
  /// `status`, or a failure where the lock was lost or cannot be given back.
  int give_back(int status) {
    auto held = State::Held;
    if (!state_.compare_exchange_strong(held, State::None)) return kFailed;  // It has been said.
    const auto unlocked = unlock_now(url_);
    return unlocked == eOmniClientResult_Ok ? status : fail("unlock", unlocked, url_);
  }

  Until until;  ///< ^C, or the end of the lock. ^C reaches a program that runs as well.

 private:
  enum class State { None, Held, Lost };

  /// The program talks to one server, so it is the lock's.
  static void connection_changed(void* data, char const*, OmniClientConnectionStatus status) noexcept {
    if (status == eOmniClientConnectionStatus_Connecting || status == eOmniClientConnectionStatus_Connected) return;
    auto& lock = *static_cast<Lock*>(data);
    auto held = State::Held;
    if (!lock.state_.compare_exchange_strong(held, State::Lost)) return;
    fail("keep the lock of " + lock.url_, "the connection that had it is gone, and somebody else may have it by now");
    lock.until.end();
  }

  const std::string url_;
  std::atomic<State> state_{State::None};
  OmniClientResult taken_ = eOmniClientResult_ErrorConnection;
  const std::uint32_t watch_;
};

int lock(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  Lock lock(url);
  const auto result = lock.take();
  if (result != eOmniClientResult_Ok) return fail("lock", result, url);
  int status = kDone;
  if (arguments.rest.empty()) {
    if (json()) {
      print(Json().text("done", "lock").text("url", url));
    } else {
      print("locked " + printable(url));
    }
    lock.until.wait();
  } else {
    status = run_program(arguments.rest);
  }
  return lock.give_back(status);
}

int unlock(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto result = unlock_now(url);
  if (result != eOmniClientResult_Ok) return fail("unlock", result, url);
  if (json()) print(Json().text("done", "unlock").text("url", url));
  return kDone;
}

struct Acl {
  OmniClientResult result = eOmniClientResult_ErrorConnection;
  std::vector<std::pair<std::string, std::uint32_t>> entries;
};

int get_acl(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  Acl acl;
  omniClientWait(omniClientGetAcls(
      url.c_str(), &acl, [](void* data, OmniClientResult result, uint32_t count, OmniClientAclEntry* entries) noexcept {
        auto& got = *static_cast<Acl*>(data);
        got.result = result;
        for (uint32_t i = 0; i < count; ++i) got.entries.emplace_back(entries[i].name, entries[i].access);
      }));
  if (acl.result != eOmniClientResult_Ok) return fail("get the rights of", acl.result, url);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, access] : acl.entries) {
    if (json()) print(Json().text("name", name).text("access", access_text(access)));
    if (!json()) rows.push_back({access_text(access), printable(name)});
  }
  print_table(rows, {});
  return kDone;
}

/// `name=rwa`, with any of the letters; none of them is `name=`.
std::pair<std::string, std::uint32_t> read_right(const std::string& word) {
  const auto equals = word.rfind('=');
  const auto wrong = WrongUsage("a right is NAME=ACCESS with some of the letters r, w and a, not `" + word + "`");
  if (equals == std::string::npos || equals == 0) throw wrong;
  std::uint32_t access = 0;
  for (const char letter : word.substr(equals + 1)) {
    const auto at = std::string_view("rwa").find(letter);
    if (at == std::string_view::npos) throw wrong;
    access |= 1u << at;
  }
  return {word.substr(0, equals), access};
}

int set_acl(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  std::vector<std::pair<std::string, std::uint32_t>> rights;
  for (std::size_t i = 1; i < arguments.words.size(); ++i) rights.push_back(read_right(arguments.words[i]));
  std::vector<OmniClientAclEntry> entries;
  for (const auto& [name, access] : rights) entries.push_back({name.c_str(), access});
  const auto result = wait_for([&](void* data, Plain answer) {
    return omniClientSetAcls(url.c_str(), static_cast<uint32_t>(entries.size()), entries.data(), data, answer);
  });
  if (result != eOmniClientResult_Ok) return fail("set the rights of", result, url);
  if (json()) print(Json().text("done", "acl").text("url", url));
  return kDone;
}

/// A member of a channel.
struct Member {
  Until until;
  std::uint64_t left = 0;  ///< Messages; 0: until it is interrupted.
  bool silent = false;
  bool ended = false;
  std::atomic<OmniClientResult> last{eOmniClientResult_Ok};
};

const char* event_name(OmniClientChannelEvent event) {
  switch (event) {
    case eOmniClientChannelEvent_Message: return "message";
    case eOmniClientChannelEvent_Hello: return "hello";
    case eOmniClientChannelEvent_Join: return "join";
    case eOmniClientChannelEvent_Left: return "left";
    case eOmniClientChannelEvent_Deleted: return "deleted";
    default: return "error";
  }
}

void heard(void* data, OmniClientResult result, OmniClientChannelEvent event, char const* from,
           OmniClientContent* content) noexcept {
  auto& member = *static_cast<Member*>(data);
  if (!is_ok(result)) {
    member.last = result;
    return member.until.end();
  }
  if (member.ended) return;
  if (!member.silent) {
    const auto bytes = view_of(content);
    const bool message = event == eOmniClientChannelEvent_Message;
    if (json()) {
      print(Json().text("event", event_name(event)).text("from", from).bytes("content", bytes));
    } else {
      print(std::string(event_name(event)) + " " + printable(from) +
            (message ? ": " + printable(std::string(bytes)) : ""));
    }
  }
  member.ended = event == eOmniClientChannelEvent_Deleted ||
                 (event == eOmniClientChannelEvent_Message && member.left > 0 && --member.left == 0);
  if (member.ended) member.until.end();
}

int join(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  Member member;
  member.left = arguments.count("count");
  const auto id = omniClientJoinChannel(url.c_str(), &member, heard);
  member.until.wait();
  omniClientStop(id);
  return is_ok(member.last) ? kDone : fail("stay in the channel", member.last, url);
}

int send(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto text = content_argument(arguments.words[1]);
  if (!text) return fail("read standard input", "it cannot be read");
  Member member;
  member.silent = true;
  const auto id = omniClientJoinChannel(url.c_str(), &member, heard);
  omniClientWait(id);
  if (!is_ok(member.last)) return fail("join the channel", member.last, url);
  auto content = content_of(*text);
  const auto result =
      wait_for([&](void* data, Plain answer) { return omniClientSendMessage(id, &content, data, answer); });
  omniClientStop(id);
  if (result != eOmniClientResult_Ok) return fail("send to", result, url);
  if (json()) print(Json().text("done", "send").text("url", url));
  return kDone;
}

}  // namespace

std::vector<Command> sharing_commands() {
  return {
      {"lock",
       "URL [-- PROGRAM...]",
       "Lock a file until ^C, or while a program runs",
       "A lock ends with the connection that has it: then this is told, and the exit status is 1. A program goes on;\n"
       "otherwise its exit status is that of omni.",
       {},
       1,
       1,
       true,
       lock},
      {"unlock",
       "URL",
       "Take a lock away",
       "Only who has it may; others where the server allows it.",
       {},
       1,
       1,
       false,
       unlock},
      {"acl get", "URL", "Print who has rights to an item", "", {}, 1, 1, false, get_acl},
      {"acl set",
       "URL [NAME=ACCESS...]",
       "Set who has rights to an item",
       "ACCESS is some of the letters r (read), w (write) and a (administrate). Without any right of its own the item\n"
       "inherits those of its folder.",
       {},
       1,
       1000,
       false,
       set_acl},
      {"channel join",
       "[-n N] URL",
       "Print what is said in a channel, until ^C",
       "",
       {{'n', "count", "N", "end after N messages"}},
       1,
       1,
       false,
       join},
      {"channel send", "URL TEXT", "Say something in a channel", "TEXT as - is standard input.", {}, 2, 2, false, send},
  };
}

}  // namespace omni
