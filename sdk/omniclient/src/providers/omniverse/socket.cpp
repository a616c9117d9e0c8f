// The one file that knows how Boost.Beast does WebSockets.
#include "providers/omniverse/socket.hpp"

#include "OmniClientVersion.h"
#include "engine/log.hpp"
#include "providers/omniverse/lookup.hpp"
#include "providers/omniverse/tls.hpp"

#include <algorithm>
#include <deque>
#include <type_traits>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace omniclient::omniverse {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr std::size_t kMaxMessage = 256 * 1024 * 1024;
constexpr std::size_t kKeptBuffer = 1024 * 1024;

using PlainStream = ws::stream<beast::tcp_stream>;
using SecureStream = ws::stream<beast::ssl_stream<beast::tcp_stream>>;

std::unique_ptr<PlainStream> make_stream(asio::io_context& context, PlainStream*) {
  return std::make_unique<PlainStream>(context);
}
std::unique_ptr<SecureStream> make_stream(asio::io_context& context, SecureStream*) {
  return std::make_unique<SecureStream>(context, tls_context());
}

/// What goes on, which may take longer than anybody wants to know of it.
template <class Stream>
class State final : public std::enable_shared_from_this<State<Stream>> {
 public:
  State(Loop& loop, Address address, std::chrono::milliseconds limit, Socket::Events events)
      : loop_(loop),
        address_(std::move(address)),
        limit_(limit),
        events_(std::move(events)),
        stream_(make_stream(loop.context(), static_cast<Stream*>(nullptr))) {}

  void connect() {
    lowest().expires_after(limit_);
    auto host = address_.host;
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    lookup_ = std::make_unique<Lookup>(loop_, host, limit_, [weak = this->weak_from_this(), host](const auto& found) {
      const auto self = weak.lock();
      if (!self) return;
      self->lookup_.reset();
      if (!found.problem.empty()) return self->end({Problem::Kind::NotReached, found.problem});
      self->reach(endpoints_of(found, self->address_.port), host);
    });
  }

  void send(std::string message, Socket::Kind kind) {
    queue_.push_back({std::move(message), kind});
    if (open_ && queue_.size() == 1) write();
  }

  void close() {
    silent_ = true;
    lookup_.reset();
    if (!open_) return lowest().close();
    open_ = false;
    stream_->async_close(ws::close_code::normal, [self = this->shared_from_this()](const Error&) {});
  }

 private:
  struct Message {
    std::string text;
    Socket::Kind kind;
  };

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(*stream_); }

  /// A handler that goes on where there is no error, and is silent where nobody listens.
  template <class... Results, class Next>
  auto guarded(Next next) {
    return [self = this->shared_from_this(), next](const Error& error, Results... results) {
      if (self->silent_) return;
      if (error) return self->fail(error);
      next(results...);
    };
  }

  void reach(const std::vector<tcp::endpoint>& endpoints, const std::string& host) {
    lowest().async_connect(endpoints, guarded<const tcp::endpoint&>([this, host](const tcp::endpoint&) {
                             Error ignored;
                             lowest().socket().set_option(tcp::no_delay(true), ignored);
                             secure(host);
                           }));
  }

  void secure(const std::string& host) {
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      phase_ = Problem::Kind::BadCertificate;
      auto& tls = stream_->next_layer();
      tls.set_verify_callback(asio::ssl::host_name_verification(host));
      SSL_set_tlsext_host_name(tls.native_handle(), host.c_str());
      tls.async_handshake(asio::ssl::stream_base::client, [self = this->shared_from_this()](const Error& error) {
        if (self->silent_) return;
        if (error) return self->fail(error);
        self->upgrade();
      });
    } else {
      upgrade();
    }
  }

  void upgrade() {
    phase_ = Problem::Kind::NoUpgrade;
    lowest().expires_never();
    ws::stream_base::timeout times{limit_, std::chrono::seconds(60), true};
    stream_->set_option(times);
    stream_->set_option(ws::stream_base::decorator([](ws::request_type& request) {
      request.set(beast::http::field::user_agent, "omniclient/" OMNICLIENT_BUILD_STRING);
    }));
    stream_->read_message_max(kMaxMessage);
    stream_->auto_fragment(false);
    stream_->async_handshake(address_.authority(), address_.path,
                             [self = this->shared_from_this()](const Error& error) {
                               if (self->silent_) return;
                               if (error) return self->fail(error);
                               self->opened();
                             });
  }

  void opened() {
    phase_ = Problem::Kind::Lost;
    open_ = true;
    if (!queue_.empty()) write();
    read();
    events_.opened();
  }

  void read() {
    stream_->async_read(buffer_, [self = this->shared_from_this()](const Error& error, std::size_t) {
      if (self->silent_) return;
      if (error) return self->fail(error);
      const auto bytes = self->buffer_.cdata();
      try {
        self->events_.received({static_cast<const char*>(bytes.data()), bytes.size()});
      } catch (const std::exception&) {  // Nobody would read any more, and nobody know.
        return self->fail(asio::error::make_error_code(asio::error::no_memory));
      }
      if (self->silent_) return;
      self->buffer_.consume(self->buffer_.size());
      if (self->buffer_.capacity() > kKeptBuffer) self->buffer_ = beast::flat_buffer();
      self->read();
    });
  }

  void write() {
    stream_->binary(queue_.front().kind == Socket::Kind::Binary);
    stream_->async_write(asio::buffer(queue_.front().text),
                         [self = this->shared_from_this()](const Error& error, std::size_t) {
                           if (self->silent_ || error) return;  // Reading says that it is lost.
                           self->queue_.pop_front();
                           if (!self->queue_.empty()) self->write();
                         });
  }

  void fail(const Error& error) {
    const bool certificate = error.category() == asio::error::get_ssl_category();
    Problem problem{phase_, error.message()};
    if (phase_ == Problem::Kind::BadCertificate && !certificate) problem.kind = Problem::Kind::NotReached;
    if (problem.kind == Problem::Kind::NoUpgrade && error == beast::error::timeout) {
      problem.kind = Problem::Kind::NotReached;
    }
    end(problem);
  }

  void end(const Problem& problem) {
    if (silent_) return;
    silent_ = true;
    open_ = false;
    lowest().close();
    const auto closed = events_.closed;  // It may destroy what it belongs to.
    closed(problem);
  }

  Loop& loop_;
  const Address address_;
  const std::chrono::milliseconds limit_;
  const Socket::Events events_;
  std::unique_ptr<Lookup> lookup_;
  std::unique_ptr<Stream> stream_;
  beast::flat_buffer buffer_;
  std::deque<Message> queue_;
  Problem::Kind phase_ = Problem::Kind::NotReached;
  bool open_ = false;
  bool silent_ = false;
};

template <class Stream>
class StreamSocket final : public Socket {
 public:
  StreamSocket(Loop& loop, Address address, std::chrono::milliseconds limit, Events events)
      : state_(std::make_shared<State<Stream>>(loop, std::move(address), limit, std::move(events))) {
    state_->connect();
  }
  ~StreamSocket() override { state_->close(); }
  void send(std::string message, Kind kind) override { state_->send(std::move(message), kind); }

 private:
  const std::shared_ptr<State<Stream>> state_;
};

}  // namespace

std::unique_ptr<Socket> Socket::connect(Loop& loop, Address address, std::chrono::milliseconds limit, Events events) {
  if (address.secure)
    return std::make_unique<StreamSocket<SecureStream>>(loop, std::move(address), limit, std::move(events));
  return std::make_unique<StreamSocket<PlainStream>>(loop, std::move(address), limit, std::move(events));
}

asio::ssl::context& tls_context() {
  static auto* const context = new asio::ssl::context([] {  // Threads may still use it when the program ends.
    asio::ssl::context made(asio::ssl::context::tls_client);
    Error error;
    made.set_verify_mode(asio::ssl::verify_peer, error);
    made.set_default_verify_paths(error);
    if (error) log::warning("omniverse", {"The system's certificates cannot be read: ", error.message()});
    SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_2_VERSION);
    return made;
  }());
  return *context;
}

std::string Address::text(std::string_view scheme) const {
  return std::string(scheme) + (secure ? "s://" : "://") + authority() + path;
}

std::string Address::authority() const { return port == (secure ? "443" : "80") ? host : host + ":" + port; }

bool read_address(std::string_view url, Address& address) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return false;
  const auto scheme = url.substr(0, colon);
  if (scheme != "ws" && scheme != "wss" && scheme != "http" && scheme != "https") return false;
  Address read;
  read.secure = scheme == "wss" || scheme == "https";
  const auto rest = url.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  const auto authority = rest.substr(0, end);
  read.path = rest.substr(end);
  if (read.path.empty() || read.path.front() != '/') read.path.insert(0, "/");
  const auto bracket = authority.find(']');
  const auto port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  read.host = authority.substr(0, port);
  read.port = port == std::string_view::npos ? (read.secure ? "443" : "80") : std::string(authority.substr(port + 1));
  const bool digits = !read.port.empty() && read.port.find_first_not_of("0123456789") == std::string::npos;
  const bool clean = std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > ' ' && c != 0x7F; });
  if (read.host.empty() || !digits || !clean) return false;
  address = std::move(read);
  return true;
}

}  // namespace omniclient::omniverse
