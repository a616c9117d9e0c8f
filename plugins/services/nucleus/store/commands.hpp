#pragma once

#include "content.hpp"
#include "result.hpp"
#include "types.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Everything that changes a store, as values for `Store::submit` and `Store::apply`. `Answer` is what one answers.
///
/// Each is done whole or not at all. Failures that all of them have: Denied (no such right, a read-only or disabled
/// user), UserNotFound (an actor without account), InvalidUri, NotExist, ResourceBusy (somebody else's lock),
/// QuotaReached (also: the disk is full), SlowDown, InternalError. What is special is said beside each.
namespace omnibroker::nucleus::store {

/// What a change left at its path.
struct Written {
  Entry entry;
  std::uint64_t checkpoint = 0;  ///< The number of the checkpoint that was made with it; 0 if none was.
  std::uint64_t left_out = 0;    ///< Of a folder that was copied: entries in it that the user may not read.
};

// --- files ---------------------------------------------------------------------------------------------------------

/// Puts an asset at a path; missing folders on the way are made. AlreadyExists unless `overwrite`; NotAsset if what is
/// there is no asset. With `checkpoint_message` the new head becomes a checkpoint in the same step.
struct CreateAsset {
  using Answer = Written;
  std::string path;
  std::string branch = {};
  Content content = {};
  bool overwrite = false;
  std::optional<std::string> checkpoint_message = {};
};

/// Replaces the content of an asset that is there. InvalidEtag unless the head has `etag` (0: whatever it has).
struct UpdateAsset {
  using Answer = Written;
  std::string path;
  std::string branch = {};
  Content content = {};
  std::uint64_t etag = 0;
  std::optional<std::string> checkpoint_message = {};
};

/// Makes a folder, and the folders that it is in. AlreadyExists, whatever is there.
struct CreateFolder {
  using Answer = Written;
  std::string path;
};

/// Makes a channel: a name that clients meet at. What they say is not kept. AlreadyExists unless what is there is a
/// channel.
struct CreateChannel {
  using Answer = Written;
  std::string path;
};

// --- live objects --------------------------------------------------------------------------------------------------

/// Puts a live object at a path, with `content` as its update 1. One that is there already is replaced: its history
/// goes, and the object_id is a new one. NotObject if something else is there.
struct CreateObject {
  using Answer = Written;  ///< entry.object_id, entry.sequence
  std::string path;
  Content content = {};
};

/// Adds one update. NotObject if the object has another id (0: whatever it has). QuotaReached when its history is as
/// long as `Options::object_updates` or `object_bytes` allow.
///
/// Updates are opaque, so the store cannot merge them. A writer that knows says so: `whole` means that this one update
/// stands for everything before it, which is then dropped. Who reads from an older sequence on begins with it.
struct UpdateObject {
  using Answer = Written;  ///< entry.sequence
  std::string path;
  std::uint64_t object_id = 0;
  Content content = {};
  bool whole = false;
};

// --- structure -----------------------------------------------------------------------------------------------------

/// Moves a file, or a folder with all that is in it, to a path where nothing is (AlreadyExists); missing folders on the
/// way are made. Checkpoints, rights and all branches move along. InvalidParameters onto itself or into its own inside;
/// ResourceBusy if anything in it is locked by another. Denied for what the user may not read, where he could read it
/// at its new place.
struct Rename {
  using Answer = Written;
  std::string from;
  std::string to;
};

/// Copies the head or a checkpoint of a file, or a folder with all heads in it that the user may read; the others are
/// counted (`Written::left_out`). Costs rows, not bytes: content is shared. A copied folder is merged into one that is
/// there, file by file, and what only the target has stays. AlreadyExists if a target file exists, unless `overwrite`;
/// also when types differ. InvalidParameters onto itself (the same version) or into its own inside. Copying a
/// checkpoint onto its own head restores it.
struct Copy {
  using Answer = Written;
  PathAtVersion from;
  std::string to;
  std::string to_branch = {};
  bool overwrite = false;
  std::optional<std::string> checkpoint_message = {};
};

enum class Recursion { Single, Recursive };

/// Deletes softly: it can be brought back until it is obliterated. Single: FolderNotEmpty if entries are in the folder.
/// Everything in a folder must be the user's to write (Denied) and unlocked (ResourceBusy). Of what was deleted at one
/// path the newest `Options::keep_deleted` are kept. With a branch: only that head of an asset; else all of its
/// branches.
struct Delete {
  /// How many files and folders went.
  using Answer = std::uint64_t;
  std::string path;
  Recursion recursion = Recursion::Single;
  std::optional<std::string> branch = {};
};

/// Brings back what was deleted last at this path, a folder with what was in it. Folders on the way that are deleted
/// come back empty. AlreadyExists if something is there by now.
struct Undelete {
  using Answer = Written;
  std::string path;
};

enum class Checkpoints { Keep, Obliterate };

/// Destroys for good what is at a path or, if nothing is, what was deleted last there. FolderNotEmpty for a folder with
/// anything in it, deleted things included. With Checkpoints::Keep the head goes, and the asset stays as a deleted one
/// while it has checkpoints.
struct Obliterate {
  using Answer = Done;
  std::string path;
  Checkpoints checkpoints = Checkpoints::Keep;
};

/// Destroys for good everything that was deleted before a time, with its checkpoints. For the system only.
struct Purge {
  /// How many files and folders went.
  using Answer = std::uint64_t;
  Time deleted_before = {};
};

// --- checkpoints and locks -----------------------------------------------------------------------------------------

/// Freezes the head of an asset. AlreadyExists if the newest checkpoint is the same, unless `force`; NotAsset for all
/// others.
struct CreateCheckpoint {
  using Answer = Checkpoint;
  std::string path;
  std::string branch = {};
  std::string message = {};
  bool force = false;
};

/// Keeps others from changing an asset or a live object: other users, and other connections of this one. InvalidEtag
/// unless the head has `etag` (0: whatever it has). Locking again what one has locked renews it. QuotaReached
/// where its connection has `Options::locks`. Needs Write.
struct LockPath {
  using Answer = Lock;
  std::string path;
  std::string branch = {};
  std::uint64_t etag = 0;
  std::optional<std::chrono::nanoseconds> duration = {};
};

/// Releases a lock. Denied if it is somebody else's, unless `force` by somebody with Admin. What is not locked is fine.
struct UnlockPath {
  using Answer = Done;
  std::string path;
  std::string branch = {};
  bool force = false;
};

/// Releases all locks of `connection`: it is gone. Never fails for the disk's sake.
struct ReleaseConnection {
  using Answer = Done;
  std::string connection;
};

/// Tells the listener of locks whose time is over; they stopped to count at that time. For a timer, once in a second or
/// so.
struct ReleaseExpiredLocks {
  using Answer = Done;
};

// --- rights --------------------------------------------------------------------------------------------------------

/// Replaces the access list of one path; empty: it inherits everything again. Needs Admin. UserNotFound for a name that
/// is neither user nor group. Denied if the user has Admin and nobody would have it afterwards.
struct SetAcl {
  using Answer = Done;
  std::string path;
  std::vector<AclEntry> entries;
};

/// Puts lines into the access list of one path, each in place of the one with its name; one without rights takes its
/// name out. As SetAcl, and decided when it is done: what is changed before it is in the list by then.
struct ChangeAcl {
  using Answer = Done;
  std::string path;
  std::vector<AclEntry> entries;
};

// --- users, groups, tokens: all but the last need a super user, or the user himself where it is said
/// --------------------------

/// AlreadyExists for a name that a user or a group has. The password is hashed with scrypt on the caller's thread,
/// which takes a tenth of a second. An empty one: no login by password.
struct CreateUser {
  using Answer = Done;
  User user;  ///< `created` is not looked at.
  std::string password = {};
};

/// Changes what is given. The user himself may change his profile and password. Denied for the last enabled super user
/// to become none. A new password and `enabled = false` revoke all refresh tokens, a new password the API tokens, too,
/// and User::password_version is another one; `enabled = false` is felt at once.
struct ChangeUser {
  using Answer = Done;
  std::string name;
  std::optional<Profile> profile = {};
  std::optional<bool> enabled = {};
  std::optional<bool> admin = {};
  std::optional<bool> read_only = {};
  std::optional<std::string> password = {};
};

/// With his tokens and rights; what he made stays and keeps his name. Denied for the last enabled super user.
struct RemoveUser {
  using Answer = Done;
  std::string name;
};

/// GroupAlreadyExists, also for a user's name. `users` is there from the start: everybody is in it.
struct CreateGroup {
  using Answer = Done;
  std::string name;
};

struct RenameGroup {
  using Answer = Done;
  std::string from;
  std::string to;
};

struct RemoveGroup {
  /// How many users were in it.
  using Answer = std::uint64_t;
  std::string name;
};

struct AddToGroup {
  using Answer = Done;
  std::string user;
  std::string group;
};

struct RemoveFromGroup {
  using Answer = Done;
  std::string user;
  std::string group;
};

/// A token that its owner can log in with. The user himself may make and delete his own. AlreadyExists for a name that
/// one of his tokens has; QuotaReached where he has `Options::api_tokens`.
struct CreateApiToken {
  /// The token: 43 characters, told this once.
  using Answer = std::string;
  std::string user;
  std::string name;
  std::optional<Time> expires = {};
};

struct DeleteApiToken {
  using Answer = Done;
  std::string user;
  std::string name;
};

/// A token that a client trades for a new access token. For the system only: whoever logged in gets one. Of a user's
/// the newest `Options::refresh_tokens` are kept. Unauthenticated if `api_token` has gone meanwhile.
struct CreateRefreshToken {
  /// The token: 43 characters, told this once.
  using Answer = std::string;
  std::string user;
  Time expires = {};
  std::optional<std::string> api_token = {};  ///< What he logged in with: it ends with that.
};

/// Revokes one refresh token, or all of a user's. For the system, for the user himself, and for super users.
struct RevokeRefreshTokens {
  /// How many were there.
  using Answer = std::uint64_t;
  std::string user;
  std::optional<std::string> token = {};
};

}  // namespace omnibroker::nucleus::store
