// `omnibroker nucleus WORDS` starts this program with its own path, the words, and the options as `--name=value`.
#include "tool.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace omnibroker::plugins::nucleus::tool {
namespace {

struct Entry {
  const char* name;
  const char* words;  ///< What stands behind the name.
  std::size_t count;
  std::vector<std::string> options;
  Action run;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {
      {"init", "DATA", 1, {"admin", "password-file"}, init},
      {"user add", "DATA NAME", 2, {"read-only", "password-file"}, user_add},
      {"user list", "DATA", 1, {}, user_list},
      {"user passwd", "DATA NAME", 2, {"password-file"}, user_passwd},
      {"user disable", "DATA NAME", 2, {}, user_disable},
      {"user enable", "DATA NAME", 2, {}, user_enable},
      {"user remove", "DATA NAME", 2, {}, user_remove},
      {"user admin", "DATA NAME", 2, {"off"}, user_admin},
      {"token create", "DATA USER NAME", 3, {"days"}, token_create},
      {"token list", "DATA USER", 2, {}, token_list},
      {"token revoke", "DATA USER NAME", 3, {}, token_revoke},
      {"backup", "DATA TO", 2, {}, backup},
      {"verify", "DATA", 1, {}, verify},
      {"serve", "DATA", 1, {"host", "port"}, serve},
  };
  return all;
}

Failure wrong_usage(const std::string& sentence) {
  return Failure("nucleus: " + sentence + "\nomnibroker nucleus --help tells more", kWrongUsage);
}

/// The entry that the words begin with; they are taken away.
const Entry& take_entry(std::vector<std::string>& words) {
  std::string known;
  for (const auto& entry : entries()) {
    const std::string name = entry.name;
    const auto space = name.find(' ');
    const auto first = name.substr(0, space);
    if (words.front() != first) continue;
    if (space == std::string::npos) {
      words.erase(words.begin());
      return entry;
    }
    if (words.size() > 1 && words[1] == name.substr(space + 1)) {
      words.erase(words.begin(), words.begin() + 2);
      return entry;
    }
    known += (known.empty() ? "" : ", ") + name.substr(space + 1);
  }
  if (!known.empty()) throw wrong_usage(words.front() + " is followed by one of " + known);
  throw wrong_usage("there is no " + words.front() + ", but init, user, token, backup, verify and serve");
}

int run(int count, char** given) {
  Request request;
  request.program = given[1];
  for (int i = 2; i < count; ++i) {
    const std::string word = given[i];
    const auto equals = word.find('=');
    if (!word.starts_with("--")) {
      request.words.push_back(word);
    } else {
      request.options[word.substr(2, equals - 2)] = equals == std::string::npos ? "" : word.substr(equals + 1);
    }
  }
  if (request.words.empty()) throw wrong_usage("something is missing: init, user, token, backup, verify or serve");
  const auto& entry = take_entry(request.words);
  const auto usage = "omnibroker nucleus " + std::string(entry.name) + " " + entry.words;
  if (request.words.size() < entry.count) throw wrong_usage("something is missing: " + usage);
  if (request.words.size() > entry.count) throw wrong_usage("too many words: " + usage);
  for (const auto& [option, value] : request.options) {
    if (std::find(entry.options.begin(), entry.options.end(), option) != entry.options.end()) continue;
    throw wrong_usage("--" + option + " does not go with " + entry.name);
  }
  if (request.data().empty()) throw wrong_usage("the data folder has no name");
  return entry.run(request);
}

}  // namespace

std::string Request::option(const std::string& name, const std::string& fallback) const {
  const auto found = options.find(name);
  return found == options.end() ? fallback : found->second;
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace omnibroker::plugins::nucleus::tool

int main(int count, char** words) {
  using namespace omnibroker::plugins::nucleus::tool;
  if (count < 2) {
    std::fputs("omnibroker-nucleus is what `omnibroker nucleus` starts\n", stderr);
    return kWrongUsage;
  }
  try {
    return run(count, words);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "omnibroker: %s\n", failure.what());
    return failure.code;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "omnibroker: %s\n", failure.what());
    return kCouldNotStart;
  }
}
