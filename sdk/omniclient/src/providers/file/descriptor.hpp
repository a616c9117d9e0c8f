#pragma once

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace omniclient::files {

/// An open file, closed with this.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

  /// Says to other processes that somebody uses the file, for as long as it is open. False where somebody else does, or
  /// has just taken it for left behind. Where the file system knows no locks nobody can.
  bool hold() const {
    if (::flock(number_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    struct stat info {};
    return ::fstat(number_, &info) == 0 && info.st_nlink > 0;
  }
  /// Whether nobody holds it, so that whoever used it is gone.
  bool is_left_behind() const { return ::flock(number_, LOCK_EX | LOCK_NB) == 0; }

 private:
  int number_;
};

}  // namespace omniclient::files
