#include "client.hpp"

#include "providers/memory/faults.hpp"

#include <atomic>
#include <unistd.h>

namespace client {
namespace {

namespace fs = std::filesystem;

std::string text(const char* pointer) { return pointer == nullptr ? "" : pointer; }

OmniClientContent content_of(std::string_view bytes) {
  auto content = omniClientAllocContent(bytes.size());
  if (!bytes.empty()) bytes.copy(static_cast<char*>(content.buffer), bytes.size());
  return content;
}

std::string bytes_of(const OmniClientContent* content) {
  return content->size == 0 ? "" : std::string(static_cast<const char*>(content->buffer), content->size);
}

void keep_result(void* data, OmniClientResult result) noexcept { *static_cast<OmniClientResult*>(data) = result; }

void keep_list(void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
  auto& listed = *static_cast<Listed*>(data);
  listed.result = result;
  for (uint32_t i = 0; i < count; ++i) listed.items.push_back(Item::of(&entries[i]));
}

void keep_text(void* data, OmniClientResult result, char const* string) noexcept {
  *static_cast<Texted*>(data) = {result, text(string)};
}

}  // namespace

Library::Library() {
  static std::atomic<int> last{0};
  folder_ = fs::temp_directory_path() / ("omniclient-" + std::to_string(getpid()) + "-" + std::to_string(++last));
  fs::create_directories(folder_ / "files");
  setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
  setenv("OMNICLIENT_MEMORY_PROVIDER", "1", 1);
  omniclient::memory::set_faults({});
  EXPECT_TRUE(omniClientInitialize(kOmniClientVersion));
}

Library::~Library() {
  omniClientShutdown();
  omniclient::memory::set_faults({});
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Item Item::of(const OmniClientListEntry* entry) {
  if (entry == nullptr) return {};
  return {text(entry->relativePath), entry->access,        entry->flags,          entry->size,
          text(entry->hash),         text(entry->comment), text(entry->lockedBy), text(entry->createdBy),
          text(entry->deletedBy),    text(entry->version)};
}

std::vector<std::string> Listed::names() const {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.path);
  return names;
}

Stated stat(const std::string& url, OmniClientListIncludeOption include) {
  Stated stated;
  omniClientWait(omniClientStat2(url.c_str(), include, &stated,
                                 [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
                                   *static_cast<Stated*>(data) = {result, Item::of(entry)};
                                 }));
  return stated;
}

Listed list(const std::string& url, OmniClientListIncludeOption include) {
  Listed listed;
  omniClientWait(omniClientList2(url.c_str(), include, &listed, keep_list));
  return listed;
}

Read read(const std::string& url) {
  Read got;
  omniClientWait(omniClientReadFile(
      url.c_str(), &got, [](void* data, OmniClientResult result, char const*, OmniClientContent* content) noexcept {
        *static_cast<Read*>(data) = {result, bytes_of(content)};
      }));
  return got;
}

OmniClientResult write(const std::string& url, std::string_view text, const char* message) {
  auto result = eOmniClientResult_Error;
  auto content = content_of(text);
  omniClientWait(omniClientWriteFile(url.c_str(), &content, &result, keep_result, message));
  return result;
}

OmniClientResult write_without_checkpoint(const std::string& url, std::string_view text) {
  auto result = eOmniClientResult_Error;
  auto content = content_of(text);
  const OmniClientWriteFileEx2Options options{kOmniClientWriteFileEx2OptionsVersion, true, nullptr};
  omniClientWait(omniClientWriteFileEx2(
      url.c_str(), &content, &result,
      [](void* data, OmniClientResult written, OmniClientWriteFileExInfo const*) noexcept {
        keep_result(data, written);
      },
      &options));
  return result;
}

OmniClientResult call(Plain function, const std::string& url) {
  auto result = eOmniClientResult_Error;
  omniClientWait(function(url.c_str(), &result, keep_result));
  return result;
}

OmniClientResult create_folder(const std::string& url) { return call(omniClientCreateFolder, url); }
OmniClientResult delete_item(const std::string& url) { return call(omniClientDelete, url); }
OmniClientResult remove_single(const std::string& url) { return call(omniClientDeleteSingle, url); }

OmniClientResult copy(const std::string& from, const std::string& to, OmniClientCopyBehavior behavior) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientCopy(from.c_str(), to.c_str(), &result, keep_result, behavior));
  return result;
}

Moved move(const std::string& from, const std::string& to, OmniClientCopyBehavior behavior) {
  Moved moved;
  omniClientWait(omniClientMove(
      from.c_str(), to.c_str(), &moved,
      [](void* data, OmniClientResult result, bool copied) noexcept {
        *static_cast<Moved*>(data) = {result, copied};
      },
      behavior));
  return moved;
}

Texted create_checkpoint(const std::string& url, const char* comment, bool force) {
  Texted texted;
  omniClientWait(omniClientCreateCheckpoint(url.c_str(), comment, force, &texted, keep_text));
  return texted;
}

Listed list_checkpoints(const std::string& url) {
  Listed listed;
  omniClientWait(omniClientListCheckpoints(url.c_str(), &listed, keep_list));
  return listed;
}

Texted local_file(const std::string& url, OmniClientRequestId* id) {
  Texted texted;
  const auto request = omniClientGetLocalFile(url.c_str(), true, &texted, keep_text);
  omniClientWait(request);
  if (id != nullptr) {
    *id = request;
  } else {
    omniClientStop(request);
  }
  return texted;
}

Texted connection_id(const std::string& url) {
  Texted texted;
  omniClientWait(omniClientGetServerInfo(
      url.c_str(), &texted, [](void* data, OmniClientResult result, OmniClientServerInfo const* info) noexcept {
        *static_cast<Texted*>(data) = {result, text(info->connectionId)};
      }));
  return texted;
}

std::string text_of(const std::function<char*(char*, size_t*)>& function) {
  size_t size = 0;
  EXPECT_EQ(function(nullptr, &size), nullptr);
  std::string text(size, '\0');
  EXPECT_EQ(function(text.data(), &size), text.data());
  text.resize(size - 1);
  return text;
}

Watch::Watch(const std::string& url, bool contents) {
  const auto change = [](void* data, OmniClientResult result, OmniClientListEvent event,
                         OmniClientListEntry const* entry) noexcept {
    static_cast<Watch*>(data)->changes.add({result, event, Item::of(entry)});
  };
  if (contents) {
    id_ = omniClientListSubscribe(
        url.c_str(), this,
        [](void* data, OmniClientResult result, uint32_t, OmniClientListEntry const*) noexcept {
          static_cast<Watch*>(data)->firsts.add(result);
        },
        change);
  } else {
    id_ = omniClientStatSubscribe(
        url.c_str(), this,
        [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
          static_cast<Watch*>(data)->firsts.add(result);
        },
        change);
  }
}

Watch Watch::item(const std::string& url) { return Watch(url, false); }
Watch Watch::folder(const std::string& url) { return Watch(url, true); }
Watch::~Watch() { omniClientStop(id_); }

Member::Member(const std::string& url)
    : id_(omniClientJoinChannel(url.c_str(), this,
                                [](void* data, OmniClientResult result, OmniClientChannelEvent event, char const* from,
                                   OmniClientContent* content) noexcept {
                                  static_cast<Member*>(data)->said.add({result, event, text(from), bytes_of(content)});
                                })) {}

Member::~Member() { omniClientStop(id_); }

OmniClientResult Member::send(std::string_view text) {
  auto result = eOmniClientResult_Error;
  auto content = content_of(text);
  const auto request = omniClientSendMessage(id_, &content, &result, keep_result);
  if (request == kInvalidRequestId) return eOmniClientResult_ErrorBadRequest;
  omniClientWait(request);
  return result;
}

}  // namespace client
