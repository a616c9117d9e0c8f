// ls, stat, watch.
#include "command.hpp"
#include "output.hpp"
#include "until.hpp"

#include <atomic>

namespace omni {
namespace {

const Option kCount{'n', "count", "N", "end after N of them"};

std::string name_text(const Item& item) { return printable(item.path) + (item.is_folder() ? "/" : ""); }

int ls(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto include = arguments.has("deleted") ? eOmniClientListIncludeOption_IncludeDeleted
                                                : eOmniClientListIncludeOption_DefaultNotDeleted;
  auto listed = list(url, include);
  if (listed.result == eOmniClientResult_ErrorNotFound) {
    // A file is a list of itself.
    const auto stated = stat(url, include);
    if (stated.result == eOmniClientResult_Ok) listed = {stated.result, {stated.item}};
  }
  if (listed.result != eOmniClientResult_Ok) return fail("list", listed.result, url);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : listed.items) {
    const bool deleted = (item.flags & fOmniClientItem_IsDeleted) != 0;
    const auto note = deleted ? " (deleted)" : item.locked_by ? " (locked by " + printable(*item.locked_by) + ")" : "";
    if (json()) {
      print(json_of(item));
    } else if (arguments.has("long")) {
      rows.push_back({access_text(item.access), item.is_folder() ? "-" : std::to_string(item.size),
                      time_text(item.modified_ns), printable(item.modified_by.value_or("-")), name_text(item) + note});
    } else {
      print(name_text(item) + (deleted ? note : ""));
    }
  }
  print_table(rows, {1});
  return kDone;
}

int stat_one(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto stated = stat(url, arguments.has("deleted") ? eOmniClientListIncludeOption_IncludeDeleted
                                                         : eOmniClientListIncludeOption_DefaultNotDeleted);
  if (stated.result != eOmniClientResult_Ok) return fail("stat", stated.result, url);
  const auto& item = stated.item;
  if (json()) {
    print(json_of(item));
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {{"name", printable(item.path)}, {"kind", kind_of(item)}};
  if (!item.is_folder()) rows.push_back({"size", std::to_string(item.size)});
  rows.push_back({"access", access_text(item.access)});
  const auto add = [&](const char* name, const std::optional<std::string>& text) {
    if (text && !text->empty()) rows.push_back({name, printable(*text)});
  };
  rows.push_back({"modified", time_text(item.modified_ns)});
  add("modified by", item.modified_by);
  rows.push_back({"created", time_text(item.created_ns)});
  add("created by", item.created_by);
  if (item.deleted_ns != 0) rows.push_back({"deleted", time_text(item.deleted_ns)});
  add("deleted by", item.deleted_by);
  add("locked by", item.locked_by);
  add("version", item.version);
  add("hash", item.hash);
  add("comment", item.comment);
  print_table(rows, {});
  return kDone;
}

struct Watching {
  Until until;
  std::uint64_t left = 0;  ///< 0: until it is interrupted.
  bool ended = false;
  OmniClientResult first = eOmniClientResult_ErrorConnection;
  std::atomic<OmniClientResult> last{eOmniClientResult_Ok};
};

const char* event_name(OmniClientListEvent event) {
  switch (event) {
    case eOmniClientListEvent_Created: return "created";
    case eOmniClientListEvent_Updated: return "updated";
    case eOmniClientListEvent_Deleted: return "deleted";
    case eOmniClientListEvent_Metadata: return "metadata";
    case eOmniClientListEvent_Locked: return "locked";
    case eOmniClientListEvent_Unlocked: return "unlocked";
    case eOmniClientListEvent_Obliterated: return "obliterated";
    default: return "changed";
  }
}

void changed(void* data, OmniClientResult result, OmniClientListEvent event,
             OmniClientListEntry const* entry) noexcept {
  auto& watching = *static_cast<Watching*>(data);
  if (!is_ok(result)) {
    watching.last = result;
    return watching.until.end();
  }
  if (watching.ended) return;
  const auto item = Item::of(*entry);
  if (json()) {
    print(Json().text("event", event_name(event)).object("item", json_of(item)));
  } else {
    print(std::string(event_name(event)) + " " + name_text(item));
  }
  watching.ended = watching.left > 0 && --watching.left == 0;
  if (watching.ended) watching.until.end();
}

int watch(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  Watching watching;
  watching.left = arguments.count("count");
  const bool folder = stat(url).item.is_folder();
  OmniClientRequestId id = kInvalidRequestId;
  if (folder) {
    id = omniClientListSubscribe(
        url.c_str(), &watching,
        [](void* data, OmniClientResult result, uint32_t, OmniClientListEntry const*) noexcept {
          static_cast<Watching*>(data)->first = result;
        },
        changed);
  } else {
    id = omniClientStatSubscribe(
        url.c_str(), &watching,
        [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
          static_cast<Watching*>(data)->first = result;
        },
        changed);
  }
  omniClientWait(id);
  if (!is_ok(watching.first)) return fail("watch", watching.first, url);
  // Also for programs: from here on they may change things and be told.
  const std::string what = folder ? "folder" : "item";
  if (json()) {
    print(Json().text("watching", what).text("url", url));
  } else {
    print("watching " + what + " " + printable(url));
  }
  watching.until.wait();
  omniClientStop(id);
  return is_ok(watching.last) ? kDone : fail("go on watching", watching.last, url);
}

}  // namespace

std::vector<Command> looking_commands() {
  const Option deleted{0, "deleted", "", "also what was deleted and can be undeleted"};
  return {
      {"ls",
       "[-l] [--deleted] URL",
       "List what is in a folder",
       "",
       {{'l', "long", "", "rights (r, w, a), size, time and author, too"}, deleted},
       1,
       1,
       false,
       ls},
      {"stat", "[--deleted] URL", "Say everything about an item", "", {deleted}, 1, 1, false, stat_one},
      {"watch",
       "[-n N] URL",
       "Print the changes of a folder or an item, until ^C",
       "Of a folder: the changes of what is in it.",
       {kCount},
       1,
       1,
       false,
       watch},
  };
}

}  // namespace omni
