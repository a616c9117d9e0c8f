#pragma once

#include "engine/engine.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

/// How entry points of the C API become requests.
namespace omniclient::api {

inline std::string text(const char* pointer) { return pointer == nullptr ? std::string() : std::string(pointer); }

/// Writes `text` by the rules of OmniClient.h for strings into a buffer.
char* write_text(const std::string& text, char* buffer, std::size_t* size);

/// An entry for a callback; it points into `entry`.
OmniClientListEntry raw(const Entry& entry);

/// Calls the program back with a reply. Empty where the program gave no callback.
template <class R>
using Answer = std::function<void(R&)>;
template <class R>
using Begin = std::function<void(OperationPtr, Done<R>)>;

/// Begins a request: `begin` runs on the loop's thread, its reply goes to `answer` on the callbacks' thread. Answers 0
/// where the library has been shut down.
template <class R>
OmniClientRequestId start(const std::shared_ptr<Engine>& engine, Answer<R> answer, Begin<R> begin) {
  if (!engine) return kInvalidRequestId;
  auto fail = [answer] {
    if (!answer) return;
    auto reply = failed<R>(eOmniClientResult_ErrorConnection);
    answer(reply);
  };
  const auto request = engine->calls().begin(Request::Kind::Once, std::move(fail));
  if (!request) return kInvalidRequestId;
  Calls& calls = engine->calls();
  Done<R> done = [&calls, request, answer = std::move(answer)](R reply) {
    if constexpr (requires { reply.request_id; }) reply.request_id = request->id;
    std::function<void()> call;
    if (answer) call = [answer, reply = std::make_shared<R>(std::move(reply))] { answer(*reply); };
    calls.post(request, std::move(call), Calls::Then::End);
  };
  engine->loop().post([&retries = engine->retries(), request, begin = std::move(begin), done = std::move(done)] {
    const auto& operation = request->operation;
    if (operation->cancelled()) return;
    const Done<R> last = [operation, done](R reply) {
      operation->end();
      done(std::move(reply));
    };
    retries.run<R>(
        operation, [begin, operation](Done<R> attempted) { begin(operation, std::move(attempted)); }, last);
  });
  return request->id;
}

/// The same for an operation on one URL: what cannot be reached is answered right away.
template <class R>
OmniClientRequestId start(const std::shared_ptr<Engine>& engine, const char* url, Answer<R> answer,
                          std::function<void(const Target&, OperationPtr, Done<R>)> begin) {
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  return start<R>(engine, std::move(answer), [target, begin = std::move(begin)](OperationPtr operation, Done<R> done) {
    if (target.problem != eOmniClientResult_Ok) return done(failed<R>(target.problem));
    begin(target, std::move(operation), std::move(done));
  });
}

/// The same for an ability that a provider may lack. `ability` is a method of Provider, and `method` one of the
/// ability, which takes the operation, the URL, `more`, and whom to answer.
template <class R, class Ability, class Method, class... More>
OmniClientRequestId start_with(Ability* (Provider::*ability)(), Method method, const char* url, Answer<R> answer,
                               More... more) {
  return start<R>(Engine::get(), url, std::move(answer),
                  [ability, method, more...](const Target& target, OperationPtr operation, Done<R> done) {
                    Ability* const able = (target.provider->*ability)();
                    if (able == nullptr) return done(failed<R>(eOmniClientResult_ErrorNotSupported));
                    (able->*method)(std::move(operation), target.url, more..., std::move(done));
                  });
}

/// A request that calls back more than once.
struct Stream {
  Engine* engine;  ///< Outlives everything that providers hold.
  std::shared_ptr<Request> request;

  void more(std::function<void()> call) const { engine->calls().post(request, std::move(call), Calls::Then::More); }
  void last(std::function<void()> call) const { engine->calls().post(request, std::move(call), Calls::Then::End); }
};

/// `fail` says that the connection is gone; `begin` runs on the loop's thread.
OmniClientRequestId start_stream(const std::shared_ptr<Engine>& engine, std::function<void()> fail,
                                 std::function<void(const Stream&)> begin);

inline bool is_ok(OmniClientResult result) {
  return result == eOmniClientResult_Ok || result == eOmniClientResult_OkLatest ||
         result == eOmniClientResult_OkNotYetFound;
}

/// Tells the file status callbacks how far an operation of `start` is, from its first attempt to its end.
inline void show_status(Engine& engine, const std::string& url, OmniClientFileStatus status,
                        const OperationPtr& operation) {
  auto& registrations = engine.registrations();
  if (registrations.of(Event::FileStatus).empty() ||
      !operation->on_end([&registrations, url, status] { registrations.file_status(url, status, 100); })) {
    return;
  }
  registrations.file_status(url, status, 0);
  operation->on_progress(
      [&registrations, url, status](int percentage) { registrations.file_status(url, status, percentage); });
}

/// An answer with nothing but a result.
template <class Callback>
Answer<Reply> plain_answer(void* user_data, Callback callback) {
  if (callback == nullptr) return nullptr;
  return [user_data, callback](Reply& reply) { callback(user_data, reply.result); };
}

}  // namespace omniclient::api
