#include "providers/http/fetcher.hpp"

#include "providers/http/fetch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <pthread.h>
#include <strings.h>
#include <thread>

namespace omniclient::http {
namespace {

constexpr long kMostConnections = 64;
constexpr long kMostConnectionsOfAHost = 8;
constexpr std::int64_t kConnectMilliseconds = 10000;
constexpr std::int64_t kStallMilliseconds = 30000;
constexpr std::chrono::milliseconds kLongest{60000};

CURLM* make_multi() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  CURLM* const multi = started ? curl_multi_init() : nullptr;
  if (multi == nullptr) return nullptr;
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, kMostConnections);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, kMostConnectionsOfAHost);
  return multi;
}

/// Names of products as HTTP wants them; what is no plain text is left out.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c >= ' ' && c <= '~') result += c;
  }
  return result;
}

std::map<std::string, std::string> http_headers(const Connecting& connecting) {
  std::string agent;
  for (const auto* part : {&connecting.product_name, &connecting.product_version}) {
    if (!part->empty()) agent += (part == &connecting.product_version ? "/" : "") + plain(*part);
  }
  auto headers = connecting.http_headers;
  const auto is_agent = [](const auto& header) { return strcasecmp(header.first.c_str(), "User-Agent") == 0; };
  if (std::none_of(headers.begin(), headers.end(), is_agent)) {
    headers["User-Agent"] = agent + (agent.empty() ? "" : " ") + "omniclient/" OMNICLIENT_BUILD_STRING;
  }
  return headers;
}

std::vector<std::string> header_lines(const ProviderHost& host) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : http_headers(host.connecting())) {
    lines.push_back(value.empty() ? name + ";" : name + ": " + value);  // With a colon, curl would leave it out.
  }
  return lines;
}

std::chrono::milliseconds milliseconds(const ProviderHost& host, const char* setting, std::int64_t otherwise) {
  return std::chrono::milliseconds(std::clamp<std::int64_t>(host.setting(setting, otherwise), 1, 86'400'000));
}

std::string authorities() {
  const char* file = std::getenv("SSL_CERT_FILE");
  return file == nullptr ? "" : file;
}

}  // namespace

/// What the thread has. Those who cancel may come when it has gone, so they hold it weakly.
class Fetcher::Work {
 public:
  explicit Work(const ProviderHost& host) : host_(host), multi_(make_multi()) {}
  ~Work() {
    fetches_.clear();
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }

  void add(const OperationPtr& operation, Question question, std::function<void(Answer)> done) {
    if (multi_ == nullptr) return done(Answer{});
    Wishes wishes{milliseconds(host_, "http.connect_ms", kConnectMilliseconds),
                  milliseconds(host_, "http.stall_ms", kStallMilliseconds), header_lines(host_), authorities_};
    auto fetch = std::make_shared<Fetch>(operation, std::move(question), std::move(wishes), std::move(done));
    {
      std::lock_guard lock(mutex_);
      new_.push_back(std::move(fetch));
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    wake();
  }

  void look_for_cancelled() {
    cancelled_ = true;
    wake();
  }

  void stop() {
    stopped_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void wake() {
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
  }

  void run() {
    pthread_setname_np(pthread_self(), "omni http");
    while (!stopped_) {
      take_new();
      if (cancelled_.exchange(false)) drop_cancelled();
      const auto wait = begin_due();
      int running = 0;
      curl_multi_perform(multi_, &running);
      if (collect_ended()) continue;
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
    for (const auto& fetch : fetches_) detach(*fetch);
  }

  void take_new() {
    std::lock_guard lock(mutex_);
    for (auto& fetch : new_) {
      if (!fetch->cancelled()) fetches_.push_back(std::move(fetch));
    }
    new_.clear();
  }

  void detach(const Fetch& fetch) {
    if (fetch.handle() != nullptr) curl_multi_remove_handle(multi_, fetch.handle());
  }

  void drop_cancelled() {
    fetches_.erase(std::remove_if(fetches_.begin(), fetches_.end(),
                                  [this](const auto& fetch) {
                                    if (!fetch->cancelled()) return false;
                                    detach(*fetch);
                                    return true;
                                  }),
                   fetches_.end());
  }

  /// Answers how long nothing else is due.
  std::chrono::milliseconds begin_due() {
    auto wait = kLongest;
    const auto now = Fetch::Clock::now();
    for (const auto& fetch : fetches_) {
      if (fetch->handle() != nullptr) continue;
      if (fetch->due() <= now) {
        if (CURL* const easy = fetch->begin()) curl_multi_add_handle(multi_, easy);
      } else {
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(fetch->due() - now));
      }
    }
    return wait;
  }

  bool collect_ended() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURL* const easy = message->easy_handle;
      const auto code = message->data.result;  // The message does not outlive the handle's removal.
      curl_multi_remove_handle(multi_, easy);
      const auto found =
          std::find_if(fetches_.begin(), fetches_.end(), [easy](const auto& one) { return one->handle() == easy; });
      const auto fetch = std::move(*found);
      fetches_.erase(found);
      fetch->ended(code);
    }
    return any;
  }

  const ProviderHost host_;
  CURLM* const multi_;
  const std::string authorities_ = authorities();
  std::vector<std::shared_ptr<Fetch>> fetches_;  ///< Of the thread alone.
  std::atomic<bool> stopped_{false};
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;
  std::vector<std::shared_ptr<Fetch>> new_;
  std::thread thread_;
};

Fetcher::Fetcher(const ProviderHost& host) : work_(std::make_shared<Work>(host)) {}

Fetcher::~Fetcher() { stop(); }

void Fetcher::stop() {
  if (work_) work_->stop();
  work_.reset();
}

std::function<void()> Fetcher::looker() const {
  return [weak = std::weak_ptr(work_)] {
    if (const auto work = weak.lock()) work->look_for_cancelled();
  };
}

void Fetcher::ask(const OperationPtr& operation, Question question, std::function<void(Answer)> done) {
  work_->add(operation, std::move(question), std::move(done));
}

}  // namespace omniclient::http
