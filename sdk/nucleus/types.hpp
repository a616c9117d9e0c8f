#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The words of the Nucleus protocol (version "1.19"), and what a path is described by.
///
/// Where the public facts say nothing about how a number is written, this is what is done here: etags and transaction
/// ids are decimal texts ("0" means whatever is newest), sizes, object ids, sequences and codes are numbers, times are
/// seconds since 1970 as numbers with a fraction. Readers take numbers and texts alike for all of these.
namespace omnibroker::nucleus {

inline constexpr std::string_view kProtocolVersion = "1.19";

/// How a call of the Nucleus API went.
enum class Status : std::uint8_t {
  Ok,
  Done,
  Idle,
  Denied,
  Latest,
  InvalidCommand,
  InvalidUri,
  Unauthenticated,
  ContentLengthMismatch,
  AlreadyExists,
  NotImplemented,
  ResourceBusy,
  NotAsset,
  InternalError,
  InvalidVersion,
  InvalidEtag,
  InvalidTransactionId,
  AccessLost,
  ConnectionLost,
  UnknownStatus,
  Timeout,
  OperationFailed,
  BufferTooSmall,
  ContentBufferOverflow,
  InvalidParameters,
  NotInitialized,
  AlreadyAuthenticated,
  InvalidContentId,
  UserNotFound,
  GroupNotFound,
  GroupAlreadyExists,
  UserNotInGroup,
  UserAlreadyInGroup,
  MountExistsUnderPath,
  TokenExpired,
  NotExist,
  FolderNotEmpty,
  NotObject,
  PartiallyCompleted,
  QuotaReached,
  SlowDown,
};
std::string_view name(Status status);
/// UnknownStatus for a name that is none.
Status status_of(std::string_view name);

/// How a call of the authentication service went.
enum class AuthStatus : std::uint8_t {
  Ok,
  NotFound,
  Exists,
  Disabled,
  Denied,
  Expired,
  ReadOnly,
  UsernameRequired,
  NotSupported,
  ConnectionError,
  InternalError,
  InvalidUsername,
  UnknownError,
  InvalidToken,
  Subscribed,
  InvalidRequest,
  Pending,
};
std::string_view name(AuthStatus status);
/// UnknownError for a name that is none.
AuthStatus auth_status_of(std::string_view name);

/// What is at a path. The values are the protocol's codes.
enum class PathType : std::uint8_t { None = 0, Asset = 1, Folder = 2, Channel = 3, OmniObject = 4, Mount = 5 };
std::string_view name(PathType type);
std::optional<PathType> path_type_of(std::string_view name);
std::optional<PathType> path_type_of(std::uint64_t code);

/// What happened to a path.
enum class PathEvent : std::uint8_t {
  Full,
  Create,
  Delete,
  Delta,
  ChangeAcl,
  SetPathOptions,
  Lock,
  Unlock,
  Rename,
  Copy,
  ReplaceVersion,
  CheckpointsChanged,
};
std::string_view name(PathEvent event);
std::optional<PathEvent> path_event_of(std::string_view name);

/// What a user may do with a path: bits, written as a list of `read`, `write`, `admin`.
enum Access : std::uint8_t { kNoAccess = 0, kRead = 1, kWrite = 2, kAdmin = 4 };

inline constexpr std::string_view kHashType = "sha-256-flat";
inline constexpr std::uint64_t kHashBlock = 1'048'576;

struct EntryLock {
  std::string by;     ///< The user.
  std::string owner;  ///< The connection id.
  double time = 0;
  std::optional<double> duration = std::nullopt;  ///< Seconds; absent: until it is released.
  std::uint64_t etag = 0;
};

/// What `stat2`, `list2` and list subscriptions say of one path.
struct Entry {
  std::string path;  ///< Of a folder with '/' at the end.
  std::string branch;
  PathType type = PathType::None;
  std::uint64_t etag = 0;
  std::uint64_t transaction_id = 0;
  std::uint8_t access = kNoAccess;
  double created = 0;
  double modified = 0;
  std::uint64_t size = 0;
  bool empty = false;
  bool mounted = false;
  std::string created_by;
  std::string modified_by;
  std::string hash;  ///< 64 hexadecimal digits; empty: there is none, and none is written.
  bool checkpointed = false;
  std::uint64_t checkpoint_count = 0;
  std::string destination;  ///< Where it has been moved to; written where it is not empty.
  std::optional<EntryLock> lock = std::nullopt;
  bool deleted = false;  ///< Ours: written, with the next two, where it is set.
  double deleted_at = 0;
  std::string deleted_by;
};
nlohmann::json to_json(const Entry& entry);
/// What is missing or of another type has its default.
Entry entry_of(const nlohmann::json& json);

/// A member of an object that is a number, or a text of digits; `missing` where it is neither or not there.
std::uint64_t number_of(const nlohmann::json& object, const char* key, std::uint64_t missing = 0);
/// A member of an object that is a text; empty where it is not.
std::string text_of(const nlohmann::json& object, const char* key);

/// A method, and the version that is spoken.
struct Method {
  std::string_view name;
  std::uint32_t version;
};
/// An interface, by the name of the document that describes it.
struct Interface {
  std::string_view origin;
  std::string_view name;
  std::span<const Method> methods;
};
/// All interfaces of a Nucleus as far as this project speaks them; the server offers no more than these.
std::span<const Interface> interfaces();
/// Null: there is none of this name.
const Interface* find_interface(std::string_view origin, std::string_view name);

}  // namespace omnibroker::nucleus
