// The one file that knows how Boost.Beast does HTTP.
#include "providers/omniverse/http.hpp"

#include "providers/omniverse/lookup.hpp"
#include "providers/omniverse/socket.hpp"
#include "providers/omniverse/tls.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace omniclient::omniverse {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::size_t kMostAtOnce = 1024 * 1024;
constexpr std::size_t kMaxText = 64 * 1024;
constexpr std::size_t kMaxIdle = 8;

}  // namespace

/// What HttpClient::Shared holds. It has a name, because that has one, too.
namespace http_parts {

template <class Stream>
struct Link {
  std::unique_ptr<Stream> stream;
  beast::flat_buffer buffer;
};
using PlainLink = Link<beast::tcp_stream>;
using SecureLink = Link<beast::ssl_stream<beast::tcp_stream>>;

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void begin() = 0;
  virtual void cancel() = 0;
};

}  // namespace http_parts

using http_parts::Exchange;
using http_parts::Link;

struct HttpClient::Shared {
  Shared(Loop& used, std::chrono::milliseconds most) : loop(used), stall(most) {}

  template <class Stream>
  std::multimap<std::string, Link<Stream>>& idle() {
    if constexpr (std::is_same_v<Stream, beast::tcp_stream>) {
      return plain;
    } else {
      return secure;
    }
  }

  Loop& loop;
  const std::chrono::milliseconds stall;
  std::uint64_t last = 0;
  std::map<std::uint64_t, std::shared_ptr<Exchange>> running;
  std::multimap<std::string, http_parts::PlainLink> plain;  ///< By authority.
  std::multimap<std::string, http_parts::SecureLink> secure;
};

namespace {

template <class Stream, class Shared>
class StreamExchange final : public Exchange, public std::enable_shared_from_this<StreamExchange<Stream, Shared>> {
 public:
  StreamExchange(std::shared_ptr<Shared> shared, std::uint64_t id, Address address, HttpRequest request,
                 HttpClient::Done done)
      : shared_(std::move(shared)),
        id_(id),
        address_(std::move(address)),
        request_(std::move(request)),
        done_(std::move(done)) {}

  void begin() override {
    auto& idle = shared_->template idle<Stream>();
    const auto found = idle.find(address_.authority());
    if (found == idle.end()) return connect();
    link_ = std::move(found->second);
    idle.erase(found);
    reused_ = true;
    write();
  }

  void cancel() override {
    over_ = true;
    done_ = nullptr;
    lookup_.reset();
    if (link_.stream) lowest().close();
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(*link_.stream); }

  template <class... Results, class Next>
  auto guarded(Next next) {
    return [self = this->shared_from_this(), next](const Error& error, Results... results) {
      if (self->over_) return;
      if (error) return self->fail(error.message());
      next(results...);
    };
  }

  void connect() {
    reused_ = false;
    link_ = {};
    auto& context = shared_->loop.context();
    if constexpr (std::is_same_v<Stream, beast::tcp_stream>) {
      link_.stream = std::make_unique<Stream>(context);
    } else {
      link_.stream = std::make_unique<Stream>(context, tls_context());
    }
    auto host = address_.host;
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    lowest().expires_after(shared_->stall);
    const auto found = [weak = this->weak_from_this(), host](const Lookup::Found& answer) {
      const auto self = weak.lock();
      if (!self) return;
      self->lookup_.reset();
      if (!answer.problem.empty()) return self->fail(answer.problem);
      self->reach(endpoints_of(answer, self->address_.port), host);
    };
    lookup_ = std::make_unique<Lookup>(shared_->loop, host, shared_->stall, found);
  }

  void reach(const std::vector<tcp::endpoint>& endpoints, const std::string& host) {
    lowest().async_connect(endpoints, guarded<const tcp::endpoint&>([this, host](const tcp::endpoint&) {
                             Error ignored;
                             lowest().socket().set_option(tcp::no_delay(true), ignored);
                             secure(host);
                           }));
  }

  void secure(const std::string& host) {
    if constexpr (std::is_same_v<Stream, beast::tcp_stream>) {
      write();
    } else {
      link_.stream->set_verify_callback(asio::ssl::host_name_verification(host));
      SSL_set_tlsext_host_name(link_.stream->native_handle(), host.c_str());
      link_.stream->async_handshake(asio::ssl::stream_base::client, guarded<>([this] { write(); }));
    }
  }

  void write() {
    head_ = request_.method + " " + address_.path + " HTTP/1.1\r\nHost: " + address_.authority() + "\r\n";
    for (const auto& [name, value] : request_.headers) {
      // What a server has said must not become a header of its own.
      if (value.find_first_of("\r\n") == std::string::npos) head_ += name + ": " + value + "\r\n";
    }
    if (request_.method != "GET") head_ += "Content-Length: " + std::to_string(request_.body.size()) + "\r\n";
    head_ += "\r\n";
    written_ = 0;
    lowest().expires_after(shared_->stall);
    asio::async_write(*link_.stream, asio::buffer(head_), guarded<std::size_t>([this](std::size_t) { write_body(); }));
  }

  /// Piece by piece, so that only a standstill counts, and not that it is long.
  void write_body() {
    if (written_ == request_.body.size()) return read_head();
    const auto piece = request_.body.substr(written_, kPiece);
    lowest().expires_after(shared_->stall);
    asio::async_write(*link_.stream, asio::buffer(piece.data(), piece.size()),
                      [self = this->shared_from_this()](const Error& error, std::size_t size) {
                        if (self->over_) return;
                        // A server that does not want the rest may have said why.
                        if (error) return self->read_head();
                        self->written_ += size;
                        self->write_body();
                      });
  }

  void read_head() {
    parser_.emplace();
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    lowest().expires_after(shared_->stall);
    http::async_read_header(*link_.stream, link_.buffer, *parser_, guarded<std::size_t>([this](std::size_t) {
      began_ = true;
      reply_.status = parser_->get().result_int();
      const bool wanted = request_.into != nullptr && (reply_.status == 200 || reply_.status == 206);
      const auto length = parser_->chunked() ? boost::none : parser_->content_length();
      if (!wanted || !length || *length > request_.room) return read_body();
      read_content(static_cast<std::size_t>(*length));
    }));
  }

  /// A content of a known length goes straight to where it is wanted, without a buffer in between.
  void read_content(std::size_t length) {
    auto& ahead = link_.buffer;
    const auto come = std::min(ahead.size(), length - reply_.size);
    std::memcpy(request_.into + reply_.size, ahead.data().data(), come);
    ahead.consume(come);
    reply_.size += come;
    const auto left = length - reply_.size;
    if (left == 0) return finish();
    lowest().expires_after(shared_->stall);
    link_.stream->async_read_some(asio::buffer(request_.into + reply_.size, std::min(left, kMostAtOnce)),
                                  guarded<std::size_t>([this, length](std::size_t size) {
                                    reply_.size += size;
                                    read_content(length);
                                  }));
  }

  void read_body() {
    if (parser_->is_done()) return finish();
    const bool wanted = request_.into != nullptr && (reply_.status == 200 || reply_.status == 206);
    auto& body = parser_->get().body();
    if (wanted && reply_.size < request_.room) {
      body.data = request_.into + reply_.size;
      body.size = std::min(request_.room - reply_.size, kPiece);
    } else {
      spare_.resize(kMaxText);
      body.data = spare_.data();
      body.size = spare_.size();
    }
    body.more = true;
    const auto offered = body.size;
    lowest().expires_after(shared_->stall);
    http::async_read_some(*link_.stream, link_.buffer, *parser_,
                          [self = this->shared_from_this(), offered, wanted](const Error& error, std::size_t) {
                            if (self->over_) return;
                            if (error && error != http::error::need_buffer) return self->fail(error.message());
                            self->took(offered - self->parser_->get().body().size, wanted);
                          });
  }

  void took(std::size_t size, bool wanted) {
    const bool fits = reply_.size < request_.room;
    if (wanted && !fits && size > 0) return fail("the answer is longer than what was asked for");
    if (!wanted) reply_.body.append(spare_.data(), std::min(size, kMaxText - std::min(kMaxText, reply_.body.size())));
    reply_.size += size;
    read_body();
  }

  void finish() {
    auto& idle = shared_->template idle<Stream>();
    const bool whole = written_ == request_.body.size();
    if (whole && parser_->get().keep_alive() && idle.count(address_.authority()) < kMaxIdle) {
      lowest().expires_never();
      idle.emplace(address_.authority(), std::move(link_));
    }
    tell();
  }

  void fail(const std::string& problem) {
    // The server may have closed it while nobody used it.
    if (reused_ && !began_) return connect();
    const bool of_content = reply_.status == 200 || reply_.status == 206;
    if (!of_content) reply_.size = 0;
    reply_.status = 0;
    reply_.problem = problem;
    tell();
  }

  void tell() {
    over_ = true;
    const auto self = this->shared_from_this();
    shared_->running.erase(id_);
    if (done_) std::exchange(done_, nullptr)(reply_);
  }

  const std::shared_ptr<Shared> shared_;
  const std::uint64_t id_;
  const Address address_;
  const HttpRequest request_;
  HttpClient::Done done_;
  std::unique_ptr<Lookup> lookup_;
  Link<Stream> link_;
  std::string head_;
  std::size_t written_ = 0;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  std::string spare_;
  HttpReply reply_;
  bool reused_ = false;
  bool began_ = false;
  bool over_ = false;
};

}  // namespace

HttpClient::HttpClient(Loop& loop, std::chrono::milliseconds stall) : shared_(std::make_shared<Shared>(loop, stall)) {}

HttpClient::~HttpClient() {
  for (const auto& [id, exchange] : std::exchange(shared_->running, {})) exchange->cancel();
  shared_->plain.clear();
  shared_->secure.clear();
}

std::uint64_t HttpClient::start(HttpRequest request, Done done) {
  const auto id = ++shared_->last;
  Address address;
  if (!read_address(request.url, address)) {
    shared_->loop.post([done = std::move(done), url = request.url] {
      HttpReply reply;
      reply.problem = "this is no address of HTTP: " + url;
      done(reply);
    });
    return id;
  }
  std::shared_ptr<Exchange> exchange;
  if (address.secure) {
    exchange = std::make_shared<StreamExchange<beast::ssl_stream<beast::tcp_stream>, Shared>>(
        shared_, id, std::move(address), std::move(request), std::move(done));
  } else {
    exchange = std::make_shared<StreamExchange<beast::tcp_stream, Shared>>(shared_, id, std::move(address),
                                                                           std::move(request), std::move(done));
  }
  shared_->running[id] = exchange;
  exchange->begin();
  return id;
}

void HttpClient::cancel(std::uint64_t id) {
  const auto found = shared_->running.find(id);
  if (found == shared_->running.end()) return;
  const auto exchange = std::move(found->second);
  shared_->running.erase(found);
  exchange->cancel();
}

}  // namespace omniclient::omniverse
