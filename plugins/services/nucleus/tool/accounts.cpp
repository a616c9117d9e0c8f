#include "store/beside.hpp"
#include "tool.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace omnibroker::plugins::nucleus::tool {
namespace {

namespace fs = std::filesystem;

const store::Actor kSystem = store::Actor::the_system();

std::string shown(const std::optional<store::Time>& time) {
  if (!time) return "-";
  const auto seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(*time));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
}

std::optional<std::string> password_file(const Request& request) {
  if (!request.has("password-file")) return std::nullopt;
  return request.option("password-file", "");
}

void add_user(store::Store& store, const std::string& name, const std::string& password, bool admin, bool read_only) {
  store::CreateUser command;
  command.user.name = name;
  command.user.admin = admin;
  command.user.read_only = read_only;
  command.password = password;
  must(store.apply(kSystem, std::move(command)));
}

/// Changes a user; says so if nobody is left who could do it by a client.
int change(const Request& request, store::ChangeUser change, const std::string& done) {
  const auto store = open_store(request.data());
  must(store->apply(kSystem, std::move(change)));
  std::printf("%s\n", done.c_str());
  const auto users = must(store->users());
  const bool some = std::any_of(users.begin(), users.end(),
                                [](const auto& user) { return user.admin && user.enabled && !user.read_only; });
  if (!some)
    std::printf("Nobody is an administrator now: omnibroker nucleus user admin %s NAME\n", request.data().c_str());
  return kDone;
}

store::Error of_a_busy_folder(const store::Error& error) {
  if (error.code != store::Code::ResourceBusy) return error;
  return {error.code, error.message + ": this needs it alone, so stop that first"};
}

std::unique_ptr<store::Store> open(const fs::path& folder) {
  auto opened = store::Store::open(folder);
  if (!opened) throw Failure(of_a_busy_folder(opened.error()).message);
  return std::move(*opened);
}

}  // namespace

std::unique_ptr<store::Store> open_store(const fs::path& folder) {
  if (const auto there = store::is_store(folder); !there) {
    const bool none = there.error().code == store::Code::NotExist;
    throw Failure(there.error().message + (none ? "; omnibroker nucleus init " + folder.string() + " makes one" : ""));
  }
  return open(folder);
}

std::unique_ptr<store::Store> make_store(const fs::path& folder) {
  std::error_code failed;
  const auto parent = fs::absolute(folder).lexically_normal().parent_path();
  fs::create_directories(parent, failed);
  if (failed) throw Failure(parent.string() + " cannot be made: " + failed.message());
  return open(folder);
}

int init(const Request& request) {
  const auto admin = request.option("admin", "omniverse");
  const auto& data = request.data();
  {  // Before somebody has to type a password for nothing.
    const auto store = make_store(data);
    if (!must(store->users()).empty()) throw Failure(data + " is a Nucleus already, and has users");
  }
  const auto password = read_password(password_file(request), admin);
  const auto store = open_store(data);
  add_user(*store, admin, password, true, false);
  std::printf("%s is a Nucleus now, with the administrator %s.\n", data.c_str(), admin.c_str());
  std::printf("  omnibroker nucleus serve %s           starts it\n", data.c_str());
  std::printf("  omnibroker nucleus user add %s NAME   makes a user\n", data.c_str());
  return kDone;
}

int user_add(const Request& request) {
  const auto& name = request.words[1];
  const auto store = open_store(request.data());
  if (store->user(name)) throw Failure("there is a user of this name already: " + name);
  add_user(*store, name, read_password(password_file(request), name), false, request.has("read-only"));
  std::printf("%s is a user now\n", name.c_str());
  return kDone;
}

int user_list(const Request& request) {
  const auto store = open_store(request.data());
  std::vector<std::vector<std::string>> rows = {{"NAME", "ROLE", "STATE", "MADE"}};
  for (const auto& user : must(store->users())) {
    rows.push_back({user.name,
                    user.admin       ? "administrator"
                    : user.read_only ? "reader"
                                     : "user",
                    user.enabled ? "enabled" : "disabled", shown(user.created)});
  }
  print_table(rows);
  return kDone;
}

int user_passwd(const Request& request) {
  const auto& name = request.words[1];
  const auto store = open_store(request.data());
  must(store->user(name));
  store::ChangeUser change{name};
  change.password = read_password(password_file(request), name);
  must(store->apply(kSystem, std::move(change)));
  std::printf("%s has a new password; the tokens of before are revoked\n", name.c_str());
  return kDone;
}

int user_disable(const Request& request) {
  store::ChangeUser command{request.words[1]};
  command.enabled = false;
  return change(request, std::move(command), request.words[1] + " cannot log in any more");
}

int user_enable(const Request& request) {
  store::ChangeUser command{request.words[1]};
  command.enabled = true;
  return change(request, std::move(command), request.words[1] + " can log in");
}

int user_remove(const Request& request) {
  const auto store = open_store(request.data());
  must(store->apply(kSystem, store::RemoveUser{request.words[1]}));
  std::printf("%s is removed; what he made stays\n", request.words[1].c_str());
  return kDone;
}

int user_admin(const Request& request) {
  const bool off = request.has("off");
  store::ChangeUser command{request.words[1]};
  command.admin = !off;
  return change(request, std::move(command),
                request.words[1] + (off ? " is no administrator any more" : " is an administrator now"));
}

int token_create(const Request& request) {
  store::CreateApiToken command{request.words[1], request.words[2]};
  if (request.has("days")) {
    constexpr unsigned kMost = 36'500;
    const auto text = request.option("days", "");
    unsigned days = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
    if (error != std::errc() || end != text.data() + text.size() || days < 1 || days > kMost) {
      throw Failure("nucleus: --days must be a whole number from 1 to 36500, not " + text, kWrongUsage);
    }
    command.expires = std::chrono::time_point_cast<store::Time::duration>(std::chrono::system_clock::now()) +
                      std::chrono::hours(24 * days);
  }
  const auto store = open_store(request.data());
  const auto token = must(store->apply(kSystem, std::move(command)));
  std::fputs("This token is shown once:\n", stderr);
  std::printf("%s\n", token.c_str());
  return kDone;
}

int token_list(const Request& request) {
  const auto store = open_store(request.data());
  std::vector<std::vector<std::string>> rows = {{"NAME", "MADE", "LAST USED", "EXPIRES"}};
  for (const auto& token : must(store->api_tokens(request.words[1]))) {
    rows.push_back({token.name, shown(token.created), shown(token.last_used), shown(token.expires)});
  }
  print_table(rows);
  return kDone;
}

int token_revoke(const Request& request) {
  const auto store = open_store(request.data());
  must(store->apply(kSystem, store::DeleteApiToken{request.words[1], request.words[2]}));
  std::printf("The token %s of %s is revoked\n", request.words[2].c_str(), request.words[1].c_str());
  return kDone;
}

}  // namespace omnibroker::plugins::nucleus::tool
