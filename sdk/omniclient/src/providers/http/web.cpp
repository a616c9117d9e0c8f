#include "providers/http/web.hpp"

#include "engine/log.hpp"
#include "providers/http/index.hpp"

#include <algorithm>

namespace omniclient::http {
namespace {

constexpr std::size_t kMostOfAnIndex = 64u << 20;

std::string text_of(Url url) {
  url.fragment.reset();
  return make_url(url);
}

/// For the log: without what may be a secret.
std::string name_for_log(Url url) {
  url.user.reset();
  url.query.reset();
  return text_of(std::move(url));
}

Url folder_of(Url url) {
  const auto path = url.path.value_or("");
  if (path.empty() || path.back() != '/') url.path = path + "/";
  return url;
}

std::string name_of(const Url& url) {
  const auto path = url.path.value_or("/");
  const auto trimmed = without_trailing_slashes(path);
  return std::string(trimmed.substr(trimmed.rfind('/') + 1));
}

bool ends_with_slash(const Url& url) {
  const auto path = url.path.value_or("");
  return path.empty() || path.back() == '/';
}

OmniClientResult result_of(const Answer& answer) {
  if (answer.result != eOmniClientResult_Ok) return answer.result;
  if (answer.status >= 200 && answer.status <= 299) return eOmniClientResult_Ok;
  switch (answer.status) {
    case 400:
    case 414: return eOmniClientResult_ErrorBadRequest;
    case 401:
    case 403:
    case 407: return eOmniClientResult_ErrorAccessDenied;
    case 404:
    case 410: return eOmniClientResult_ErrorNotFound;
    case 405:
    case 501: return eOmniClientResult_ErrorNotSupported;
    default: return eOmniClientResult_Error;
  }
}

void take_result(Reply& reply, const Answer& answer) {
  reply.result = result_of(answer);
  reply.passing = answer.passing;
  reply.wait_ms = answer.wait_ms;
}

/// Whether the server takes for a folder what was not asked for as one.
bool became_folder(const Url& asked, const Answer& answer) {
  return !ends_with_slash(asked) && ends_with_slash(break_url(answer.url));
}

/// What names this state of an item: its entity tag, without the quotes, or its time.
std::string version_of(const Answer& answer) {
  auto tag = answer.etag;
  tag.erase(std::remove(tag.begin(), tag.end(), '"'), tag.end());
  return tag.empty() ? answer.last_modified : tag;
}

void log_failure(const std::string& url, const Answer& answer) {
  if (answer.result == eOmniClientResult_Ok) {
    log::verbose("http", {url, ": the server has answered ", std::to_string(answer.status)});
  }
}

EntryReply entry_of(const Url& url, const Answer& answer) {
  EntryReply reply;
  reply.result = eOmniClientResult_Ok;
  reply.entry = make_entry(name_of(url), ends_with_slash(url) || became_folder(url, answer));
  reply.entry.modified_ns = answer.modified_ns;
  if (reply.entry.is_folder()) return reply;
  reply.entry.size = answer.length;
  if (const auto version = version_of(answer); !version.empty()) reply.entry.version = version;
  return reply;
}

Question question_of(Question::Method method, const Url& url, const Again& again) {
  Question question;
  question.method = method;
  question.url = text_of(url);
  question.name = name_for_log(url);
  question.after = again.after;
  if (!again.etag.empty()) {
    question.headers.push_back("If-None-Match: " + again.etag);
  } else if (!again.last_modified.empty()) {
    question.headers.push_back("If-Modified-Since: " + again.last_modified);
  }
  return question;
}

LookReply look_reply(const Url& url, const Answer& answer) {
  LookReply reply;
  take_result(reply, answer);
  if (reply.result == eOmniClientResult_Ok) {
    static_cast<EntryReply&>(reply) = entry_of(url, answer);
  } else {
    log_failure(name_for_log(url), answer);
  }
  reply.seen.etag = answer.etag;
  reply.seen.last_modified = answer.last_modified;
  return reply;
}

}  // namespace

void Web::look(const OperationPtr& operation, const Url& url, Again again, std::function<void(LookReply)> done) {
  fetcher_.ask(operation, question_of(Question::Method::Head, url, again),
               [this, operation, url, again, done = std::move(done)](const Answer& answer) {
                 if (result_of(answer) != eOmniClientResult_ErrorNotSupported) return done(look_reply(url, answer));
                 // Some servers know no HEAD.
                 fetcher_.ask(operation, question_of(Question::Method::HeadByGet, url, again),
                              [url, done](const Answer& second) { done(look_reply(url, second)); });
               });
}

void Web::list(const OperationPtr& operation, const Url& url, Again again, Done<ListReply> done) {
  auto question = question_of(Question::Method::Get, folder_of(url), again);
  question.headers.emplace_back("Accept: application/json, text/html;q=0.9");
  question.most = kMostOfAnIndex;
  fetcher_.ask(operation, std::move(question), [url, done = std::move(done)](const Answer& answer) {
    ListReply reply;
    take_result(reply, answer);
    if (reply.result != eOmniClientResult_Ok) {
      log_failure(name_for_log(url), answer);
      return done(std::move(reply));
    }
    auto entries = read_index(answer.content_type, answer.body->view(), answer.url);
    if (entries) {
      reply.entries = std::move(*entries);
    } else {
      log::info("http", {name_for_log(url), ": the server gives no index of this folder"});
      reply.result = eOmniClientResult_ErrorNotSupported;
    }
    done(std::move(reply));
  });
}

void Web::read(const OperationPtr& operation, const Url& url, Again again, std::function<void(FetchReply)> done) {
  fetcher_.ask(operation, question_of(Question::Method::Get, url, again),
               [url, done = std::move(done)](const Answer& answer) {
                 FetchReply reply;
                 take_result(reply, answer);
                 reply.unchanged = answer.result == eOmniClientResult_Ok && answer.status == 304;
                 reply.seen.etag = answer.etag;
                 reply.seen.last_modified = answer.last_modified;
                 if (reply.result != eOmniClientResult_Ok) {
                   log_failure(name_for_log(url), answer);
                 } else if (became_folder(url, answer)) {
                   reply.result = eOmniClientResult_ErrorWrongType;
                 }
                 reply.content = reply.result == eOmniClientResult_Ok ? answer.body : std::make_shared<Content>();
                 reply.version = version_of(answer);
                 done(std::move(reply));
               });
}

}  // namespace omniclient::http
