// What tools/bench/nucleus measures with libomniclient. Each command prints how many seconds it took, the start of the
// library and the first connection left out:
//
//   copy FROM TO            one file, on both sides whatever has a URL
//   write URL COUNT SIZE    that many files of that many bytes into a folder, AT_ONCE of them under way
//   list URL COUNT          a folder, in which there must be that many
//   stat URL COUNT DEPTH    the same item that often, DEPTH of them under way
#include "OmniClient.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kAtOnce = 32;

/// Keeps so many requests under way until all have been answered.
class Flight {
 public:
  explicit Flight(std::size_t depth) : depth_(depth) {}

  void begin(const std::function<OmniClientRequestId(Flight*)>& request) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return under_way_ < depth_; });
      ++under_way_;
    }
    if (request(this) == kInvalidRequestId) answered(eOmniClientResult_Error);
  }

  void answered(OmniClientResult result) {
    std::lock_guard lock(mutex_);
    if (result != eOmniClientResult_Ok) failed_ = result;
    --under_way_;
    changed_.notify_all();
  }

  OmniClientResult end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
    return failed_;
  }

 private:
  const std::size_t depth_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  OmniClientResult failed_ = eOmniClientResult_Ok;
};

void plain_answer(void* data, OmniClientResult result) noexcept { static_cast<Flight*>(data)->answered(result); }

void stat_answer(void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
  static_cast<Flight*>(data)->answered(result);
}

OmniClientResult copy(const std::string& from, const std::string& to) {
  Flight flight(1);
  flight.begin([&](Flight* data) {
    return omniClientCopy(from.c_str(), to.c_str(), data, plain_answer, eOmniClientCopy_Overwrite);
  });
  return flight.end();
}

OmniClientResult write(const std::string& url, std::size_t count, std::size_t size) {
  Flight flight(kAtOnce);
  std::vector<char> bytes(size, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = url + "/" + std::to_string(i);
    const auto number = name.substr(0, size);
    number.copy(bytes.data(), number.size());  // Contents differ, so that none of them is found to be there already.
    flight.begin([&](Flight* data) {
      auto content = omniClientReferenceContent(bytes.data(), bytes.size());
      return omniClientWriteFile(name.c_str(), &content, data, plain_answer);
    });
  }
  return flight.end();
}

OmniClientResult list(const std::string& url, std::size_t expected) {
  struct {
    OmniClientResult result = eOmniClientResult_Error;
    std::size_t count = 0;
  } listed;
  omniClientWait(
      omniClientList(url.c_str(), &listed,
                     [](void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const*) noexcept {
                       *static_cast<decltype(listed)*>(data) = {result, count};
                     }));
  if (listed.result == eOmniClientResult_Ok && listed.count != expected) return eOmniClientResult_ErrorNotFound;
  return listed.result;
}

OmniClientResult stat(const std::string& url, std::size_t count, std::size_t depth) {
  Flight flight(depth);
  for (std::size_t i = 0; i < count; ++i) {
    flight.begin([&](Flight* data) { return omniClientStat(url.c_str(), data, stat_answer); });
  }
  return flight.end();
}

/// What comes first on a connection is connecting; an error is found again by what is measured.
void connect(const std::string& url) {
  Flight flight(1);
  flight.begin([&](Flight* data) { return omniClientStat(url.c_str(), data, stat_answer); });
  flight.end();
}

std::size_t number(const std::string& word) {
  return static_cast<std::size_t>(std::strtoull(word.c_str(), nullptr, 10));
}

int run(const std::vector<std::string>& words) {
  const auto is = [&](const char* name, std::size_t count) { return words.size() == count && words[0] == name; };
  std::function<OmniClientResult()> measured;
  if (is("copy", 3)) measured = [&] { return copy(words[1], words[2]); };
  if (is("write", 4)) measured = [&] { return write(words[1], number(words[2]), number(words[3])); };
  if (is("list", 3)) measured = [&] { return list(words[1], number(words[2])); };
  if (is("stat", 4)) measured = [&] { return stat(words[1], number(words[2]), number(words[3])); };
  if (!measured) {
    std::fputs("expected: copy FROM TO | write URL COUNT SIZE | list URL COUNT | stat URL COUNT DEPTH\n", stderr);
    return 2;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].find(':') != std::string::npos) connect(words[i]);
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto result = measured();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (result != eOmniClientResult_Ok) {
    std::fprintf(stderr, "%s: %s\n", words[0].c_str(), omniClientGetResultString(result));
    return 1;
  }
  std::printf("%.6f\n", took.count());
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (!omniClientInitialize(kOmniClientVersion)) return 1;
  const int status = run({words + 1, words + count});
  omniClientShutdown();
  return status;
}
