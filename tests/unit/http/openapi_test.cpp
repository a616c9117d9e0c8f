#include "endpoints.hpp"
#include "gateway.hpp"

#include <set>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/String.h>

namespace omnibroker::plugins::http {
namespace {

using Poco::JSON::Object;

class OpenApi : public Gateway {
 protected:
  void SetUp() override {
    bring_up();
    document = Poco::JSON::Parser().parse(get("/api/openapi.json").body).extract<Object::Ptr>();
  }
  Object::Ptr paths() const { return document->getObject("paths"); }

  Object::Ptr document;
};

TEST_F(OpenApi, IsOfTheVersionItSays) {
  EXPECT_EQ(document->getValue<std::string>("openapi"), "3.1.0");
  EXPECT_EQ(document->getArray("servers")->getObject(0)->getValue<std::string>("url"), "/api");
}

TEST_F(OpenApi, DocumentsEveryPathThatIsServedAndNoOther) {
  std::set<std::string> served, documented;
  for (const auto& path : served_paths()) {
    served.insert(Poco::toLower(std::string(path.method)) + ' ' + std::string(path.path));
  }
  for (const auto& path : paths()->getNames()) {
    for (const auto& member : paths()->getObject(path)->getNames()) {
      if (member != "parameters") documented.insert(member + ' ' + path);
    }
  }

  EXPECT_EQ(documented, served);
}

TEST_F(OpenApi, RefersOnlyToWhatItHas) {
  std::vector<Poco::Dynamic::Var> open{document};
  int references = 0;
  while (!open.empty()) {
    const auto value = open.back();
    open.pop_back();
    if (value.type() == typeid(Poco::JSON::Array::Ptr)) {
      for (const auto& item : *value.extract<Poco::JSON::Array::Ptr>()) open.push_back(item);
    }
    if (value.type() != typeid(Object::Ptr)) continue;
    for (const auto& [key, member] : *value.extract<Object::Ptr>()) {
      open.push_back(member);
      if (key != "$ref") continue;
      ++references;
      auto target = document;
      std::string pointer = member.toString();
      ASSERT_TRUE(pointer.starts_with("#/")) << pointer;
      for (auto rest = pointer.substr(2); target && !rest.empty();) {
        const auto slash = std::min(rest.find('/'), rest.size());
        target = target->getObject(rest.substr(0, slash));
        rest.erase(0, slash + 1);
      }
      EXPECT_FALSE(target.isNull()) << pointer;
    }
  }
  EXPECT_GT(references, 30);
}

TEST_F(OpenApi, NamesEachOperationOnceAndGivesItResponses) {
  std::set<std::string> names;
  int operations = 0;
  for (const auto& path : paths()->getNames()) {
    for (const auto& method : paths()->getObject(path)->getNames()) {
      if (method == "parameters") continue;
      const auto operation = paths()->getObject(path)->getObject(method);
      ++operations;
      names.insert(operation->getValue<std::string>("operationId"));
      EXPECT_GE(operation->getObject("responses")->size(), 2u) << method << ' ' << path;
    }
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(operations));
}

TEST_F(OpenApi, NamesTheMountItIsServedUnder) {
  auto& connection = host.connect(*transport, "/v2");
  connection.feed(head("GET /v2/openapi.json"));

  auto written = connection.take_written();
  EXPECT_NE(take_answer(written).body.find(R"("url": "/v2")"), std::string::npos);
}

}  // namespace
}  // namespace omnibroker::plugins::http
