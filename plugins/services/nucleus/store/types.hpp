#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace omnibroker::nucleus::store {

/// UTC. Kept to the nanosecond.
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What somebody may do with a path: a set of bits, as in the client's API. Write includes to create in a folder, to
/// rename and to delete; Admin is to change who may do what. None of them includes another.
enum class Access : std::uint8_t { None = 0, Read = 1, Write = 2, Admin = 4, ReadWrite = 3, Full = 7 };

constexpr Access operator|(Access a, Access b) { return Access(std::uint8_t(a) | std::uint8_t(b)); }
constexpr Access operator&(Access a, Access b) { return Access(std::uint8_t(a) & std::uint8_t(b)); }
constexpr bool allows(Access has, Access needs) { return (has & needs) == needs; }

/// What is at a path. The values are the protocol's codes.
enum class PathType : std::uint8_t { None = 0, Asset = 1, Folder = 2, Channel = 3, Object = 4 };

/// Who asks. `user` is looked up at each call, so what an administrator takes away is gone at once.
///
/// `connection` tells the locks of one user's sessions apart; empty is a session of its own.
struct Actor {
  std::string user;
  std::string connection;
  bool system = false;  ///< Tools that work on the folder itself: no account, everything allowed.
  /// User::id, for one who has logged in some time ago: UserNotFound where the name is somebody else's by now. 0:
  /// whoever has the name.
  std::int64_t id = 0;
  /// User::password_version, for one who shows a token: Denied where the password has been changed since. Nothing: it
  /// is not looked at.
  std::optional<std::uint64_t> password_version = {};

  /// The store's own hand: for tools and for what the server does by itself.
  static Actor the_system() { return {"", "", true, 0, {}}; }
};

/// A head or a checkpoint of what is at a path. `checkpoint` 0 is the head of the branch; "" is the default branch.
struct PathAtVersion {
  std::string path;
  std::string branch = {};
  std::uint64_t checkpoint = 0;
};

/// A lock as others see it. Lives in memory: it ends with its connection, with its time, and with the process.
struct Lock {
  std::string user;
  std::string connection;
  Time since = {};
  std::optional<std::chrono::nanoseconds> duration = {};  ///< Absent: until it is released.
  std::uint64_t etag = 0;                                 ///< Of the head that was locked.
};

/// One line of a listing, and what `stat` answers.
struct Entry {
  std::string path;  ///< From the root; a folder's ends with '/'.
  std::string branch;
  PathType type = PathType::None;
  std::uint64_t etag = 0;            ///< New with every change of the content; never given twice.
  std::uint64_t transaction_id = 0;  ///< Of the change that made it what it is.
  Access access = Access::None;      ///< What the asker may do with it; in a change: nothing (ask for each receiver).
  std::uint64_t size = 0;            ///< Bytes of content; of a live object: of its history.
  bool empty = false;                ///< A folder without entries (deleted ones do not count).
  Time created = {};
  Time modified = {};
  std::string created_by;
  std::string modified_by;
  std::string hash;  ///< SHA-256 of the content, 64 hexadecimal digits in lower case; empty where there is none.
  bool checkpointed = false;           ///< The newest checkpoint is what the head is.
  std::uint64_t checkpoint_count = 0;  ///< How many there are to read.
  std::uint64_t object_id = 0;         ///< Of a live object; new whenever it is created again.
  std::uint64_t sequence = 0;          ///< Of a live object's newest update.
  bool deleted = false;                ///< It, or a folder that it is in.
  Time deleted_at = {};
  std::string deleted_by;
  std::optional<Lock> lock = {};
};

/// A frozen head of an asset.
struct Checkpoint {
  std::uint64_t number = 0;  ///< From 1 on, each branch of each asset by itself.
  std::uint64_t etag = 0;    ///< Of the head that it was made of.
  std::uint64_t size = 0;
  std::string hash;
  std::string message;
  Time created = {};
  std::string created_by;
};

/// A line of an access list: a user's or a group's name and what it may do. `None` is a refusal that is written down.
struct AclEntry {
  std::string name;
  Access access = Access::None;
};

struct Profile {
  std::string first_name;
  std::string last_name;
  std::string email;
};

struct User {
  std::string name;
  std::int64_t id = 0;  ///< Never given twice: a user who is removed and made again has another one.
  Profile profile = {};
  bool enabled = true;
  bool admin = false;      ///< A super user: sees and may change everything.
  bool read_only = false;  ///< Changes nothing, whatever the access lists say.
  Time created = {};
  /// Another one with each change of the password: so that what was given out before it can be refused.
  std::uint64_t password_version = 0;
};

/// What is known about an API token. The token itself is told once, when it is made, and never kept.
struct ApiToken {
  std::string name;
  Time created = {};
  std::optional<Time> last_used = {};  ///< To the minute.
  std::optional<Time> expires = {};
};

}  // namespace omnibroker::nucleus::store
