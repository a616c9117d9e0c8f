#include "sows_service.hpp"

#include "params.hpp"

#include <nlohmann/json.hpp>
#include <nucleus/sows.hpp>
#include <utility>
#include <variant>

namespace omnibroker::plugins::nucleus {
namespace {

namespace sows = omnibroker::nucleus::sows;
using Json = nlohmann::json;

std::string failure(std::uint32_t id, sows::FailureCode code, std::string_view message) {
  return sows::write(sows::Failure{id, static_cast<std::uint16_t>(code), message});
}

std::string answer(std::uint32_t id, const std::string& method, const std::string& text, const SowsMethods& methods) {
  Json params = Json::object();
  if (std::string problem; !text.empty() && !parse_object(text, params, problem)) {
    return failure(id, sows::FailureCode::BadParameters, "The parameters are " + problem);
  }
  Json result = Json::object();
  try {
    if (!methods(method, params, result)) {
      return failure(id, sows::FailureCode::NoSuchMethod, "There is no method " + method + " here");
    }
    return sows::write(sows::Result{id, true, result.dump(-1, ' ', false, Json::error_handler_t::replace)});
  } catch (const Json::exception&) {
    return failure(id, sows::FailureCode::BadParameters, "A parameter is missing or has another type than it should");
  }
}

}  // namespace

SowsConversation::SowsConversation(Pool* pool, std::shared_ptr<Outbox> outbox, SowsMethods methods,
                                   SowsAdmission admission)
    : pool_(pool),
      outbox_(std::move(outbox)),
      methods_(std::make_shared<const SowsMethods>(std::move(methods))),
      admission_(std::move(admission)),
      running_(std::make_shared<std::atomic<std::size_t>>(0)) {}

bool SowsConversation::take(std::string_view message, std::string& problem) {
  const auto request = sows::read_request(message);
  if (const auto* broken = std::get_if<sows::Broken>(&request)) {
    problem = broken->problem;
    return false;
  }
  if (const auto* stop = std::get_if<sows::Stop>(&request)) {
    outbox_->push({false, sows::write(sows::Done{stop->id})});
    return true;
  }
  const auto& call = std::get<sows::Call>(request);
  std::shared_ptr<void> place;
  if (admission_) {
    auto admitted = admission_(call.method);
    if (!admitted) {
      outbox_->push({false, failure(call.id, sows::FailureCode::TooManyRequests,
                                    "There are too many logins at a time: try again in a second")});
      return true;
    }
    place = std::move(*admitted);
  }
  auto work = [place = std::move(place), id = call.id, method = std::string(call.method),
               params = std::string(call.params), methods = methods_, outbox = outbox_, running = running_] {
    auto response = answer(id, method, params, *methods);
    --*running;  // before the answer: it wakes the connection, which looks whether it may take more
    outbox->push({false, std::move(response)});
  };
  ++*running_;
  if (pool_ == nullptr) return work(), true;
  if (pool_->run(std::move(work))) return true;
  --*running_;
  outbox_->push({false, failure(call.id, sows::FailureCode::TooManyRequests, "The server has too much to do")});
  return true;
}

}  // namespace omnibroker::plugins::nucleus
