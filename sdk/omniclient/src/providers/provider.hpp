#pragma once

#include "OmniClient.h"
#include "engine/content.hpp"
#include "engine/operation.hpp"
#include "url/url.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What stands behind a scheme.
///
/// Every operation is called on the loop's thread and returns at once. It answers by calling `done` exactly once, from
/// any thread; subscriptions, channels and live reads then go on to call their second function, one call at a time,
/// until the operation is cancelled or they say that they have ended. Nobody minds an answer to an operation that was
/// cancelled. URLs are absolute, normalized, and of one of the provider's schemes.
namespace omniclient {

using OperationPtr = std::shared_ptr<Operation>;
template <class Reply>
using Done = std::function<void(Reply)>;

/// What can be said of an item; what a provider does not know stays empty.
struct Entry {
  std::string relative_path;
  std::uint32_t access = 0;
  std::uint32_t flags = 0;
  std::uint64_t size = 0;
  std::uint64_t modified_ns = 0;
  std::uint64_t created_ns = 0;
  std::optional<std::string> modified_by;
  std::optional<std::string> created_by;
  std::optional<std::string> version;
  std::optional<std::string> hash;
  std::optional<std::string> comment;
  std::uint64_t deleted_ns = 0;
  std::optional<std::string> deleted_by;
  std::optional<std::string> locked_by;
  bool is_link = false;  ///< It is somewhere else in truth. For the engine alone.

  bool is_folder() const { return (flags & fOmniClientItem_CanHaveChildren) != 0; }
  friend bool operator==(const Entry&, const Entry&) = default;
};

/// Whether this is the name of one item, and of nothing beside or above its folder.
inline bool is_item_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

struct Reply {
  OmniClientResult result = eOmniClientResult_Error;
  /// Of a failure: the same may succeed in a moment, and nothing of it was done. The engine repeats it for as long as
  /// omniClientSetRetries allows; providers repeat nothing by themselves.
  bool passing = false;
  std::uint32_t wait_ms = 0;  ///< Of a passing failure: how long the server wants to be left alone at least.
};
struct EntryReply : Reply {
  Entry entry;
};
struct ListReply : Reply {
  std::vector<Entry> entries;
};
struct ReadReply : Reply {
  std::string version;
  SharedContent content;
};
struct WriteReply : Reply {
  std::string version;
  std::string hash;
};
struct MoveReply : Reply {
  bool copied = false;
};
struct PathReply : Reply {
  std::string path;
};
struct TextReply : Reply {
  std::string text;
};
struct NamesReply : Reply {
  std::vector<std::string> names;
};
struct CountReply : Reply {
  std::uint64_t count = 0;
};
struct AclEntry {
  std::string name;
  std::uint32_t access = 0;
};
struct AclReply : Reply {
  std::vector<AclEntry> entries;
};
struct ServerReply : Reply {
  std::string version;
  std::string username;
  std::string auth_token;
  std::string connection_id;
  bool cache = false;
  bool omni_objects = false;
  bool checkpoints = false;
  bool atomic_checkpoints = false;
  bool undelete = false;
};
struct LiveReply : Reply {
  std::uint64_t object_id = 0;
  std::uint64_t sequence = 0;
  OmniClientRequestId request_id = kInvalidRequestId;  ///< Filled in by the engine.
};

template <class R>
R failed(OmniClientResult result) {
  R reply;
  reply.result = result;
  return reply;
}

/// A failure that passes.
template <class R>
R failed_for_now(OmniClientResult result, std::uint32_t wait_ms = 0) {
  R reply = failed<R>(result);
  reply.passing = true;
  reply.wait_ms = wait_ms;
  return reply;
}

/// A failure in the way of another one.
template <class R>
R failed_as(const Reply& other) {
  R reply;
  static_cast<Reply&>(reply) = other;
  return reply;
}

/// A change of something that is watched. A result that does not begin with Ok is the last one, and says that nobody
/// watches any more: ErrorAccessLost, or ErrorConnection where a connection has ended. What may pass (too many open
/// files, a server that is busy) is no such end: the provider looks again later, and tells what has changed meanwhile.
using OnChange = std::function<void(OmniClientResult, OmniClientListEvent, Entry)>;
using Include = OmniClientListIncludeOption;

struct WriteOptions {
  std::optional<std::string> message;
  bool skip_checkpoint = false;
};

enum class ItemKind { Any, File, Folder };
struct CopyOptions {
  ItemKind kind = ItemKind::Any;  ///< Something else at the source is ErrorWrongType.
  bool overwrite = false;
  std::optional<std::string> message;
};

enum class Depth { Single, Recursive };

/// Optional abilities, each of which a provider has or has not.
class DeletedItems {
 public:
  virtual void undelete(OperationPtr, const Url&, Done<Reply>) = 0;
  virtual void obliterate(OperationPtr, const Url&, bool checkpoints_too, Done<Reply>) = 0;

 protected:
  ~DeletedItems() = default;
};

class Checkpoints {
 public:
  /// Answers the query that names it.
  virtual void create_checkpoint(OperationPtr, const Url&, std::string comment, bool force, Done<TextReply>) = 0;
  virtual void list_checkpoints(OperationPtr, const Url&, Done<ListReply>) = 0;
  virtual void create_with_hash(OperationPtr, const Url&, std::string hash, bool overwrite, WriteOptions,
                                Done<WriteReply>) = 0;

 protected:
  ~Checkpoints() = default;
};

class Locks {
 public:
  virtual void lock(OperationPtr, const Url&, Done<Reply>) = 0;
  virtual void unlock(OperationPtr, const Url&, Done<Reply>) = 0;

 protected:
  ~Locks() = default;
};

struct ChannelMessage {
  OmniClientResult result = eOmniClientResult_Ok;
  OmniClientChannelEvent event = eOmniClientChannelEvent_Error;
  std::string from;
  SharedContent content;
};

class Channels {
 public:
  /// The first event is one's own Join. Cancelling the operation leaves the channel. Error and Deleted are last events.
  virtual void join(OperationPtr, const Url&, std::function<void(ChannelMessage)>) = 0;
  /// `membership` is the operation of the join.
  virtual void send(OperationPtr, const OperationPtr& membership, SharedContent, Done<Reply>) = 0;

 protected:
  ~Channels() = default;
};

struct LiveUpdate {
  OmniClientResult result = eOmniClientResult_Ok;  ///< OkLatest: the newest of the history, once.
  std::uint64_t object_id = 0;
  std::uint64_t sequence = 0;
  std::uint64_t server_time_us = 0;  ///< Microseconds since 1970.
  SharedContent content;
};

class LiveObjects {
 public:
  virtual void live_read(OperationPtr, const Url&, std::uint64_t have_object, std::uint64_t have_sequence,
                         std::function<void(LiveUpdate)>) = 0;
  virtual void live_create(OperationPtr, const Url&, SharedContent, Done<LiveReply>) = 0;
  virtual void live_update(OperationPtr, const Url&, std::uint64_t object, SharedContent, Done<LiveReply>) = 0;

 protected:
  ~LiveObjects() = default;
};

class AccessControl {
 public:
  virtual void get_acls(OperationPtr, const Url&, Done<AclReply>) = 0;
  virtual void set_acls(OperationPtr, const Url&, std::vector<AclEntry>, Done<Reply>) = 0;
  virtual void groups(OperationPtr, const Url&, Done<NamesReply>) = 0;
  virtual void group_users(OperationPtr, const Url&, std::string group, Done<NamesReply>) = 0;
  virtual void create_group(OperationPtr, const Url&, std::string group, Done<Reply>) = 0;
  virtual void rename_group(OperationPtr, const Url&, std::string group, std::string name, Done<Reply>) = 0;
  virtual void remove_group(OperationPtr, const Url&, std::string group, Done<CountReply>) = 0;
  virtual void users(OperationPtr, const Url&, Done<NamesReply>) = 0;
  virtual void user_groups(OperationPtr, const Url&, std::string user, Done<NamesReply>) = 0;
  virtual void add_user(OperationPtr, const Url&, std::string user, std::string group, Done<Reply>) = 0;
  virtual void remove_user(OperationPtr, const Url&, std::string user, std::string group, Done<Reply>) = 0;

 protected:
  ~AccessControl() = default;
};

/// What has connections, and somebody who is signed in on them.
class Servers {
 public:
  virtual void server_info(OperationPtr, const Url&, Done<ServerReply>) = 0;
  virtual void refresh_token(OperationPtr, const Url&, Done<TextReply>) = 0;
  virtual void reconnect(const Url&) = 0;
  virtual void sign_out(const Url&) = 0;

 protected:
  ~Servers() = default;
};

/// One or more schemes. What is not overridden answers ErrorNotSupported.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider();
  /// The engine ends: so do the threads, connections and files of this. Called once, after the loop and the pool have
  /// ended; after it, nothing is. The object itself lives for as long as somebody holds the engine.
  virtual void stop() {}

  virtual void stat(OperationPtr, const Url&, Include, Done<EntryReply>);
  virtual void list(OperationPtr, const Url&, Include, Done<ListReply>);
  virtual void watch(OperationPtr, const Url&, Include, Done<EntryReply>, OnChange);
  virtual void watch_folder(OperationPtr, const Url&, Include, Done<ListReply>, OnChange);
  virtual void read(OperationPtr, const Url&, Done<ReadReply>);
  virtual void write(OperationPtr, const Url&, SharedContent, WriteOptions, Done<WriteReply>);
  virtual void create_folder(OperationPtr, const Url&, Done<Reply>);
  /// Both URLs are of `same_server`.
  virtual void copy(OperationPtr, const Url& from, const Url& to, CopyOptions, Done<Reply>);
  virtual void move(OperationPtr, const Url& from, const Url& to, CopyOptions, Done<MoveReply>);
  virtual void remove(OperationPtr, const Url&, Depth, Done<Reply>);
  /// The path is valid until the operation is cancelled. `download`: where it is not there yet, it may be fetched.
  virtual void local_file(OperationPtr, const Url&, bool download, Done<PathReply>);
  virtual bool same_server(const Url& a, const Url& b) const;

  virtual DeletedItems* deleted_items() { return nullptr; }
  virtual Checkpoints* checkpoints() { return nullptr; }
  virtual Locks* locks() { return nullptr; }
  virtual Channels* channels() { return nullptr; }
  virtual LiveObjects* live_objects() { return nullptr; }
  virtual AccessControl* access_control() { return nullptr; }
  virtual Servers* servers() { return nullptr; }
};

}  // namespace omniclient
