#include "lft_exchanges.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

std::string_view phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Internal Server Error";
  }
}

unsigned http_status(store::Code code) {
  switch (code) {
    case store::Code::InvalidContentId:
    case store::Code::NotExist: return 404;
    case store::Code::InvalidEtag: return 410;
    case store::Code::Denied: return 403;
    case store::Code::QuotaReached: return 507;
    case store::Code::SlowDown: return 503;
    case store::Code::InvalidParameters: return 400;
    default: return 500;
  }
}

KeepAlive keep(bool alive) { return alive ? KeepAlive::Yes : KeepAlive::No; }

/// Does `work` on the pool, and wakes the connection when it is done, if the request is still there. False: there is
/// too much to do; never of a request that has begun, which goes on in time.
template <class Body>
bool run(Pool& pool, Waker waker, std::uint64_t connection, std::shared_ptr<LftWork> work, bool begun, Body body) {
  {
    const std::lock_guard lock(work->mutex);
    work->running = true;
  }
  auto whole = [waker, connection, work, body = std::move(body)]() mutable {
    body(*work);
    const std::lock_guard lock(work->mutex);
    work->running = false;
    if (!work->over) waker.wake(connection);
  };
  if (begun) return pool.run_in_time(std::move(whole)), true;
  const bool taken = pool.run(std::move(whole));
  if (!taken) {
    const std::lock_guard lock(work->mutex);
    work->running = false;
  }
  return taken;
}

void end_work(LftWork& work) {
  const std::lock_guard lock(work.mutex);
  work.over = true;
}

/// The client has begun a body and does not go on.
void give_up_waiting(Connection& connection) {
  connection.write(lft_response(
      408, R"({"status":"INVALID_PARAMETERS","message":"The rest of the body did not come in time"})", false));
  connection.end_request(KeepAlive::No);
}

}  // namespace

std::string lft_response(unsigned status, const std::string& body, bool keep_alive) {
  std::string response = "HTTP/1.1 " + std::to_string(status) + " ";
  response.append(phrase(status)).append("\r\nContent-Type: application/json\r\nContent-Length: ");
  response += std::to_string(body.size()) + "\r\n";
  if (status == 503) response += "Retry-After: 1\r\n";
  if (status == 401) response += "WWW-Authenticate: Bearer\r\n";
  if (!keep_alive) response += "Connection: close\r\n";
  return response + "\r\n" + body;
}

std::string lft_error(store::Code code, const std::string& message, bool keep_alive) {
  const nlohmann::json body = {{"status", store::wire_name(code)}, {"message", message}};
  return lft_response(http_status(code), body.dump(), keep_alive);
}

// ---------------------------------------- an upload begins

LftPost::LftPost(Host host, Connection connection, Nucleus& nucleus, Pool& pool, store::Actor by, std::uint64_t length,
                 bool keep_alive, std::chrono::nanoseconds silence)
    : waker_(host),
      connection_(connection),
      nucleus_(nucleus),
      pool_(pool),
      by_(std::move(by)),
      left_(length),
      keep_alive_(keep_alive),
      silence_(silence),
      work_(std::make_shared<LftWork>()) {
  if (left_ != 0) connection_.set_timer(silence_);
}

LftPost::~LftPost() { end_work(*work_); }

std::size_t LftPost::receive(std::span<std::uint8_t> bytes) {
  if (left_ == 0) return 0;  // the next request
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= taken;
  connection_.set_timer(left_ != 0 ? silence_ : std::chrono::nanoseconds(0));
  begin();
  return taken;
}

void LftPost::timer() {
  if (left_ != 0) give_up_waiting(connection_);
}

void LftPost::begin() {
  if (left_ != 0) return;  // what it says, the path, does not matter: whoever names the content says where it goes
  const bool taken =
      run(pool_, waker_, connection_.id(), work_, false,
          [&nucleus = nucleus_, by = by_, keep_alive = keep_alive_](LftWork& work) {
            const auto begun = nucleus.uploads().begin(by);
            std::string response;
            if (begun) {
              const nlohmann::json body = {{"content_id", begun->id}, {"content_id_numeric", begun->number}};
              response = lft_response(200, body.dump(), keep_alive);
            } else {
              response = lft_error(begun.error().code, begun.error().message, keep_alive);
            }
            const std::lock_guard lock(work.mutex);
            work.response = std::move(response);
          });
  if (taken) return;
  connection_.write(lft_error(store::Code::SlowDown, "The server has too much to do", keep_alive_));
  connection_.end_request(keep(keep_alive_));
}

void LftPost::woken() {
  std::string response;
  {
    const std::lock_guard lock(work_->mutex);
    response.swap(work_->response);
  }
  if (response.empty()) return;
  connection_.write(response);
  connection_.end_request(keep(keep_alive_));
}

// ---------------------------------------- a part comes

LftPut::LftPut(Host host, Connection connection, Nucleus& nucleus, Pool& pool, store::Actor by, Part part,
               bool keep_alive, std::chrono::nanoseconds silence)
    : waker_(host),
      connection_(connection),
      nucleus_(nucleus),
      pool_(pool),
      by_(std::move(by)),
      part_(std::move(part)),
      keep_alive_(keep_alive),
      silence_(silence),
      work_(std::make_shared<LftWork>()) {
  if (part_.length != 0) connection_.set_timer(silence_);
}

LftPut::~LftPut() { end_work(*work_); }

void LftPut::begin() {
  if (part_.length == 0) finish(lft_response(200, "{\"status\":\"OK\"}", keep_alive_), keep_alive_);
}

std::size_t LftPut::receive(std::span<std::uint8_t> bytes) {
  const auto wanted = std::min<std::uint64_t>(part_.length - received_, kPiece - std::min(kPiece, piece_.size()));
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes.size()));
  piece_.append(reinterpret_cast<const char*>(bytes.data()), taken);
  received_ += taken;
  if (taken != 0) connection_.set_timer(silence_);
  go_on();
  return taken;
}

void LftPut::timer() {
  const auto writing = [&] {
    const std::lock_guard lock(work_->mutex);
    return work_->running;
  }();
  // While this side has not taken what came, it is not the client that is silent.
  if (writing || received_ == part_.length) return connection_.set_timer(silence_);
  give_up_waiting(connection_);
}

void LftPut::woken() { go_on(); }

void LftPut::go_on() {
  {
    const std::lock_guard lock(work_->mutex);
    if (work_->over || work_->running) return;
    if (!work_->response.empty()) return finish(work_->response, false);  // an error: the rest is not read
  }
  const bool whole = received_ == part_.length;
  if (piece_.empty() && whole) return finish(lft_response(200, "{\"status\":\"OK\"}", keep_alive_), keep_alive_);
  if (!whole && piece_.size() < kPiece) return;
  const auto offset = part_.start + received_ - piece_.size();
  auto bytes = std::make_shared<const std::string>(std::exchange(piece_, {}));
  const bool begun = received_ > bytes->size();
  const bool taken = run(pool_, waker_, connection_.id(), work_, begun,
                         [&nucleus = nucleus_, by = by_, id = part_.content_id, offset, bytes](LftWork& work) {
                           const auto written = nucleus.uploads().write(id, by, offset, *bytes);
                           if (written) return;
                           nucleus.refused(written.error());
                           const std::lock_guard lock(work.mutex);
                           work.response = lft_error(written.error().code, written.error().message, false);
                         });
  if (!taken) finish(lft_error(store::Code::SlowDown, "The server has too much to do", false), false);
}

void LftPut::finish(const std::string& response, bool keep_alive) {
  connection_.set_timer(std::chrono::nanoseconds(0));
  connection_.write(response);
  connection_.end_request(keep(keep_alive));
}

// ---------------------------------------- a content goes

std::optional<LftGet::Range> read_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return LftGet::Range{0, size};  // a unit that is unknown is not looked at
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return LftGet::Range{0, size};
  const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  const auto first = number(header.substr(0, dash)), last = number(header.substr(dash + 1));
  const bool broken = (!first && dash != 0) || (!last && dash + 1 != header.size()) || (!first && !last);
  if (broken) return LftGet::Range{0, size};  // as if it were not there
  if (!first)
    return *last == 0 || size == 0 ? std::nullopt : std::optional(LftGet::Range{size - std::min(size, *last), size});
  if (*first >= size || (last && *last < *first)) return std::nullopt;
  return LftGet::Range{*first, last ? std::min(*last + (*last < size ? 1 : 0), size) : size};
}

LftGet::LftGet(Host host, Connection connection, Nucleus& nucleus, Pool& pool, ContentAddress address,
               std::string range, bool keep_alive, bool with_body)
    : waker_(host),
      connection_(connection),
      nucleus_(nucleus),
      pool_(pool),
      address_(std::move(address)),
      range_header_(std::move(range)),
      keep_alive_(keep_alive),
      with_body_(with_body),
      room_(static_cast<std::size_t>(host.limit("max_control_queue")) / 2),
      work_(std::make_shared<LftWork>()),
      source_(std::make_shared<Source>()) {}

LftGet::~LftGet() { end_work(*work_); }

/// The head of the answer for a content of this size, and which range of it follows.
std::string LftGet::head(const std::string& hash, std::string_view range_header, std::uint64_t size, bool keep_alive,
                         std::optional<Range>& range) {
  const std::string end = keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  range = read_range(range_header, size);
  if (!range) {
    return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */" + std::to_string(size) +
           "\r\nContent-Length: 0\r\n" + end;
  }
  std::string made = "HTTP/1.1 200 OK\r\n";
  if (range->from != 0 || range->to != size) {
    made = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(range->from) + "-" +
           std::to_string(range->to - 1) + "/" + std::to_string(size) + "\r\n";
  }
  return made + "Content-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\nETag: \"" + hash +
         "\"\r\nContent-Length: " + std::to_string(range->to - range->from) + "\r\n" + end;
}

void LftGet::begin() {
  fetch([&nucleus = nucleus_, address = address_, header = range_header_, source = source_,
         keep_alive = keep_alive_](LftWork& work) {
    auto read = address.open(nucleus.store());
    const std::lock_guard lock(work.mutex);
    std::optional<Range> range;
    work.response = read ? head(read->entry.hash, header, read->content.size(), keep_alive, range)
                         : lft_error(read.error().code, read.error().message, keep_alive);
    work.failed = !range;
    if (!range) return;
    source->range = *range;
    source->reader = std::move(read->content);
  });
}

void LftGet::read_on() {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, source_->range.to - next_));
  const auto offset = std::exchange(next_, next_ + size);
  fetch([source = source_, offset, size](LftWork& work) {
    std::string bytes(size, '\0');
    const auto read = source->reader->read(offset, bytes);
    const std::lock_guard lock(work.mutex);
    work.failed = !read || *read != size;
    work.bytes = std::move(bytes);
  });
}

void LftGet::fetch(std::function<void(LftWork&)> work) {
  if (run(pool_, waker_, connection_.id(), work_, head_sent_, std::move(work))) return;
  over_ = true;
  connection_.write(lft_error(store::Code::SlowDown, "The server has too much to do", keep_alive_));
  connection_.end_request(keep(keep_alive_));
}

void LftGet::woken() {
  if (over_) return;
  if (head_sent_) return send();
  std::string response;
  bool failed = false;
  {
    const std::lock_guard lock(work_->mutex);
    if (work_->running) return;
    response.swap(work_->response);
    failed = work_->failed;
  }
  if (response.empty()) return;
  if (!with_body_) response.resize(response.find("\r\n\r\n") + 4);  // of an error, too, HEAD has the head alone
  connection_.write(response);
  head_sent_ = true;
  next_ = sent_ = source_->range.from;
  if (failed || !with_body_) return finish();
  send();
}

void LftGet::finish() {
  over_ = true;
  connection_.end_request(keep(keep_alive_));
}

/// What has been read and not been taken yet. False: nothing; it is read now, or the connection ends.
bool LftGet::take_piece() {
  {
    const std::lock_guard lock(work_->mutex);
    if (work_->running) return false;
    if (work_->failed) {
      over_ = true;
      connection_.close(Flush::No);  // the length has been promised: this is how HTTP says that it is not kept
      return false;
    }
    piece_.swap(work_->bytes);
    work_->bytes.clear();
  }
  sent_of_piece_ = 0;
  if (next_ < source_->range.to) read_on();  // while the client takes this one
  return !piece_.empty() && !over_;
}

void LftGet::send() {
  while (!over_ && sent_ < source_->range.to) {
    if (sent_of_piece_ == piece_.size() && !take_piece()) return;
    const auto unsent = connection_.unsent();
    const auto now = std::min(piece_.size() - sent_of_piece_, room_ - std::min(room_, unsent));
    if (now == 0) return connection_.wake_when_sent(room_ / 2);
    if (!connection_.write(std::string_view(piece_).substr(sent_of_piece_, now))) return;
    sent_of_piece_ += now;
    sent_ += now;
  }
  if (!over_) finish();
}

}  // namespace omnibroker::plugins::nucleus
