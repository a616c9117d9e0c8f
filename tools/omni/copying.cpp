// cp, mv.
#include "copying.hpp"

#include "content.hpp"
#include "output.hpp"
#include "progress.hpp"

#include <cstdio>

namespace omni {
namespace {

/// The last name of a URL; what stands after `?` names a version, and no item.
std::string name_of(const std::string& url) {
  auto path = url.substr(0, url.find_first_of("?#"));
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

/// Where a copy goes: into a folder that is there, under its own name.
std::string destination(const std::string& from, const std::string& to) {
  if (!to.empty() && to.back() != '/' && !stat(to).item.is_folder()) return to;
  return to + (to.empty() || to.back() == '/' ? "" : "/") + name_of(from);
}

OmniClientCopyBehavior behavior(const Arguments& arguments) {
  return arguments.has("force") ? eOmniClientCopy_Overwrite : eOmniClientCopy_ErrorIfExists;
}

int done(const char* verb, const std::string& from, const std::string& to) {
  if (json()) print(Json().text("done", verb).text("from", from).text("to", to));
  return kDone;
}

int copy_from_input(const Arguments& arguments, const std::string& to) {
  if (!arguments.has("force")) {
    const auto there = stat(to).result;
    if (there == eOmniClientResult_Ok) return fail("write", eOmniClientResult_ErrorAlreadyExists, to);
    if (there != eOmniClientResult_ErrorNotFound) return fail("write", there, to);
  }
  const auto bytes = read_input();
  if (!bytes) return fail("read standard input", "it cannot be read");
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
