// Looking, watching and finding, over a real connection.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

namespace {

using namespace client;

class Looking : public AtANucleus {};

TEST_P(Looking, IsDoneByTheShortFunctionsToo) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(write(at("gone"), "x"), kOk);
  ASSERT_EQ(delete_item(at("gone")), kOk);
  Stated stated;
  Listed listed;
  const auto keep = [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
    *static_cast<Stated*>(data) = {result, Item::of(entry)};
  };

  omniClientWait(omniClientStat(at("a").c_str(), &stated, keep));
  EXPECT_EQ(stated.result, kOk);
  EXPECT_EQ(stated.item.path, "a");
  EXPECT_EQ(stated.item.created_by, "omniverse");
  omniClientWait(omniClientStat(at("gone").c_str(), &stated, keep));
  EXPECT_EQ(stated.result, kMissing);
  omniClientWait(omniClientList(
      at("").c_str(), &listed,
      [](void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
        auto& kept = *static_cast<Listed*>(data);
        kept.result = result;
        for (uint32_t i = 0; i < count; ++i) kept.items.push_back(Item::of(&entries[i]));
      }));
  EXPECT_EQ(listed.result, kOk);
  EXPECT_EQ(listed.names(), std::vector<std::string>{"a"});
}

TEST_P(Looking, GivesALocalFileOnlyWhereItIsKept) {
  ASSERT_EQ(write(at("a"), folder), kOk);  // A content that no other test has.
  const auto kept = [&] {
    Texted texted;
    const auto id = omniClientGetLocalFile(at("a").c_str(), false, &texted,
                                           [](void* data, OmniClientResult result, char const* path) noexcept {
                                             *static_cast<Texted*>(data) = {result, path == nullptr ? "" : path};
                                           });
    omniClientWait(id);
    omniClientStop(id);
    return texted.result;
  };

  EXPECT_EQ(kept(), kMissing);
  EXPECT_EQ(local_file(at("a")).result, kOk);
  EXPECT_EQ(kept(), kOk);
}

struct Told {
  OmniClientResult result;
  OmniClientListEvent event;
  Item item;
};

/// The two callbacks of a subscription.
struct Subscriber {
  Collected<Listed> firsts;
  Collected<Told> changes;

  static void stated(void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
    static_cast<Subscriber*>(data)->firsts.add({result, {Item::of(entry)}});
  }
  static void listed(void* data, OmniClientResult result, uint32_t count, OmniClientListEntry const* entries) noexcept {
    Listed listed{result, {}};
    for (uint32_t i = 0; i < count; ++i) listed.items.push_back(Item::of(&entries[i]));
    static_cast<Subscriber*>(data)->firsts.add(std::move(listed));
  }
  static void changed(void* data, OmniClientResult result, OmniClientListEvent event,
                      OmniClientListEntry const* entry) noexcept {
    static_cast<Subscriber*>(data)->changes.add({result, event, Item::of(entry)});
  }
  Told until(OmniClientListEvent event, const std::string& name) {
    return changes.wait_until([&](const Told& one) { return one.event == event && one.item.path == name; });
  }
};

TEST_P(Looking, GoesOnForWhatIsDeleted) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  ASSERT_EQ(write(at("f/b"), "x"), kOk);
  ASSERT_EQ(delete_item(at("f/a")), kOk);
  Subscriber item, all;

  const auto one = omniClientStatSubscribe2(at("f/a").c_str(), eOmniClientListIncludeOption_IncludeDeleted, &item,
                                            Subscriber::stated, Subscriber::changed);
  const auto contents = omniClientListSubscribe2(at("f").c_str(), eOmniClientListIncludeOption_IncludeDeleted, &all,
                                                 Subscriber::listed, Subscriber::changed);

  const auto first = item.firsts.wait_for(1)[0];
  EXPECT_EQ(first.result, kOk);
  EXPECT_TRUE(first.items[0].flags & fOmniClientItem_IsDeleted);
  EXPECT_EQ(all.firsts.wait_for(1)[0].names(), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(call(omniClientUndelete, other("f/a")), kOk);
  const auto back = [](const Told& told) {
    return told.item.path == "a" && (told.item.flags & fOmniClientItem_IsDeleted) == 0;
  };
  EXPECT_EQ(item.changes.wait_until(back).result, kOk);
  EXPECT_EQ(all.changes.wait_until(back).result, kOk);
  ASSERT_EQ(write(other("f/new"), "x"), kOk);
  EXPECT_EQ(all.until(eOmniClientListEvent_Created, "new").result, kOk);
  omniClientStop(one);
  omniClientStop(contents);
}

TEST_P(Looking, ToldOfWhatIsDeletedEndsWhereThereIsNoFolder) {
  Subscriber item, all;

  const auto one = omniClientStatSubscribe2(at("f/a").c_str(), eOmniClientListIncludeOption_IncludeDeleted, &item,
                                            Subscriber::stated, Subscriber::changed);
  const auto contents = omniClientListSubscribe2(at("f").c_str(), eOmniClientListIncludeOption_IncludeDeleted, &all,
                                                 Subscriber::listed, Subscriber::changed);

  EXPECT_EQ(item.firsts.wait_for(1)[0].result, eOmniClientResult_OkNotYetFound);
  EXPECT_EQ(all.firsts.wait_for(1)[0].result, kMissing);
  omniClientStop(one);
  omniClientStop(contents);
}

TEST_P(Looking, SeesEveryKindOfChange) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto item = Watch::item(other("a"));
  auto contents = Watch::folder(other(""));
  ASSERT_EQ(item.first(), kOk);
  ASSERT_EQ(contents.first(), kOk);
  const auto seen = [&](OmniClientListEvent event) {
    item.until(event, "a");
    return contents.until(event, "a").item;
  };

  ASSERT_EQ(write(at("a"), "xx"), kOk);
  EXPECT_EQ(seen(eOmniClientListEvent_Updated).size, 2u);
  ASSERT_EQ(call(omniClientLock, at("a")), kOk);
  EXPECT_EQ(seen(eOmniClientListEvent_Locked).locked_by, "omniverse");
  ASSERT_EQ(call(omniClientUnlock, at("a")), kOk);
  EXPECT_EQ(seen(eOmniClientListEvent_Unlocked).locked_by, "");
  ASSERT_EQ(create_checkpoint(at("a"), "x", true).result, kOk);
  seen(eOmniClientListEvent_Metadata);
  ASSERT_EQ(delete_item(at("a")), kOk);
  seen(eOmniClientListEvent_Deleted);
  ASSERT_EQ(call(omniClientUndelete, at("a")), kOk);
  seen(eOmniClientListEvent_Created);
}

// ---------------------------------------- finding

struct Found {
  OmniClientResult result = eOmniClientResult_Error;
  std::string url;
  OmniClientListEvent event = eOmniClientListEvent_Unknown;
};

Found find(const char* path, std::vector<std::string> places = {}) {
  std::vector<const char*> texts;
  for (const auto& place : places) texts.push_back(place.c_str());
  Found found;
  omniClientWait(
      omniClientResolve(path, texts.data(), static_cast<uint32_t>(texts.size()), &found,
                        [](void* data, OmniClientResult result, OmniClientListEntry const*, char const* url) noexcept {
                          *static_cast<Found*>(data) = {result, url};
                        }));
  return found;
}

class Finding : public AtANucleus {
 protected:
  Finding() { omniClientPushBaseUrl(at("base/").c_str()); }
  ~Finding() override { omniClientPopBaseUrl(nullptr); }
};

TEST_P(Finding, LooksAtTheBaseThenAtEachPlace) {
  ASSERT_EQ(write(at("one/a"), "x"), kOk);
  ASSERT_EQ(write(at("base/two/a"), "x"), kOk);

  EXPECT_EQ(find("a").result, kMissing);
  EXPECT_EQ(find("a", {at("none"), at("one"), "two"}).url, at("one/a"));
  EXPECT_EQ(find("a", {"two", at("one/")}).url, at("base/two/a"));
  ASSERT_EQ(write(at("base/a"), "x"), kOk);
  EXPECT_EQ(find("a", {at("one")}).url, at("base/a"));
  EXPECT_EQ(find(at("none/a").c_str(), {at("one")}).result, kMissing);
  EXPECT_EQ(find("b", {"omniverse://127.0.0.1:1/"}).result, eOmniClientResult_ErrorConnection);
}

TEST_P(Finding, LooksAtThePlacesOfTheProcessTheNewestFirst) {
  ASSERT_EQ(write(at("one/a"), "x"), kOk);
  ASSERT_EQ(write(at("two/a"), "x"), kOk);
  omniClientAddDefaultSearchPath(at("one").c_str());
  omniClientAddDefaultSearchPath(at("two").c_str());
  const char* first = nullptr;
  EXPECT_EQ(omniClientGetDefaultSearchPaths(&first, 1), 2u);
  EXPECT_EQ(first, at("two"));

  EXPECT_EQ(find("a").url, at("two/a"));
  omniClientRemoveDefaultSearchPath(at("two").c_str());
  EXPECT_EQ(find("a").url, at("one/a"));
  omniClientRemoveDefaultSearchPath(at("one").c_str());
  EXPECT_EQ(find("a").result, kMissing);
}

TEST_P(Finding, GoesOn) {
  struct {
    Collected<Found> first, changes;
  } told;
  const auto one = at("one"), two = at("two");
  const char* places[] = {one.c_str(), two.c_str()};
  const auto id = omniClientResolveSubscribe(
      "a", places, 2, &told,
      [](void* data, OmniClientResult result, OmniClientListEntry const*, char const* url) noexcept {
        static_cast<decltype(told)*>(data)->first.add({result, url});
      },
      [](void* data, OmniClientResult result, OmniClientListEvent event, OmniClientListEntry const*,
         char const* url) noexcept {
        static_cast<decltype(told)*>(data)->changes.add({result, url, event});
      });
  EXPECT_EQ(told.first.wait_for(1)[0].result, eOmniClientResult_OkNotYetFound);
  const auto until = [&](OmniClientListEvent event, const std::string& url) {
    told.changes.wait_until([&](const Found& found) { return found.event == event && found.url == url; });
  };

  ASSERT_EQ(write(other("two/a"), "x"), kOk);
  until(eOmniClientListEvent_Created, at("two/a"));
  ASSERT_EQ(write(other("one/a"), "x"), kOk);
  until(eOmniClientListEvent_Created, at("one/a"));
  ASSERT_EQ(write(other("one/a"), "xx"), kOk);
  until(eOmniClientListEvent_Updated, at("one/a"));
  ASSERT_EQ(delete_item(other("one/a")), kOk);
  until(eOmniClientListEvent_Created, at("two/a"));
  ASSERT_EQ(delete_item(other("two/a")), kOk);
  until(eOmniClientListEvent_Deleted, at("two/a"));
  omniClientStop(id);
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Looking, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Looking);
INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Finding, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Finding);

}  // namespace
