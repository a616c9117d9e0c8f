#include "providers/omniverse/sows_client.hpp"

#include "providers/omniverse/answers.hpp"

#include <nlohmann/json.hpp>
#include <nucleus/sows.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace omniclient::omniverse {
namespace sows = omnibroker::nucleus::sows;
using Json = nlohmann::json;

SowsClient::SowsClient(Loop& loop, Address address, std::chrono::milliseconds limit)
    : socket_(Socket::connect(loop, std::move(address), limit,
                              {[] {}, [this](std::string_view message) { received(message); },
                               [this](const Problem& problem) { fail(problem); }})) {}

void SowsClient::call(std::string_view method, const Json& params, OnResult done) {
  const auto id = ++last_id_;
  calls_.emplace(id, std::move(done));
  // What is no UTF-8 is no user's password either: the server says so.
  const auto text = params.dump(-1, ' ', false, Json::error_handler_t::replace);
  socket_->send(sows::write(sows::Call{id, method, text}), Socket::Kind::Binary);
}

void SowsClient::received(std::string_view message) {
  const auto response = sows::read_response(message);
  if (const auto* result = std::get_if<sows::Result>(&response)) return answer(result->id, result->result);
  if (const auto* failure = std::get_if<sows::Failure>(&response)) {
    const auto found = calls_.find(failure->id);
    if (found == calls_.end()) return;
    const auto done = std::move(found->second);
    calls_.erase(found);
    const Problem problem{Problem::Kind::NoUpgrade, "the server says: " + std::string(failure->message)};
    return done(nullptr, &problem);
  }
  if (const auto* broken = std::get_if<sows::Broken>(&response)) {
    fail({Problem::Kind::NoUpgrade, "it does not speak SOWS: " + broken->problem});
  }
}

void SowsClient::answer(std::uint32_t id, std::string_view text) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;  // Of a stream, everything but the first is not wanted.
  const auto done = std::move(found->second);
  calls_.erase(found);
  const auto result = parsed(text);
  if (result.is_object()) return done(result, nullptr);
  const Problem problem{Problem::Kind::NoUpgrade, "the result of a call is no JSON object"};
  done(nullptr, &problem);
}

void SowsClient::fail(const Problem& problem) {
  std::vector<OnResult> calls;
  for (auto& [id, done] : calls_) calls.push_back(std::move(done));
  calls_.clear();
  if (calls.empty()) return;
  // The first one may destroy this, so nobody of those behind it is told then: they belong to the same owner.
  auto first = std::move(calls.front());
  first(nullptr, &problem);
}

}  // namespace omniclient::omniverse
