#pragma once

#include "providers/provider.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Looking at the local file system. Every function blocks for as long as the file system does.
namespace omniclient::files {

/// How a file that is being written is named, next to what it will become. Lists do not show these.
inline constexpr std::string_view kTemporaryPrefix = ".omni-tmp-";

/// What an errno of a call on a path means to the program.
OmniClientResult result_of(int error);

/// Whether there is only too little of something for the moment, such as open files.
bool passes(int error);
/// The answer to an errno.
template <class R>
R failure(int error) {
  return passes(error) ? failed_for_now<R>(result_of(error)) : failed<R>(result_of(error));
}

/// The local path that a URL names. Nothing where it names another machine, a checkpoint, no
/// path, or a byte that no path can have.
std::optional<std::string> local_path(const Url& url);

/// An item, links followed. `relative_path` is its name.
EntryReply look_at(const std::string& path);

/// What names the content of an open file. Empty where the file system does not say.
std::string version_of(int descriptor);

/// What is in a folder, sorted by name. Links are followed where they lead somewhere. ErrorConnection where the
/// operation is cancelled meanwhile.
ListReply list(const std::string& path, const Operation& operation);

std::string name_of(std::string_view path);
std::string folder_of(std::string_view path);

}  // namespace omniclient::files
