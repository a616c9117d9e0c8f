#pragma once

#include "OmniClient.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

/// The C API as tests like to use it: blocking calls that answer values, and collectors for what is called back.
namespace client {

constexpr auto kOk = eOmniClientResult_Ok;

/// Starts the library for a test, with the memory provider and a settings folder of its own, and shuts it down.
class Library {
 public:
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// What a callback has been given, for another thread to wait for.
template <class T>
class Collected {
 public:
  void add(T value) {
    std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }

  /// Waits until there are `count`, and answers all of them.
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return values_.size() >= count; });
    return values_;
  }

  /// Waits until one of them is like that.
  T wait_until(const std::function<bool(const T&)>& wanted) {
    std::unique_lock lock(mutex_);
    for (std::size_t next = 0;; ++next) {
      changed_.wait(lock, [&] { return values_.size() > next; });
      if (wanted(values_[next])) return values_[next];
    }
  }

  std::vector<T> all() const {
    std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

struct Item {
  std::string path;
  std::uint32_t access = 0;
  std::uint32_t flags = 0;
  std::uint64_t size = 0;
  std::string hash, comment, locked_by, created_by, deleted_by, version;

  static Item of(const OmniClientListEntry* entry);
};

struct Stated {
  OmniClientResult result = eOmniClientResult_Error;
  Item item;
};
struct Listed {
  OmniClientResult result = eOmniClientResult_Error;
  std::vector<Item> items;
  std::vector<std::string> names() const;
};
struct Read {
  OmniClientResult result = eOmniClientResult_Error;
  std::string content;
};
struct Moved {
  OmniClientResult result = eOmniClientResult_Error;
  bool copied = false;
};
struct Texted {
  OmniClientResult result = eOmniClientResult_Error;
  std::string text;
};
struct Named {
  OmniClientResult result = eOmniClientResult_Error;
  std::vector<std::string> names;
};

Stated stat(const std::string& url,
            OmniClientListIncludeOption include = eOmniClientListIncludeOption_DefaultNotDeleted);
Listed list(const std::string& url,
            OmniClientListIncludeOption include = eOmniClientListIncludeOption_DefaultNotDeleted);
Read read(const std::string& url);
OmniClientResult write(const std::string& url, std::string_view text, const char* message = nullptr);
OmniClientResult write_without_checkpoint(const std::string& url, std::string_view text);
OmniClientResult create_folder(const std::string& url);
OmniClientResult copy(const std::string& from, const std::string& to,
                      OmniClientCopyBehavior behavior = eOmniClientCopy_ErrorIfExists);
Moved move(const std::string& from, const std::string& to,
           OmniClientCopyBehavior behavior = eOmniClientCopy_ErrorIfExists);
OmniClientResult delete_item(const std::string& url);
OmniClientResult remove_single(const std::string& url);
Texted create_checkpoint(const std::string& url, const char* comment, bool force = false);
Listed list_checkpoints(const std::string& url);
Texted local_file(const std::string& url, OmniClientRequestId* id = nullptr);
Texted connection_id(const std::string& url);

/// Functions of the form `f(url, user_data, callback with a result)`.
using Plain = OmniClientRequestId (*)(char const*, void*, OmniClientLockCallback);
OmniClientResult call(Plain function, const std::string& url);

/// Functions that write into a buffer.
std::string text_of(const std::function<char*(char*, size_t*)>& function);

struct Change {
  OmniClientResult result;
  OmniClientListEvent event;
  Item item;
};

/// A subscription that is stopped with this.
class Watch {
 public:
  static Watch item(const std::string& url);
  static Watch folder(const std::string& url);
  ~Watch();
  Watch(Watch&&) = delete;

  OmniClientRequestId id() const { return id_; }
  /// Waits for the first answer.
  OmniClientResult first() { return firsts.wait_for(1).front(); }
  /// Waits until something has happened to an item.
  Change until(OmniClientListEvent event, const std::string& name) {
    return changes.wait_until([&](const Change& change) { return change.event == event && change.item.path == name; });
  }

  Collected<OmniClientResult> firsts;
  Collected<Change> changes;

 private:
  explicit Watch(const std::string& url, bool contents);
  OmniClientRequestId id_;
};

struct Said {
  OmniClientResult result;
  OmniClientChannelEvent event;
  std::string from;
  std::string content;
};

/// A member of a channel, who leaves with this.
class Member {
 public:
  explicit Member(const std::string& url);
  ~Member();
  Member(const Member&) = delete;

  OmniClientRequestId id() const { return id_; }
  OmniClientResult send(std::string_view text);
  Said until(OmniClientChannelEvent event) {
    return said.wait_until([event](const Said& one) { return one.event == event; });
  }

  Collected<Said> said;

 private:
  OmniClientRequestId id_;
};

}  // namespace client
