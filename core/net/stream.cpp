#include "net/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include <Poco/Net/Context.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

namespace omnibroker::core {

namespace {

/// SHA-256 of what both files say.
std::string digest_of(const std::string& certificate, const std::string& key) {
  std::string text;
  for (const auto& name : {certificate, key}) {
    std::ifstream file(name, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), {});
    text += '\0';
  }
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  digest.resize(size);
  return digest;
}

}  // namespace

struct TlsContext::Held {
  Poco::Net::Context::Ptr context;
  std::string certificate;
  std::string key;
  std::string digest;
};

TlsContext::TlsContext(const std::string& certificate, const std::string& key) : held_(std::make_unique<Held>()) {
  held_->certificate = certificate;
  held_->key = key;
  held_->digest = digest_of(certificate, key);  // before they are read: a change in between is seen later
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

bool TlsContext::files_differ() const { return digest_of(held_->certificate, held_->key) != held_->digest; }

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
    if (result == 1) {
      wants_write_ = false;
      return {Transfer::Outcome::Moved, moved};
    }
    return {tls_outcome(result), 0};
  }
  const auto moved = ::recv(descriptor_, into.data(), into.size(), 0);
  if (moved > 0) return {Transfer::Outcome::Moved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {Transfer::Outcome::Ended, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Transfer::Outcome::WouldBlock, 0};
  return {Transfer::Outcome::Failed, 0};
}

Transfer Stream::write_tls(std::span<const iovec> pieces) {
  constexpr std::size_t kRecord = 16 * 1024;  // the most that one TLS record holds
  std::size_t total = 0;
  const auto put = [this](const void* bytes, std::size_t size) {
    std::size_t moved = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(tls_, bytes, size, &moved);
    if (result == 1) wants_write_ = false;
    return result == 1 ? Transfer{Transfer::Outcome::Moved, moved} : Transfer{tls_outcome(result), 0};
  };
  if (!held_.empty()) {
    const auto transfer = put(held_.data(), held_.size());
    if (transfer.outcome != Transfer::Outcome::Moved) return transfer;
    held_.erase(0, transfer.bytes);
    if (!held_.empty()) return {Transfer::Outcome::WouldBlock, 0};
  }
  for (const auto& piece : pieces) {
    for (std::size_t at = 0; at < piece.iov_len;) {
      const auto* bytes = static_cast<const char*>(piece.iov_base) + at;
      const auto size = std::min(kRecord, piece.iov_len - at);
      const auto transfer = put(bytes, size);
      if (transfer.outcome == Transfer::Outcome::WouldBlock) {
        // The record is made, and must go out as it is whatever comes to be pending meanwhile. So it is ours now.
        held_.assign(bytes, size);
        return {Transfer::Outcome::Moved, total + size};
      }
      if (transfer.outcome != Transfer::Outcome::Moved) return transfer;
      at += transfer.bytes;
      total += transfer.bytes;
    }
  }
  return {Transfer::Outcome::Moved, total};
}

bool Stream::buffered() const { return tls_ != nullptr && SSL_pending(tls_) > 0; }

Transfer Stream::write(std::span<const iovec> pieces) {
  if (tls_ != nullptr) return write_tls(pieces);
  ssize_t moved = 0;
  if (pieces.size() == 1) {  // nearly always, and cheaper
    moved = ::send(descriptor_, pieces.front().iov_base, pieces.front().iov_len, MSG_NOSIGNAL);
  } else {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    moved = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  }
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
