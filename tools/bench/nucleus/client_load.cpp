// Does one kind of work through libomniclient's public API and says how long it took, in seconds, on standard output:
//
//   omniclient_load copy FROM TO          one file, between any two schemes
//   omniclient_load write FOLDER N        N files of 1 kB, at most 256 requests under way
//   omniclient_load list FOLDER N         the folder, which must have N entries
//   omniclient_load stat URL N WINDOW     N times, at most WINDOW requests under way
//
// and the same work without client library and server, which bounds what they can reach:
//
//   omniclient_load bare-write FOLDER N SYNC     files of the file system, each on the disk where SYNC is 1
//   omniclient_load bare-list FOLDER N
//   omniclient_load bare-trips N WINDOW          messages of a stat's size to a thread that answers them, over loopback
//   TCP
//
// The time begins when the connection is there: one request has been answered by then.

#include <OmniClient.h>
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr std::size_t kFileSize = 1024;
constexpr int kWriteWindow = 256;
// What a `stat2` of a path with three folders and its answer take on the wire, WebSocket framing included.
constexpr std::size_t kRequestSize = 110;
constexpr std::size_t kAnswerSize = 420;

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "omniclient_load: %s\n", what.c_str());
  std::_Exit(1);
}

void expect_ok(OmniClientResult result, const std::string& what) {
  if (result != eOmniClientResult_Ok && result != eOmniClientResult_OkLatest) {
    fail(what + ": " + omniClientGetResultString(result));
  }
}

/// Holds back who starts requests while too many are under way.
class Window {
 public:
  explicit Window(int size) : size_(size) {}

  void enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ < size_; });
    ++under_way_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --under_way_;
    changed_.notify_all();
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }

 private:
  const int size_;
  int under_way_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// No two are alike: a server that keeps equal contents once would else have it too easy.
std::string small_content(int number) {
  std::string content(kFileSize, 'x');
  content.replace(0, 0, std::to_string(Clock::now().time_since_epoch().count()) + " " + std::to_string(number) + " ");
  content.resize(kFileSize);
  return content;
}

std::string file_in(const std::string& folder, int number) { return folder + "/f" + std::to_string(number); }

void wait_for_connection(const std::string& url) {
  omniClientWait(
      omniClientStat(url.c_str(), nullptr, [](void*, OmniClientResult, OmniClientListEntry const*) noexcept {}));
}

void copy(const std::string& from, const std::string& to) {
  omniClientWait(omniClientCopy(
      from.c_str(), to.c_str(), nullptr, [](void*, OmniClientResult result) noexcept { expect_ok(result, "copy"); },
      eOmniClientCopy_Overwrite, nullptr));
}

void write(const std::string& folder, int count) {
  Window window(kWriteWindow);
  for (int i = 0; i < count; ++i) {
    window.enter();
    auto text = small_content(i);
    auto content = omniClientAllocContent(text.size());
    std::copy(text.begin(), text.end(), static_cast<char*>(content.buffer));
    omniClientWriteFile(file_in(folder, i).c_str(), &content, &window,
                        [](void* data, OmniClientResult result) noexcept {
                          expect_ok(result, "write");
                          static_cast<Window*>(data)->leave();
                        });
  }
  window.wait_until_empty();
}

void list(const std::string& folder, int count) {
  std::uint32_t found = 0;
  omniClientWait(omniClientList(
      folder.c_str(), &found,
      [](void* data, OmniClientResult result, std::uint32_t entries, OmniClientListEntry const*) noexcept {
        expect_ok(result, "list");
        *static_cast<std::uint32_t*>(data) = entries;
      }));
  if (found != static_cast<std::uint32_t>(count)) fail("the folder has " + std::to_string(found) + " entries");
}

void stat(const std::string& url, int count, int width) {
  Window window(width);
  for (int i = 0; i < count; ++i) {
    window.enter();
    omniClientStat(url.c_str(), &window, [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
      expect_ok(result, "stat");
      static_cast<Window*>(data)->leave();
    });
  }
  window.wait_until_empty();
}

void bare_write(const std::string& folder, int count, bool sync) {
  for (int i = 0; i < count; ++i) {
    const auto content = small_content(i);
    const int file = ::open(file_in(folder, i).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      fail("write");
    if (sync && ::fsync(file) != 0) fail("fsync");
    ::close(file);
  }
}

/// Names and what a listing says of each.
void bare_list(const std::string& folder, int count) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    struct stat about = {};
    if (::lstat(entry.path().c_str(), &about) != 0) fail("lstat");
    ++found;
  }
  if (found != count) fail("the folder has " + std::to_string(found) + " entries");
}

void transfer_all(int socket, char* data, std::size_t size, bool out) {
  while (size > 0) {
    const auto moved = out ? ::send(socket, data, size, MSG_NOSIGNAL) : ::recv(socket, data, size, 0);
    if (moved <= 0) fail("the connection on loopback broke");
    data += moved;
    size -= static_cast<std::size_t>(moved);
  }
}

/// Both ends of a TCP connection over loopback, without delay of small messages.
std::array<int, 2> loopback_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, raw, size) != 0 || ::listen(listener, 1) != 0 || ::getsockname(listener, raw, &size) != 0) {
    fail("cannot listen on loopback");
  }
  const int near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(near, raw, size) != 0) fail("cannot connect on loopback");
  const int far = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  const int on = 1;
  for (const int end : {near, far}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {near, far};
}

/// One write for each message, as a client and a server make that answer at once. WINDOW requests are sent before the
/// first answer is read.
void bare_trips(int count, int width) {
  const auto [near, far] = loopback_pair();
  std::thread server([&, far = far] {
    std::array<char, kAnswerSize> buffer = {};
    for (int i = 0; i < count; ++i) {
      transfer_all(far, buffer.data(), kRequestSize, false);
      transfer_all(far, buffer.data(), kAnswerSize, true);
    }
  });
  Window window(width);
  std::thread reader([&, near = near] {
    std::array<char, kAnswerSize> buffer = {};
    for (int i = 0; i < count; ++i) {
      transfer_all(near, buffer.data(), kAnswerSize, false);
      window.leave();
    }
  });
  std::array<char, kRequestSize> request = {};
  for (int i = 0; i < count; ++i) {
    window.enter();
    transfer_all(near, request.data(), request.size(), true);
  }
  reader.join();
  server.join();
  ::close(near);
  ::close(far);
}

template <typename Work>
void timed(const Work& work) {
  const auto begun = Clock::now();
  work();
  std::printf("%.6f\n", std::chrono::duration<double>(Clock::now() - begun).count());
}

}  // namespace

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  const auto text = [&](int i) -> std::string {
    if (i >= count) fail("a word is missing");
    return words[i];
  };
  const auto number = [&](int i) { return std::atoi(text(i).c_str()); };
  if (what == "bare-write") return timed([&] { bare_write(text(2), number(3), number(4) != 0); }), 0;
  if (what == "bare-list") return timed([&] { bare_list(text(2), number(3)); }), 0;
  if (what == "bare-trips") return timed([&] { bare_trips(number(2), number(3)); }), 0;

  if (!omniClientInitialize(kOmniClientVersion)) fail("the library has another version");
  omniClientSetLogLevel(eOmniClientLogLevel_Error);
  omniClientBypassListCache(true);
  wait_for_connection(text(2));
  if (what == "copy") {
    if (text(3).rfind("omniverse:", 0) == 0) wait_for_connection(text(3));
    timed([&] { copy(text(2), text(3)); });
  } else if (what == "write") {
    timed([&] { write(text(2), number(3)); });
  } else if (what == "list") {
    timed([&] { list(text(2), number(3)); });
  } else if (what == "stat") {
    timed([&] { stat(text(2), number(3), number(4)); });
  } else {
    fail("unknown work: " + what);
  }
  omniClientShutdown();
  return 0;
}
