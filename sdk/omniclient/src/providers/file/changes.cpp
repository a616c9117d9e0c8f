#include "providers/file/changes.hpp"

#include "engine/log.hpp"
#include "providers/file/descriptor.hpp"
#include "providers/file/entries.hpp"
#include "providers/file/replacement.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>

namespace omniclient::files {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadPiece = 4u << 20;

template <class R = Reply>
R answer(int error) {
  return error == ECANCELED ? failed<R>(eOmniClientResult_ErrorConnection) : failure<R>(error);
}

/// The same where a part of it may have been done, so that it cannot simply be repeated.
template <class R = Reply>
R last_answer(int error) {
  auto reply = answer<R>(error);
  reply.passing = false;
  return reply;
}

/// 0, or the errno. Folders that are there already are no failure.
int make_folders(const std::string& path) {
  if (path.empty() || path == "/" || path == ".") return 0;
  const auto make = [&path] {
    if (::mkdir(path.c_str(), 0777) != 0) return errno;
    flush_folder(folder_of(path));
    return 0;
  };
  int error = make();
  if (error == ENOENT) {
    if (const int above = make_folders(folder_of(path))) return above;
    error = make();
  }
  if (error == 0) return 0;
  struct stat info {};
  if (error == EEXIST && ::stat(path.c_str(), &info) == 0) return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
  return error;
}

/// The file that a path leads to in the end, so that writing to a link changes what it points to.
std::string real_place(const std::string& path) {
  std::error_code error;
  const auto real = fs::canonical(path, error);
  return error ? path : real.string();
}

/// Where a path would be, whether or not all of it is there.
std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = fs::weakly_canonical(path, error);
  return std::string(without_trailing_slashes(error ? path : real.string()));
}

bool is_at_or_below(const std::string& path, const std::string& folder) {
  return path == folder || (path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
                            (folder == "/" || path[folder.size()] == '/'));
}

enum class Progress { Shown, Hidden };

int copy_file(const std::string& from, const std::string& to, bool overwrite, Progress progress, Operation& operation) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!source) return errno;
  struct stat info {};
  if (::fstat(source.number(), &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EISDIR;
  if (overwrite && ::access(to.c_str(), F_OK) == 0 && ::access(to.c_str(), W_OK) != 0) return errno;
  Replacement replacement(overwrite ? real_place(to) : to);
  if (const int error = replacement.open(&info.st_mode)) return error;
  const auto size = progress == Progress::Shown ? static_cast<std::size_t>(info.st_size) : 0;
  if (const int error = replacement.append_file(source.number(), size, operation)) return error;
  return replacement.put(!overwrite);
}

int copy_link(const fs::path& from, const std::string& to) {
  std::error_code error;
  const auto target = fs::read_symlink(from, error);
  if (error) return error.value();
  if (::symlink(target.c_str(), to.c_str()) == 0) return 0;
  if (errno != EEXIST) return errno;
  return ::unlink(to.c_str()) == 0 && ::symlink(target.c_str(), to.c_str()) == 0 ? 0 : errno;
}

/// Makes a folder that may do no more than another one may, while it is filled. What is there already stays as it is.
int make_like(const std::string& to, mode_t mode) {
  if (const int error = make_folders(folder_of(to))) return error;
  if (::mkdir(to.c_str(), (mode & 0777) | S_IRWXU) == 0) return 0;
  const int error = errno;
  struct stat info {};
  if (error == EEXIST && ::stat(to.c_str(), &info) == 0) return S_ISDIR(info.st_mode) ? EEXIST : ENOTDIR;
  return error;
}

/// File by file; what else is at the destination stays. Links inside of the folder are copied as links. Pipes, sockets
/// and devices stay behind and are counted.
int copy_folder(const std::string& from, const std::string& to, Operation& operation, std::size_t& left_behind) {
  struct stat source {};
  if (::stat(from.c_str(), &source) != 0) return errno;
  const int made = make_like(to, source.st_mode);
  if (made != 0 && made != EEXIST) return made;
  std::error_code error;
  for (fs::directory_iterator item(from, error), end; !error && item != end; item.increment(error)) {
    if (operation.cancelled()) return ECANCELED;
    const auto name = item->path().filename().string();
    if (name.compare(0, kTemporaryPrefix.size(), kTemporaryPrefix) == 0) continue;
    const auto place = to + "/" + name;
    int failed = 0;
    if (item->is_symlink(error)) {
      failed = copy_link(item->path(), place);
    } else if (item->is_directory(error)) {
      failed = copy_folder(item->path().string(), place, operation, left_behind);
    } else if (item->is_regular_file(error)) {
      failed = copy_file(item->path().string(), place, true, Progress::Hidden, operation);
    } else if (item->exists(error)) {
      ++left_behind;
    }
    if (failed != 0) return failed;
  }
  if (error) return error.value();
  // Now that nothing needs to be written into it any more.
  if (made == 0 && (source.st_mode & S_IRWXU) != S_IRWXU) {
    struct stat there {};
    if (::stat(to.c_str(), &there) != 0 || ::chmod(to.c_str(), there.st_mode & source.st_mode & 0777) != 0)
      return errno;
  }
  return 0;
}

struct Ends {
  OmniClientResult problem = eOmniClientResult_Ok;
  bool folder = false;
  bool exists = false;
};

/// What copying and moving refuse, both in the same way.
Ends check_ends(const std::string& from, const std::string& to, const CopyOptions& options) {
  struct stat source {};
  struct stat there {};
  if (::stat(from.c_str(), &source) != 0) {
    return {errno == ENOTDIR ? eOmniClientResult_ErrorNotFound : result_of(errno)};
  }
  const bool folder = S_ISDIR(source.st_mode);
  if (!folder && !S_ISREG(source.st_mode)) return {eOmniClientResult_ErrorWrongType};
  if (options.kind != ItemKind::Any && folder != (options.kind == ItemKind::Folder)) {
    return {eOmniClientResult_ErrorWrongType};
  }
  const bool exists = ::stat(to.c_str(), &there) == 0;
  if (exists && source.st_dev == there.st_dev && source.st_ino == there.st_ino) {
    return {eOmniClientResult_ErrorSourceIsDest};
  }
  // Into itself, or over what it is in.
  if (folder && (is_at_or_below(real_path(to), real_path(from)) || is_at_or_below(real_path(from), real_path(to)))) {
    return {eOmniClientResult_ErrorSourceIsDest};
  }
  if (exists && !options.overwrite) return {eOmniClientResult_ErrorAlreadyExists};
  if (exists && S_ISDIR(there.st_mode) != folder) return {eOmniClientResult_ErrorWrongType};
  return {eOmniClientResult_Ok, folder, exists};
}

int copy_checked(const std::string& from, const std::string& to, const Ends& ends, bool overwrite, Operation& operation,
                 std::size_t& left_behind) {
  if (const int error = make_folders(folder_of(to))) return error;
  return ends.folder ? copy_folder(from, to, operation, left_behind)
                     : copy_file(from, to, overwrite, Progress::Shown, operation);
}

/// Removes files that processes which ended too early were writing. Whether there were any.
bool remove_leftovers(const std::string& folder) {
  bool removed = false;
  std::error_code error;
  for (fs::directory_iterator item(folder, error), end; !error && item != end; item.increment(error)) {
    const auto name = item->path().filename().string();
    if (name.compare(0, kTemporaryPrefix.size(), kTemporaryPrefix) != 0) continue;
    if (remove_left_behind(item->path().string())) removed = true;
  }
  return removed;
}

/// 0, or the errno. Links are removed, and never followed.
int remove_tree(int folder, const char* name, const Operation& operation) {
  if (::unlinkat(folder, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  const int descriptor = ::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOTDIR ? EACCES : errno;
  const std::unique_ptr<DIR, int (*)(DIR*)> items(::fdopendir(descriptor), ::closedir);
  if (!items) {
    const int error = errno;
    ::close(descriptor);
    return error;
  }
  errno = 0;
  while (const dirent* item = ::readdir(items.get())) {
    if (operation.cancelled()) return ECANCELED;
    const std::string_view inside = item->d_name;
    if (inside == "." || inside == "..") continue;
    const int error = remove_tree(::dirfd(items.get()), item->d_name, operation);
    if (error != 0 && error != ENOENT) return error;  // Somebody else may remove it, too.
    errno = 0;
  }
  if (errno != 0) return errno;
  return ::unlinkat(folder, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int rename_checked(const std::string& from, const std::string& to, bool overwrite) {
  if (overwrite) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL) return errno;
  // A file system that cannot refuse by itself; it has been looked at a moment ago.
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

ReadReply read(const std::string& path, Operation& operation) {
  // Not blocking, so that a pipe that nobody writes to is found to be one instead of being waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return failure<ReadReply>(errno == ENOTDIR ? ENOENT : errno);
  struct stat info {};
  ReadReply reply;
  reply.version = version_of(file.number());  // Before it is read: what changes meanwhile is a newer version.
  if (::fstat(file.number(), &info) != 0) return failed<ReadReply>(result_of(errno));
  if (!S_ISREG(info.st_mode)) return failed<ReadReply>(eOmniClientResult_ErrorWrongType);
  std::size_t room = static_cast<std::size_t>(info.st_size) + 1;  // One more, to see the end.
  Content content = Content::allocate(room);
  std::size_t filled = 0;
  for (;;) {
    if (operation.cancelled()) return failed<ReadReply>(eOmniClientResult_ErrorConnection);
    if (filled == room) {  // It grows, or is one of those whose size the kernel does not know.
      room *= 2;
      Content larger = Content::allocate(room);
      if (larger.data() != nullptr) std::copy_n(content.data(), filled, larger.data());
      content = std::move(larger);
    }
    if (content.data() == nullptr) return failed<ReadReply>(eOmniClientResult_Error);
    const auto got = ::read(file.number(), content.data() + filled, std::min(room - filled, kReadPiece));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure<ReadReply>(errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    operation.progress(static_cast<int>(filled * 100 / room));
  }
  content.raw()->size = filled;
  reply.result = eOmniClientResult_Ok;
  reply.content = std::make_shared<Content>(std::move(content));
  return reply;
}

WriteReply write(const std::string& path, std::string_view bytes, Operation& operation) {
  const auto refused = answer<WriteReply>;
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) return failed<WriteReply>(eOmniClientResult_ErrorWrongType);
  // Replacing needs no permission to write to the file itself, but a program that may not do that may not do this.
  if (exists && ::access(path.c_str(), W_OK) != 0) return refused(errno);
  if (!exists) {
    if (const int error = make_folders(folder_of(path))) return refused(error);
  }
  Replacement replacement(exists ? real_place(path) : path);
  if (const int error = replacement.open(nullptr)) return refused(error);
  if (const int error = replacement.append(bytes, operation)) return refused(error);
  if (const int error = replacement.put(false)) return refused(error);
  WriteReply reply;
  reply.result = eOmniClientResult_Ok;
  reply.version = replacement.version();
  return reply;
}

Reply create_folder(const std::string& path) {
  if (const int error = make_folders(folder_of(path))) return answer(error);
  if (::mkdir(path.c_str(), 0777) != 0) return answer(errno);
  flush_folder(folder_of(path));
  return {eOmniClientResult_Ok};
}

Reply copy(const std::string& from, const std::string& to, const CopyOptions& options, Operation& operation) {
  const auto ends = check_ends(from, to, options);
  if (ends.problem != eOmniClientResult_Ok) return {ends.problem};
  std::size_t left_behind = 0;
  const int error = copy_checked(from, to, ends, options.overwrite, operation, left_behind);
  if (left_behind > 0) {
    log::warning("files", {"Left behind in ", from, " what has no content: ", std::to_string(left_behind)});
  }
  return ends.folder ? last_answer(error) : answer(error);
}

MoveReply move(const std::string& from, const std::string& to, const CopyOptions& options, Operation& operation) {
  const auto ends = check_ends(from, to, options);
  if (ends.problem != eOmniClientResult_Ok) return failed<MoveReply>(ends.problem);
  if (const int error = make_folders(folder_of(to))) return answer<MoveReply>(error);
  const bool merges = ends.folder && ends.exists;
  if (!merges) {
    const int error = rename_checked(from, to, options.overwrite);
    if (error == 0) {
      flush_folder(folder_of(to));
      flush_folder(folder_of(from));
    }
    if (error != EXDEV) return answer<MoveReply>(error);
  }
  std::size_t left_behind = 0;
  if (const int error = copy_checked(from, to, ends, options.overwrite, operation, left_behind)) {
    return last_answer<MoveReply>(error);
  }
  MoveReply reply;
  reply.copied = true;
  reply.result = left_behind > 0 ? eOmniClientResult_ErrorWrongType : remove(from, Depth::Recursive, operation).result;
  return reply;
}

Reply remove(const std::string& path, Depth depth, const Operation& operation) {
  if (path == "/") return {eOmniClientResult_ErrorAccessDenied};
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return {errno == ENOTDIR ? eOmniClientResult_ErrorNotFound : result_of(errno)};
  }
  if (!S_ISDIR(info.st_mode)) return answer(::unlink(path.c_str()) == 0 ? 0 : errno);
  if (depth == Depth::Single) {
    if (::rmdir(path.c_str()) == 0) return {eOmniClientResult_Ok};
    const int error = errno;
    if (error != ENOTEMPTY && error != EEXIST) return answer(error);
    // To the program it is empty where lists show nothing.
    return answer(remove_leftovers(path) && ::rmdir(path.c_str()) == 0 ? 0 : ENOTEMPTY);
  }
  return last_answer(remove_tree(AT_FDCWD, path.c_str(), operation));
}

}  // namespace omniclient::files
