#include "change.hpp"
#include "result.hpp"

namespace omnibroker::nucleus::store {

std::string_view wire_name(Code code) {
  switch (code) {
    case Code::Denied: return "DENIED";
    case Code::Latest: return "LATEST";
    case Code::InvalidUri: return "INVALID_URI";
    case Code::AlreadyExists: return "ALREADY_EXISTS";
    case Code::ResourceBusy: return "RESOURCE_BUSY";
    case Code::NotAsset: return "NOT_ASSET";
    case Code::InternalError: return "INTERNAL_ERROR";
    case Code::InvalidVersion: return "INVALID_VERSION";
    case Code::InvalidEtag: return "INVALID_ETAG";
    case Code::InvalidParameters: return "INVALID_PARAMETERS";
    case Code::InvalidContentId: return "INVALID_CONTENT_ID";
    case Code::ContentLengthMismatch: return "CONTENT_LENGTH_MISMATCH";
    case Code::UserNotFound: return "USER_NOT_FOUND";
    case Code::GroupNotFound: return "GROUP_NOT_FOUND";
    case Code::GroupAlreadyExists: return "GROUP_ALREADY_EXISTS";
    case Code::UserNotInGroup: return "USER_NOT_IN_GROUP";
    case Code::UserAlreadyInGroup: return "USER_ALREADY_IN_GROUP";
    case Code::Unauthenticated: return "UNAUTHENTICATED";
    case Code::TokenExpired: return "TOKEN_EXPIRED";
    case Code::NotExist: return "NOT_EXIST";
    case Code::FolderNotEmpty: return "FOLDER_NOT_EMPTY";
    case Code::NotObject: return "NOT_OBJECT";
    case Code::QuotaReached: return "QUOTA_REACHED";
    case Code::SlowDown: return "SLOW_DOWN";
  }
  return "UNKNOWN_STATUS";
}

std::string_view wire_name(PathEvent event) {
  switch (event) {
    case PathEvent::Create:
    case PathEvent::Undelete: return "create";
    case PathEvent::Full: return "full";
    case PathEvent::Delete:
    case PathEvent::Obliterate: return "delete";
    case PathEvent::Delta: return "delta";
    case PathEvent::ChangeAcl: return "change_acl";
    case PathEvent::Lock: return "lock";
    case PathEvent::Unlock: return "unlock";
    case PathEvent::Rename: return "rename";
    case PathEvent::Copy: return "copy";
    case PathEvent::ReplaceVersion: return "replace_version";
    case PathEvent::CheckpointsChanged: return "checkpoints_changed";
  }
  return "none";
}

}  // namespace omnibroker::nucleus::store
