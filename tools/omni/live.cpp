// live create, live append, live read.
#include "command.hpp"
#include "content.hpp"
#include "output.hpp"
#include "until.hpp"

#include <atomic>

namespace omni {
namespace {

struct Reader {
  Until until;
  std::uint64_t left = 0;     ///< Updates; 0: until it is interrupted.
  bool only_history = false;  ///< It ends with the newest.
  bool silent = false;
  bool ended = false;
  std::uint64_t object = 0;
  std::atomic<OmniClientResult> last{eOmniClientResult_Ok};
};

void updated(void* data, OmniClientResult result, uint64_t object, uint64_t sequence,
             OmniClientContent* content) noexcept {
  auto& reader = *static_cast<Reader*>(data);
  if (!is_ok(result)) {
    reader.last = result;
    return reader.until.end();
  }
  if (reader.ended) return;
  reader.object = object;
  const auto bytes = view_of(content);
  if (!reader.silent && json()) {
    print(Json()
              .number("object", object)
              .number("sequence", sequence)
              .truth("latest", result == eOmniClientResult_OkLatest)
              .bytes("content", bytes));
  } else if (!reader.silent) {
    print(std::to_string(sequence) + ": " + printable(std::string(bytes)));
  }
  reader.ended =
      (reader.left > 0 && --reader.left == 0) || (reader.only_history && result == eOmniClientResult_OkLatest);
  if (reader.ended) reader.until.end();
}

int read_all(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  Reader reader;
  reader.left = arguments.count("count");
  reader.only_history = arguments.has("history");
  const auto id = omniClientLiveRead2(url.c_str(), 0, 0, &reader, updated);
  reader.until.wait();
  omniClientStop(id);
  return is_ok(reader.last) ? kDone : fail("read the live object", reader.last, url);
}

int say(const char* done, const std::string& url, std::uint64_t object, std::uint64_t sequence) {
  if (json()) {
    print(Json().text("done", done).text("url", url).number("object", object).number("sequence", sequence));
  } else {
    print(std::to_string(sequence));
  }
  return kDone;
}

int create_object(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto text = content_argument(arguments.words.size() > 1 ? arguments.words[1] : "");
  if (!text) return fail("read standard input", "it cannot be read");
  struct {
    OmniClientResult result = eOmniClientResult_ErrorConnection;
    std::uint64_t object = 0;
    std::uint64_t sequence = 0;
  } made;
  auto content = content_of(*text);
  omniClientWait(
      omniClientLiveCreate(url.c_str(), &content, &made,
                           [](void* data, OmniClientResult result, uint64_t object, uint64_t sequence) noexcept {
                             *static_cast<decltype(made)*>(data) = {result, object, sequence};
                           }));
  if (made.result != eOmniClientResult_Ok) return fail("make the live object", made.result, url);
  return say("live create", url, made.object, made.sequence);
}

int append(const Arguments& arguments) {
  const auto& url = arguments.words[0];
  const auto text = content_argument(arguments.words[1]);
  if (!text) return fail("read standard input", "it cannot be read");
  Reader reader;  // An update names the object that it is for.
  reader.silent = reader.only_history = true;
  const auto id = omniClientLiveRead2(url.c_str(), 0, 0, &reader, updated);
  reader.until.wait();
  omniClientStop(id);
  if (!is_ok(reader.last)) return fail("read the live object", reader.last, url);
  struct {
    OmniClientResult result = eOmniClientResult_ErrorConnection;
    std::uint64_t sequence = 0;
  } made;
  auto content = content_of(*text);
  omniClientWait(omniClientLiveUpdate2(url.c_str(), reader.object, &content, &made,
                                       [](void* data, OmniClientResult result, uint64_t sequence, uint64_t) noexcept {
                                         *static_cast<decltype(made)*>(data) = {result, sequence};
                                       }));
  if (made.result != eOmniClientResult_Ok) return fail("append to the live object", made.result, url);
  return say("live append", url, reader.object, made.sequence);
}

}  // namespace

std::vector<Command> live_commands() {
  return {
      {"live create",
       "URL [TEXT]",
       "Make a live object",
       "Prints the number of its first update. TEXT as - is standard input.",
       {},
       1,
       2,
       false,
       create_object},
      {"live append",
       "URL TEXT",
       "Append an update to a live object",
       "Prints its number. TEXT as - is standard input.",
       {},
       2,
       2,
       false,
       append},
      {"live read",
       "[-n N] [--history] URL",
       "Print the updates of a live object, until ^C",
       "",
       {{'n', "count", "N", "end after N updates"}, {0, "history", "", "end with the newest there is"}},
       1,
       1,
       false,
       read_all},
  };
}

}  // namespace omni
