// cat, and standard input.
#include "content.hpp"

#include "command.hpp"
#include "output.hpp"
#include "progress.hpp"

#include <cstdio>

namespace omni {

std::optional<std::string> read_input() {
  std::string all;
  char bytes[1 << 16];
  std::size_t count = 0;
  while ((count = std::fread(bytes, 1, sizeof bytes, stdin)) > 0) all.append(bytes, count);
  return std::ferror(stdin) == 0 ? std::optional(std::move(all)) : std::nullopt;
}

std::optional<std::string> content_argument(const std::string& word) {
  return word == "-" ? read_input() : std::optional(word);
}

int cat(const Arguments& arguments) {
  for (const auto& url : arguments.words) {
    Read got;
    read(url, got);
    if (got.result != eOmniClientResult_Ok) return fail("read", got.result, url);
    progress::clear();
    if (json()) {
      print(Json().text("url", url).bytes("content", got.view()));
    } else {
      std::fwrite(got.view().data(), 1, got.view().size(), stdout);
    }
  }
  return kDone;
}

}  // namespace omni
