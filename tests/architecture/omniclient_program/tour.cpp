// A program as it is written for the vendor's C API: C++14, its header and its library, nothing else.
//
//   tour <base URL> full     everything
//   tour <base URL> files    what local files offer; everything else must answer ErrorNotSupported
#include <OmniClient.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

std::atomic<int> connected{0};

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

void expect(OmniClientResult result, OmniClientResult wanted, const char* what) {
  if (result == wanted) return;
  std::fprintf(stderr, "failed: %s: %s, and not %s\n", what, omniClientGetResultString(result),
               omniClientGetResultString(wanted));
  std::exit(1);
}

std::string combine(const std::string& base, const char* other) {
  std::string result;
  size_t size = 0;
  while (omniClientCombineUrls(base.c_str(), other, &result[0], &size) == nullptr) result.resize(size);
  result.resize(size - 1);
  return result;
}

OmniClientResult write(const std::string& url, const char* text, const char* message) {
  static OmniClientResult kept;
  OmniClientContent content = omniClientReferenceContent(const_cast<char*>(text), std::strlen(text));
  omniClientWait(omniClientWriteFile(
      url.c_str(), &content, nullptr, [](void*, OmniClientResult result) noexcept { kept = result; }, message));
  return kept;
}

std::string read(const std::string& url) {
  std::string text;
  omniClientWait(omniClientReadFile(
      url.c_str(), &text, [](void* data, OmniClientResult result, char const*, OmniClientContent* content) noexcept {
        auto& kept = *static_cast<std::string*>(data);
        if (result == eOmniClientResult_Ok) {
          kept.assign(static_cast<char const*>(content->buffer), content->size);
        } else {
          kept = omniClientGetResultString(result);
        }
      }));
  return text;
}

std::vector<std::string> list(const std::string& url) {
  std::vector<std::string> names;
  omniClientWait(omniClientList(
      url.c_str(), &names,
      [](void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
        expect(result, eOmniClientResult_Ok, "list");
        for (uint32_t i = 0; i < count; ++i) {
          static_cast<std::vector<std::string>*>(data)->push_back(entries[i].relativePath);
        }
      }));
  return names;
}

void keep(void* data, OmniClientResult result) noexcept { *static_cast<OmniClientResult*>(data) = result; }

void files(const std::string& base) {
  OmniClientResult result = eOmniClientResult_Error;
  const std::string first = combine(base, "tour/first.txt");
  const std::string second = combine(base, "tour/second.txt");
  expect(write(first, "hello", "the first version"), eOmniClientResult_Ok, "write");
  check(read(first) == "hello", "read");
  omniClientWait(omniClientStat(first.c_str(), &result,
                                [](void* data, OmniClientResult stated, OmniClientListEntry const* entry) noexcept {
                                  *static_cast<OmniClientResult*>(data) = stated;
                                  check(entry->size == 5, "size");
                                  check((entry->flags & fOmniClientItem_ReadableFile) != 0, "flags");
                                }));
  expect(result, eOmniClientResult_Ok, "stat");
  omniClientWait(omniClientCopy(first.c_str(), second.c_str(), &result, keep));
  expect(result, eOmniClientResult_Ok, "copy");
  omniClientWait(omniClientCopy(first.c_str(), second.c_str(), &result, keep));
  expect(result, eOmniClientResult_ErrorAlreadyExists, "copy again");
  check(list(combine(base, "tour")) == std::vector<std::string>({"first.txt", "second.txt"}), "list");
  omniClientWait(omniClientCopy(first.c_str(), second.c_str(), nullptr, nullptr, eOmniClientCopy_Overwrite));
}

struct Heard {
  std::atomic<int> events{0};
  std::atomic<int> messages{0};
};

void together(const std::string& base, OmniClientResult offered) {
  OmniClientResult result = eOmniClientResult_Error;
  const std::string first = combine(base, "tour/first.txt");
  omniClientWait(omniClientLock(first.c_str(), &result, keep));
  expect(result, offered, "lock");
  omniClientWait(omniClientUnlock(first.c_str(), &result, keep));
  expect(result, offered, "unlock");

  std::string query;
  omniClientWait(omniClientCreateCheckpoint(
      first.c_str(), "a checkpoint", true, &query, [](void* data, OmniClientResult made, char const* name) noexcept {
        *static_cast<std::string*>(data) = made == eOmniClientResult_Ok ? name : omniClientGetResultString(made);
      }));
  if (offered == eOmniClientResult_Ok) {
    OmniClientBranchAndCheckpoint* const at = omniClientGetBranchAndCheckpointFromQuery(query.c_str());
    check(at != nullptr && at->checkpoint > 0, "checkpoint");
    omniClientFreeBranchAndCheckpoint(at);
    check(read(first + "?" + query) == "hello", "read a checkpoint");
  } else {
    check(query == "ErrorNotSupported", "checkpoint");
  }

  Heard heard;
  const std::string url = combine(base, "tour/talk.channel");
  const OmniClientRequestId channel = omniClientJoinChannel(
      url.c_str(), &heard,
      [](void* data, OmniClientResult joined, OmniClientChannelEvent event, char const*, OmniClientContent*) noexcept {
        auto& kept = *static_cast<Heard*>(data);
        if (joined == eOmniClientResult_Ok) ++kept.events;
        if (event == eOmniClientChannelEvent_Message) ++kept.messages;
      });
  omniClientWait(channel);
  check((heard.events > 0) == (offered == eOmniClientResult_Ok), "join");
  if (offered == eOmniClientResult_Ok) {
    char word[] = "hello";
    OmniClientContent content = omniClientReferenceContent(word, sizeof word);
    omniClientWait(omniClientSendMessage(channel, &content, &result, keep));
    expect(result, eOmniClientResult_Ok, "send");
    while (heard.messages == 0) omniClientWaitFor(omniClientStat(first.c_str(), nullptr, nullptr), 1000);
  }
  omniClientStop(channel);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::string base = words[1];
  const bool full = std::strcmp(words[2], "full") == 0;
  omniClientSetLogCallback(
      [](char const*, char const* component, OmniClientLogLevel level, char const* message) noexcept {
        std::printf("[%s] %s: %s\n", omniClientGetLogLevelString(level), component, message);
      });
  omniClientSetLogLevel(eOmniClientLogLevel_Debug);
  if (!omniClientInitialize(kOmniClientVersion)) return 3;
  const uint32_t registered = omniClientRegisterConnectionStatusCallback(
      nullptr, [](void*, char const* url, OmniClientConnectionStatus status) noexcept {
        std::printf("%s is %s\n", url, omniClientGetConnectionStatusString(status));
        if (status == eOmniClientConnectionStatus_Connected) ++connected;
      });
  check(registered != 0, "register");

  files(base);
  together(base, full ? eOmniClientResult_Ok : eOmniClientResult_ErrorNotSupported);
  check((connected > 0) == full, "connection status");

  omniClientUnregisterCallback(registered);
  omniClientShutdown();
  std::printf("done\n");
  return 0;
}
