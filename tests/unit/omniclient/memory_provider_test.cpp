// What only servers have: versions, locks, access, deleted items. The memory provider is the model of all of it.
#include "client.hpp"
#include "providers/memory/faults.hpp"

#include <thread>

namespace {

using namespace client;

constexpr auto kDeletedToo = eOmniClientListIncludeOption_IncludeDeleted;

class MemoryServer : public testing::Test {
 protected:
  Library library;
};

TEST_F(MemoryServer, MakesACheckpointOfEveryWrite) {
  ASSERT_EQ(write("mem://h/a", "one", "first"), kOk);
  ASSERT_EQ(write("mem://h/a", "two", "second"), kOk);

  const auto listed = list_checkpoints("mem://h/a");
  EXPECT_EQ(listed.names(), (std::vector<std::string>{"&1", "&2"}));
  EXPECT_EQ(listed.items[0].comment, "first");
  EXPECT_EQ(listed.items[1].size, 3u);
  EXPECT_EQ(read("mem://h/a?&1").content, "one");
  EXPECT_EQ(read("mem://h/a?checkpoint=2").content, "two");
  EXPECT_EQ(read("mem://h/a?&3").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat("mem://h/a?&1").item.size, 3u);
  EXPECT_TRUE(stat("mem://h/a").item.flags & fOmniClientItem_IsCheckpointed);
  EXPECT_EQ(write("mem://h/a?&1", "x"), eOmniClientResult_ErrorBadRequest);
}

TEST_F(MemoryServer, MakesACheckpointOnlyOfAChange) {
  ASSERT_EQ(write_without_checkpoint("mem://h/a", "one"), kOk);
  EXPECT_EQ(list_checkpoints("mem://h/a").items.size(), 0u);

  const auto first = create_checkpoint("mem://h/a", "mine");
  EXPECT_EQ(first.result, kOk);
  EXPECT_EQ(first.text, "&1");
  EXPECT_EQ(create_checkpoint("mem://h/a", "again").result, eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(create_checkpoint("mem://h/a", "again", true).text, "&2");
  EXPECT_EQ(create_checkpoint("mem://h/none", "x").result, eOmniClientResult_ErrorNotFound);
  ASSERT_EQ(create_folder("mem://h/f"), kOk);
  EXPECT_EQ(create_checkpoint("mem://h/f", "x").result, eOmniClientResult_ErrorWrongType);
}

TEST_F(MemoryServer, RestoresByCopyingACheckpoint) {
  ASSERT_EQ(write("mem://h/a", "one"), kOk);
  ASSERT_EQ(write("mem://h/a", "two"), kOk);

  EXPECT_EQ(copy("mem://h/a?&1", "mem://h/a", eOmniClientCopy_Overwrite), kOk);

  EXPECT_EQ(read("mem://h/a").content, "one");
  EXPECT_EQ(list_checkpoints("mem://h/a").items.size(), 3u);
}

TEST_F(MemoryServer, KeepsBranchesApart) {
  ASSERT_EQ(write("mem://h/a", "main"), kOk);
  ASSERT_EQ(write("mem://h/a?branch=test", "branch"), kOk);

  EXPECT_EQ(read("mem://h/a").content, "main");
  EXPECT_EQ(read("mem://h/a?test").content, "branch");
  EXPECT_EQ(read("mem://h/a?test&1").content, "branch");
  EXPECT_EQ(read("mem://h/a?other").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list_checkpoints("mem://h/a?test").names(), std::vector<std::string>{"test&1"});
}

TEST_F(MemoryServer, MakesAFileOfContentItHas) {
  ASSERT_EQ(write("mem://h/a", "text"), kOk);
  const auto hash = stat("mem://h/a").item.hash;
  Texted made;
  const auto create = [&made](const char* url, const std::string& of, bool overwrite) {
    omniClientWait(
        omniClientCreateWithHash(url, of.c_str(), overwrite, &made,
                                 [](void* data, OmniClientResult result, char const*, char const* got) noexcept {
                                   *static_cast<Texted*>(data) = {result, got};
                                 }));
    return made.result;
  };

  EXPECT_EQ(create("mem://h/b", hash, false), kOk);
  EXPECT_EQ(made.text, hash);
  EXPECT_EQ(read("mem://h/b").content, "text");
  EXPECT_EQ(create("mem://h/b", hash, false), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(create("mem://h/b", hash, true), kOk);
  EXPECT_EQ(create("mem://h/c", "unknown", true), eOmniClientResult_ErrorNotFound);
}

TEST_F(MemoryServer, LocksForOneConnection) {
  ASSERT_EQ(write("mem://ann@h/a", "x"), kOk);
  auto watch = Watch::item("mem://ann@h/a");
  watch.first();

  EXPECT_EQ(call(omniClientLock, "mem://ann@h/a"), kOk);
  EXPECT_EQ(call(omniClientLock, "mem://ann@h/a"), kOk);
  EXPECT_EQ(watch.until(eOmniClientListEvent_Locked, "a").item.locked_by, "ann");
  for (const std::string other : {"mem://bob@h", "mem://ann+2@h"}) {
    EXPECT_EQ(call(omniClientLock, other + "/a"), eOmniClientResult_ErrorLocked);
    EXPECT_EQ(call(omniClientUnlock, other + "/a"), eOmniClientResult_ErrorAccessDenied);
    EXPECT_EQ(write(other + "/a", "y"), eOmniClientResult_ErrorLocked);
    EXPECT_EQ(delete_item(other + "/a"), eOmniClientResult_ErrorLocked);
    EXPECT_EQ(move(other + "/a", other + "/b").result, eOmniClientResult_ErrorLocked);
    EXPECT_EQ(read(other + "/a").content, "x");
  }
  EXPECT_EQ(write("mem://ann@h/a", "z"), kOk);
  EXPECT_EQ(call(omniClientUnlock, "mem://ann@h/a"), kOk);
  EXPECT_EQ(call(omniClientUnlock, "mem://bob@h/a"), kOk);
  watch.until(eOmniClientListEvent_Unlocked, "a");
}

TEST_F(MemoryServer, LetsALockDieWithItsConnection) {
  ASSERT_EQ(write("mem://ann@h/a", "x"), kOk);
  ASSERT_EQ(call(omniClientLock, "mem://ann@h/a"), kOk);
  auto watch = Watch::item("mem://bob@h/a");
  watch.first();

  omniClientSignOut("mem://ann@h/");

  watch.until(eOmniClientListEvent_Unlocked, "a");
  EXPECT_EQ(write("mem://bob@h/a", "y"), kOk);
}

TEST_F(MemoryServer, KeepsWhatIsDeleted) {
  ASSERT_EQ(write("mem://ann@h/f/a", "x"), kOk);
  ASSERT_EQ(write("mem://ann@h/f/b", "y"), kOk);
  ASSERT_EQ(delete_item("mem://ann@h/f/b"), kOk);
  ASSERT_EQ(delete_item("mem://ann@h/f"), kOk);

  EXPECT_EQ(stat("mem://h/f").result, eOmniClientResult_ErrorNotFound);
  const auto deleted = stat("mem://h/f/a", kDeletedToo);
  EXPECT_EQ(deleted.result, kOk);
  EXPECT_TRUE(deleted.item.flags & fOmniClientItem_IsDeleted);
  EXPECT_EQ(deleted.item.deleted_by, "ann");
  EXPECT_EQ(list("mem://h/f", eOmniClientListIncludeOption_OnlyDeleted).names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(call(omniClientUndelete, "mem://h/f"), kOk);
  // What had been deleted before stays so.
  EXPECT_EQ(list("mem://h/f").names(), std::vector<std::string>{"a"});
  EXPECT_EQ(read("mem://h/f/a").content, "x");
  EXPECT_EQ(call(omniClientUndelete, "mem://h/f"), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(call(omniClientUndelete, "mem://h/none"), eOmniClientResult_ErrorNotFound);
}

TEST_F(MemoryServer, UndeletesTheFoldersAboveAFile) {
  ASSERT_EQ(write("mem://h/f/a", "x"), kOk);
  ASSERT_EQ(write("mem://h/f/b", "y"), kOk);
  ASSERT_EQ(delete_item("mem://h/f"), kOk);

  EXPECT_EQ(call(omniClientUndelete, "mem://h/f/a"), kOk);

  EXPECT_EQ(list("mem://h/f").names(), std::vector<std::string>{"a"});
}

OmniClientResult obliterate(const char* url, bool checkpoints) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientObliterate(url, checkpoints, &result, [](void* data, OmniClientResult done) noexcept {
    *static_cast<OmniClientResult*>(data) = done;
  }));
  return result;
}

TEST_F(MemoryServer, ObliteratesForGood) {
  ASSERT_EQ(write("mem://h/f/a", "x"), kOk);
  auto watch = Watch::folder("mem://h/f");
  watch.first();

  EXPECT_EQ(obliterate("mem://h/f", true), eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(obliterate("mem://h/f/a", true), kOk);
  watch.until(eOmniClientListEvent_Obliterated, "a");
  EXPECT_EQ(stat("mem://h/f/a", kDeletedToo).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(obliterate("mem://h/f/a", true), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(obliterate("mem://h/f", true), kOk);
}

OmniClientResult set_acl(const char* url, std::vector<OmniClientAclEntry> entries) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientSetAcls(
      url, static_cast<uint32_t>(entries.size()), entries.data(), &result,
      [](void* data, OmniClientResult done) noexcept { *static_cast<OmniClientResult*>(data) = done; }));
  return result;
}

TEST_F(MemoryServer, LetsInOnlyWhomTheListNames) {
  ASSERT_EQ(write("mem://ann@h/f/a", "x"), kOk);
  stat("mem://bob@h/");
  ASSERT_EQ(set_acl("mem://ann@h/f", {{"ann", fOmniClientAccess_Full}, {"bob", fOmniClientAccess_Read}}), kOk);

  EXPECT_EQ(read("mem://bob@h/f/a").content, "x");
  EXPECT_EQ(stat("mem://bob@h/f/a").item.access, unsigned(fOmniClientAccess_Read));
  EXPECT_EQ(write("mem://bob@h/f/a", "y"), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(write("mem://bob@h/f/new", "y"), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(set_acl("mem://bob@h/f", {}), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(read("mem://eve@h/f/a").result, eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(read("mem://admin@h/f/a").content, "x");
  EXPECT_EQ(set_acl("mem://ann@h/f", {}), kOk);
  EXPECT_EQ(read("mem://eve@h/f/a").content, "x");
}

struct AclList {
  OmniClientResult result = eOmniClientResult_Error;
  std::vector<std::pair<std::string, uint32_t>> entries;
};

TEST_F(MemoryServer, TellsTheListThatHolds) {
  ASSERT_EQ(write("mem://ann@h/f/a", "x"), kOk);
  ASSERT_EQ(set_acl("mem://ann@h/f", {{"ann", fOmniClientAccess_Full}}), kOk);
  AclList acls;

  omniClientWait(
      omniClientGetAcls("mem://ann@h/f/a", &acls,
                        [](void* data, OmniClientResult result, uint32_t count, OmniClientAclEntry* entries) noexcept {
                          auto& kept = *static_cast<AclList*>(data);
                          kept.result = result;
                          for (uint32_t i = 0; i < count; ++i)
                            kept.entries.emplace_back(entries[i].name, entries[i].access);
                        }));

  EXPECT_EQ(acls.result, kOk);
  ASSERT_EQ(acls.entries.size(), 1u);
  EXPECT_EQ(acls.entries[0].first, "ann");
  EXPECT_EQ(acls.entries[0].second, unsigned(fOmniClientAccess_Full));
}

TEST_F(MemoryServer, EndsWhatSomebodyMayNotSeeAnyMore) {
  ASSERT_EQ(write("mem://ann@h/f/a", "x"), kOk);
  auto item = Watch::item("mem://bob@h/f/a");
  auto folder = Watch::folder("mem://bob@h/f");
  Member channel("mem://bob@h/f/c");
  item.first();
  folder.first();
  channel.until(eOmniClientChannelEvent_Join);

  ASSERT_EQ(set_acl("mem://ann@h/f", {{"ann", fOmniClientAccess_Full}}), kOk);

  const auto lost = [](const Change& change) { return change.result == eOmniClientResult_ErrorAccessLost; };
  item.changes.wait_until(lost);
  folder.changes.wait_until(lost);
  channel.until(eOmniClientChannelEvent_Deleted);
}

void keep_names(void* data, OmniClientResult result, uint64_t count, const char** names) noexcept {
  *static_cast<Named*>(data) = {result, std::vector<std::string>(names, names + count)};
}
void keep_plain(void* data, OmniClientResult result) noexcept { *static_cast<OmniClientResult*>(data) = result; }

TEST_F(MemoryServer, KnowsUsersAndGroups) {
  const char* const ann = "mem://ann@h/";
  stat(ann);
  stat("mem://bob@h/");
  auto result = eOmniClientResult_Error;
  Named named;

  omniClientWait(omniClientGetUsers(ann, &named, keep_names));
  EXPECT_EQ(named.names, (std::vector<std::string>{"ann", "bob"}));
  omniClientWait(omniClientCreateGroup(ann, "team", &result, keep_plain));
  EXPECT_EQ(result, kOk);
  omniClientWait(omniClientCreateGroup(ann, "team", &result, keep_plain));
  EXPECT_EQ(result, eOmniClientResult_ErrorAlreadyExists);
  omniClientWait(omniClientAddUserToGroup(ann, "bob", "team", &result, keep_plain));
  EXPECT_EQ(result, kOk);
  omniClientWait(omniClientAddUserToGroup(ann, "nobody", "team", &result, keep_plain));
  EXPECT_EQ(result, eOmniClientResult_ErrorNotFound);
  omniClientWait(omniClientGetGroupUsers(ann, "team", &named, keep_names));
  EXPECT_EQ(named.names, std::vector<std::string>{"bob"});
  omniClientWait(omniClientGetUserGroups(ann, "bob", &named, keep_names));
  EXPECT_EQ(named.names, (std::vector<std::string>{"team", "users"}));
  omniClientWait(omniClientGetGroups(ann, &named, keep_names));
  EXPECT_EQ(named.names, (std::vector<std::string>{"team", "users"}));
}

TEST_F(MemoryServer, CarriesAGroupThroughAccessLists) {
  const char* const ann = "mem://ann@h/";
  ASSERT_EQ(write("mem://ann@h/a", "x"), kOk);
  stat("mem://bob@h/");
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientCreateGroup(ann, "team", &result, keep_plain));
  omniClientWait(omniClientAddUserToGroup(ann, "bob", "team", &result, keep_plain));
  ASSERT_EQ(set_acl("mem://ann@h/a", {{"ann", 7}, {"team", fOmniClientAccess_Read}}), kOk);
  EXPECT_EQ(read("mem://bob@h/a").content, "x");

  omniClientWait(omniClientRenameGroup(ann, "team", "crew", &result, keep_plain));
  EXPECT_EQ(result, kOk);
  EXPECT_EQ(read("mem://bob@h/a").content, "x");
  struct Removed {
    OmniClientResult result;
    uint64_t count;
  } removed{};
  omniClientWait(
      omniClientRemoveGroup(ann, "crew", &removed, [](void* data, OmniClientResult done, uint64_t count) noexcept {
        *static_cast<Removed*>(data) = {done, count};
      }));
  EXPECT_EQ(removed.result, kOk);
  EXPECT_EQ(removed.count, 1u);
  EXPECT_EQ(read("mem://bob@h/a").result, eOmniClientResult_ErrorAccessDenied);
  omniClientWait(omniClientRemoveUserFromGroup(ann, "bob", "crew", &result, keep_plain));
  EXPECT_EQ(result, eOmniClientResult_ErrorNotFound);
}

TEST_F(MemoryServer, FailsAsItIsTold) {
  omniclient::memory::Faults faults;
  faults.fail_at = 2;
  faults.fail_with = eOmniClientResult_ErrorAccessLost;
  omniclient::memory::set_faults(faults);

  EXPECT_EQ(write("mem://h/a", "x"), kOk);
  EXPECT_EQ(write("mem://h/a", "y"), eOmniClientResult_ErrorAccessLost);
  EXPECT_EQ(write("mem://h/a", "z"), kOk);
}

TEST_F(MemoryServer, LosesAConnectionAndMakesItAgain) {
  ASSERT_EQ(write("mem://h/a", "x"), kOk);
  const auto before = connection_id("mem://h/").text;
  auto watch = Watch::item("mem://h/a");
  watch.first();
  omniclient::memory::Faults faults;
  faults.lose_connection_at = 1;
  omniclient::memory::set_faults(faults);

  EXPECT_EQ(read("mem://h/a").result, eOmniClientResult_ErrorConnection);
  watch.changes.wait_until([](const Change& one) { return one.result == eOmniClientResult_ErrorConnection; });
  EXPECT_EQ(read("mem://h/a").content, "x");
  EXPECT_NE(connection_id("mem://h/").text, before);
}

TEST_F(MemoryServer, NeverConnectsAgainByItselfAfterAFailure) {
  omniclient::memory::Faults faults;
  faults.refuse_connections = true;
  omniclient::memory::set_faults(faults);
  EXPECT_EQ(stat("mem://h/").result, eOmniClientResult_ErrorConnection);
  omniclient::memory::set_faults({});

  EXPECT_EQ(stat("mem://h/").result, eOmniClientResult_ErrorConnection);
  omniClientReconnect("mem://h/");
  EXPECT_EQ(stat("mem://h/").result, kOk);
}

TEST_F(MemoryServer, AnswersWhatWasPendingWhenItsUserSignsOut) {
  stat("mem://h/");
  omniclient::memory::Faults faults;
  faults.delay = std::chrono::hours(1);
  omniclient::memory::set_faults(faults);
  Stated stated;
  const auto id =
      omniClientStat("mem://h/", &stated, [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
        static_cast<Stated*>(data)->result = result;
      });

  omniClientSignOut("mem://h/");
  omniClientWait(id);

  EXPECT_EQ(stated.result, eOmniClientResult_ErrorConnection);
}

TEST_F(MemoryServer, MovesNothingThatWouldBeLost) {
  ASSERT_EQ(write("mem://h/a/b/b/x", "x"), kOk);
  EXPECT_EQ(move("mem://h/a/b", "mem://h/a", eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorSourceIsDest);
  EXPECT_EQ(move("mem://h/a/b", "mem://h/", eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorSourceIsDest);
  EXPECT_EQ(read("mem://h/a/b/b/x").content, "x");
  EXPECT_EQ(move("mem://h/a/b/b/x?&1", "mem://h/y").result, eOmniClientResult_ErrorBadRequest);

  ASSERT_EQ(create_folder("mem://h/to"), kOk);
  {
    Member member("mem://h/from/talk");
    member.until(eOmniClientChannelEvent_Join);
  }
  EXPECT_EQ(move("mem://h/from", "mem://h/to", eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(stat("mem://h/from/talk").result, kOk);
}

TEST_F(MemoryServer, ObliteratesNoFolderOutOfWhichSomethingCouldComeBack) {
  ASSERT_EQ(write("mem://h/f/a", "x"), kOk);
  ASSERT_EQ(delete_item("mem://h/f"), kOk);
  auto result = kOk;
  omniClientWait(omniClientObliterate("mem://h/f", true, &result, [](void* data, OmniClientResult got) noexcept {
    *static_cast<OmniClientResult*>(data) = got;
  }));
  EXPECT_EQ(result, eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(call(omniClientUndelete, "mem://h/f/a"), kOk);
  EXPECT_EQ(read("mem://h/f/a").content, "x");
}

TEST_F(MemoryServer, LetsDeletedItemsBeWatched) {
  ASSERT_EQ(write("mem://h/f/a", "x"), kOk);
  ASSERT_EQ(delete_item("mem://h/f/a"), kOk);
  Collected<Stated> items;
  Collected<Listed> lists;
  const auto stated = [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
    static_cast<Collected<Stated>*>(data)->add({result, Item::of(entry)});
  };
  const auto changed = [](void* data, OmniClientResult result, OmniClientListEvent,
                          OmniClientListEntry const* entry) noexcept {
    static_cast<Collected<Stated>*>(data)->add({result, Item::of(entry)});
  };
  const auto item =
      omniClientStatSubscribe2("mem://h/f/a", eOmniClientListIncludeOption_IncludeDeleted, &items, stated, changed);
  const auto list = omniClientListSubscribe2(
      "mem://h/f", eOmniClientListIncludeOption_OnlyDeleted, &lists,
      [](void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
        Listed listed{result, {}};
        for (uint32_t i = 0; i < count; ++i) listed.items.push_back(Item::of(&entries[i]));
        static_cast<Collected<Listed>*>(data)->add(listed);
      },
      nullptr);

  const auto there = items.wait_for(1)[0];
  EXPECT_EQ(there.result, kOk);
  EXPECT_TRUE(there.item.flags & fOmniClientItem_IsDeleted);
  EXPECT_EQ(lists.wait_for(1)[0].names(), std::vector<std::string>{"a"});
  ASSERT_EQ(call(omniClientUndelete, "mem://h/f/a"), kOk);
  EXPECT_FALSE(items.wait_for(2)[1].item.flags & fOmniClientItem_IsDeleted);
  omniClientStop(item);
  omniClientStop(list);
}

}  // namespace
