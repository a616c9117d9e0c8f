#include "types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace omnibroker::nucleus {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 41> kStatuses = {
    "OK",
    "DONE",
    "IDLE",
    "DENIED",
    "LATEST",
    "INVALID_COMMAND",
    "INVALID_URI",
    "UNAUTHENTICATED",
    "CONTENT_LENGTH_MISMATCH",
    "ALREADY_EXISTS",
    "NOT_IMPLEMENTED",
    "RESOURCE_BUSY",
    "NOT_ASSET",
    "INTERNAL_ERROR",
    "INVALID_VERSION",
    "INVALID_ETAG",
    "INVALID_TRANSACTION_ID",
    "ACCESS_LOST",
    "CONNECTION_LOST",
    "UNKNOWN_STATUS",
    "TIMEOUT",
    "OPERATION_FAILED",
    "BUFFER_TOO_SMALL",
    "CONTENT_BUFFER_OVERFLOW",
    "INVALID_PARAMETERS",
    "NOT_INITIALIZED",
    "ALREADY_AUTHENTICATED",
    "INVALID_CONTENT_ID",
    "USER_NOT_FOUND",
    "GROUP_NOT_FOUND",
    "GROUP_ALREADY_EXISTS",
    "USER_NOT_IN_GROUP",
    "USER_ALREADY_IN_GROUP",
    "MOUNT_EXISTS_UNDER_PATH",
    "TOKEN_EXPIRED",
    "NOT_EXIST",
    "FOLDER_NOT_EMPTY",
    "NOT_OBJECT",
    "PARTIALLY_COMPLETED",
    "QUOTA_REACHED",
    "SLOW_DOWN",
};
static_assert(kStatuses.size() == static_cast<std::size_t>(Status::SlowDown) + 1);

constexpr std::array<std::string_view, 17> kAuthStatuses = {
    "OK",
    "NOT_FOUND",
    "EXISTS",
    "DISABLED",
    "DENIED",
    "EXPIRED",
    "READONLY",
    "USERNAME_REQUIRED",
    "NOT_SUPPORTED",
    "CONNECTION_ERROR",
    "INTERNAL_ERROR",
    "INVALID_USERNAME",
    "UNKNOWN_ERROR",
    "INVALID_TOKEN",
    "SUBSCRIBED",
    "INVALID_REQUEST",
    "PENDING",
};
static_assert(kAuthStatuses.size() == static_cast<std::size_t>(AuthStatus::Pending) + 1);

constexpr std::array<std::string_view, 6> kPathTypes = {"none", "asset", "folder", "channel", "omniobject", "mount"};

constexpr std::array<std::string_view, 12> kPathEvents = {
    "full", "create", "delete", "delta", "change_acl",      "set_path_options",
    "lock", "unlock", "rename", "copy",  "replace_version", "checkpoints_changed",
};

template <class Names>
std::optional<std::size_t> index_of(const Names& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

constexpr Method kConnection[] = {
    {"ping", 1},
    {"auth", 5},
    {"authorize_token", 4},
    {"subscribe_server_notifications", 1},
    {"set_user_agent", 1},
    {"stat2", 2},
    {"list2", 5},
    {"subscribe_list", 4},
    {"list", 5},
    {"service_subscribe_list", 1},
    {"service_resolve_acl", 1},
    {"create_asset", 2},
    {"update_asset", 2},
    {"create_asset_with_hash", 2},
    {"update_asset_with_hash", 2},
    {"read_asset_version", 1},
    {"read_asset_resolved", 1},
    {"subscribe_read_asset", 2},
    {"create_object", 2},
    {"update_object", 2},
    {"read_object_version", 1},
    {"read_object_resolved", 1},
    {"subscribe_read_object", 3},
    {"deep_copy_object_struct", 1},
    {"create", 2},
    {"update", 1},
    {"read", 2},
    {"delete", 1},
    {"create_directory", 1},
    {"rename", 1},
    {"rename2", 1},
    {"copy2", 1},
    {"copy", 1},
    {"delete2", 1},
    {"get_transaction_id", 1},
    {"set_path_options", 1},
    {"set_path_options2", 1},
    {"lock", 3},
    {"unlock", 2},
    {"get_acl", 1},
    {"get_acl_v2", 1},
    {"get_acl_resolved", 1},
    {"change_acl", 1},
    {"set_acl_v2", 1},
    {"get_groups", 1},
    {"get_group_users", 1},
    {"create_group", 1},
    {"rename_group", 1},
    {"remove_group", 1},
    {"get_users", 1},
    {"get_user_groups", 1},
    {"add_user_to_group", 1},
    {"remove_user_from_group", 1},
    {"mount", 1},
    {"unmount", 1},
    {"get_mount_info", 1},
    {"checkpoint_version", 2},
    {"replace_version", 1},
    {"get_checkpoints", 1},
    {"get_branches", 1},
    {"undelete", 1},    // ours: what is deleted softly can be brought back,
    {"obliterate", 1},  // or destroyed
};
constexpr Method kServerFeatures[] = {{"exchange_capabilities", 1},
                                      {"omni_objects", 1},
                                      {"omni_objects2", 1},
                                      {"lft", 1},
                                      {"hashes", 1},
                                      {"versioning", 1}};
constexpr Method kDiscoverySearch[] = {{"find", 2}};
constexpr Method kCredentials[] = {{"auth", 2}};
constexpr Method kTokens[] = {{"auth_with_api_token", 2}, {"refresh", 2},          {"create_api_token", 2},
                              {"get_api_tokens", 2},      {"delete_api_token", 2}, {"invalidate", 2}};
constexpr Method kProfiles[] = {{"get", 2}, {"get_all", 2}, {"update", 2}, {"enable", 2}, {"disable", 2}};
constexpr Method kUserStore[] = {{"add_user", 2}, {"reset_password", 2}, {"remove_user", 2}};

constexpr Interface kInterfaces[] = {
    {"Discovery.idl.ts", "DiscoverySearch", kDiscoverySearch},
    {"OmniAuth.idl.ts", "Credentials", kCredentials},
    {"OmniAuth.idl.ts", "Tokens", kTokens},
    {"OmniAuth.idl.ts", "Profiles", kProfiles},
    {"OmniAuth.idl.ts", "UserStore", kUserStore},
    {"omni1.idl.ts", "Connection", kConnection},
    {"omni1.idl.ts", "ServerFeatures", kServerFeatures},
};

double real_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

bool flag_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

Json acl_json(std::uint8_t access) {
  auto acl = Json::array();
  if ((access & kRead) != 0) acl.push_back("read");
  if ((access & kWrite) != 0) acl.push_back("write");
  if ((access & kAdmin) != 0) acl.push_back("admin");
  return acl;
}

std::uint8_t access_of(const Json& object) {
  std::uint8_t access = kNoAccess;
  const auto found = object.find("acl");
  if (found == object.end() || !found->is_array()) return access;
  for (const auto& word : *found) {
    if (word == "read") access |= kRead;
    if (word == "write") access |= kWrite;
    if (word == "admin") access |= kAdmin;
  }
  return access;
}

}  // namespace

std::string_view name(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }
Status status_of(std::string_view name) {
  return static_cast<Status>(index_of(kStatuses, name).value_or(static_cast<std::size_t>(Status::UnknownStatus)));
}
std::string_view name(AuthStatus status) { return kAuthStatuses[static_cast<std::size_t>(status)]; }
AuthStatus auth_status_of(std::string_view name) {
  const auto index = index_of(kAuthStatuses, name);
  return index ? static_cast<AuthStatus>(*index) : AuthStatus::UnknownError;
}
std::string_view name(PathType type) { return kPathTypes[static_cast<std::size_t>(type)]; }
std::optional<PathType> path_type_of(std::string_view name) {
  const auto index = index_of(kPathTypes, name);
  return index ? std::optional(static_cast<PathType>(*index)) : std::nullopt;
}
std::optional<PathType> path_type_of(std::uint64_t code) {
  return code < kPathTypes.size() ? std::optional(static_cast<PathType>(code)) : std::nullopt;
}
std::string_view name(PathEvent event) { return kPathEvents[static_cast<std::size_t>(event)]; }
std::optional<PathEvent> path_event_of(std::string_view name) {
  const auto index = index_of(kPathEvents, name);
  return index ? std::optional(static_cast<PathEvent>(*index)) : std::nullopt;
}

std::uint64_t number_of(const Json& object, const char* key, std::uint64_t missing) {
  if (!object.is_object()) return missing;
  const auto found = object.find(key);
  if (found == object.end()) return missing;
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  if (!found->is_string()) return missing;
  const auto& text = found->get_ref<const std::string&>();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : missing;
}

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json to_json(const Entry& entry) {
  Json json = {{"path", entry.path},
               {"branch", entry.branch},
               {"etag", std::to_string(entry.etag)},
               {"transaction_id", std::to_string(entry.transaction_id)},
               {"acl", acl_json(entry.access)},
               {"created_timestamp", entry.created},
               {"modified_timestamp", entry.modified},
               {"path_type", name(entry.type)},
               {"size", entry.size},
               {"empty", entry.empty},
               {"mounted", entry.mounted},
               {"created_by", entry.created_by},
               {"modified_by", entry.modified_by},
               {"checkpointed", entry.checkpointed},
               {"checkpoint_count", entry.checkpoint_count}};
  if (!entry.hash.empty()) {
    json["hash_type"] = kHashType;
    json["hash_value"] = entry.hash;
    json["hash_bsize"] = kHashBlock;
  }
  if (!entry.destination.empty()) json["destination"] = entry.destination;
  if (entry.lock) {
    json["locked_by"] = entry.lock->by;
    json["lock_owner"] = entry.lock->owner;
    json["lock_time"] = entry.lock->time;
    json["lock_etag"] = std::to_string(entry.lock->etag);
    if (entry.lock->duration) json["lock_duration"] = *entry.lock->duration;
  }
  if (entry.deleted) {
    json["is_deleted"] = true;
    json["deleted_timestamp"] = entry.deleted_at;
    json["deleted_by"] = entry.deleted_by;
  }
  return json;
}

Entry entry_of(const Json& json) {
  Entry entry;
  if (!json.is_object()) return entry;
  entry.path = text_of(json, "path");
  entry.branch = text_of(json, "branch");
  entry.type = path_type_of(text_of(json, "path_type")).value_or(PathType::None);
  entry.etag = number_of(json, "etag");
  entry.transaction_id = number_of(json, "transaction_id");
  entry.access = access_of(json);
  entry.created = real_of(json, "created_timestamp");
  entry.modified = real_of(json, "modified_timestamp");
  entry.size = number_of(json, "size");
  entry.empty = flag_of(json, "empty");
  entry.mounted = flag_of(json, "mounted");
  entry.created_by = text_of(json, "created_by");
  entry.modified_by = text_of(json, "modified_by");
  entry.hash = text_of(json, "hash_value");
  entry.checkpointed = flag_of(json, "checkpointed");
  entry.checkpoint_count = number_of(json, "checkpoint_count");
  entry.destination = text_of(json, "destination");
  if (const auto by = text_of(json, "locked_by"); !by.empty()) {
    entry.lock = EntryLock{by, text_of(json, "lock_owner"), real_of(json, "lock_time"), std::nullopt,
                           number_of(json, "lock_etag")};
    if (json.contains("lock_duration")) entry.lock->duration = real_of(json, "lock_duration");
  }
  entry.deleted = flag_of(json, "is_deleted");
  entry.deleted_at = real_of(json, "deleted_timestamp");
  entry.deleted_by = text_of(json, "deleted_by");
  return entry;
}

std::span<const Interface> interfaces() { return kInterfaces; }

const Interface* find_interface(std::string_view origin, std::string_view name) {
  for (const auto& one : kInterfaces) {
    if (one.origin == origin && one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace omnibroker::nucleus
