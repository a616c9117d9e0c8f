#include "gateway.hpp"

#include <chrono>

namespace omnibroker::plugins::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kType = "coordinate_update";

class Objects : public Gateway {
 protected:
  void set(std::string_view key, std::string_view payload) { host.set_latest(kType, key, payload); }
  /// The body of `GET /api/objects` with this query, or the status and the code of the refusal.
  std::string list(const std::string& query = {}) { return told(get("/api/objects" + query)); }
  std::string one(const std::string& path) { return told(get("/api/objects" + path)); }
  static std::string told(const Answer& answer) {
    if (answer.status == 200) return answer.body;
    const auto at = answer.body.find(R"("error_message":")") + 17;
    return std::to_string(answer.status) + ' ' + error_code(answer) + ' ' +
           answer.body.substr(at, answer.body.size() - at - 2);
  }
};

TEST_F(Objects, AreListedInTheOrderOfTheirKeysAsTheyWereDelivered) {
  host.keep_latest(kType);
  EXPECT_EQ(list(), R"({"objects":[]})");
  set("/World/b", R"({"prim_path":"/World/b", "height":1.50})");
  set("/World/a", R"({"prim_path":"/World/a"})");

  const auto answer = get("/api/objects");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.body, R"({"objects":[{"prim_path":"/World/a"},{"prim_path":"/World/b", "height":1.50}]})");
}

TEST_F(Objects, AreNarrowedByAPrefix) {
  for (const char* key : {"/World/Robots/a", "/World/Robots/b", "/World/Trees/a"}) set(key, "1");

  EXPECT_EQ(list("?prefix=%2FWorld%2FRobots%2F"), R"({"objects":[1,1]})");
  EXPECT_EQ(list("?prefix=/World/T"), R"({"objects":[1]})");
  EXPECT_EQ(list("?prefix=/world"), R"({"objects":[]})");
}

TEST_F(Objects, AreReadPageByPage) {
  for (const char* key : {"/1", "/2", "/3\\\"", "/4", "/5"}) set(key, std::string(1, key[1]));

  EXPECT_EQ(list("?limit=3"), R"({"objects":[1,2,3],"next":"/3\\\""})");
  EXPECT_EQ(list("?limit=3&after=/3%5C%22"), R"({"objects":[4,5]})");
  EXPECT_EQ(list("?limit=5"), R"({"objects":[1,2,3,4,5]})") << "nothing follows, so there is no next";
  EXPECT_EQ(list("?after=/5"), R"({"objects":[]})");
}

TEST_F(Objects, AreAHundredAPageUnlessAsked) {
  for (int i = 100; i < 250; ++i) set("/" + std::to_string(i), "0");

  EXPECT_NE(list().find(R"(],"next":"/199"})"), std::string::npos);
  EXPECT_EQ(list("?limit=1000").find("next"), std::string::npos);
}

TEST_F(Objects, AreFewerWhereTheyAreLong) {
  const std::string payload = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 9; ++i) set("/" + std::to_string(i), payload);

  const auto usual = list();
  EXPECT_LT(usual.size(), 256u * 1024);
  EXPECT_NE(usual.find(R"("next":"/3")"), std::string::npos);

  host.set_limit("max_control_queue", 400'000);
  EXPECT_NE(list().find(R"("next":"/0")"), std::string::npos) << "a quarter of what may wait";
  host.set_limit("max_control_queue", 100'000);
  EXPECT_NE(list("?after=/4").find(R"("next":"/5")"), std::string::npos) << "one in any case, or nobody gets on";
}

TEST_F(Objects, AreFoundByTheirPath) {
  set("/World/Robot_01", R"({"prim_path":"/World/Robot_01"})");
  set("/World/둘 50%", "2");
  set("sensor", "3");

  for (const char* path : {"/World/Robot_01", "/%2FWorld%2FRobot_01", "//World/Robot_01", "/World%2FRobot_01",
                           "/World/Robot_01?type=coordinate_update"}) {
    EXPECT_EQ(one(path), R"({"prim_path":"/World/Robot_01"})") << path;
  }
  EXPECT_EQ(one("/World/%EB%91%98%2050%25"), "2");
  EXPECT_EQ(one("/sensor"), "3") << "a key without a slash of its own";
  EXPECT_EQ(one("/%2Fsensor"), "404 NOT_FOUND Nothing is known of this object");
}

TEST_F(Objects, TellWhenTheyCame) {
  set("/a", "1");
  const auto fresh = get("/api/objects/a");
  host.advance(90s);
  const auto old = get("/api/objects/a");

  EXPECT_EQ(fresh.header("Last-Modified"), fresh.header("Date"));
  EXPECT_EQ(old.header("Last-Modified"), fresh.header("Date"));
  EXPECT_NE(old.header("Date"), fresh.header("Date"));
  EXPECT_EQ(old.header("Cache-Control"), "no-store");
}

TEST_F(Objects, AreRefusedWhereThereIsNothing) {
  EXPECT_EQ(list(), "404 NOT_FOUND The latest messages of this type are not kept");
  EXPECT_EQ(one("/a"), "404 NOT_FOUND The latest messages of this type are not kept");
  set("/World/a", "1");
  for (const char* path : {"/a", "/World/A", "/World/a/", "/World", "/"}) {
    EXPECT_EQ(get("/api/objects" + std::string(path)).status, 404) << path;
  }
  EXPECT_EQ(one("/World"), "404 NOT_FOUND Nothing is known of this object");
}

TEST_F(Objects, NameTheParameterThatIsWrong) {
  set("/a", "1");

  EXPECT_EQ(list("?limit=0"), "400 BAD_REQUEST The parameter 'limit' must be a whole number from 1 to 1000");
  EXPECT_EQ(list("?limit=1001"), "400 BAD_REQUEST The parameter 'limit' must be a whole number from 1 to 1000");
  EXPECT_EQ(list("?prefix=%zz"), "400 BAD_REQUEST The parameter 'prefix' must be percent-encoded");
  EXPECT_EQ(list("?after=a&after=b"), "400 BAD_REQUEST The parameter 'after' must be given once");
  EXPECT_EQ(list("?type=%"), "400 BAD_REQUEST The parameter 'type' must be percent-encoded");
  EXPECT_EQ(one("/a?type=a&type=a"), "400 BAD_REQUEST The parameter 'type' must be given once");
  EXPECT_EQ(list("?unknown=%zz&limit=1"), R"({"objects":[1]})");
}

TEST_F(Objects, AnswerHeadAndRefuseOtherMethods) {
  set("/a", "12345");
  for (const std::string path : {"/api/objects", "/api/objects/a"}) {
    const auto to_head = ask(head("HEAD " + path));
    EXPECT_EQ(to_head.status, 200) << path;
    EXPECT_EQ(to_head.header("Content-Length"), get(path).header("Content-Length")) << path;

    const auto to_post = ask(post(path, "{}"));
    EXPECT_EQ(to_post.status, 405) << path;
    EXPECT_EQ(to_post.header("Allow"), "GET, HEAD, OPTIONS") << path;
    EXPECT_EQ(ask(head("DELETE " + path)).status, 405) << path;
    EXPECT_EQ(ask(head("OPTIONS " + path)).status, 204) << path;
  }
}

class ObjectsOptions : public Objects {
 protected:
  void SetUp() override {}
};

TEST_F(ObjectsOptions, ChooseTheTypes) {
  bring_up({{"objects", "[reading, coordinate_update]"}});
  set("/a", "1");
  host.set_latest("reading", "/a", "2");
  host.set_latest("secret", "/a", "3");

  EXPECT_EQ(list(), R"({"objects":[2]})");
  EXPECT_EQ(list("?type=coordinate_update"), R"({"objects":[1]})");
  EXPECT_EQ(one("/a"), "2");
  EXPECT_EQ(one("/a?type=coordinate_update"), "1");
  EXPECT_EQ(list("?type=secret"), "404 NOT_FOUND The latest messages of this type are not kept");
  EXPECT_EQ(one("/a?type=secret"), "404 NOT_FOUND The latest messages of this type are not kept");
  EXPECT_EQ(list("?type="), "404 NOT_FOUND The latest messages of this type are not kept");
}

TEST_F(ObjectsOptions, HideThem) {
  bring_up({{"objects", "[]"}});
  set("/a", "1");

  EXPECT_EQ(list(), "404 NOT_FOUND There is nothing at this path");
  EXPECT_EQ(one("/a"), "404 NOT_FOUND There is nothing at this path");
  EXPECT_EQ(transport->reconfigure({{"objects", "coordinate_update"}}), OMNIBROKER_APPLIED);
  EXPECT_EQ(one("/a"), "1");
}

TEST_F(ObjectsOptions, AreNothingOnAHostThatKeepsNothing) {
  host.take_away(OMNIBROKER_HOST_LATEST);
  bring_up();

  EXPECT_EQ(list(), "404 NOT_FOUND The latest messages of this type are not kept");
}

}  // namespace
}  // namespace omnibroker::plugins::http
