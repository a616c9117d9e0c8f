#pragma once

#include "OmniClient.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The C API as commands like to use it: calls that wait for their answers.
namespace omni {

/// Starts the library, and shuts it down. Warnings of its log are kept, to be told with a failure.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The last warning of the library; empty where there was none.
  static std::string last_warning();
};

struct Item {
  std::string path;
  std::uint32_t access = 0;
  std::uint32_t flags = 0;
  std::uint64_t size = 0;
  std::uint64_t modified_ns = 0;
  std::uint64_t created_ns = 0;
  std::uint64_t deleted_ns = 0;
  std::optional<std::string> modified_by, created_by, deleted_by, locked_by, version, hash, comment;

  bool is_folder() const { return (flags & fOmniClientItem_CanHaveChildren) != 0; }
  static Item of(const OmniClientListEntry& entry);
};

struct Stated {
  OmniClientResult result = eOmniClientResult_ErrorConnection;
  Item item;
};
struct Listed {
  OmniClientResult result = eOmniClientResult_ErrorConnection;
  std::vector<Item> items;
};
struct Read {
  OmniClientResult result = eOmniClientResult_ErrorConnection;
  OmniClientContent content{};

  Read() = default;
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;
  ~Read() { omniClientFreeContent(&content); }
  std::string_view view() const { return {static_cast<const char*>(content.buffer), content.size}; }
};

Stated stat(const std::string& url,
            OmniClientListIncludeOption include = eOmniClientListIncludeOption_DefaultNotDeleted);
Listed list(const std::string& url, OmniClientListIncludeOption include);
Listed list_checkpoints(const std::string& url);
void read(const std::string& url, Read& read);
OmniClientResult write(const std::string& url, std::string_view bytes, const std::string& message);

/// Runs a request whose callback has nothing but a result. `begin` is given its callback's data and the callback.
using Plain = void(OMNICLIENT_ABI*)(void*, OmniClientResult) OMNICLIENT_CALLBACK_NOEXCEPT;
OmniClientResult wait_for(const std::function<OmniClientRequestId(void*, Plain)>& begin);

OmniClientContent content_of(std::string_view bytes);
inline std::string_view view_of(const OmniClientContent* content) {
  return content == nullptr ? std::string_view()
                            : std::string_view(static_cast<const char*>(content->buffer), content->size);
}

inline bool is_ok(OmniClientResult result) {
  return result == eOmniClientResult_Ok || result == eOmniClientResult_OkLatest ||
         result == eOmniClientResult_OkNotYetFound;
}

}  // namespace omni
