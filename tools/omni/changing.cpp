// rm, undelete, mkdir.
#include "command.hpp"
#include "output.hpp"

namespace omni {
namespace {

using Function = OmniClientRequestId(OMNICLIENT_ABI*)(char const*, void*, OmniClientDeleteCallback);

/// Does one thing with each URL, and stops at the first that fails.
int each(const Arguments& arguments, const char* done, const char* asked, Function function) {
  for (const auto& url : arguments.words) {
    const auto result = wait_for([&](void* data, Plain answer) { return function(url.c_str(), data, answer); });
    if (result != eOmniClientResult_Ok) return fail(asked, result, url);
    if (json()) print(Json().text("done", done).text("url", url));
  }
  return kDone;
}

int rm(const Arguments& arguments) {
  return each(arguments, "rm", "delete", arguments.has("recursive") ? omniClientDelete : omniClientDeleteSingle);
}

int undelete(const Arguments& arguments) { return each(arguments, "undelete", "undelete", omniClientUndelete); }

int mkdir(const Arguments& arguments) { return each(arguments, "mkdir", "make the folder", omniClientCreateFolder); }

}  // namespace

std::vector<Command> changing_commands() {
  return {
      {"rm",
       "[-r] URL...",
       "Delete files and empty folders",
       "",
       {{'r', "recursive", "", "folders with everything in them"}},
       1,
       1000,
       false,
       rm},
      {"undelete", "URL...", "Bring back what was deleted", "", {}, 1, 1000, false, undelete},
      {"mkdir", "URL...", "Make folders, and those above them", "", {}, 1, 1000, false, mkdir},
  };
}

}  // namespace omni
