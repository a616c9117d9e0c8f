// Users, groups and access lists, over a real connection: the administrator, and `ann`, who is none.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace {

using namespace client;

void keep_group(void* data, OmniClientResult result, uint64_t count, const char** names) noexcept {
  *static_cast<Named*>(data) = {result, std::vector<std::string>(names, names + count)};
}

/// Whose word counts at a server: a connection to it, by a URL.
class Side {
 public:
  explicit Side(std::string url) : url_(std::move(url)) {}

  Named groups() const {
    return names([&](auto... more) { return omniClientGetGroups(url(), more...); });
  }
  Named users() const {
    return names([&](auto... more) { return omniClientGetUsers(url(), more...); });
  }
  Named users_of(const std::string& group) const {
    return names([&](auto... more) { return omniClientGetGroupUsers(url(), group.c_str(), more...); });
  }
  Named groups_of(const std::string& user) const {
    return names([&](auto... more) { return omniClientGetUserGroups(url(), user.c_str(), more...); });
  }
  OmniClientResult create(const std::string& group) const {
    return result_of([&](auto... more) { return omniClientCreateGroup(url(), group.c_str(), more...); });
  }
  OmniClientResult rename(const std::string& group, const std::string& name) const {
    return result_of([&](auto... more) { return omniClientRenameGroup(url(), group.c_str(), name.c_str(), more...); });
  }
  OmniClientResult add(const std::string& user, const std::string& group) const {
    return result_of(
        [&](auto... more) { return omniClientAddUserToGroup(url(), user.c_str(), group.c_str(), more...); });
  }
  OmniClientResult take_out(const std::string& user, const std::string& group) const {
    return result_of(
        [&](auto... more) { return omniClientRemoveUserFromGroup(url(), user.c_str(), group.c_str(), more...); });
  }

  struct Removed {
    OmniClientResult result = eOmniClientResult_Error;
    std::uint64_t changes = 0;
  };
  Removed remove(const std::string& group) const {
    Removed removed;
    omniClientWait(omniClientRemoveGroup(url(), group.c_str(), &removed,
                                         [](void* data, OmniClientResult result, uint64_t changes) noexcept {
                                           *static_cast<Removed*>(data) = {result, changes};
                                         }));
    return removed;
  }

 private:
  const char* url() const { return url_.c_str(); }

  template <class Start>
  static Named names(Start start) {
    Named named;
    omniClientWait(start(&named, keep_group));
    return named;
  }

  const std::string url_;
};

bool has(const Named& named, const std::string& name) {
  return std::find(named.names.begin(), named.names.end(), name) != named.names.end();
}

struct Acls {
  OmniClientResult result = eOmniClientResult_Error;
  std::vector<std::pair<std::string, uint32_t>> entries;

  /// What the list says of a name; nothing where it is not in it.
  std::optional<uint32_t> of(const std::string& name) const {
    for (const auto& [one, access] : entries) {
      if (one == name) return access;
    }
    return {};
  }
};

Acls get_list(const std::string& url) {
  Acls acls;
  omniClientWait(
      omniClientGetAcls(url.c_str(), &acls,
                        [](void* data, OmniClientResult result, uint32_t count, OmniClientAclEntry* entries) noexcept {
                          auto& kept = *static_cast<Acls*>(data);
                          kept.result = result;
                          for (uint32_t i = 0; i < count; ++i)
                            kept.entries.emplace_back(entries[i].name, entries[i].access);
                        }));
  return acls;
}

OmniClientResult set_list(const std::string& url, std::vector<OmniClientAclEntry> entries) {
  return result_of([&](auto... more) {
    return omniClientSetAcls(url.c_str(), static_cast<uint32_t>(entries.size()), entries.data(), more...);
  });
}

class Rights : public WithAnn {
 protected:
  const Side admin{at("")};
  const Side ann{other("")};
  const std::string team = "team-" + folder;
  const std::string crew = "crew-" + folder;
};

TEST_P(Rights, LetGroupsComeAndGo) {
  EXPECT_EQ(admin.create(team), kOk);
  EXPECT_EQ(admin.create(team), kThere);
  EXPECT_TRUE(has(ann.groups(), team));
  EXPECT_TRUE(has(ann.groups(), "users"));
  EXPECT_EQ(admin.rename(team, crew), kOk);
  EXPECT_TRUE(has(admin.groups(), crew));
  EXPECT_FALSE(has(admin.groups(), team));
  EXPECT_EQ(admin.rename(team, "another"), kMissing);
  EXPECT_EQ(admin.rename(crew, "users"), kThere);
  EXPECT_EQ(admin.create(""), eOmniClientResult_ErrorBadRequest);

  EXPECT_EQ(ann.create(team), kDenied);
  EXPECT_EQ(ann.rename(crew, team), kDenied);
  EXPECT_EQ(ann.remove(crew).result, kDenied);

  EXPECT_EQ(admin.remove(crew).result, kOk);
  EXPECT_EQ(admin.remove(crew).result, kMissing);
  EXPECT_FALSE(has(admin.groups(), crew));
}

TEST_P(Rights, LetUsersIntoGroupsAndOut) {
  ASSERT_EQ(admin.create(team), kOk);
  const auto users = ann.users();
  EXPECT_EQ(users.result, kOk);
  EXPECT_TRUE(has(users, "ann"));
  EXPECT_TRUE(has(users, "omniverse"));

  EXPECT_EQ(admin.add("ann", team), kOk);
  EXPECT_EQ(admin.add("ann", team), kThere);
  EXPECT_EQ(admin.add("nobody", team), kMissing);
  EXPECT_EQ(admin.add("ann", "none"), kMissing);
  EXPECT_EQ(admin.users_of(team).names, std::vector<std::string>{"ann"});
  EXPECT_EQ(admin.users_of("none").result, kMissing);
  EXPECT_TRUE(has(admin.groups_of("ann"), team));
  EXPECT_EQ(admin.groups_of("nobody").result, kMissing);

  EXPECT_EQ(ann.add("omniverse", team), kDenied);
  EXPECT_EQ(ann.take_out("ann", team), kDenied);

  EXPECT_EQ(admin.take_out("ann", team), kOk);
  EXPECT_EQ(admin.take_out("ann", team), kMissing);
  EXPECT_EQ(admin.take_out("ann", "none"), kMissing);
  EXPECT_TRUE(admin.users_of(team).names.empty());
}

TEST_P(Rights, ComeByGroups) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(admin.create(team), kOk);
  ASSERT_EQ(set_list(at("a"), {{team.c_str(), fOmniClientAccess_Read}, {"users", 0}}), kOk);
  EXPECT_EQ(read(other("a")).result, kDenied);

  ASSERT_EQ(admin.add("ann", team), kOk);
  EXPECT_EQ(read(other("a")).content, "x");
  EXPECT_EQ(stat(other("a")).item.access, unsigned(fOmniClientAccess_Read));
  EXPECT_EQ(write(other("a"), "y"), kDenied);
  ASSERT_EQ(admin.rename(team, crew), kOk);
  EXPECT_EQ(get_list(at("a")).of(crew), unsigned(fOmniClientAccess_Read));
  EXPECT_EQ(read(other("a")).content, "x");

  const auto removed = admin.remove(crew);
  EXPECT_EQ(removed.result, kOk);
  EXPECT_EQ(removed.changes, 1u);
  EXPECT_EQ(read(other("a")).result, kDenied);
}

TEST_P(Rights, AreInheritedUntilAListSaysOtherwise) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);
  ASSERT_EQ(set_list(at("in"), {{"ann", fOmniClientAccess_Read}, {"users", 0}}), kOk);

  EXPECT_EQ(get_list(at("in/a")).result, kOk);
  EXPECT_EQ(get_list(at("in/a")).of("ann"), unsigned(fOmniClientAccess_Read));
  EXPECT_EQ(write(other("in/a"), "y"), kDenied);
  ASSERT_EQ(set_list(at("in/a"), {{"ann", fOmniClientAccess_Full}}), kOk);
  EXPECT_EQ(get_list(other("in/a")).of("ann"), unsigned(fOmniClientAccess_Full));
  EXPECT_EQ(write(other("in/a"), "y"), kOk);
  EXPECT_EQ(set_list(other("in/a"), {{"ann", fOmniClientAccess_Full}, {"omniverse", 0}}), kOk);
  EXPECT_EQ(read(at("in/a")).content, "y") << "an administrator is kept out by no list";

  ASSERT_EQ(set_list(at("in/a"), {}), kOk);
  EXPECT_EQ(write(other("in/a"), "z"), kDenied);
  EXPECT_EQ(set_list(other("in/a"), {}), kDenied);
  EXPECT_EQ(set_list(at("in/a"), {{"nobody at all", fOmniClientAccess_Read}}), kMissing);
  EXPECT_EQ(set_list(at("none"), {}), kMissing);
  EXPECT_EQ(get_list(at("none")).result, kMissing);
}

TEST_P(Rights, TellWhatAnItemIsForEachUser) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(write(at("b"), "x"), kOk);
  ASSERT_EQ(set_list(at("a"), {{"ann", fOmniClientAccess_Read}}), kOk);
  ASSERT_EQ(set_list(at("b"), {{"ann", fOmniClientAccess_Read | fOmniClientAccess_Write}}), kOk);

  const auto listed = list(other(""));
  ASSERT_EQ(listed.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(listed.items[0].access, 1u);
  EXPECT_EQ(listed.items[1].access, 3u);
  EXPECT_EQ(list(at("")).items[0].access, unsigned(fOmniClientAccess_Full));
}

// ---------------------------------------- what is refused

TEST_P(Rights, ToReadAreNeededToLook) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);
  ASSERT_EQ(live_created(at("in/l.live")), kOk);
  ASSERT_EQ(joined(at("in/c.channel")), kOk);
  ASSERT_EQ(set_list(at("in"), {{"ann", 0}}), kOk);

  EXPECT_EQ(stat(other("in")).result, kDenied);
  EXPECT_EQ(stat(other("in/a")).result, kDenied);
  EXPECT_EQ(list(other("in")).result, kDenied);
  EXPECT_TRUE(list(other("")).names().empty()) << "who may not read it does not see it";
  EXPECT_EQ(read(other("in/a")).result, kDenied);
  EXPECT_EQ(local_file(other("in/a")).result, kDenied);
  EXPECT_EQ(copy(other("in/a"), other("b")), kDenied);
  EXPECT_EQ(list_checkpoints(other("in/a")).result, kDenied);
  EXPECT_EQ(joined(other("in/c.channel")), kDenied);
  EXPECT_EQ(live_read(other("in/l.live")), kDenied);
  EXPECT_EQ(get_list(other("in/a")).result, kDenied);
  EXPECT_EQ(Watch::item(other("in/a")).first(), kDenied);
  EXPECT_EQ(Watch::folder(other("in")).first(), kDenied);
}

TEST_P(Rights, ToWriteAreNeededToChange) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);
  ASSERT_EQ(write(at("in/gone"), "x"), kOk);
  ASSERT_EQ(delete_item(at("in/gone")), kOk);
  ASSERT_EQ(live_created(at("in/l.live")), kOk);
  ASSERT_EQ(write(other("mine"), "y"), kOk);
  const auto hash = stat(at("in/a")).item.hash;
  ASSERT_EQ(set_list(at("in"), {{"ann", fOmniClientAccess_Read}}), kOk);

  EXPECT_EQ(read(other("in/a")).content, "x");
  EXPECT_EQ(write(other("in/a"), "y"), kDenied);
  EXPECT_EQ(write(other("in/new"), "y"), kDenied);
  EXPECT_EQ(made_of_hash(other("in/new"), hash), kDenied);
  EXPECT_EQ(create_folder(other("in/new")), kDenied);
  EXPECT_EQ(copy(other("mine"), other("in/mine")), kDenied);
  EXPECT_EQ(move(other("mine"), other("in/mine")).result, kDenied);
  EXPECT_EQ(move(other("in/a"), other("b")).result, kDenied);
  EXPECT_EQ(delete_item(other("in/a")), kDenied);
  EXPECT_EQ(delete_item(other("in")), kDenied);
  EXPECT_EQ(remove_single(other("in/a")), kDenied);
  EXPECT_EQ(call(omniClientUndelete, other("in/gone")), kDenied);
  EXPECT_EQ(obliterated(other("in/a")), kDenied);
  EXPECT_EQ(create_checkpoint(other("in/a"), "x", true).result, kDenied);
  EXPECT_EQ(call(omniClientLock, other("in/a")), kDenied);
  EXPECT_EQ(joined(other("in/new.channel")), kDenied);
  EXPECT_EQ(live_created(other("in/new.live")), kDenied);
  EXPECT_EQ(live_updated(other("in/l.live"), 1), kDenied);
  EXPECT_EQ(set_list(other("in"), {}), kDenied);
  EXPECT_EQ(list(other("in")).names(), (std::vector<std::string>{"a", "l.live"}));
}

TEST_P(Rights, ToAdminAreNeededToForgetAHistory) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(set_list(at("a"), {{"ann", fOmniClientAccess_Read | fOmniClientAccess_Write}}), kOk);

  EXPECT_EQ(obliterated(other("a")), kDenied);
  EXPECT_EQ(set_list(other("a"), {}), kDenied);
  EXPECT_EQ(delete_item(other("a")), kOk);
  EXPECT_EQ(obliterated(at("a")), kOk);
}

TEST_P(Rights, EndSubscriptionsWhenTheyAreTaken) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);
  ASSERT_EQ(live_created(at("in/l.live")), kOk);
  auto item = Watch::item(other("in/a"));
  auto contents = Watch::folder(other("in"));
  Member member(other("in/c.channel"));
  ASSERT_EQ(item.first(), kOk);
  ASSERT_EQ(contents.first(), kOk);
  member.until(eOmniClientChannelEvent_Join);
  Collected<OmniClientResult> live;
  const auto reading =
      omniClientLiveRead2(other("in/l.live").c_str(), 0, 0, &live,
                          [](void* data, OmniClientResult got, uint64_t, uint64_t, OmniClientContent*) noexcept {
                            static_cast<Collected<OmniClientResult>*>(data)->add(got);
                          });
  live.wait_for(1);

  ASSERT_EQ(set_list(at("in"), {{"ann", 0}}), kOk);

  const auto lost = [](const Change& change) { return change.result == eOmniClientResult_ErrorAccessLost; };
  item.changes.wait_until(lost);
  contents.changes.wait_until(lost);
  member.until(eOmniClientChannelEvent_Deleted);
  EXPECT_EQ(live.wait_for(2)[1], eOmniClientResult_ErrorAccessLost);
  omniClientStop(reading);
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Rights, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Rights);

}  // namespace
