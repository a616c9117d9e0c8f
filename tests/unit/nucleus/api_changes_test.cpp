// What is decided when: changes that are sent without waiting, contents that come with them, and rights that have gone.

#include "api_test.hpp"
#include "auth_methods.hpp"
#include "content_address.hpp"
#include "lft_service.hpp"

#include <atomic>

namespace omnibroker::plugins::nucleus {
namespace {

using namespace std::chrono_literals;

/// It hears everything, and counts how often it is asked whether it may.
class Counting final : public Channels::Member {
 public:
  const std::string& connection() const override { return name_; }
  bool may_hear() override {
    ++asked;
    return true;
  }
  bool hear(const Channels::Payload&) override { return true; }
  void end(Channels::End) override {}

  int asked = 0;

 private:
  const std::string name_ = "counting";
};

class ApiChanges : public ApiTest {
 protected:
  /// Files of contents, whether a change has named them or not.
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(nucleus->store().folder() / "blobs")) {
      count += file.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  void make_admin(const std::string& user) { must(store::ChangeUser{.name = user, .admin = true}); }
};

// ---------------------------------------- changes that are sent without waiting

TEST_F(ApiChanges, OfOneAccessListLoseNothingOfOneAnother) {
  start();
  make_admin("ann");
  put("/a", "1");
  must(store::SetAcl{"/a", {{"bob", store::Access::Read}, {"users", store::Access::Read}}});
  auto& peer = log_in();
  std::vector<std::uint64_t> ids;
  {
    Stall stall(nucleus->store());
    const auto line = [](const char* name, Json rights) { return Json::array({{{"name", name}, {"acl", rights}}}); };
    ids.push_back(peer.begin("change_acl", {{"path", "/a"}, {"acl", line("bob", Json::array())}}));
    ids.push_back(peer.begin("change_acl", {{"path", "/a"}, {"acl", line("ann", {"read"})}}));
    host.run_blocking_work();
  }
  for (const auto id : ids) EXPECT_EQ(peer.next(id)["status"], "OK");
  std::string names;
  const auto list = peer.call("get_acl", {{"path", "/a"}});
  for (const auto& entry : list["acl"]) names += entry.value("name", "") + " ";

  EXPECT_EQ(names, "users ann ");
}

TEST_F(ApiChanges, ThatLookAtWhatIsThereSeeTheChangesBeforeThem) {
  start();
  auto& peer = log_in();
  const std::string bytes(100'000, 'x');
  const auto hash = nucleus->store().stage(bytes)->hash();
  std::vector<std::uint64_t> ids;
  {
    Stall stall(nucleus->store());
    ids.push_back(peer.begin("create", {{"uri", "/c"}, {"type", 3}}));
    ids.push_back(peer.begin("update", {{"uri", "/c"}, {"content", "hello"}}));
    ids.push_back(peer.begin("create_asset", {{"path", "/a"}}, bytes));
    ids.push_back(peer.begin("create_asset_with_hash", {{"path", "/b"}, {"hash_value", hash}}));
    ids.push_back(peer.begin("update", {{"uri", "/b"}}, "new"));
    ids.push_back(peer.begin("ping"));
    host.run_blocking_work();
    EXPECT_EQ(peer.next(ids.back())["status"], "OK") << "nobody waits in a thread";
    ids.pop_back();
  }

  for (const auto id : ids) EXPECT_EQ(peer.next(id)["status"], "OK") << id;
  EXPECT_EQ(peer.call("read_asset_version", {{"path", "/b"}})["content"], "new");
}

TEST_F(ApiChanges, BringAContentWhereTheChangeBeforeThemGivesTheRight) {
  start();
  must(store::CreateFolder{"/f"});
  must(store::SetAcl{"/f", {{"ann", store::Access::Admin}}});
  auto& peer = log_in();
  const std::string bytes(100'000, 'x');
  std::vector<std::uint64_t> ids;
  {
    Stall stall(nucleus->store());
    const Json acl = Json::array({{{"name", "ann"}, {"acl", {"read", "write", "admin"}}}});
    ids.push_back(peer.begin("set_acl_v2", {{"path", "/f"}, {"acl", acl}}));
    ids.push_back(peer.begin("create_asset", {{"path", "/f/a"}}, bytes));
    host.run_blocking_work();
  }

  for (const auto id : ids) EXPECT_EQ(peer.next(id)["status"], "OK");
}

TEST_F(ApiChanges, OfOneRequestLeaveRoomForOthers) {
  start({}, /*queue=*/300);
  Json paths = Json::array();
  constexpr std::size_t kMany = 600;
  for (std::size_t i = 0; i < kMany; ++i) {
    paths.push_back("/f/" + std::to_string(i));
    if (i % 100 == 0) must(store::CreateFolder{paths.back()});
  }
  auto& peer = log_in();
  auto& other = log_in("bob");
  std::uint64_t id = 0, behind = 0, beside = 0;
  {
    Stall stall(nucleus->store());
    id = peer.begin("delete2", {{"paths", paths}});
    behind = peer.begin("create_directory", {{"path", "/f/500"}});
    host.run_blocking_work();
    beside = other.begin("create_directory", {{"path", "/beside"}});
    host.run_blocking_work();
  }

  EXPECT_EQ(other.next(beside)["status"], "OK");
  for (std::size_t i = 0; i < kMany; ++i) {
    const auto answer = peer.next(id);
    ASSERT_EQ(answer["path"], paths[i]);
    EXPECT_EQ(answer["status"], i % 100 == 0 ? "OK" : "NOT_EXIST") << i;
  }
  EXPECT_EQ(peer.next(id)["status"], "DONE");
  EXPECT_EQ(peer.next(behind)["status"], "OK") << "it comes behind all of them";
  EXPECT_EQ(peer.status("delete2", {{"paths", std::vector<std::string>(10'001, "/a")}}), "INVALID_PARAMETERS");
}

// ---------------------------------------- contents

TEST_F(ApiChanges, ThatAreRefusedLeaveNoContents) {
  start();
  put("/a", "1");
  must(store::SetAcl{"/a", {{"users", store::Access::Read}}});
  must(store::ChangeUser{.name = "bob", .read_only = true});
  auto& guest = log_in("bob");
  auto& ann = log_in();
  for (int i = 0; i < 5; ++i) {
    const std::string bytes(100'000, static_cast<char>('a' + i));
    EXPECT_EQ(guest.status("create_asset", {{"path", "/b"}}, bytes), "DENIED");
    EXPECT_EQ(ann.status("update_asset", {{"path", "/a"}}, bytes), "DENIED");
    EXPECT_EQ(ann.status("create_object", {{"path", "/a"}}, bytes), "DENIED");
    EXPECT_EQ(ann.status("create", {{"uri", "/a"}, {"type", 1}}, bytes), "DENIED");
  }
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(ann.status("create_asset", {{"path", "/c"}}, std::string(100'000, 'x')), "OK");
  for (int i = 0; i < 5; ++i) {
    const std::string bytes(100'000, static_cast<char>('a' + i));
    EXPECT_EQ(ann.status("create_asset", {{"path", "/c"}}, bytes), "ALREADY_EXISTS");
    EXPECT_LE(files(), 2u) << "the one before has gone";
  }
}

TEST_F(ApiChanges, FindTheRoomThatHasBecomeFree) {
  store_options.quota = 1'000'000;
  start({{"quota", "1000000B"}});
  auto& peer = log_in();
  ASSERT_EQ(peer.status("create_asset", {{"path", "/a"}}, std::string(600'000, 'a')), "OK");
  ASSERT_EQ(peer.status("update_asset", {{"path", "/a"}}, "short"), "OK");
  EXPECT_EQ(peer.status("create_asset", {{"path", "/b"}}, std::string(600'000, 'b')), "QUOTA_REACHED");
  host.run_blocking_work();

  EXPECT_EQ(peer.status("create_asset", {{"path", "/b"}}, std::string(600'000, 'b')), "OK");
}

TEST_F(ApiChanges, OfServicesThatKeepDeletedThingsLongerCount) {
  start({{"keep_deleted", "1ms"}});
  for (const char* path : {"/a", "/b"}) put(path, "1");
  Pool other(host.host());
  nucleus->add_pool(other);
  nucleus->keep_deleted(other, 0s);
  must(store::Delete{"/a"});
  std::this_thread::sleep_for(5ms);  // longer ago than the service keeps it
  nucleus->look_after(0s);
  host.run_blocking_work();
  must(store::Undelete{"/a"});
  must(store::Delete{"/b"});
  nucleus->remove_pool(other);
  std::this_thread::sleep_for(5ms);
  nucleus->look_after(0s);
  host.run_blocking_work();

  const auto gone = nucleus->store().apply(store::Actor::the_system(), store::Undelete{"/b"});
  EXPECT_FALSE(gone) << "nobody wants to keep it";
}

TEST_F(ApiChanges, AreAnsweredBeforeTheirServiceEnds) {
  start();
  auto& peer = log_in();
  std::atomic<bool> answered = false;
  bool answered_before = false;
  Stall stall(nucleus->store());
  peer.begin("create_asset", {{"path", "/a"}}, "1");
  host.run_blocking_work();
  nucleus->store().submit(store::Actor::the_system(), store::CreateFolder{"/f"},
                          [&](const store::Result<store::Written>&) { answered = true; });
  peer.connection().disconnect();
  host.run_blocking_work();
  auto end = std::async(std::launch::async, [&] {
    service.reset();
    answered_before = answered;
  });
  end.wait_for(100ms);  // it waits for the store; one that does not is done by now
  stall.end();
  end.get();

  EXPECT_TRUE(answered_before);
}

// ---------------------------------------- what one request may cost

TEST_F(ApiChanges, AndListingsCountUntilTheirEnd) {
  start({{"max_in_flight", "2"}, {"max_unread", "64KiB"}});
  for (int i = 0; i < 1500; ++i) {
    nucleus->store().submit(store::Actor::the_system(), store::CreateFolder{"/f/" + std::to_string(i)}, {});
  }
  settle();
  auto& peer = log_in();
  peer.connection().set_reading(false);
  const auto first = peer.begin("list2", {{"path", "/f"}}), second = peer.begin("list2", {{"path", "/f"}});
  host.run_blocking_work();
  const auto third = peer.begin("list2", {{"path", "/f"}});
  peer.connection().set_reading(true);

  EXPECT_EQ(peer.next(third)["status"], "SLOW_DOWN");
  for (const auto id : {first, second}) {
    EXPECT_EQ(peer.next(id)["status"], "PARTIALLY_COMPLETED");
    EXPECT_EQ(peer.next(id)["status"], "OK");
    const auto last = peer.next(id);
    EXPECT_EQ(last["status"], "DONE");
    EXPECT_EQ(last["fin"], true);
  }
}

TEST_F(ApiChanges, AndReadsNameSoManyBranches) {
  start();
  must(store::CreateAsset{"/a", "b", *nucleus->store().stage("of b")});
  auto& peer = log_in();

  EXPECT_EQ(peer.call("read_asset_resolved", {{"path", "/a"}, {"branches", {"a", "b", "a"}}})["content"], "of b");
  EXPECT_EQ(peer.status("read_asset_resolved", {{"path", "/a"}, {"branches", {"a", "c"}}}), "NOT_EXIST");
  const std::vector<std::string> many(101, "a");
  EXPECT_EQ(peer.status("read_asset_resolved", {{"path", "/a"}, {"branches", many}}), "INVALID_PARAMETERS");
  EXPECT_EQ(peer.status("list2", {{"path", "/"}, {"branches", many}}), "INVALID_PARAMETERS");
}

TEST_F(ApiChanges, AndMessagesHaveSoManyValues) {
  start();
  auto& peer = log_in();
  EXPECT_EQ(peer.status("ping", {{"filler", std::vector<int>(90'000)}}), "OK");
  peer.begin("ping", {{"filler", std::vector<int>(100'001)}});
  peer.work();

  EXPECT_EQ(peer.close_code, 1007u);
}

TEST_F(ApiChanges, AndAnswersHaveSoManyCheckpoints) {
  store_options.checkpoints = 2;
  start();
  put("/a", "1");
  for (int i = 0; i < 3; ++i) must(store::CreateCheckpoint{.path = "/a", .force = true});
  auto& peer = log_in();
  const auto newest = peer.call("get_checkpoints", {{"path", "/a"}});
  const auto oldest = peer.call("get_checkpoints", {{"path", "/a"}, {"before", 2}});

  EXPECT_EQ(newest["checkpoints"].size(), 2u);
  EXPECT_EQ(newest["checkpoints"][0]["checkpoint"], 2);
  EXPECT_EQ(newest["older"], true);
  EXPECT_EQ(oldest["checkpoints"].size(), 1u);
  EXPECT_FALSE(oldest.contains("older"));
}

// ---------------------------------------- who it is

TEST_F(ApiChanges, OfAPasswordEndAccessTokens) {
  start();
  const auto token = nucleus->tokens().make(*nucleus->store().user("ann"), 1h);
  must(store::ChangeUser{.name = "ann", .password = "another"});

  EXPECT_EQ(connect().status("authorize_token", {{"token", token}}), "UNAUTHENTICATED");
  log_in();
}

TEST_F(ApiChanges, OfAUserAreFeltByWhoIsConnected) {
  start();
  make_admin("ann");
  must(store::CreateUser{{.name = "root", .admin = true}});
  auto& peer = log_in();
  EXPECT_EQ(peer.status("service_resolve_acl", {{"path", "/"}, {"username", "bob"}}), "OK");
  EXPECT_EQ(peer.status("get_users"), "OK");
  must(store::ChangeUser{.name = "ann", .enabled = false});

  EXPECT_EQ(peer.status("service_resolve_acl", {{"path", "/"}, {"username", "bob"}}), "DENIED");
  EXPECT_EQ(peer.status("service_subscribe_list"), "DENIED");
  for (const char* command : {"get_users", "get_groups"}) EXPECT_EQ(peer.status(command), "DENIED") << command;
  EXPECT_EQ(peer.status("get_group_users", {{"group", "users"}}), "DENIED");
  EXPECT_EQ(peer.status("get_user_groups", {{"user", "bob"}}), "DENIED");
}

TEST_F(ApiChanges, ThatLeaveRightsAsTheyAreHaveNobodyAsked) {
  start();
  must(store::CreateUser{{.name = "root", .admin = true}});
  must(store::CreateFolder{"/f"});
  must(store::CreateFolder{"/closed"});
  must(store::SetAcl{"/closed", {{"ann", store::Access::ReadWrite}}});
  for (const char* path : {"/f/a", "/f/b"}) put(path, "1");
  const AuthConfig config;
  AuthMethods methods(*nucleus, config);
  const auto token = nucleus->tokens().make(*nucleus->store().user("ann"), 1h);
  const auto counts = [&](const auto& what) {
    const auto member = std::make_shared<Counting>();
    nucleus->channels().join("/c", member, 0, [] {});
    host.run_blocking_work();
    nucleus->channels().say("/c", "ann", std::make_shared<const std::string>("hello"));
    const auto before = member->asked;
    what();
    host.run_blocking_work();
    nucleus->channels().leave("/c", member.get());
    return member->asked - before;
  };
  const auto call = [&](const char* method, Json params) {
    Json result;
    params["access_token"] = token;
    EXPECT_TRUE(methods.call(method, params, result));
    return result.value("status", "");
  };

  EXPECT_EQ(counts([&] { must(store::Rename{"/f/a", "/g/a"}); }), 0);
  EXPECT_EQ(counts([&] { EXPECT_EQ(call("Profiles.get", Json::object()), "OK"); }), 0);
  EXPECT_EQ(counts([&] { EXPECT_EQ(call("Profiles.disable", {{"username", "bob"}}), "DENIED"); }), 0);
  EXPECT_EQ(counts([&] { must(store::Rename{"/f/b", "/closed/b"}); }), 1);
  EXPECT_EQ(counts([&] { EXPECT_EQ(call("Profiles.update", {{"profile", {{"last_name", "Lee"}}}}), "OK"); }), 1);
}

TEST_F(ApiChanges, OfTheLoadCutNoDownloadInTheMiddle) {
  start();
  const std::string bytes(600'000, 'x');
  put("/a", bytes);
  static const omnibroker::detail::PluginDescriptor descriptor(
      "nucleus", "1.0.0", "For tests.", {component<LftService>("lft", "For tests.", OMNIBROKER_KIND_SERVICE)});
  FakeHost lft_host{"services.lft"};
  lft_host.set_limit("max_control_queue", 128 * 1024);
  lft_host.set_blocking_queue(10'000);
  ComponentUnderTest lft(lft_host, *descriptor.get(), "lft", {{"data", nucleus->store().folder().string()}});
  ASSERT_TRUE(lft.bring_up());
  ContentAddress address;
  const auto ann = *nucleus->store().user("ann");
  address.user = ann.name;
  address.user_id = ann.id;
  address.path = "/a";
  address.etag = nucleus->store().stat(store::Actor::the_system(), {"/a"})->etag;
  auto& connection = lft_host.connect(lft, "/omni/lft");
  connection.feed("GET /omni/lft/content/?" + address.query(*nucleus) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  lft_host.run_blocking_work();
  lft_host.set_blocking_queue(0);
  std::string got;
  const auto take = [&] {
    lft_host.run_blocking_work();
    lft_host.run_wake_ups();
    got += connection.take_written();
  };
  take();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got.substr(0, 200);
  EXPECT_LT(got.size(), bytes.size());
  lft_host.set_blocking_queue(10'000);
  lft_host.advance(1s);
  for (int i = 0; i < 100; ++i) take();

  EXPECT_TRUE(got.ends_with("\r\n\r\n" + bytes)) << got.size();
  connection.disconnect();
}

// ---------------------------------------- places in channels

/// Somebody who takes his time to hear.
class Slow final : public Channels::Member {
 public:
  const std::string& connection() const override { return name_; }
  bool may_hear() override { return true; }
  bool hear(const Channels::Payload&) override {
    hears.set_value();
    in_time = go_on.get_future().wait_for(1min) == std::future_status::ready;  // else it would be a test that hangs
    return true;
  }
  void end(Channels::End) override {}

  std::promise<void> hears, go_on;
  bool in_time = false;

 private:
  const std::string name_ = "slow";
};

TEST_F(ApiChanges, OfPlacesInChannelsHoldUpNoConnection) {
  start();
  must(store::CreateChannel{"/c"});
  auto& peer = log_in();
  const auto place = peer.begin("read", {{"uri", "/c"}});
  EXPECT_EQ(peer.next(place)["status"], "LATEST");
  const auto slow = std::make_shared<Slow>();
  nucleus->channels().join("/c", slow, 0, [] {});
  std::thread speaker([&] { nucleus->channels().say("/c", "ann", std::make_shared<const std::string>("hello")); });
  slow->hears.get_future().wait();
  const auto stop = peer.begin("stop", {{"subscription_id", place}});
  slow->go_on.set_value();
  speaker.join();

  EXPECT_TRUE(slow->in_time) << "the connection waited for the channel";
  EXPECT_EQ(peer.next(stop)["status"], "OK");
  EXPECT_EQ(host.metric("nucleus_channel_members"), 0);
  nucleus->channels().leave("/c", slow.get());
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
