#include "providers/omniverse/large.hpp"

#include "engine/log.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <openssl/evp.h>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kRange = 8 * 1024 * 1024;
constexpr unsigned kAtATime = 3;
constexpr unsigned kMostRounds = 3;

OmniClientResult result_of(unsigned status) {
  switch (status) {
    case 0: return eOmniClientResult_ErrorConnection;
    case 401:
    case 403: return eOmniClientResult_ErrorAccessDenied;
    case 404: return eOmniClientResult_ErrorNotFound;
    case 400:
    case 413: return eOmniClientResult_ErrorBadRequest;
    default: return eOmniClientResult_Error;
  }
}

/// It was not the request's fault.
bool may_pass(unsigned status) { return status == 0 || status == 429 || (status >= 500 && status != 507); }

/// What uploads and downloads have in common: requests that are repeated.
class Exchanges : public std::enable_shared_from_this<Exchanges> {
 public:
  Exchanges(HttpClient& http, SessionPtr session, OperationPtr operation)
      : http_(http), session_(std::move(session)), operation_(std::move(operation)) {}
  virtual ~Exchanges() = default;

  struct Tries {
    unsigned count = 0;
    bool renewed = false;
    steady_clock::time_point first = steady_clock::now();
  };

 protected:
  /// Does something again where that may help; otherwise says so. A part that has moved on starts counting anew.
  bool again(const HttpReply& reply, const std::shared_ptr<Tries>& tries, std::function<void()> repeat) {
    if (operation_->cancelled()) return false;
    if (reply.status == 401 && !std::exchange(tries->renewed, true)) {
      session_->renew_token([repeat, self = shared_from_this()](OmniClientResult, const std::string&) {
        if (!self->ended_) repeat();
      });
      return true;
    }
    if (!may_pass(reply.status)) return false;
    const auto wait = milliseconds(100) * (tries->count + 1) * (tries->count + 1);
    if (steady_clock::now() + wait - tries->first > session_->retry_limit()) return false;
    ++tries->count;
    log::verbose("omniverse", {"Transfer: ", reply.status == 0 ? reply.problem : std::to_string(reply.status),
                               "; it is tried again"});
    session_->later(wait, [repeat, self = shared_from_this()] {
      if (!self->ended_) repeat();
    });
    return true;
  }

  void progress(std::uint64_t bytes, std::uint64_t all) {
    moved_ += bytes;
    if (all > 0) operation_->progress(static_cast<int>(std::min<std::uint64_t>(99, moved_ * 100 / all)));
  }

  HttpClient& http_;
  const SessionPtr session_;
  const OperationPtr operation_;
  bool ended_ = false;
  std::uint64_t moved_ = 0;
};

// ---------------------------------------- up

class Upload final : public Exchanges {
 public:
  using Done = std::function<void(OmniClientResult, std::string)>;
  Upload(HttpClient& http, SessionPtr session, OperationPtr operation, std::string path, SharedContent content,
         Done done)
      : Exchanges(http, std::move(session), std::move(operation)),
        path_(std::move(path)),
        content_(std::move(content)),
        done_(std::move(done)) {}

  void begin(std::shared_ptr<Tries> tries) {
    HttpRequest request;
    request.method = "POST";
    request.url = session_->welcome().lft_address + "/content/";
    request.headers = headers();
    request.headers.emplace_back("Content-Type", "application/json");
    body_ = Json({{"path", path_}}).dump(-1, ' ', false, Json::error_handler_t::replace);
    request.body = body_;
    http_.start(std::move(request), [self = self(), tries](const HttpReply& reply) {
      if (reply.status != 200) {
        if (self->again(reply, tries, [self, tries] { self->begin(tries); })) return;
        return self->end(result_of(reply.status));
      }
      const auto begun = Json::parse(reply.body, nullptr, false);
      self->id_ = wire::text_of(begun, "content_id");
      self->number_ = std::to_string(wire::number_of(begun, "content_id_numeric"));
      if (self->id_.empty()) return self->end(eOmniClientResult_Error);
      self->next_ = 0;
      for (unsigned i = 0; i < kAtATime; ++i) self->send_next();
    });
  }

 private:
  std::shared_ptr<Upload> self() { return std::static_pointer_cast<Upload>(shared_from_this()); }

  std::vector<std::pair<std::string, std::string>> headers() const {
    const auto& welcome = session_->welcome();
    return {{"X-OV-Connection-ID", welcome.connection_id},
            {"Authorization-Token", welcome.session_token},
            {"Authorization", "Bearer " + session_->identity().access_token},
            {"Connection-Token", welcome.session_token},
            {"Connection-Signature", welcome.connection_signature},
            {"X-OV-Username", welcome.username}};
  }

  void send_next() {
    if (ended_) return;
    if (operation_->cancelled()) return end(eOmniClientResult_ErrorConnection);
    const auto left = content_->size() - next_;
    if (left == 0) {
      if (running_ == 0) end(eOmniClientResult_Ok);
      return;
    }
    const auto size = std::min<std::size_t>(left, session_->welcome().part_size);
    ++running_;
    send(std::exchange(next_, next_ + size), size, std::make_shared<Tries>());
  }

  void send(std::size_t start, std::size_t size, const std::shared_ptr<Tries>& tries) {
    HttpRequest request;
    request.method = "PUT";
    request.url = session_->welcome().lft_address + "/content/";
    request.headers = headers();
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.headers.emplace_back("Content-ID", id_);
    request.headers.emplace_back("Content-ID-Numeric", number_);
    request.headers.emplace_back("Content-Start", std::to_string(start));
    request.headers.emplace_back("Multipart-Chunk-Size", std::to_string(session_->welcome().part_size));
    request.content = content_;
    request.body = content_->view().substr(start, size);
    http_.start(std::move(request), [self = self(), start, size, tries, round = round_](const HttpReply& reply) {
      if (self->ended_ || round != self->round_) return;
      if (reply.status == 200 || reply.status == 201 || reply.status == 204) {
        --self->running_;
        self->progress(size, self->content_->size());
        return self->send_next();
      }
      if (self->again(reply, tries, [self, start, size, tries, round] {
            if (round == self->round_) self->send(start, size, tries);
          }))
        return;
      if (reply.status == 404 && self->round_ < kMostRounds) return self->begin_anew();
      self->end(result_of(reply.status));
    });
  }

  /// The server has forgotten what it had: it was started anew.
  void begin_anew() {
    ++round_;
    running_ = 0;
    moved_ = 0;
    begin(std::make_shared<Tries>());
  }

  void end(OmniClientResult result) {
    if (std::exchange(ended_, true)) return;
    std::exchange(done_, nullptr)(result, id_);
  }

  const std::string path_;
  const SharedContent content_;
  Done done_;
  std::string body_;
  std::string id_;
  std::string number_;
  unsigned round_ = 1;
  std::size_t next_ = 0;
  unsigned running_ = 0;
};

// ---------------------------------------- down

class Download final : public Exchanges {
 public:
  using Done = std::function<void(Fetched, OmniClientResult, SharedContent)>;
  Download(HttpClient& http, SessionPtr session, OperationPtr operation, Remote remote, Done done)
      : Exchanges(http, std::move(session), std::move(operation)), remote_(std::move(remote)), done_(std::move(done)) {}

  void begin() {
    content_ = std::make_shared<Content>(Content::allocate(remote_.size));
    if (content_->size() != remote_.size) {
      log::error("omniverse", {"There is no memory for ", std::to_string(remote_.size), " bytes"});
      return end(Fetched::Failed, eOmniClientResult_Error);
    }
    for (unsigned i = 0; i < kAtATime; ++i) fetch_next();
  }

 private:
  std::shared_ptr<Download> self() { return std::static_pointer_cast<Download>(shared_from_this()); }

  void fetch_next() {
    if (ended_) return;
    if (operation_->cancelled()) return end(Fetched::Failed, eOmniClientResult_ErrorConnection);
    const auto left = content_->size() - next_;
    if (left == 0) {
      if (running_ == 0) check();
      return;
    }
    const auto size = std::min(left, kRange);
    ++running_;
    fetch(std::exchange(next_, next_ + size), size, std::make_shared<Tries>());
  }

  void fetch(std::size_t start, std::size_t size, std::shared_ptr<Tries> tries) {
    HttpRequest request;
    request.method = "GET";
    request.url = remote_.url;
    request.headers = {{"Range", "bytes=" + std::to_string(start) + "-" + std::to_string(start + size - 1)}};
    request.content = content_;  // It must not go before the answer.
    request.into = content_->data() + start;
    request.room = size;
    http_.start(std::move(request), [self = self(), start, size, tries](const HttpReply& reply) {
      self->fetched(reply, start, size, tries);
    });
  }

  void fetched(const HttpReply& reply, std::size_t start, std::size_t size, std::shared_ptr<Tries> tries) {
    if (ended_) return;
    const bool of_content = reply.status == 206 || reply.status == 200 || reply.status == 0;
    if (reply.status == 200 && (start != 0 || size != content_->size())) {
      return end(Fetched::Failed, eOmniClientResult_ErrorNotSupported);  // A server that knows no ranges.
    }
    const auto came = of_content ? std::min(reply.size, size) : 0;
    progress(came, content_->size());
    if (came == size) {
      --running_;
      return fetch_next();
    }
    if (came > 0) tries = std::make_shared<Tries>();
    const HttpReply cut{of_content ? 0 : reply.status, reply.problem, {}, 0};
    const auto repeat = [self = self(), start, size, came, tries] { self->fetch(start + came, size - came, tries); };
    if (again(cut, tries, repeat)) return;
    end(reply.status == 410 || reply.status == 412 ? Fetched::Changed : Fetched::Failed, result_of(cut.status));
  }

  /// In the pool: it takes a while.
  void check() {
    if (remote_.hash.empty()) return end(Fetched::Ok, eOmniClientResult_Ok);
    session_->host().pool.post([self = self()] {
      const bool right = sha256(self->content_->view()) == self->remote_.hash;
      self->session_->loop().post([self, right] {
        if (!right) log::warning("omniverse", {"What has come from ", self->remote_.url, " has another hash"});
        self->end(right ? Fetched::Ok : Fetched::Broken, right ? eOmniClientResult_Ok : eOmniClientResult_Error);
      });
    });
  }

  void end(Fetched fetched, OmniClientResult result) {
    if (std::exchange(ended_, true)) return;
    std::exchange(done_, nullptr)(fetched, result, content_);
  }

  const Remote remote_;
  Done done_;
  SharedContent content_;
  std::size_t next_ = 0;
  unsigned running_ = 0;
};

}  // namespace

void upload(HttpClient& http, SessionPtr session, OperationPtr operation, std::string path, SharedContent content,
            std::function<void(OmniClientResult, std::string)> done) {
  const auto upload = std::make_shared<Upload>(http, std::move(session), std::move(operation), std::move(path),
                                               std::move(content), std::move(done));
  upload->begin(std::make_shared<Upload::Tries>());
}

void download(HttpClient& http, SessionPtr session, OperationPtr operation, Remote remote,
              std::function<void(Fetched, OmniClientResult, SharedContent)> done) {
  std::make_shared<Download>(http, std::move(session), std::move(operation), std::move(remote), std::move(done))
      ->begin();
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) (text += digits[digest[i] >> 4]) += digits[digest[i] & 15];
  return text;
}

}  // namespace omniclient::omniverse
