// Subscriptions to what is deleted, against the Nucleus that tests/integration/nucleus/client_test.py has started.
#include "places.hpp"

#include <thread>

namespace {

using namespace client;

/// A subscription that is told of deleted items, too.
class DeletedWatch {
 public:
  static DeletedWatch item(const std::string& url, OmniClientListIncludeOption include) {
    return DeletedWatch(
        [&](DeletedWatch* self) { return omniClientStatSubscribe2(url.c_str(), include, self, &first_item, &change); });
  }
  static DeletedWatch folder(const std::string& url, OmniClientListIncludeOption include) {
    return DeletedWatch(
        [&](DeletedWatch* self) { return omniClientListSubscribe2(url.c_str(), include, self, &first_list, &change); });
  }
  ~DeletedWatch() { omniClientStop(id_); }
  DeletedWatch(DeletedWatch&&) = delete;

  Listed first() { return firsts_.wait_for(1).front(); }
  /// Waits until so much has been told: `Created a`.
  std::vector<std::string> told(std::size_t count) {
    std::vector<std::string> all;
    for (const auto& one : changes_.wait_for(count)) all.push_back(word(one.event) + " " + one.item.path);
    return all;
  }
  Item last() { return changes_.all().back().item; }

 private:
  template <class Start>
  explicit DeletedWatch(const Start& start) : id_(start(this)) {}

  static std::string word(OmniClientListEvent event) {
    constexpr const char* kWords[] = {"Unknown",  "Created", "Updated",  "Deleted",
                                      "Metadata", "Locked",  "Unlocked", "Obliterated"};
    return kWords[event];
  }
  static void first_item(void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
    static_cast<DeletedWatch*>(data)->firsts_.add({result, {Item::of(entry)}});
  }
  static void first_list(void* data, OmniClientResult result, uint32_t count,
                         OmniClientListEntry const* entries) noexcept {
    Listed listed{result, {}};
    for (uint32_t i = 0; i < count; ++i) listed.items.push_back(Item::of(&entries[i]));
    static_cast<DeletedWatch*>(data)->firsts_.add(listed);
  }
  static void change(void* data, OmniClientResult result, OmniClientListEvent event,
                     OmniClientListEntry const* entry) noexcept {
    static_cast<DeletedWatch*>(data)->changes_.add({result, event, Item::of(entry)});
  }

  Collected<Listed> firsts_;
  Collected<Change> changes_;
  OmniClientRequestId id_;
};

OmniClientResult obliterate_all_of(const std::string& url) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientObliterate(url.c_str(), true, &result, [](void* data, OmniClientResult done) noexcept {
    *static_cast<OmniClientResult*>(data) = done;
  }));
  return result;
}

class WatchOfDeletedItems : public AtEachPlace {};
using Told = std::vector<std::string>;

TEST_P(WatchOfDeletedItems, TellsOfAListWhatComesAndGoes) {
  ASSERT_EQ(write(at("gone"), "x"), kOk);
  ASSERT_EQ(write(at("there"), "x"), kOk);
  ASSERT_EQ(delete_item(at("gone")), kOk);
  auto only = DeletedWatch::folder(base, eOmniClientListIncludeOption_OnlyDeleted);
  auto all = DeletedWatch::folder(base, eOmniClientListIncludeOption_IncludeDeleted);
  EXPECT_EQ(only.first().names(), Told{"gone"});
  EXPECT_EQ(all.first().names(), (Told{"gone", "there"}));

  ASSERT_EQ(write(at("new"), "x"), kOk);
  EXPECT_EQ(all.told(1).back(), "Created new");
  ASSERT_EQ(delete_item(at("there")), kOk);
  EXPECT_EQ(all.told(2).back(), "Deleted there");
  EXPECT_TRUE(all.last().flags & fOmniClientItem_IsDeleted);
  ASSERT_EQ(call(omniClientUndelete, at("gone")), kOk);
  EXPECT_EQ(all.told(3).back(), "Created gone");
  ASSERT_EQ(obliterate_all_of(at("there")), kOk);
  EXPECT_EQ(all.told(4).back(), "Obliterated there");

  EXPECT_EQ(only.told(3), (Told{"Deleted there", "Created gone", "Obliterated there"})) << "and nothing of new";
}

TEST_P(WatchOfDeletedItems, TellsOfAnItemWhatCanStillBeSeen) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto watch = DeletedWatch::item(at("a"), eOmniClientListIncludeOption_IncludeDeleted);
  auto only = DeletedWatch::item(at("a"), eOmniClientListIncludeOption_OnlyDeleted);
  EXPECT_EQ(watch.first().result, kOk);
  EXPECT_EQ(only.first().result, eOmniClientResult_OkNotYetFound);

  ASSERT_EQ(delete_item(at("a")), kOk);
  EXPECT_EQ(watch.told(1).back(), "Deleted a");
  EXPECT_FALSE(watch.last().deleted_by.empty());
  ASSERT_EQ(call(omniClientUndelete, at("a")), kOk);
  EXPECT_EQ(watch.told(2).back(), "Created a");
  ASSERT_EQ(write(at("a"), "longer"), kOk);
  watch.told(3);
  ASSERT_EQ(move(at("a"), at("b")).result, kOk);
  while (watch.told(1).back() != "Deleted a" || watch.told(1).size() < 4) std::this_thread::yield();
  EXPECT_EQ(only.told(2), (Told{"Deleted a", "Created a"}));
}

TEST_P(WatchOfDeletedItems, GoesOnInAFolderThatIsDeleted) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  auto watch = DeletedWatch::folder(at("f"), eOmniClientListIncludeOption_IncludeDeleted);
  ASSERT_EQ(watch.first().names(), Told{"a"});

  ASSERT_EQ(delete_item(at("f")), kOk);
  EXPECT_EQ(watch.told(1), Told{"Deleted a"});
  ASSERT_EQ(call(omniClientUndelete, at("f")), kOk);
  EXPECT_EQ(watch.told(2), (Told{"Deleted a", "Created a"}));

  auto file = DeletedWatch::folder(at("f/a"), eOmniClientListIncludeOption_IncludeDeleted);
  EXPECT_EQ(file.first().result, eOmniClientResult_ErrorNotFound);
  auto none = DeletedWatch::folder(at("none"), eOmniClientListIncludeOption_OnlyDeleted);
  EXPECT_EQ(none.first().result, eOmniClientResult_ErrorNotFound);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, WatchOfDeletedItems,
                         testing::ValuesIn(nucleus().empty() ? std::vector<Place>() : places()),
                         [](const auto& named) { return named.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WatchOfDeletedItems);

}  // namespace
