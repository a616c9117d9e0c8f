#pragma once

#include "refusal.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace omnibroker::nucleus::store {

/// An open file. Failures are Refusals that name the file: QuotaReached of a full disk, else InternalError.
/// Threads: any; the system keeps reads and writes at positions apart.
class File {
 public:
  File() = default;
  static File open(const std::filesystem::path& path);
  /// A new file; fails if one is there.
  static File create(const std::filesystem::path& path);
  static File open_or_create(const std::filesystem::path& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  explicit operator bool() const { return fd_ >= 0; }
  const std::filesystem::path& path() const { return path_; }
  int fd() const { return fd_; }

  void write(std::uint64_t offset, std::string_view bytes) const;
  /// Reads until `size` bytes or the end of the file; answers how many.
  std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
  std::uint64_t size() const;
  /// Waits until content and size are on the disk.
  void sync() const;

 private:
  File(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}

  int fd_ = -1;
  std::filesystem::path path_;
};

/// Waits until the names in a folder are on the disk.
void sync_folder(const std::filesystem::path& folder);
void make_folder(const std::filesystem::path& folder);
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Makes `to` the same file as `from`, or a copy of it where the file system cannot; on the disk when it returns.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);

/// Holds a data folder for this process, for as long as it lives.
class FolderLock {
 public:
  /// ResourceBusy, with the process that has it.
  explicit FolderLock(const std::filesystem::path& folder);

 private:
  File file_;
};

}  // namespace omnibroker::nucleus::store
