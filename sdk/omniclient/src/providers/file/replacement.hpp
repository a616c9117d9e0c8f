#pragma once

#include "engine/operation.hpp"
#include "providers/file/descriptor.hpp"

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>

namespace omniclient::files {

/// A file in the making: written beside the place where it will be, under a name that lists do not show, and put there
/// in one step. Without `put` it is taken away again.
///
/// A file that is replaced hands on what it has beside its content: its owner, its group, its mode, its POSIX access
/// list, and its user attributes, each as far as the process may set it. Where its group or its access list cannot be
/// kept, the group of the new one may do no more than others.
class Replacement {
 public:
  explicit Replacement(std::string place);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  /// Each answers 0, or the errno. `mode` is that of a file that replaces none; without it the process's mask decides.
  int open(const mode_t* mode);
  int append(std::string_view bytes, Operation& operation);
  /// `size` is for showing how far it is; 0 shows nothing.
  int append_file(int source, std::size_t size, Operation& operation);
  /// `exclusive`: EEXIST where something is there already.
  int put(bool exclusive);
  /// Names what was written, also after `put`.
  std::string version() const;

 private:
  int take_over(const struct stat& old);

  std::string place_;
  std::string temporary_;
  Descriptor file_;
};

/// Removes what a process that ended too early has left of a file in the making. False where somebody still writes it.
bool remove_left_behind(const std::string& path);

/// Flushes a folder, so that what was made or renamed in it survives a loss of power.
void flush_folder(const std::string& folder);

}  // namespace omniclient::files
