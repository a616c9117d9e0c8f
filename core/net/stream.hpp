#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <sys/uio.h>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace omnibroker::core {

/// How much a read or write moved, or why nothing did.
struct Transfer {
  enum class Outcome { Moved, WouldBlock, Ended, Failed };
  Outcome outcome = Outcome::WouldBlock;
  std::size_t bytes = 0;
};

/// A connected socket, plain or under TLS: bytes in, bytes out, never waiting.
///
/// The TLS object lives here, in the core, so that a transport sees decrypted bytes only and can be replaced without
/// it. Lifecycle: owns its descriptor and closes it. Threads: one at a time.
class Stream {
 public:
  /// `tls` null: plain. Takes the descriptor, which must not block.
  Stream(int descriptor, SSL_CTX* tls);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  int descriptor() const { return descriptor_; }
  bool secure() const { return tls_ != nullptr; }

  /// Continues the TLS handshake: Moved once it is done (at once for a plain stream).
  Transfer::Outcome handshake();
  bool ready() const { return ready_; }
  /// The handshake, or a read, waits for room to write.
  bool wants_write() const { return wants_write_; }

  Transfer read(std::span<std::uint8_t> into);
  /// What is answered as moved need not be offered again, also where the stream still holds some of it
  /// (`holds_output`).
  Transfer write(std::span<const iovec> pieces);
  /// TLS has made a record that the socket did not take: it goes out first with the next `write`, which may be empty.
  bool holds_output() const { return !held_.empty(); }
  /// Bytes have been decrypted that no `read` has fetched: the socket will not say so again.
  bool buffered() const;

  /// Says that nothing more will be written.
  void end_output();

 private:
  Transfer::Outcome tls_outcome(int result);
  Transfer write_tls(std::span<const iovec> pieces);

  int descriptor_;
  SSL* tls_ = nullptr;
  bool ready_ = true;
  bool wants_write_ = false;
  std::string held_;
};

/// Certificate and key of a listener. Loads them through POCO's Context, which knows the file formats.
class TlsContext {
 public:
  /// Throws std::exception with the reason where a file cannot be used.
  TlsContext(const std::string& certificate, const std::string& key);
  ~TlsContext();
  SSL_CTX* get() const;
  /// Whether the files say something else now than when this was made.
  bool files_differ() const;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

}  // namespace omnibroker::core
