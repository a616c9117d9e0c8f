#include "providers/omniverse/answers.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

std::uint64_t nanoseconds(double seconds) {
  constexpr double kMost = 9.2e9;  // Until the year 2261.
  return seconds > 0 && seconds < kMost ? static_cast<std::uint64_t>(std::llround(seconds * 1e9)) : 0;
}

std::optional<std::string> known(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

std::uint32_t flags_of(const wire::Entry& entry) {
  std::uint32_t flags = fOmniClientItem_DoesNotHaveChildren;
  switch (entry.type) {
    case wire::PathType::Folder: flags = fOmniClientItem_CanHaveChildren; break;
    case wire::PathType::Mount: flags = fOmniClientItem_CanHaveChildren | fOmniClientItem_IsMount; break;
    case wire::PathType::Channel: flags |= fOmniClientItem_IsChannel; break;
    case wire::PathType::OmniObject: flags |= fOmniClientItem_CanLiveUpdate | fOmniClientItem_IsOmniObject; break;
    case wire::PathType::Asset: flags |= fOmniClientItem_ReadableFile | fOmniClientItem_WriteableFile; break;
    case wire::PathType::None: break;
  }
  if (entry.mounted && entry.type != wire::PathType::Mount) flags |= fOmniClientItem_IsInsideMount;
  if (entry.checkpointed) flags |= fOmniClientItem_IsCheckpointed;
  if (entry.deleted) flags |= fOmniClientItem_IsDeleted;
  return flags;
}

}  // namespace

OmniClientResult result_of(wire::Status status) {
  switch (status) {
    case wire::Status::Ok:
    case wire::Status::Done: return eOmniClientResult_Ok;
    case wire::Status::Latest: return eOmniClientResult_OkLatest;
    case wire::Status::Denied: return eOmniClientResult_ErrorAccessDenied;
    case wire::Status::InvalidUri:
    case wire::Status::NotExist:
    case wire::Status::InvalidContentId:
    case wire::Status::InvalidVersion:
    case wire::Status::UserNotFound:
    case wire::Status::GroupNotFound:
    case wire::Status::UserNotInGroup: return eOmniClientResult_ErrorNotFound;
    case wire::Status::AlreadyExists:
    case wire::Status::GroupAlreadyExists:
    case wire::Status::UserAlreadyInGroup:
    case wire::Status::MountExistsUnderPath: return eOmniClientResult_ErrorAlreadyExists;
    case wire::Status::ResourceBusy: return eOmniClientResult_ErrorLocked;
    case wire::Status::FolderNotEmpty: return eOmniClientResult_ErrorFolderNotEmpty;
    case wire::Status::NotAsset:
    case wire::Status::NotObject: return eOmniClientResult_ErrorWrongType;
    case wire::Status::AccessLost: return eOmniClientResult_ErrorAccessLost;
    case wire::Status::InvalidCommand:
    case wire::Status::NotImplemented: return eOmniClientResult_ErrorNotSupported;
    case wire::Status::InvalidParameters:
    case wire::Status::InvalidEtag: return eOmniClientResult_ErrorBadRequest;
    case wire::Status::ConnectionLost:
    case wire::Status::NotInitialized:
    case wire::Status::TokenExpired:
    case wire::Status::Unauthenticated: return eOmniClientResult_ErrorConnection;
    default: return eOmniClientResult_Error;
  }
}

OmniClientResult result_of(const Answer& answer) {
  return answer.fate == Answer::Fate::Answered ? result_of(answer.status) : eOmniClientResult_ErrorConnection;
}

void judge(const Answer& answer, Reply& reply) {
  reply.result = result_of(answer);
  reply.passing = answer.fate == Answer::Fate::Answered && answer.status == wire::Status::SlowDown;
  if (reply.passing) reply.wait_ms = answer.wait_ms;
}

Entry entry_of(const wire::Entry& entry) {
  Entry made;
  made.relative_path = name_of(entry.path);
  made.access = entry.access;  // The same bits.
  made.flags = flags_of(entry);
  made.size = entry.size;
  made.modified_ns = nanoseconds(entry.modified);
  made.created_ns = nanoseconds(entry.created);
  made.modified_by = known(entry.modified_by);
  made.created_by = known(entry.created_by);
  if (entry.type == wire::PathType::Asset && entry.etag != 0) made.version = std::to_string(entry.etag);
  made.hash = known(entry.hash);
  if (entry.lock) made.locked_by = entry.lock->by;
  if (entry.deleted) {
    made.deleted_ns = nanoseconds(entry.deleted_at);
    made.deleted_by = known(entry.deleted_by);
  }
  return made;
}

std::string name_of(std::string_view path) {
  path = without_trailing_slashes(path);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string folder_of(std::string_view path) {
  path = without_trailing_slashes(path);
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

OmniClientListEvent event_of(const nlohmann::json& fields) {
  const auto word = wire::text_of(fields, "event");
  if (word == "obliterate") return eOmniClientListEvent_Obliterated;  // Ours, where a server says so.
  const auto event = wire::path_event_of(word);
  if (!event) return eOmniClientListEvent_Unknown;
  switch (*event) {
    case wire::PathEvent::Create:
    case wire::PathEvent::Copy: return eOmniClientListEvent_Created;
    case wire::PathEvent::Full:
    case wire::PathEvent::Delta:
    case wire::PathEvent::ReplaceVersion: return eOmniClientListEvent_Updated;
    case wire::PathEvent::Delete:
    case wire::PathEvent::Rename: return eOmniClientListEvent_Deleted;
    case wire::PathEvent::Lock: return eOmniClientListEvent_Locked;
    case wire::PathEvent::Unlock: return eOmniClientListEvent_Unlocked;
    case wire::PathEvent::ChangeAcl:
    case wire::PathEvent::SetPathOptions:
    case wire::PathEvent::CheckpointsChanged: return eOmniClientListEvent_Metadata;
  }
  return eOmniClientListEvent_Unknown;
}

nlohmann::json parsed(std::string_view text) {
  constexpr int kMostNested = 64;  // Copies of a value go as deep as it does.
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNested) return nlohmann::json(nlohmann::json::value_t::discarded);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return nlohmann::json::parse(text, nullptr, false);
}

std::string path_of(const Url& url) {
  auto path = std::string(without_trailing_slashes(url.path.value_or("/")));
  if (path.empty() || path.front() != '/') path.insert(0, "/");
  return path;
}

BranchAndCheckpoint version_of(const Url& url) {
  return read_checkpoint_query(url.query.value_or("")).value_or(BranchAndCheckpoint{});
}

nlohmann::json at(const Url& url) {
  nlohmann::json made = {{"path", path_of(url)}};
  const auto version = version_of(url);
  if (!version.branch.empty()) made["branch"] = version.branch;
  if (version.checkpoint != 0) made["checkpoint"] = version.checkpoint;
  return made;
}

}  // namespace omniclient::omniverse
