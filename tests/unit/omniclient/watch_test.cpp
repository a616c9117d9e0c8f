// Subscriptions, at every provider.
#include "places.hpp"

#include <atomic>
#include <cerrno>
#include <dirent.h>
#include <dlfcn.h>

namespace {

std::atomic<bool> no_folder_opens{false};

}  // namespace

/// The fault of these tests: the library finds this function before that of libc, and gets what it would get if the
/// process had no file descriptor left. (With none left indeed, the sanitizers, too, have none for what they look at.)
extern "C" DIR* opendir(const char* path) {
  static const auto of_libc = reinterpret_cast<DIR* (*)(const char*)>(dlsym(RTLD_NEXT, "opendir"));
  if (!no_folder_opens) return of_libc(path);
  errno = EMFILE;
  return nullptr;
}

namespace {

using namespace client;

class Subscription : public AtEachPlace {};

TEST_P(Subscription, BeginsWithWhatIsThere) {
  ASSERT_EQ(write(at("a"), "x"), kOk);

  auto item = Watch::item(at("a"));
  auto folder = Watch::folder(base);

  EXPECT_EQ(item.first(), kOk);
  EXPECT_EQ(folder.first(), kOk);
}

TEST_P(Subscription, WaitsForWhatIsNotThereYet) {
  auto watch = Watch::item(at("x/y/a"));
  EXPECT_EQ(watch.first(), eOmniClientResult_OkNotYetFound);

  ASSERT_EQ(write(at("x/y/a"), "new"), kOk);

  const auto change = watch.until(eOmniClientListEvent_Created, "a");
  EXPECT_EQ(change.result, kOk);
  EXPECT_EQ(change.item.size, 3u);
}

TEST_P(Subscription, EndsWhereThereIsNoFolder) {
  ASSERT_EQ(write(at("file"), ""), kOk);
  auto none = Watch::folder(at("none"));
  auto file = Watch::folder(at("file"));

  EXPECT_EQ(none.first(), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(file.first(), eOmniClientResult_ErrorNotFound);
}

TEST_P(Subscription, TellsWhatHappensToAnItem) {
  ASSERT_EQ(write(at("a"), "1"), kOk);
  auto watch = Watch::item(at("a"));
  watch.first();

  ASSERT_EQ(write(at("a"), "22"), kOk);
  EXPECT_EQ(watch.until(eOmniClientListEvent_Updated, "a").item.size, 2u);
  ASSERT_EQ(delete_item(at("a")), kOk);
  EXPECT_EQ(watch.until(eOmniClientListEvent_Deleted, "a").result, kOk);
  ASSERT_EQ(write(at("a"), "333"), kOk);
  EXPECT_EQ(watch.until(eOmniClientListEvent_Created, "a").item.size, 3u);
  EXPECT_EQ(watch.firsts.all().size(), 1u);
}

TEST_P(Subscription, TellsWhatHappensInAFolder) {
  auto watch = Watch::folder(base);
  watch.first();

  ASSERT_EQ(write(at("a"), "1"), kOk);
  watch.until(eOmniClientListEvent_Created, "a");
  ASSERT_EQ(write(at("a"), "22"), kOk);
  watch.until(eOmniClientListEvent_Updated, "a");
  ASSERT_EQ(create_folder(at("f")), kOk);
  watch.until(eOmniClientListEvent_Created, "f");
  ASSERT_EQ(move(at("a"), at("b")).result, kOk);
  watch.until(eOmniClientListEvent_Deleted, "a");
  watch.until(eOmniClientListEvent_Created, "b");
}

TEST_P(Subscription, FollowsAnItemWhoseFoldersAreMoved) {
  ASSERT_EQ(write(at("x/y/a"), "1"), kOk);
  auto watch = Watch::item(at("x/y/a"));
  watch.first();

  ASSERT_EQ(move(at("x"), at("z")).result, kOk);
  watch.until(eOmniClientListEvent_Deleted, "a");
  ASSERT_EQ(move(at("z"), at("x")).result, kOk);
  watch.until(eOmniClientListEvent_Created, "a");
}

TEST_P(Subscription, IsSilentAfterItWasStopped) {
  ASSERT_EQ(write(at("a"), "1"), kOk);
  auto stopped = Watch::item(at("a"));
  auto other = Watch::item(at("a"));
  stopped.first();
  other.first();

  omniClientStop(stopped.id());
  ASSERT_EQ(write(at("a"), "22"), kOk);

  other.until(eOmniClientListEvent_Updated, "a");
  EXPECT_TRUE(stopped.changes.all().empty());
}

TEST_P(Subscription, TakesNullForBothCallbacks) {
  ASSERT_EQ(write(at("a"), "1"), kOk);
  const auto item = omniClientStatSubscribe(at("a").c_str(), nullptr, nullptr, nullptr);
  const auto folder = omniClientListSubscribe(base.c_str(), nullptr, nullptr, nullptr);
  omniClientWait(item);
  omniClientWait(folder);
  auto other = Watch::folder(base);
  other.first();

  ASSERT_EQ(write(at("b"), "1"), kOk);
  other.until(eOmniClientListEvent_Created, "b");

  omniClientStop(item);
  omniClientStop(folder);
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Subscription, testing::ValuesIn(places()),
                         [](const auto& place) { return std::string(place.param.name); });

/// The same where the kernel gives no watches.
class PolledSubscription : public testing::Test {
 protected:
  PolledSubscription() {
    omniClientConfigSetInt("file.max_watches", 0);
    omniClientConfigSetInt("file.poll_ms", 5);
  }
  Library library;
  const std::string base = (library.folder() / "files").string();
};

TEST_F(PolledSubscription, FindsChangesByLookingAgain) {
  auto item = Watch::item(base + "/in/a");
  auto folder = Watch::folder(base);
  EXPECT_EQ(item.first(), eOmniClientResult_OkNotYetFound);
  EXPECT_EQ(folder.first(), kOk);

  ASSERT_EQ(write(base + "/in/a", "1"), kOk);
  item.until(eOmniClientListEvent_Created, "a");
  folder.until(eOmniClientListEvent_Created, "in");
  ASSERT_EQ(delete_item(base + "/in"), kOk);
  item.until(eOmniClientListEvent_Deleted, "a");
  folder.until(eOmniClientListEvent_Deleted, "in");
}

TEST_F(PolledSubscription, HoldsWhenOnlySomeWatchesAreLeft) {
  omniClientConfigSetInt("file.max_watches", 2);
  auto first = Watch::folder(base);
  auto second = Watch::item(base + "/in/deep/a");
  first.first();
  second.first();

  ASSERT_EQ(write(base + "/in/deep/a", "1"), kOk);

  first.until(eOmniClientListEvent_Created, "in");
  second.until(eOmniClientListEvent_Created, "a");
}

TEST(LinkedSubscription, SeesWhatHappensBehindALink) {
  Library library;
  omniClientConfigSetInt("file.poll_ms", 3600'000);
  const auto base = library.folder() / "files";
  ASSERT_EQ(write(base / "one/a", "1"), kOk);
  ASSERT_EQ(write(base / "two/a", "22"), kOk);
  std::filesystem::create_directory_symlink("one", base / "folder");
  std::filesystem::create_symlink("folder/a", base / "file");
  auto file = Watch::item(base / "file");
  auto inside = Watch::item(base / "folder/a");
  ASSERT_EQ(file.first(), kOk);
  ASSERT_EQ(inside.first(), kOk);

  // What the link leads to changes, in a folder that nobody has named.
  ASSERT_EQ(write(base / "one/a", "333"), kOk);
  EXPECT_EQ(file.until(eOmniClientListEvent_Updated, "file").item.size, 3u);
  EXPECT_EQ(inside.until(eOmniClientListEvent_Updated, "a").item.size, 3u);
  // A link on the way leads elsewhere now.
  std::filesystem::create_directory_symlink("two", base / "new");
  std::filesystem::rename(base / "new", base / "folder");
  const auto second = [](const Change& change) { return change.item.size == 2; };
  EXPECT_EQ(file.changes.wait_until(second).event, eOmniClientListEvent_Updated);
  EXPECT_EQ(inside.changes.wait_until(second).event, eOmniClientListEvent_Updated);
}

TEST(PassingFailure, EndsNoSubscription) {
  Library library;
  omniClientConfigSetInt("file.poll_ms", 5);
  const auto base = library.folder() / "files";
  auto folder = Watch::folder(base);
  ASSERT_EQ(folder.first(), kOk);
  ASSERT_EQ(write(base / "a", "x"), kOk);
  omniClientSetRetries({0, 0, 0});
  no_folder_opens = true;
  EXPECT_EQ(list(base).result, eOmniClientResult_Error);
  std::filesystem::rename(base / "a", base / "b");
  EXPECT_EQ(list(base).result, eOmniClientResult_Error);
  no_folder_opens = false;

  EXPECT_EQ(folder.until(eOmniClientListEvent_Created, "b").result, kOk);
  for (const auto& change : folder.changes.all()) EXPECT_EQ(change.result, kOk);
}

}  // namespace
