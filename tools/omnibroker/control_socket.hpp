#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// The socket over which commands reach a running broker: a file that its user alone can open.
///
/// Lifecycle: listens from `open` on; the destructor removes the file.
/// Threads: `remove` from any; the rest from one.
class ControlSocket {
 public:
  /// At a path; what a process that has died left there is replaced. Conflict: a living one has it.
  static Result<std::unique_ptr<ControlSocket>> open(const std::filesystem::path& path);
  /// In the first of `control_folders` that is there or can be made, as `<pid>.sock`. Removes what brokers that have
  /// died left there.
  static Result<std::unique_ptr<ControlSocket>> open_own();
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  int descriptor() const { return descriptor_; }
  const std::filesystem::path& path() const { return path_; }

  /// Removes the file, unless it is another one by now. For a process that is about to leave without ceremony.
  void remove() const;

 private:
  ControlSocket(int descriptor, std::filesystem::path path);

  const int descriptor_;
  const std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t file_ = 0;
};

/// Where brokers of this user put their sockets, the folder that comes first first: `$XDG_RUNTIME_DIR/omnibroker`, as
/// root
/// `/run/omnibroker`, `/tmp/omnibroker-<uid>`.
std::vector<std::filesystem::path> control_folders();

/// The `.sock` files of a folder; none where it is not private.
std::vector<std::filesystem::path> sockets_in(const std::filesystem::path& folder);

/// A connection to the one who listens on a Unix socket. NotFound: nobody does.
Result<int> connect_to(const std::filesystem::path& path);

/// The process at the other end of a connected socket; 0 where the kernel does not say.
ucred peer_of(int descriptor);

}  // namespace omnibroker::tools
