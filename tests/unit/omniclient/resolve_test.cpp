#include "client.hpp"
#include "providers/memory/faults.hpp"

namespace {

using namespace client;

struct Resolved {
  OmniClientResult result = eOmniClientResult_Error;
  std::string url;
  OmniClientListEvent event = eOmniClientListEvent_Unknown;
};

Resolved resolve(const char* path, std::vector<const char*> search = {}) {
  Resolved resolved;
  omniClientWait(
      omniClientResolve(path, search.data(), static_cast<uint32_t>(search.size()), &resolved,
                        [](void* data, OmniClientResult result, OmniClientListEntry const*, char const* url) noexcept {
                          *static_cast<Resolved*>(data) = {result, url};
                        }));
  return resolved;
}

class Resolve : public testing::Test {
 protected:
  Resolve() { omniClientPushBaseUrl("mem://h/base/"); }
  ~Resolve() override { omniClientPopBaseUrl(nullptr); }
  Library library;
};

TEST_F(Resolve, LooksAtTheBaseFirstThenAtEachPath) {
  ASSERT_EQ(write("mem://h/one/a", "x"), kOk);
  ASSERT_EQ(write("mem://h/base/two/a", "x"), kOk);

  EXPECT_EQ(resolve("a").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(resolve("a", {"mem://h/none", "mem://h/one", "two"}).url, "mem://h/one/a");
  EXPECT_EQ(resolve("a", {"two", "mem://h/one/"}).url, "mem://h/base/two/a");
  ASSERT_EQ(write("mem://h/base/a", "x"), kOk);
  EXPECT_EQ(resolve("a", {"mem://h/one"}).url, "mem://h/base/a");
}

TEST_F(Resolve, LooksAtTheNewestDefaultPathFirst) {
  ASSERT_EQ(write("mem://h/one/a", "x"), kOk);
  ASSERT_EQ(write("mem://h/two/a", "x"), kOk);
  omniClientAddDefaultSearchPath("mem://h/one");
  omniClientAddDefaultSearchPath("mem://h/two");
  const char* paths[1] = {nullptr};
  EXPECT_EQ(omniClientGetDefaultSearchPaths(paths, 1), 2u);
  EXPECT_STREQ(paths[0], "mem://h/two");
  EXPECT_EQ(omniClientGetDefaultSearchPaths(nullptr, 0), 2u);

  EXPECT_EQ(resolve("a").url, "mem://h/two/a");
  omniClientRemoveDefaultSearchPath("mem://h/two");
  EXPECT_EQ(resolve("a").url, "mem://h/one/a");
  omniClientRemoveDefaultSearchPath("mem://h/one");
  EXPECT_EQ(resolve("a").result, eOmniClientResult_ErrorNotFound);
}

TEST_F(Resolve, LooksForAnAbsoluteUrlNowhereElse) {
  ASSERT_EQ(write("mem://h/one/a", "x"), kOk);

  EXPECT_EQ(resolve("mem://h/one/a").url, "mem://h/one/a");
  EXPECT_EQ(resolve("mem://h/a", {"mem://h/one"}).result, eOmniClientResult_ErrorNotFound);
}

/// What a subscription begins with that also looks in `place`.
Resolved first_of_subscription(const char* relative, const std::string& place) {
  Collected<Resolved> firsts;
  const char* search[] = {place.c_str()};
  const auto id = omniClientResolveSubscribe(
      relative, search, 1, &firsts,
      [](void* data, OmniClientResult result, OmniClientListEntry const*, char const* url) noexcept {
        static_cast<Collected<Resolved>*>(data)->add({result, url});
      },
      nullptr);
  const auto first = firsts.wait_for(1)[0];
  omniClientStop(id);
  return first;
}

/// The first place is too busy to say whether it has it, `times` times.
void be_busy(int times) {
  omniclient::memory::Faults faults;
  faults.busy = times;
  omniclient::memory::set_faults(faults);
}

TEST_F(Resolve, AsksAPlaceAgainThatHadNoTime) {
  const auto local = (library.folder() / "files").string();
  ASSERT_EQ(write("mem://h/base/a", "new"), kOk);
  ASSERT_EQ(write(local + "/a", "old"), kOk);
  omniClientSetRetries({3600'000, 0, 0});

  be_busy(3);
  EXPECT_EQ(resolve("a", {local.c_str()}).url, "mem://h/base/a");
  be_busy(3);
  EXPECT_EQ(first_of_subscription("a", local).url, "mem://h/base/a");
}

TEST_F(Resolve, TakesNoSecondPlaceWhileNobodyKnowsOfTheFirst) {
  const auto local = (library.folder() / "files").string();
  ASSERT_EQ(write("mem://h/base/a", "new"), kOk);
  ASSERT_EQ(write(local + "/a", "old"), kOk);
  omniClientSetRetries({0, 0, 0});

  be_busy(1);
  const auto resolved = resolve("a", {local.c_str()});
  EXPECT_EQ(resolved.result, eOmniClientResult_Error);
  EXPECT_EQ(resolved.url, "");
  be_busy(1);
  EXPECT_EQ(first_of_subscription("a", local).result, eOmniClientResult_Error);
}

TEST_F(Resolve, TellsWhenItIsFoundElsewhere) {
  struct Told {
    Collected<Resolved> first;
    Collected<Resolved> changes;
  } told;
  const char* search[] = {"mem://h/one", "mem://h/two"};
  const auto id = omniClientResolveSubscribe(
      "a", search, 2, &told,
      [](void* data, OmniClientResult result, OmniClientListEntry const*, char const* url) noexcept {
        static_cast<Told*>(data)->first.add({result, url});
      },
      [](void* data, OmniClientResult result, OmniClientListEvent event, OmniClientListEntry const*,
         char const* url) noexcept {
        static_cast<Told*>(data)->changes.add({result, url, event});
      });
  EXPECT_EQ(told.first.wait_for(1)[0].result, eOmniClientResult_OkNotYetFound);
  const auto until = [&told](OmniClientListEvent event, const std::string& url) {
    return told.changes.wait_until([&](const Resolved& one) { return one.event == event && one.url == url; });
  };

  ASSERT_EQ(write("mem://h/two/a", "x"), eOmniClientResult_Ok);
  until(eOmniClientListEvent_Created, "mem://h/two/a");
  ASSERT_EQ(write("mem://h/two/a", "xx"), eOmniClientResult_Ok);
  until(eOmniClientListEvent_Updated, "mem://h/two/a");
  ASSERT_EQ(write("mem://h/one/a", "y"), eOmniClientResult_Ok);
  until(eOmniClientListEvent_Created, "mem://h/one/a");
  ASSERT_EQ(delete_item("mem://h/one/a"), eOmniClientResult_Ok);
  until(eOmniClientListEvent_Created, "mem://h/two/a");
  ASSERT_EQ(delete_item("mem://h/two/a"), eOmniClientResult_Ok);
  until(eOmniClientListEvent_Deleted, "mem://h/two/a");
  omniClientStop(id);
}

TEST(ResolveSubscribe, TellsThatAPlaceCannotBeAsked) {
  client::Library library;
  const char* paths[] = {"nobody://h/"};
  struct Told {
    client::Collected<OmniClientResult> firsts;
    client::Collected<OmniClientResult> changes;
  } told;
  const auto base = (library.folder() / "files").string() + "/";
  omniClientPushBaseUrl(base.c_str());
  const auto id = omniClientResolveSubscribe(
      "a", paths, 1, &told,
      [](void* data, OmniClientResult result, OmniClientListEntry const*, char const*) noexcept {
        static_cast<Told*>(data)->firsts.add(result);
      },
      [](void* data, OmniClientResult result, OmniClientListEvent, OmniClientListEntry const*, char const*) noexcept {
        static_cast<Told*>(data)->changes.add(result);
      });
  EXPECT_EQ(told.firsts.wait_for(1)[0], eOmniClientResult_ErrorNotSupported);
  omniClientStop(id);

  ASSERT_EQ(client::write(base + "a", "x"), eOmniClientResult_Ok);
  const auto found = omniClientResolveSubscribe(
      "a", paths, 1, &told,
      [](void* data, OmniClientResult result, OmniClientListEntry const*, char const*) noexcept {
        static_cast<Told*>(data)->firsts.add(result);
      },
      [](void* data, OmniClientResult result, OmniClientListEvent, OmniClientListEntry const*, char const*) noexcept {
        static_cast<Told*>(data)->changes.add(result);
      });
  EXPECT_EQ(told.firsts.wait_for(2)[1], eOmniClientResult_Ok);
  ASSERT_EQ(client::delete_item(base + "a"), eOmniClientResult_Ok);
  EXPECT_EQ(told.changes.wait_for(1)[0], eOmniClientResult_ErrorNotSupported);
  omniClientStop(found);
  omniClientPopBaseUrl(nullptr);
}

}  // namespace
