#include "client.hpp"

#include <cstring>
#include <mutex>

namespace omni {
namespace {

std::mutex warning_mutex;
std::string kept_warning;

std::optional<std::string> optional_text(const char* text) {
  return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

void keep_list(void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
  auto& listed = *static_cast<Listed*>(data);
  listed.result = result;
  for (uint32_t i = 0; i < count; ++i) listed.items.push_back(Item::of(entries[i]));
}

}  // namespace

Session::Session() {
  omniClientSetLogCallback([](char const*, char const*, OmniClientLogLevel, char const* message) noexcept {
    std::lock_guard lock(warning_mutex);
    kept_warning = message;
  });
  omniClientSetLogLevel(eOmniClientLogLevel_Warning);
  omniClientInitialize(kOmniClientVersion);
  omniClientSetProductInfo("omni", OMNICLIENT_BUILD_STRING, nullptr);
}

Session::~Session() {
  omniClientShutdown();
  omniClientSetLogCallback(nullptr);
}

std::string Session::last_warning() {
  std::lock_guard lock(warning_mutex);
  return kept_warning;
}

Item Item::of(const OmniClientListEntry& entry) {
  Item item;
  item.path = entry.relativePath == nullptr ? "" : entry.relativePath;
  item.access = entry.access;
  item.flags = entry.flags;
  item.size = entry.size;
  item.modified_ns = entry.modifiedTimeNs;
  item.created_ns = entry.createdTimeNs;
  item.deleted_ns = entry.deletedTimeNs;
  item.modified_by = optional_text(entry.modifiedBy);
  item.created_by = optional_text(entry.createdBy);
  item.deleted_by = optional_text(entry.deletedBy);
  item.locked_by = optional_text(entry.lockedBy);
  item.version = optional_text(entry.version);
  item.hash = optional_text(entry.hash);
  item.comment = optional_text(entry.comment);
  return item;
}

Stated stat(const std::string& url, OmniClientListIncludeOption include) {
  Stated stated;
  omniClientWait(omniClientStat2(url.c_str(), include, &stated,
                                 [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
                                   *static_cast<Stated*>(data) = {result, Item::of(*entry)};
                                 }));
  return stated;
}

Listed list(const std::string& url, OmniClientListIncludeOption include) {
  Listed listed;
  omniClientWait(omniClientList2(url.c_str(), include, &listed, keep_list));
  return listed;
}

Listed list_checkpoints(const std::string& url) {
  Listed listed;
  omniClientWait(omniClientListCheckpoints(url.c_str(), &listed, keep_list));
  return listed;
}

void read(const std::string& url, Read& got) {
  omniClientWait(omniClientReadFile(
      url.c_str(), &got, [](void* data, OmniClientResult result, char const*, OmniClientContent* content) noexcept {
        auto& read = *static_cast<Read*>(data);
        read.result = result;
        read.content = omniClientMoveContent(content);
      }));
}

OmniClientContent content_of(std::string_view bytes) {
  auto content = omniClientAllocContent(bytes.size());
  if (content.buffer != nullptr) std::memcpy(content.buffer, bytes.data(), bytes.size());
  return content;
}

OmniClientResult write(const std::string& url, std::string_view bytes, const std::string& message) {
  auto content = content_of(bytes);
  if (content.size != bytes.size()) return eOmniClientResult_Error;
  return wait_for([&](void* data, Plain answer) {
    return omniClientWriteFile(url.c_str(), &content, data, answer, message.empty() ? nullptr : message.c_str());
  });
}

OmniClientResult wait_for(const std::function<OmniClientRequestId(void*, Plain)>& begin) {
  auto result = eOmniClientResult_ErrorConnection;
  omniClientWait(begin(&result, [](void* data, OmniClientResult answered) noexcept {
    *static_cast<OmniClientResult*>(data) = answered;
  }));
  return result;
}

}  // namespace omni
