#include "providers/http/fetch.hpp"

#include "engine/log.hpp"

#include <algorithm>

namespace omniclient::http {
namespace {

constexpr long kMostRedirects = 10;

template <class T>
T info(CURL* easy, CURLINFO what) {
  T value{};
  curl_easy_getinfo(easy, what, &value);
  return value;
}

std::string header(CURL* easy, const char* name) {
  curl_header* found = nullptr;
  return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
}

std::string text_info(CURL* easy, CURLINFO what) {
  const auto* value = info<char*>(easy, what);
  return value == nullptr ? "" : value;
}

OmniClientResult result_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return eOmniClientResult_Ok;
    case CURLE_URL_MALFORMAT: return eOmniClientResult_ErrorBadRequest;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_UNSUPPORTED_PROTOCOL: return eOmniClientResult_Error;
    default: return eOmniClientResult_ErrorConnection;
  }
}

/// A connection that there was, and that ended before the answer did.
bool was_lost(CURLcode code) {
  switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_OPERATION_TIMEDOUT: return true;
    default: return false;
  }
}

}  // namespace

Fetch::Fetch(OperationPtr operation, Question question, Wishes wishes, std::function<void(Answer)> done)
    : operation_(std::move(operation)),
      question_(std::move(question)),
      wishes_(std::move(wishes)),
      done_(std::move(done)),
      due_(Clock::now() + question_.after) {}

Fetch::~Fetch() { release(); }

void Fetch::release() {
  if (easy_ != nullptr) curl_easy_cleanup(std::exchange(easy_, nullptr));
  curl_slist_free_all(std::exchange(headers_, nullptr));
}

CURL* Fetch::begin() {
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return nullptr;
  set_options();
  return easy_;
}

void Fetch::set_options() {
  for (const auto* lines : {&wishes_.headers, &question_.headers}) {
    for (const auto& line : *lines) {
      if (auto* const longer = curl_slist_append(headers_, line.c_str())) headers_ = longer;
    }
  }
  const bool secure = question_.url.compare(0, 6, "https:") == 0;
  curl_easy_setopt(easy_, CURLOPT_URL, question_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy_, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_NOBODY, question_.method == Question::Method::Head ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_FILETIME, 1L);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(wishes_.connect.count()));
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>((wishes_.stall.count() + 999) / 1000));
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Fetch::take_bytes);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Fetch::take_line);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  if (!wishes_.authorities.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, wishes_.authorities.c_str());
}

std::size_t Fetch::take_bytes(char* bytes, std::size_t size, std::size_t count, void* fetch) {
  return static_cast<Fetch*>(fetch)->take(bytes, size * count);
}

std::size_t Fetch::take_line(char* bytes, std::size_t size, std::size_t count, void* fetch) {
  const std::string_view line(bytes, size * count);
  auto& whole = static_cast<Fetch*>(fetch)->whole_head_;
  if (line.substr(0, 5) == "HTTP/") whole = false;
  if (line == "\r\n") whole = true;
  return size * count;
}

std::size_t Fetch::take(const char* bytes, std::size_t count) {
  const auto status = info<long>(easy_, CURLINFO_RESPONSE_CODE);
  if (status < 200 || status > 299) return count;
  if (question_.method == Question::Method::HeadByGet) {
    has_head_ = true;
    return 0;
  }
  too_large_ = question_.most > 0 && count > question_.most - body_.size();
  if (too_large_) return 0;
  const auto length = info<curl_off_t>(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  const auto expected = length > 0 ? static_cast<std::uint64_t>(length) : 0;
  if (!body_.append(bytes, count, expected)) return 0;
  if (expected > 0)
    operation_->progress(static_cast<int>(static_cast<double>(body_.size()) * 100 / static_cast<double>(expected)));
  return count;
}

/// Whether what has failed may pass, and when.
void Fetch::judge(Answer& told, CURLcode code) const {
  if (code != CURLE_OK) {
    told.passing = was_lost(code) && info<curl_off_t>(easy_, CURLINFO_CONNECT_TIME_T) > 0;
    return;
  }
  told.passing = told.status == 429 || told.status == 500 || (told.status >= 502 && told.status <= 504);
  const auto asked = info<curl_off_t>(easy_, CURLINFO_RETRY_AFTER);
  constexpr curl_off_t kDay = 86400;
  if (told.passing && asked > 0) told.wait_ms = static_cast<std::uint32_t>(std::min(asked, kDay)) * 1000;
}

void Fetch::ended(CURLcode code) {
  if (has_head_ && code == CURLE_WRITE_ERROR) code = CURLE_OK;
  if (code == CURLE_OK && !whole_head_) code = CURLE_PARTIAL_FILE;  // libcurl takes such a head for all of it.
  auto told = answer(code);
  judge(told, code);
  if (code != CURLE_OK) {
    log::write(told.passing ? eOmniClientLogLevel_Verbose : eOmniClientLogLevel_Warning, "http",
               {question_.name, ": ", too_large_ ? "the answer is too large" : curl_easy_strerror(code)});
  }
  release();
  if (!cancelled()) done_(std::move(told));
}

Answer Fetch::answer(CURLcode code) {
  Answer told;
  told.result = result_of(code);
  if (code != CURLE_OK) return told;
  told.status = info<long>(easy_, CURLINFO_RESPONSE_CODE);
  told.url = text_info(easy_, CURLINFO_EFFECTIVE_URL);
  told.content_type = text_info(easy_, CURLINFO_CONTENT_TYPE);
  told.etag = header(easy_, "ETag");
  told.last_modified = header(easy_, "Last-Modified");
  const auto time = info<curl_off_t>(easy_, CURLINFO_FILETIME_T);
  if (time > 0) told.modified_ns = static_cast<std::uint64_t>(time) * 1'000'000'000u;
  const auto length = info<curl_off_t>(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  if (length > 0) told.length = static_cast<std::uint64_t>(length);
  told.body = body_.take();
  return told;
}

}  // namespace omniclient::http
