// cp, mv.
#include "copying.hpp"

#include "content.hpp"
#include "output.hpp"
#include "progress.hpp"

#include <cstdio>
#include <memory>

namespace omni {
namespace {

using Parts = std::unique_ptr<OmniClientUrl, decltype(&omniClientFreeUrl)>;

Parts parts_of(const std::string& url) { return {omniClientBreakUrl(url.c_str()), omniClientFreeUrl}; }

/// The last name of a URL or path, as people read it.
std::string name_of(const std::string& url) {
  const auto parts = parts_of(url);
  std::string path = parts->path == nullptr ? "" : parts->path;
  while (!path.empty() && path.back() == '/') path.pop_back();
  auto name = path.substr(path.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") throw WrongUsage(url + " has no name of its own to be copied under");
  return name;
}

/// `name` in a folder.
std::string in_folder(const std::string& folder, const std::string& name) {
  const auto parts = parts_of(folder);
  std::string path = parts->path == nullptr ? "" : parts->path;
  if (path.empty() || path.back() != '/') path += '/';
  path += name;
  if (parts->isRaw) return path;
  auto whole = *parts;
  whole.path = path.c_str();
  std::string url;
  std::size_t size = 0;
  while (omniClientMakeUrl(&whole, url.data(), &size) == nullptr) url.resize(size);
  url.resize(size - 1);
  return url;
}

/// Where a copy goes: into a folder that is there, under its own name.
std::string destination(const std::string& from, const std::string& to) {
  if (!to.empty() && to.back() != '/' && !stat(to).item.is_folder()) return to;
  return in_folder(to, name_of(from));
}

OmniClientCopyBehavior behavior(const Arguments& arguments) {
  return arguments.has("force") ? eOmniClientCopy_Overwrite : eOmniClientCopy_ErrorIfExists;
}

int done(const char* verb, const std::string& from, const std::string& to) {
  if (json()) print(Json().text("done", verb).text("from", from).text("to", to));
  return kDone;
}

/// Ok where nothing is there.
OmniClientResult look_for_nothing(const std::string& to) {
  const auto there = stat(to).result;
  if (there == eOmniClientResult_Ok) return eOmniClientResult_ErrorAlreadyExists;
  return there == eOmniClientResult_ErrorNotFound ? eOmniClientResult_Ok : there;
}

int copy_from_input(const Arguments& arguments, const std::string& to) {
  const bool replaces = arguments.has("force");
  auto refused = replaces ? eOmniClientResult_Ok : look_for_nothing(to);
  if (refused != eOmniClientResult_Ok) return fail("write", refused, to);
  const auto bytes = read_input();
  if (!bytes) return fail("read standard input", "it cannot be read");
  if (!replaces) refused = look_for_nothing(to);  // Standard input may have taken hours.
  if (refused != eOmniClientResult_Ok) return fail("write", refused, to);
  const auto result = write(to, *bytes, arguments.value("message"));
  return result == eOmniClientResult_Ok ? done("cp", "-", to) : fail("write", result, to);
}

int cp(const Arguments& arguments) {
  const auto& from = arguments.words[0];
  const auto& to = arguments.words[1];
  if (from == "-" && to == "-") throw WrongUsage("one of the two is a URL or a path, and not `-`");
  if (from == "-") return copy_from_input(arguments, to);
  if (to == "-") {
    auto one = arguments;
    one.words = {from};
    return cat(one);
  }
  const auto target = destination(from, to);
  const auto message = arguments.value("message");
  const auto result = wait_for([&](void* data, Plain answer) {
    return omniClientCopy(from.c_str(), target.c_str(), data, answer, behavior(arguments),
                          message.empty() ? nullptr : message.c_str());
  });
  if (result != eOmniClientResult_Ok) return fail("copy " + from + " to", result, target);
  return done("cp", from, target);
}

int mv(const Arguments& arguments) {
  const auto& from = arguments.words[0];
  const auto target = destination(from, arguments.words[1]);
  const auto message = arguments.value("message");
  struct {
    OmniClientResult result = eOmniClientResult_ErrorConnection;
    bool copied = false;
  } moved;
  omniClientWait(omniClientMove(
      from.c_str(), target.c_str(), &moved,
      [](void* data, OmniClientResult result, bool copied) noexcept {
        *static_cast<decltype(moved)*>(data) = {result, copied};
      },
      behavior(arguments), message.empty() ? nullptr : message.c_str()));
  if (moved.result == eOmniClientResult_Ok) return done("mv", from, target);
  if (moved.copied) return fail("delete, after it was copied to " + target + ",", moved.result, from);
  return fail("move " + from + " to", moved.result, target);
}

}  // namespace

std::vector<Command> content_commands() {
  const std::vector<Option> options = {{'f', "force", "", "replace what is there"},
                                       {'m', "message", "TEXT", "the comment of the checkpoint"}};
  return {
      {"cat", "URL...", "Print what files contain", "", {}, 1, 1000, false, cat},
      {"cp", "[-f] [-m TEXT] FROM TO", "Copy a file or a folder",
       "Between all kinds of servers and local paths. TO may be a folder that is there. FROM as - is standard input,\n"
       "TO as - is standard output.",
       options, 2, 2, false, cp},
      {"mv", "[-f] [-m TEXT] FROM TO", "Move or rename a file or a folder", "TO may be a folder that is there.",
       options, 2, 2, false, mv},
  };
}

}  // namespace omni
