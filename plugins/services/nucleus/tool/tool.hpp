#pragma once

#include "store/store.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// The program behind `omnibroker nucleus`: what an administrator does with a data folder, where it is.
namespace omnibroker::plugins::nucleus::tool {

namespace store = omnibroker::nucleus::store;

/// The exit statuses of `omnibroker`.
enum ExitCode : int { kDone = 0, kRefused = 1, kWrongUsage = 2, kCouldNotStart = 3 };

/// Ends the program with a sentence on standard error.
struct Failure : std::runtime_error {
  explicit Failure(const std::string& sentence, ExitCode with = kRefused) : std::runtime_error(sentence), code(with) {}
  ExitCode code;
};

/// What was asked for: the words behind the action, of which the first is the data folder, and the options.
struct Request {
  std::string program;  ///< `omnibroker` itself.
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  const std::string& data() const { return words.front(); }
  bool has(const std::string& option) const { return options.contains(option); }
  std::string option(const std::string& name, const std::string& fallback) const;
};

using Action = int (*)(const Request& request);

int init(const Request& request);
int user_add(const Request& request);
int user_list(const Request& request);
int user_passwd(const Request& request);
int user_disable(const Request& request);
int user_enable(const Request& request);
int user_remove(const Request& request);
int user_admin(const Request& request);
int token_create(const Request& request);
int token_list(const Request& request);
int token_revoke(const Request& request);
int backup(const Request& request);
int verify(const Request& request);
int serve(const Request& request);

/// The store of a folder that has one, for this process alone.
std::unique_ptr<store::Store> open_store(const std::filesystem::path& folder);
/// The same, made where nothing is.
std::unique_ptr<store::Store> make_store(const std::filesystem::path& folder);

/// A password from `file` (`-`: standard input; a line end at its end is not of it) or, without one, from the terminal,
/// asked for twice and not shown.
std::string read_password(const std::optional<std::string>& file, const std::string& user);

/// Columns; the first row is the headline.
void print_table(const std::vector<std::vector<std::string>>& rows);

/// What a store answered, or its error as a Failure.
template <class T>
T must(store::Result<T> result) {
  if (!result) throw Failure(result.error().message);
  return std::move(*result);
}

}  // namespace omnibroker::plugins::nucleus::tool
