// checkpoint create, checkpoint list.
#include "command.hpp"
#include "output.hpp"

namespace omni {
namespace {

int create_checkpoint(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  struct {
    OmniClientResult result = eOmniClientResult_ErrorConnection;
    std::string query;
  } made;
  omniClientWait(omniClientCreateCheckpoint(url.c_str(), arguments.value("message").c_str(), arguments.has("force"),
                                            &made, [](void* data, OmniClientResult result, char const* query) noexcept {
                                              *static_cast<decltype(made)*>(data) = {result, query};
                                            }));
  if (made.result == eOmniClientResult_ErrorAlreadyExists) {
    return fail("make a checkpoint of " + url, "nothing has changed since the last one; -f makes one all the same");
  }
  if (made.result != eOmniClientResult_Ok) return fail("make a checkpoint of", made.result, url);
  if (json()) {
    print(Json().text("done", "checkpoint").text("url", url).text("query", made.query));
  } else {
    print(url + "?" + made.query);
  }
  return kDone;
}

int list_of(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto listed = list_checkpoints(url);
  if (listed.result != eOmniClientResult_Ok) return fail("list the checkpoints of", listed.result, url);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : listed.items) {
    if (json()) {
      print(json_of(item));
      continue;
    }
    const bool by_creator = item.created_by && !item.created_by->empty();
    rows.push_back({"?" + item.path, std::to_string(item.size),
                    time_text(item.created_ns != 0 ? item.created_ns : item.modified_ns),
                    printable(by_creator ? *item.created_by : item.modified_by.value_or("-")),
                    printable(item.comment.value_or(""))});
  }
  print_table(rows, {1});
  return kDone;
}

}  // namespace

std::vector<Command> version_commands() {
  return {
      {"checkpoint create",
       "[-m TEXT] [-f] URL",
       "Keep the present of a file for ever",
       "Prints the URL of it.",
       {{'m', "message", "TEXT", "its comment"}, {'f', "force", "", "also where nothing has changed"}},
       1,
       1,
       false,
       create_checkpoint},
      {"checkpoint list", "URL", "List the checkpoints of a file, the oldest first", "", {}, 1, 1, false, list_of},
  };
}

}  // namespace omni
