#pragma once

#include "providers/provider.hpp"

#include <string>

/// Reading and changing the local file system, each function as the C API wants it: parents are made, a file is
/// replaced as a whole or not at all, trailing slashes mean nothing. Every function blocks for as long as the file
/// system does.
namespace omniclient::files {

ReadReply read(const std::string& path, Operation& operation);

/// Writes beside the file, flushes that to the disk, and puts it in the file's place. A link is followed; the mode of a
/// file that was there stays.
WriteReply write(const std::string& path, std::string_view bytes, Operation& operation);

Reply create_folder(const std::string& path);
/// What has no content (pipes, sockets, devices) stays behind where a folder is copied or moved to another file system;
/// then nothing of the source is removed.
Reply copy(const std::string& from, const std::string& to, const CopyOptions& options, Operation& operation);
MoveReply move(const std::string& from, const std::string& to, const CopyOptions& options, Operation& operation);
/// Links are removed and not what they lead to. Cancelling it leaves what it has not removed yet.
Reply remove(const std::string& path, Depth depth, const Operation& operation);

}  // namespace omniclient::files
