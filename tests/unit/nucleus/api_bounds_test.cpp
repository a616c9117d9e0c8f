// What one client can make the server keep or do, and what becomes of it when the client goes.

#include "api_test.hpp"
#include "content_address.hpp"
#include "password_gate.hpp"

namespace omnibroker::plugins::nucleus {
namespace {

using namespace std::chrono_literals;

class ApiBounds : public ApiTest {};

TEST_F(ApiBounds, EndWhoDoesNotLogInInTime) {
  start({{"login_timeout", "30s"}, {"ping_interval", "20s"}});
  auto& silent = connect();
  auto& talker = connect();
  auto& known = log_in();
  host.advance(20s);
  talker.call("ping");
  host.advance(9s);
  EXPECT_TRUE(silent.connection().open());
  host.advance(1s);
  for (auto* peer : {&silent, &talker, &known}) peer->work();

  EXPECT_EQ(silent.close_code, 1008u);
  EXPECT_EQ(talker.close_code, 1008u);
  EXPECT_TRUE(known.connection().open());
}

TEST_F(ApiBounds, TakeSmallMessagesBeforeALoginAndLargeOnesBehindIt) {
  start();
  auto& known = log_in();
  EXPECT_EQ(known.status("create_asset", {{"path", "/a"}}, std::string(100'000, 'x')), "OK");
  auto& stranger = connect();
  EXPECT_EQ(stranger.status("ping", {{"filler", std::string(60'000, 'x')}}), "OK");
  stranger.send_frame(1, std::string(65'537, 'x'));
  stranger.work();

  EXPECT_EQ(stranger.close_code, 1009u);
}

TEST_F(ApiBounds, CountTheBytesOfRequestsThatAreNotAnswered) {
  start({{"max_unread", "64KiB"}});
  auto& peer = log_in();
  std::vector<std::uint64_t> ids;
  const std::string text(30'000, 'x');  // in the JSON, and in a blob
  for (int i = 0; i < 3; ++i) {
    ids.push_back(peer.begin("create_asset", {{"path", "/t" + std::to_string(i)}, {"content", text}}));
    ids.push_back(peer.begin("create_asset", {{"path", "/b" + std::to_string(i)}}, text));
  }

  EXPECT_GT(peer.connection().unconsumed().size(), 2 * text.size())
      << "what has not been taken waits in the connection";
  for (const auto id : ids) EXPECT_EQ(peer.next(id)["status"], "OK");
}

TEST_F(ApiBounds, ReadNoMoreThanTheClientTakes) {
  start({{"max_unread", "64KiB"}});
  put("/a", std::string(60'000, 'x'));
  auto& peer = log_in();
  const auto before = host.metric("nucleus_sent_bytes_total");
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(peer.begin("read_asset_version", {{"path", "/a"}}));
  peer.connection().set_reading(false);
  host.run_blocking_work();
  host.run_wake_ups();
  host.run_blocking_work();

  EXPECT_LT(host.metric("nucleus_sent_bytes_total") - before, 15 * 60'000);
  peer.connection().set_reading(true);
  for (const auto id : ids) EXPECT_EQ(peer.next(id)["content"].get_ref<const std::string&>().size(), 60'000u);
}

TEST_F(ApiBounds, SendLargeUpdatesOfObjectsByTheirAddress) {
  start({{"lft_threshold", "1KiB"}});
  auto& peer = log_in();
  peer.call("create_object", {{"path", "/live"}}, "small");
  peer.call("update_object", {{"path", "/live"}}, std::string(2000, 'x'));
  const auto id = peer.begin("subscribe_read_object", {{"path", "/live"}});
  EXPECT_EQ(peer.next(id)["content"], "small");
  const auto large = peer.next(id);

  EXPECT_FALSE(large.contains("content"));
  EXPECT_EQ(large["size"], 2000);
  const auto uri = large.value("uri_redirection", "");
  const auto address = ContentAddress::read(*nucleus, uri.substr(uri.find('?') + 1));
  ASSERT_TRUE(address) << uri;
  auto read = address->open(nucleus->store());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read->content.all(), std::string(2000, 'x'));
  peer.call("create_object", {{"path", "/live"}}, "another one");
  EXPECT_FALSE(address->open(nucleus->store())) << "the history has gone";
}

TEST_F(ApiBounds, SendTheCheckpointsOfADeletedFileByTheirAddress) {
  start({{"lft_threshold", "0B"}});
  put("/a", "kept");
  must(store::CreateCheckpoint{"/a"});
  must(store::Delete{"/a"});
  auto& peer = log_in();
  const auto read = peer.call("read_asset_version", {{"path", {{"path", "/a"}, {"checkpoint", 1}}}});
  const auto uri = read.value("uri_redirection", "");
  const auto address = ContentAddress::read(*nucleus, uri.substr(uri.find('?') + 1));
  ASSERT_TRUE(address) << read;
  auto content = address->open(nucleus->store());

  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content->content.all(), "kept");
}

TEST_F(ApiBounds, CheckNoMorePasswordsAtATimeThanTheProcessMay) {
  start();
  auto& peer = connect();
  const Json login = {{"username", "ann"}, {"password", "wrong"}};
  std::vector<std::shared_ptr<void>> places;
  for (std::size_t i = 0; i < PasswordGate::kMost; ++i) {
    places.push_back(PasswordGate::of_process().enter("10.0.0." + std::to_string(i) + ":1"));
  }
  EXPECT_EQ(peer.status("auth", login), "SLOW_DOWN");
  places.clear();

  EXPECT_EQ(peer.status("auth", login), "UNAUTHENTICATED");
  for (std::size_t i = 0; i < PasswordGate::kMostOfOnePeer; ++i) {
    places.push_back(PasswordGate::of_process().enter("127.0.0.1:1"));
    ASSERT_TRUE(places.back()) << "the login has left its place: " << i;
  }
}

// ---------------------------------------- one client and the threads

TEST_F(ApiBounds, LetOthersInBetweenTheChangesOfOneClient) {
  start();
  auto& busy = log_in();
  auto& other = log_in("bob");
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(busy.begin("create_asset", {{"path", "/" + std::to_string(i)}}, "x"));
  const auto id = other.begin("stat2", {{"path", "/"}});
  host.run_blocking_work();
  other.next(id);
  for (const auto one : ids) EXPECT_EQ(busy.next(one)["status"], "OK");
}

TEST_F(ApiBounds, QueueEachPieceOfWorkBehindThatOfOthers) {
  Pool pool(host.host());
  auto first = std::make_shared<Lane>(pool, 1);
  std::string order;
  first->add([&] { order += 'a'; });
  first->add([&] { order += 'b'; });
  pool.run([&] { order += 'x'; });
  host.run_blocking_work();
  EXPECT_EQ(order, "axb");
}

TEST_F(ApiBounds, LoseNoWorkWhenThereIsTooMuchOfIt) {
  start();
  put("/a", "1");
  auto& peer = log_in();
  const auto file = peer.begin("subscribe_read_asset", {{"path", "/a"}});
  EXPECT_EQ(peer.next(file)["content"], "1");
  const auto list = peer.begin("subscribe_list", {{"path", "/"}});
  EXPECT_EQ(peer.next(list)["status"], "LATEST");
  host.set_blocking_queue(0);
  put("/a", "2");
  const auto read = peer.begin("read_asset_version", {{"path", "/a"}});
  const auto change = peer.begin("create_asset", {{"path", "/b"}}, "b");
  settle();
  peer.work();
  host.set_blocking_queue(1);
  host.advance(2s);

  EXPECT_EQ(peer.next(file)["content"], "2");
  EXPECT_EQ(peer.next(list)["event"], "full");
  EXPECT_EQ(peer.next(read)["content"], "2");
  EXPECT_EQ(peer.next(change)["status"], "OK");
  EXPECT_EQ(peer.next(list)["event"], "create");
}

// ---------------------------------------- what is counted

TEST_F(ApiBounds, AreCounted) {
  start({{"max_in_flight", "1"}});
  put("/a", "1");
  must(store::CreateChannel{"/c"});
  {
    auto& peer = log_in();
    const auto requests = host.metric("nucleus_requests_total"), in = host.metric("nucleus_received_bytes_total");
    EXPECT_EQ(peer.status("stat2", {{"path", "/none"}}), "NOT_EXIST");
    EXPECT_EQ(peer.status("stat2", {{"path", 1}}), "INVALID_PARAMETERS");
    const auto first = peer.begin("stat2", {{"path", "/a"}}), second = peer.begin("stat2", {{"path", "/a"}});
    EXPECT_EQ(peer.next(second)["status"], "SLOW_DOWN");
    EXPECT_EQ(peer.next(first)["status"], "OK");
    EXPECT_EQ(host.metric("nucleus_requests_total") - requests, 4);
    EXPECT_GT(host.metric("nucleus_received_bytes_total") - in, 4 * 30);
    for (const char* status : {"not_exist", "invalid_parameters", "slow_down"}) {
      EXPECT_EQ(host.metric("nucleus_answers_" + std::string(status) + "_total"), 1) << status;
    }
    peer.next(peer.begin("subscribe_list", {{"path", "/"}}));
    peer.next(peer.begin("read", {{"uri", "/c"}}));
    EXPECT_EQ(host.metric("nucleus_clients"), 1);
    EXPECT_EQ(host.metric("nucleus_subscriptions"), 2);
    EXPECT_EQ(host.metric("nucleus_channel_members"), 1);
    peer.connection().disconnect();
    host.run_blocking_work();
  }
  EXPECT_EQ(host.metric("nucleus_clients"), 0);
  EXPECT_EQ(host.metric("nucleus_subscriptions"), 0);
  EXPECT_EQ(host.metric("nucleus_channel_members"), 0);
}

// ---------------------------------------- streams that are stopped

TEST_F(ApiBounds, StopWhatHasNotBegun) {
  start({{"max_in_flight", "2"}});
  put("/a", "1");
  auto& peer = log_in();
  for (const char* command : {"subscribe_list", "subscribe_read_asset", "list2"}) {
    const auto path = std::string(command) == "subscribe_read_asset" ? "/a" : "/";
    const auto id = peer.begin(command, {{"path", path}});
    const auto stop = peer.begin("stop", {{"subscription_id", id}});
    EXPECT_EQ(peer.next(stop)["status"], "OK") << command;
    EXPECT_EQ(peer.next(id)["stopped"], true) << command;
    put("/a", "2");
    EXPECT_EQ(peer.status("ping"), "OK") << "nothing is left of it: " << command;
    EXPECT_EQ(peer.waiting(id), 0u) << command;
  }
  EXPECT_EQ(host.metric("nucleus_subscriptions"), 0);
  EXPECT_EQ(peer.status("stat2", {{"path", "/"}}), "OK");
}

TEST_F(ApiBounds, SendNothingBehindTheAnswerToAStop) {
  start();
  put("/a", "1");
  auto& peer = log_in();
  const auto id = peer.begin("subscribe_read_asset", {{"path", "/a"}});
  peer.next(id);
  put("/a", "2");  // queued for it, and not told
  const auto stop = peer.begin("stop", {{"subscription_id", id}});
  EXPECT_EQ(peer.next(stop)["status"], "OK");
  EXPECT_EQ(peer.next(id)["stopped"], true);
  put("/a", "3");
  peer.call("ping");

  EXPECT_EQ(peer.waiting(id), 0u);
}

TEST_F(ApiBounds, GiveEachStreamAnIdOfItsOwn) {
  start();
  auto& peer = log_in();
  const auto id = peer.begin("subscribe_list", {{"path", "/"}});
  EXPECT_EQ(peer.next(id)["status"], "LATEST");
  peer.send_frame(1, Json{{"id", id}, {"command", "subscribe_list"}, {"path", "/"}}.dump());
  const auto refused = peer.next(id);
  EXPECT_EQ(refused["status"], "INVALID_PARAMETERS") << refused;
  must(store::CreateFolder{"/x"});

  EXPECT_EQ(peer.next(id)["event"], "create") << "the first one goes on";
}

// ---------------------------------------- what dies with a connection

TEST_F(ApiBounds, LockNothingForAConnectionThatIsGone) {
  start();
  put("/a", "1");
  auto& peer = log_in();
  peer.begin("lock", {{"uri", "/a"}});
  peer.connection().disconnect();
  host.run_blocking_work();
  settle();

  EXPECT_FALSE(is_locked("/a"));
}

TEST_F(ApiBounds, ReleaseLocksAlsoWhenTheStoreHasNoRoom) {
  start({}, /*queue=*/1);
  put("/a", "1");
  auto& peer = log_in();
  ASSERT_EQ(peer.status("lock", {{"uri", "/a"}}), "OK");
  {
    Stall stall(nucleus->store());
    nucleus->store().submit(store::Actor::the_system(), store::CreateFolder{"/fills"}, {});
    peer.connection().disconnect();
  }
  settle();
  EXPECT_TRUE(is_locked("/a")) << "the store had no room";
  host.advance(1s);
  settle();

  EXPECT_FALSE(is_locked("/a"));
}

TEST_F(ApiBounds, AnswerABatchInItsOrderAlsoWhereTheStoreRefusesPartOfIt) {
  start({}, /*queue=*/1);
  for (const char* path : {"/a", "/b", "/c"}) put(path, "1");
  auto& peer = log_in();
  std::uint64_t id = 0;
  {
    Stall stall(nucleus->store());
    id = peer.begin("delete2", {{"paths", {"/a", "/b", "/c"}}});
    host.run_blocking_work();
    EXPECT_EQ(peer.waiting(id), 0u) << "the first one is not done";
  }

  for (const char* expected : {"/a OK", "/b SLOW_DOWN", "/c SLOW_DOWN"}) {
    const auto answer = peer.next(id);
    EXPECT_EQ(answer.value("path", "") + " " + answer.value("status", ""), expected);
  }
  EXPECT_EQ(peer.next(id)["status"], "DONE");
}

TEST_F(ApiBounds, SayWhenTheRestOfAListingCannotBeRead) {
  start({{"max_unread", "64KiB"}});
  for (int i = 0; i < 1500; ++i) {
    nucleus->store().submit(store::Actor::the_system(), store::CreateFolder{"/f/" + std::to_string(i)}, {});
  }
  settle();
  auto& peer = log_in();
  peer.connection().set_reading(false);
  const auto id = peer.begin("list2", {{"path", "/f"}});
  host.run_blocking_work();
  must(store::Delete{"/f", store::Recursion::Recursive});
  peer.connection().set_reading(true);

  EXPECT_EQ(peer.next(id)["status"], "PARTIALLY_COMPLETED");
  const auto last = peer.next(id);
  EXPECT_EQ(last["status"], "NOT_EXIST") << last;
  EXPECT_EQ(last["fin"], true);
}

// ---------------------------------------- pings

TEST_F(ApiBounds, AnswerManyPingsOfAClientThatDoesNotReadWithOnePong) {
  start();
  auto& peer = log_in();
  peer.connection().set_reading(false);
  constexpr std::size_t kMany = 20'000;
  for (std::size_t i = 0; i < kMany; ++i) peer.send_frame(9, std::string(100, 'x'));
  peer.connection().set_reading(true);
  peer.work();

  EXPECT_LT(peer.pongs * 102, 128u * 1024) << "as much as the host may hold";
  EXPECT_EQ(peer.status("ping"), "OK");
}

TEST_F(ApiBounds, WaitForWhoTakesALongAnswerAndNotForWhoTakesNothing) {
  start({{"ping_interval", "20s"}, {"lft_threshold", "4MiB"}});
  put("/a", std::string(1'000'000, 'x'));
  auto& peer = log_in();
  peer.connection().set_reading(false);
  const auto id = peer.begin("read_asset_version", {{"path", "/a"}});
  host.run_blocking_work();
  host.run_wake_ups();
  for (int i = 0; i < 6; ++i) {
    host.advance(20s);
    ASSERT_TRUE(peer.connection().open()) << i;
    peer.connection().set_reading(true);
    peer.connection().set_reading(false);
    host.run_wake_ups();  // 64 KiB more
  }
  EXPECT_EQ(peer.waiting(id), 0u) << "it is still on its way";
  host.advance(60s);

  EXPECT_TRUE(peer.connection().ended());
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
