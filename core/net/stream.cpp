#include "net/stream.hpp"

#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include <Poco/Net/Context.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace omnibroker::core {

struct TlsContext::Held {
  Poco::Net::Context::Ptr context;
};

TlsContext::TlsContext(const std::string& certificate, const std::string& key) : held_(std::make_unique<Held>()) {
  Poco::Net::Context::Params params;
  params.privateKeyFile = key;
  params.certificateFile = certificate;
  params.verificationMode = Poco::Net::Context::VERIFY_NONE;  // of clients: they bring no certificate
  params.cipherList = "HIGH:!aNULL:!MD5";
  held_->context = new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params);
  SSL_CTX_set_min_proto_version(get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

TlsContext::~TlsContext() = default;

SSL_CTX* TlsContext::get() const { return held_->context->sslContext(); }

Stream::Stream(int descriptor, SSL_CTX* tls) : descriptor_(descriptor) {
  if (tls == nullptr) return;
  tls_ = SSL_new(tls);
  if (tls_ == nullptr || SSL_set_fd(tls_, descriptor) != 1) {
    SSL_free(tls_);
    ::close(descriptor);
    throw std::runtime_error("A TLS connection could not be set up");
  }
  SSL_set_accept_state(tls_);
  ready_ = false;
}

Stream::~Stream() {
  SSL_free(tls_);
  ::close(descriptor_);
}

Transfer::Outcome Stream::tls_outcome(int result) {
  wants_write_ = false;
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ: return Transfer::Outcome::WouldBlock;
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; return Transfer::Outcome::WouldBlock;
    case SSL_ERROR_ZERO_RETURN: return Transfer::Outcome::Ended;
    default: ERR_clear_error(); return Transfer::Outcome::Failed;
  }
}

Transfer::Outcome Stream::handshake() {
  if (ready_) return Transfer::Outcome::Moved;
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_);
  if (result == 1) {
    ready_ = true;
    wants_write_ = false;
    return Transfer::Outcome::Moved;
  }
  return tls_outcome(result);
}

Transfer Stream::read(std::span<std::uint8_t> into) {
  if (tls_ != nullptr) {
    std::size_t moved = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(tls_, into.data(), into.size(), &moved);
    if (result == 1) return {Transfer::Outcome::Moved, moved};
    return {tls_outcome(result), 0};
  }
  const auto moved = ::recv(descriptor_, into.data(), into.size(), 0);
  if (moved > 0) return {Transfer::Outcome::Moved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {Transfer::Outcome::Ended, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Transfer::Outcome::WouldBlock, 0};
  return {Transfer::Outcome::Failed, 0};
}

Transfer Stream::write(std::span<const iovec> pieces) {
  if (tls_ != nullptr) {
    std::size_t total = 0;
    for (const auto& piece : pieces) {
      std::size_t moved = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(tls_, piece.iov_base, piece.iov_len, &moved);
      if (result != 1) {
        const auto outcome = tls_outcome(result);
        if (total > 0 && outcome == Transfer::Outcome::WouldBlock) return {Transfer::Outcome::Moved, total};
        return {outcome, 0};
      }
      total += moved;
      if (moved < piece.iov_len) break;
    }
    return {Transfer::Outcome::Moved, total};
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  const auto moved = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  if (moved >= 0) return {Transfer::Outcome::Moved, static_cast<std::size_t>(moved)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Transfer::Outcome::WouldBlock, 0};
  return {Transfer::Outcome::Failed, 0};
}

void Stream::end_output() {
  if (tls_ != nullptr && ready_) {
    ERR_clear_error();
    SSL_shutdown(tls_);
  }
  ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace omnibroker::core
