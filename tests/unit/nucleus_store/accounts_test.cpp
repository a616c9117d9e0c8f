#include "store_test.hpp"

#include <algorithm>

namespace store_test {

class Accounts : public StoreTest {
 protected:
  Time at(std::chrono::nanoseconds later) const { return Time(std::chrono::nanoseconds(now.load()) + later); }
  /// No file of the data folder has `text` in it.
  bool is_nowhere(const std::string& text) {
    store.reset();
    bool found = false;
    for (const auto& file : fs::recursive_directory_iterator(folder.path())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string all((std::istreambuf_iterator<char>(in)), {});
      found = found || all.find(text) != std::string::npos;
    }
    open();
    return !found;
  }
};

TEST_F(Accounts, LogInWithTheirPassword) {
  must(kRoot, CreateUser{{.name = "dave", .profile = {"Dave", "D", "d@example.org"}}, "correct horse"});

  const auto user = store->check_password("dave", "correct horse");

  ASSERT_EQ(code(user), "OK");
  EXPECT_EQ(user->profile.email, "d@example.org");
  EXPECT_EQ(code(store->check_password("dave", "Correct horse")), "UNAUTHENTICATED");
  EXPECT_EQ(code(store->check_password("dave", "")), "UNAUTHENTICATED");
  EXPECT_EQ(code(store->check_password("nobody", "correct horse")), "UNAUTHENTICATED");
  EXPECT_EQ(code(store->check_password("alice", "")), "UNAUTHENTICATED");  // Has none.
  EXPECT_EQ(code(store->check_password("users", "")), "UNAUTHENTICATED");  // A group.
  EXPECT_TRUE(is_nowhere("correct horse"));
}

TEST_F(Accounts, ChangeTheirOwnPasswordAndProfileOnly) {
  EXPECT_EQ(code(store->apply(kAlice, ChangeUser{.name = "alice", .profile = Profile{"A", "", ""}})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, ChangeUser{.name = "alice", .password = "new"})), "OK");
  EXPECT_EQ(code(store->check_password("alice", "new")), "OK");
  EXPECT_EQ(store->user("alice")->profile.first_name, "A");
  EXPECT_EQ(code(store->apply(kAlice, ChangeUser{.name = "alice", .admin = true})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, ChangeUser{.name = "bob", .password = "new"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, ChangeUser{.name = "nobody", .password = "new"})), "USER_NOT_FOUND");
}

TEST_F(Accounts, AreMadeAndChangedByAdministrators) {
  EXPECT_EQ(code(store->apply(kAlice, CreateUser{{.name = "x"}})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, CreateUser{{.name = "alice"}})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kRoot, CreateUser{{.name = "users"}})), "ALREADY_EXISTS");
  for (const char* name : {"", "a/b", "a\n", "..", "\xff"}) {
    EXPECT_EQ(code(store->apply(kRoot, CreateUser{{.name = name}})), "INVALID_PARAMETERS") << name;
  }
  EXPECT_EQ(code(store->apply(kAlice, RemoveUser{"bob"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, RemoveUser{"bob"})), "OK");
  EXPECT_EQ(code(store->apply(kRoot, RemoveUser{"bob"})), "USER_NOT_FOUND");
  std::string names;
  for (const auto& user : *store->users()) names += user.name + " ";
  EXPECT_EQ(names, "alice root ");
}

TEST_F(Accounts, AlwaysHaveAnAdministrator) {
  EXPECT_EQ(code(store->apply(kRoot, ChangeUser{.name = "root", .admin = false})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, ChangeUser{.name = "root", .enabled = false})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, ChangeUser{.name = "root", .read_only = true})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, RemoveUser{"root"})), "DENIED");
  must(kRoot, ChangeUser{.name = "alice", .admin = true});
  EXPECT_EQ(code(store->apply(kAlice, RemoveUser{"root"})), "OK");
}

TEST_F(Accounts, ThatAreDisabledCannotEnter) {
  must(kRoot, ChangeUser{.name = "bob", .password = "p"});
  const auto api = must(kBob, CreateApiToken{"bob", "ci"});
  const auto refresh = must(kSystem, CreateRefreshToken{"bob", at(1h)});
  must(kRoot, ChangeUser{.name = "bob", .enabled = false});

  EXPECT_EQ(code(store->check_password("bob", "p")), "DENIED");
  EXPECT_EQ(code(store->check_password("bob", "q")), "UNAUTHENTICATED");
  EXPECT_EQ(code(store->check_api_token(api)), "DENIED");
  EXPECT_EQ(code(store->check_refresh_token(refresh)), "UNAUTHENTICATED");
}

TEST_F(Accounts, BelongToGroups) {
  must(kRoot, CreateGroup{"team"});
  must(kRoot, AddToGroup{"alice", "team"});

  EXPECT_EQ(*store->groups(), (std::vector<std::string>{"team", "users"}));
  EXPECT_EQ(*store->group_users("team"), (std::vector<std::string>{"alice"}));
  EXPECT_EQ(*store->group_users("users"), (std::vector<std::string>{"alice", "bob", "root"}));
  EXPECT_EQ(*store->user_groups("alice"), (std::vector<std::string>{"team", "users"}));
  EXPECT_EQ(*store->user_groups("bob"), (std::vector<std::string>{"users"}));
  EXPECT_EQ(code(store->group_users("none")), "GROUP_NOT_FOUND");
  EXPECT_EQ(code(store->user_groups("none")), "USER_NOT_FOUND");
  EXPECT_EQ(must(kRoot, RemoveGroup{"team"}), 1u);
  EXPECT_EQ(*store->user_groups("alice"), (std::vector<std::string>{"users"}));
}

TEST_F(Accounts, OfGroupsAreChangedByRule) {
  must(kRoot, CreateGroup{"team"});
  must(kRoot, AddToGroup{"alice", "team"});

  EXPECT_EQ(code(store->apply(kRoot, CreateGroup{"team"})), "GROUP_ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kRoot, CreateGroup{"alice"})), "GROUP_ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kRoot, CreateGroup{""})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kRoot, RenameGroup{"team", "bob"})), "GROUP_ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kRoot, RenameGroup{"none", "x"})), "GROUP_NOT_FOUND");
  EXPECT_EQ(code(store->apply(kRoot, RemoveGroup{"alice"})), "GROUP_NOT_FOUND");
  EXPECT_EQ(code(store->apply(kRoot, AddToGroup{"alice", "team"})), "USER_ALREADY_IN_GROUP");
  EXPECT_EQ(code(store->apply(kRoot, AddToGroup{"none", "team"})), "USER_NOT_FOUND");
  EXPECT_EQ(code(store->apply(kRoot, RemoveFromGroup{"bob", "team"})), "USER_NOT_IN_GROUP");
  EXPECT_EQ(code(store->apply(kRoot, RemoveFromGroup{"alice", "team"})), "OK");
  EXPECT_EQ(code(store->apply(kRoot, AddToGroup{"alice", "users"})), "USER_ALREADY_IN_GROUP");
  EXPECT_EQ(code(store->apply(kRoot, RemoveFromGroup{"alice", "users"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, RemoveGroup{"users"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, RenameGroup{"users", "x"})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, CreateGroup{"x"})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, AddToGroup{"alice", "team"})), "DENIED");
}

TEST_F(Accounts, LogInWithApiTokens) {
  const auto token = must(kAlice, CreateApiToken{"alice", "ci", at(1h)});

  EXPECT_EQ(token.size(), 43u);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_FALSE(store->api_tokens("alice")->at(0).last_used);
  EXPECT_EQ(store->check_api_token(token)->name, "alice");
  EXPECT_EQ(code(store->check_api_token((token[0] == 'x' ? 'y' : 'x') + token.substr(1))), "UNAUTHENTICATED");
  must(kSystem, ReleaseExpiredLocks{});  // Behind the note that it was used.
  EXPECT_EQ(store->api_tokens("alice")->at(0).last_used, at(0ns));
  now += std::chrono::nanoseconds(1h).count();
  EXPECT_EQ(code(store->check_api_token(token)), "TOKEN_EXPIRED");
  EXPECT_TRUE(is_nowhere(token));
}

TEST_F(Accounts, MakeAndDeleteTheirOwnApiTokens) {
  const auto token = must(kAlice, CreateApiToken{"alice", "ci"});

  EXPECT_EQ(code(store->apply(kAlice, CreateApiToken{"alice", "ci"})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kAlice, CreateApiToken{"alice", ""})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, CreateApiToken{"bob", "ci"})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, DeleteApiToken{"alice", "ci"})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, DeleteApiToken{"alice", "ci"})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, DeleteApiToken{"alice", "ci"})), "NOT_EXIST");
  EXPECT_EQ(code(store->check_api_token(token)), "UNAUTHENTICATED");
}

TEST_F(Accounts, StayLoggedInWithRefreshTokens) {
  const auto one = must(kSystem, CreateRefreshToken{"alice", at(1h)});
  const auto two = must(kSystem, CreateRefreshToken{"alice", at(2h)});
  EXPECT_EQ(store->check_refresh_token(one)->name, "alice");
  EXPECT_EQ(code(store->apply(kAlice, CreateRefreshToken{"alice", at(1h)})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, RevokeRefreshTokens{"alice"})), "DENIED");
  open();

  now += std::chrono::nanoseconds(1h).count();

  EXPECT_EQ(code(store->check_refresh_token(one)), "TOKEN_EXPIRED");
  EXPECT_EQ(code(store->check_refresh_token(two)), "OK");
  EXPECT_EQ(must(kAlice, RevokeRefreshTokens{"alice", two}), 1u);
  EXPECT_EQ(code(store->check_refresh_token(two)), "UNAUTHENTICATED");
  EXPECT_TRUE(is_nowhere(two));
}

TEST_F(Accounts, LoseTheirRefreshTokensWithTheirPassword) {
  const auto token = must(kSystem, CreateRefreshToken{"alice", at(1h)});

  must(kAlice, ChangeUser{.name = "alice", .password = "new"});

  EXPECT_EQ(code(store->check_refresh_token(token)), "UNAUTHENTICATED");
}

TEST_F(Accounts, AreSignedForWithASecretThatStays) {
  const auto secret = *store->secret("jwt");

  EXPECT_EQ(secret.size(), 32u);
  EXPECT_EQ(*store->secret("jwt"), secret);
  EXPECT_NE(*store->secret("other"), secret);
  open();
  EXPECT_EQ(*store->secret("jwt"), secret);
}

TEST_F(Accounts, LoseWhatTheyGotByAnApiTokenWithIt) {
  const auto api = must(kBob, CreateApiToken{"bob", "ci", at(1h)});
  const auto refresh = must(kSystem, CreateRefreshToken{"bob", at(9h), api});
  const auto other = must(kSystem, CreateRefreshToken{"bob", at(9h)});
  EXPECT_EQ(store->check_refresh_token(refresh)->name, "bob");

  now += std::chrono::nanoseconds(2h).count();
  EXPECT_EQ(code(store->check_refresh_token(refresh)), "TOKEN_EXPIRED");

  must(kBob, DeleteApiToken{"bob", "ci"});
  EXPECT_EQ(code(store->check_refresh_token(refresh)), "UNAUTHENTICATED");
  EXPECT_EQ(store->check_refresh_token(other)->name, "bob");
  EXPECT_EQ(code(store->apply(kSystem, CreateRefreshToken{"bob", at(9h), api})), "UNAUTHENTICATED");
}

TEST_F(Accounts, LoseTheirApiTokensWithTheirPassword) {
  const auto api = must(kBob, CreateApiToken{"bob", "ci"});

  must(kBob, ChangeUser{.name = "bob", .password = "new"});

  EXPECT_EQ(code(store->check_api_token(api)), "UNAUTHENTICATED");
}

TEST_F(Accounts, KeepSoManyRefreshTokens) {
  options.refresh_tokens = 2;
  open();
  const auto first = must(kSystem, CreateRefreshToken{"bob", at(9h)});
  now += 1;
  const auto second = must(kSystem, CreateRefreshToken{"bob", at(9h)});
  now += 1;
  must(kSystem, CreateRefreshToken{"alice", at(9h)});
  const auto third = must(kSystem, CreateRefreshToken{"bob", at(9h)});

  EXPECT_EQ(code(store->check_refresh_token(first)), "UNAUTHENTICATED");
  EXPECT_EQ(code(store->check_refresh_token(second)), "OK");
  EXPECT_EQ(code(store->check_refresh_token(third)), "OK");
}

TEST_F(Accounts, ThatWereMadeAgainAreNotWhatTheyWere) {
  Actor bob = kBob;
  bob.id = store->user("bob")->id;
  EXPECT_NE(bob.id, 0);
  EXPECT_EQ(code(try_folder("/first", bob)), "OK");
  must(kRoot, RemoveUser{"bob"});
  User again;
  again.name = "bob";
  must(kRoot, CreateUser{again});

  EXPECT_EQ(code(try_folder("/second", bob)), "USER_NOT_FOUND");
  EXPECT_EQ(code(store->stat(bob, {"/first"})), "USER_NOT_FOUND");
  EXPECT_EQ(code(try_folder("/second", kBob)), "OK");
}

TEST_F(Accounts, HaveSoManyApiTokens) {
  options.api_tokens = 2;
  open();
  must(kBob, CreateApiToken{"bob", "1"});
  must(kBob, CreateApiToken{"bob", "2"});

  EXPECT_EQ(code(store->apply(kBob, CreateApiToken{"bob", "3"})), "QUOTA_REACHED");
  EXPECT_EQ(code(store->apply(kAlice, CreateApiToken{"alice", "3"})), "OK");
  must(kBob, DeleteApiToken{"bob", "1"});
  EXPECT_EQ(code(store->apply(kBob, CreateApiToken{"bob", "3"})), "OK");
}

TEST_F(Accounts, RefuseWhatWasGivenOutBeforeTheirPasswordWasChanged) {
  Actor bob = kBob;
  bob.password_version = store->user("bob")->password_version;
  EXPECT_EQ(code(try_folder("/first", bob)), "OK");
  must(kBob, ChangeUser{.name = "bob", .password = "new"});

  EXPECT_EQ(code(try_folder("/second", bob)), "DENIED");
  EXPECT_EQ(code(store->account(bob)), "DENIED");
  EXPECT_EQ(code(store->account(kBob)), "OK");
  open();
  bob.password_version = store->user("bob")->password_version;
  EXPECT_EQ(code(try_folder("/second", bob)), "OK");
}

}  // namespace store_test
