#include "providers/file/entries.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace omniclient::files {
namespace {

std::uint64_t nanoseconds(const statx_timestamp& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + time.tv_nsec;
}

std::string version_of(const struct statx& info) {
  char text[64];
  std::snprintf(text, sizeof text, "%llx-%llx-%llx", static_cast<unsigned long long>(info.stx_ino),
                static_cast<unsigned long long>(nanoseconds(info.stx_mtime)),
                static_cast<unsigned long long>(info.stx_size));
  return text;
}

std::uint32_t access_of(int folder, const char* name, const struct statx& info) {
  std::uint32_t access = 0;
  if (faccessat(folder, name, R_OK, AT_EACCESS) == 0) access |= fOmniClientAccess_Read;
  if (faccessat(folder, name, W_OK, AT_EACCESS) == 0) access |= fOmniClientAccess_Write;
  if (const auto user = geteuid(); user == 0 || user == info.stx_uid) access |= fOmniClientAccess_Admin;
  return access;
}

/// 0, or the errno.
int read_entry(int folder, const char* name, Entry& entry) {
  constexpr unsigned kWanted = STATX_BASIC_STATS | STATX_BTIME;
  struct statx info {};
  if (statx(folder, name, 0, kWanted, &info) != 0) {
    const int error = errno;
    // A link that leads nowhere is still there, to be seen and deleted.
    if (error != ENOENT || statx(folder, name, AT_SYMLINK_NOFOLLOW, kWanted, &info) != 0) return error;
    entry.modified_ns = nanoseconds(info.stx_mtime);
    return 0;
  }
  entry.access = access_of(folder, name, info);
  entry.modified_ns = nanoseconds(info.stx_mtime);
  entry.created_ns = (info.stx_mask & STATX_BTIME) != 0 ? nanoseconds(info.stx_btime) : 0;
  if (S_ISDIR(info.stx_mode)) {
    entry.flags = fOmniClientItem_CanHaveChildren;
    return 0;
  }
  entry.flags = fOmniClientItem_DoesNotHaveChildren;
  entry.size = info.stx_size;
  if (!S_ISREG(info.stx_mode)) return 0;
  if ((entry.access & fOmniClientAccess_Read) != 0) entry.flags |= fOmniClientItem_ReadableFile;
  if ((entry.access & fOmniClientAccess_Write) != 0) entry.flags |= fOmniClientItem_WriteableFile;
  entry.version = version_of(info);
  return 0;
}

/// What can be said of something in a folder that may be listed, but not entered: that it is there, to nobody's use.
std::uint32_t flags_without_a_look(const dirent& item) {
  if (item.d_type == DT_DIR) return fOmniClientItem_CanHaveChildren;
  const bool may_be_a_file = item.d_type == DT_REG || item.d_type == DT_LNK || item.d_type == DT_UNKNOWN;
  return may_be_a_file ? fOmniClientItem_DoesNotHaveChildren : 0;
}

bool is_link(int folder, const dirent& item) {
  if (item.d_type != DT_UNKNOWN) return item.d_type == DT_LNK;
  struct stat info {};
  return ::fstatat(folder, item.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

}  // namespace

OmniClientResult result_of(int error) {
  switch (error) {
    case 0: return eOmniClientResult_Ok;
    case ENOENT: return eOmniClientResult_ErrorNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return eOmniClientResult_ErrorAccessDenied;
    case EEXIST: return eOmniClientResult_ErrorAlreadyExists;
    case ENOTEMPTY: return eOmniClientResult_ErrorFolderNotEmpty;
    case ENOTDIR:
    case EISDIR: return eOmniClientResult_ErrorWrongType;
    case EBUSY:
    case ETXTBSY: return eOmniClientResult_ErrorLocked;
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG: return eOmniClientResult_ErrorBadRequest;
    case ENOTSUP: return eOmniClientResult_ErrorNotSupported;
    default: return eOmniClientResult_Error;
  }
}

bool passes(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN || error == EINTR;
}

std::optional<std::string> local_path(const Url& url) {
  if (!url.raw && url.host && !url.host->empty() && *url.host != "localhost") return std::nullopt;
  if (!url.raw && url.query) {
    const auto version = read_checkpoint_query(*url.query);
    if (version && version->checkpoint != 0) return std::nullopt;
  }
  if (has_encoded_slash(url)) return std::nullopt;
  const auto path = url.path.value_or("");
  if (path.empty() || path.find('\0') != std::string::npos) return std::nullopt;
  if (!url.raw && path.front() != '/') return std::nullopt;
  return std::string(without_trailing_slashes(path));
}

std::string name_of(std::string_view path) {
  const auto trimmed = without_trailing_slashes(path);
  return std::string(trimmed.substr(trimmed.rfind('/') + 1));
}

std::string folder_of(std::string_view path) {
  const auto trimmed = without_trailing_slashes(path);
  const auto slash = trimmed.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : trimmed.substr(0, slash));
}

EntryReply look_at(const std::string& path) {
  EntryReply reply;
  reply.entry.relative_path = name_of(path);
  const int error = read_entry(AT_FDCWD, path.c_str(), reply.entry);
  // Something below a file is not there, as little as anything else is.
  reply.result = error == ENOTDIR ? eOmniClientResult_ErrorNotFound : result_of(error);
  reply.passing = passes(error);
  return reply;
}

std::string version_of(int descriptor) {
  struct statx info {};
  return statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) == 0 ? version_of(info) : std::string();
}

ListReply list(const std::string& path, const Operation& operation) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return failure<ListReply>(errno == ENOTDIR ? ENOENT : errno);
  ListReply reply;
  reply.result = eOmniClientResult_Ok;
  errno = 0;
  while (const dirent* item = readdir(folder.get())) {
    if (operation.cancelled()) return failed<ListReply>(eOmniClientResult_ErrorConnection);
    const std::string_view name = item->d_name;
    if (name == "." || name == ".." || name.substr(0, kTemporaryPrefix.size()) == kTemporaryPrefix) continue;
    Entry entry;
    entry.relative_path = name;
    const int error = read_entry(dirfd(folder.get()), item->d_name, entry);
    if (error == EACCES) entry.flags = flags_without_a_look(*item);
    entry.is_link = is_link(dirfd(folder.get()), *item);
    if (error != ENOENT) reply.entries.push_back(std::move(entry));  // Else it has just gone.
    errno = 0;
  }
  if (errno != 0) return failure<ListReply>(errno);
  std::sort(reply.entries.begin(), reply.entries.end(),
            [](const Entry& a, const Entry& b) { return a.relative_path < b.relative_path; });
  return reply;
}

}  // namespace omniclient::files
