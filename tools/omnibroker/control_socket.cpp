#include "control_socket.hpp"

#include "private_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace omnibroker::tools {
namespace fs = std::filesystem;
namespace {

constexpr int kWaiting = 8;  // connections that have not been accepted yet

std::string reason() { return std::generic_category().message(errno); }

Result<sockaddr_un> address_of(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& name = path.native();
  if (name.empty() || name.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::InvalidArgument, "The path of a Unix socket has 1 to " +
                                                 std::to_string(sizeof address.sun_path - 1) + " bytes, " + name +
                                                 " has " + std::to_string(name.size())};
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  return address;
}

Error cannot_open(const fs::path& path, const std::string& why, ErrorCode code = ErrorCode::Unavailable) {
  return {code, "The control socket " + path.string() + " cannot be opened: " + why};
}

/// A socket file outlives a process that was killed. It may be taken over only if nobody answers on it.
Status make_room(const fs::path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return cannot_open(path, "something else is there", ErrorCode::Conflict);
  auto connected = connect_to(path);
  if (connected) {
    const auto owner = peer_of(*connected);
    ::close(*connected);
    return cannot_open(path, "process " + std::to_string(owner.pid) + " is using it", ErrorCode::Conflict);
  }
  if (connected.error().code != ErrorCode::NotFound) return cannot_open(path, connected.error().message);
  ::unlink(path.c_str());
  return {};
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const fs::path& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  if (auto status = make_room(path); !status) return status.error();

  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return cannot_open(path, reason());
  // The file takes its permissions from the socket; the umask belongs to the whole process and is left alone.
  ::fchmod(descriptor, S_IRUSR | S_IWUSR);
  const auto* name = reinterpret_cast<const sockaddr*>(&address.value());
  const bool bound = ::bind(descriptor, name, sizeof address.value()) == 0;
  if (!bound || ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(descriptor, kWaiting) != 0) {
    auto error = cannot_open(path, reason());
    if (bound) ::unlink(path.c_str());
    ::close(descriptor);
    return error;
  }
  return std::unique_ptr<ControlSocket>(new ControlSocket(descriptor, path));
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open_own() {
  Error error{ErrorCode::Unavailable, "There is no folder for the control socket"};
  for (const auto& folder : control_folders()) {
    if (auto status = make_private(folder); !status) {
      error = status.error();
      continue;
    }
    for (const auto& other : sockets_in(folder)) {
      const auto process = fs::path("/proc") / other.stem();
      std::error_code failed;
      if (!fs::exists(process, failed)) static_cast<void>(make_room(other));
    }
    auto opened = open(folder / (std::to_string(::getpid()) + ".sock"));
    if (opened) return opened;
    error = opened.error();
  }
  return error;
}

ControlSocket::ControlSocket(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) return;
  device_ = found.st_dev;
  file_ = found.st_ino;
}

ControlSocket::~ControlSocket() {
  remove();
  ::close(descriptor_);
}

void ControlSocket::remove() const {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == file_) ::unlink(path_.c_str());
}

std::vector<fs::path> control_folders() {
  std::vector<fs::path> folders;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') folders.push_back(fs::path(runtime) / "omnibroker");
  if (::geteuid() == 0 && ::access("/run", W_OK) == 0) folders.emplace_back("/run/omnibroker");
  folders.push_back("/tmp/omnibroker-" + std::to_string(::geteuid()));
  return folders;
}

std::vector<fs::path> sockets_in(const fs::path& folder) {
  std::vector<fs::path> sockets;
  if (!is_private(folder)) return sockets;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() == ".sock") sockets.push_back(entry->path());
  }
  std::sort(sockets.begin(), sockets.end());
  return sockets;
}

Result<int> connect_to(const fs::path& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Error{ErrorCode::Unavailable, reason()};
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address.value()), sizeof address.value()) == 0) {
    return descriptor;
  }
  const int why = errno;
  ::close(descriptor);
  const bool nobody = why == ECONNREFUSED || why == ENOENT;
  const auto sentence = why == EAGAIN ? "too many others are waiting" : std::generic_category().message(why);
  return Error{nobody ? ErrorCode::NotFound : ErrorCode::Unavailable, sentence};
}

ucred peer_of(int descriptor) {
  ucred peer{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer;
}

}  // namespace omnibroker::tools
