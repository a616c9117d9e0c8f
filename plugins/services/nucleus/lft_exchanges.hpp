#pragma once

#include "content_address.hpp"
#include "nucleus.hpp"
#include "pool.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// An answer of large-file transfer, as JSON; errors as `{"status", "message"}`.
std::string lft_response(unsigned status, const std::string& body, bool keep_alive);
std::string lft_error(store::Code code, const std::string& message, bool keep_alive);

/// What a request that waits for the disk has in common with the work that is done for it.
///
/// Threads: any.
struct LftWork {
  std::mutex mutex;
  bool running = false;  // guarded by mutex, as all below
  bool over = false;     // the request is gone: nobody may be woken
  bool failed = false;
  std::string response;  // the whole answer, when there is one
  std::string bytes;     // of a content that is being sent
};

/// A small body that is read whole, and then answered from a thread that may block: the beginning of an upload.
class LftPost final : public Exchange {
 public:
  /// `silence`: how long the client may send nothing of the body.
  LftPost(Host host, Connection connection, Nucleus& nucleus, Pool& pool, store::Actor by, std::uint64_t length,
          bool keep_alive, std::chrono::nanoseconds silence);
  ~LftPost() override;

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void woken() override;
  void shutdown(ShutdownReason, std::string_view) override { connection_.close(Flush::Yes); }
  void end_of_input() override { connection_.close(Flush::Yes); }
  /// Without a body nothing is received.
  void begin();
  void timer() override;

 private:
  const Waker waker_;
  Connection connection_;
  Nucleus& nucleus_;
  Pool& pool_;
  const store::Actor by_;
  std::uint64_t left_;
  const bool keep_alive_;
  const std::chrono::nanoseconds silence_;
  const std::shared_ptr<LftWork> work_;
};

/// A part of a content, written to the disk as it comes: while one piece is written no more than another one is read.
class LftPut final : public Exchange {
 public:
  struct Part {
    std::string content_id;
    std::uint64_t start = 0;
    std::uint64_t length = 0;
  };
  /// `silence`: as for LftPost.
  LftPut(Host host, Connection connection, Nucleus& nucleus, Pool& pool, store::Actor by, Part part, bool keep_alive,
         std::chrono::nanoseconds silence);
  ~LftPut() override;

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void woken() override;
  void shutdown(ShutdownReason, std::string_view) override { connection_.close(Flush::No); }
  void end_of_input() override { connection_.close(Flush::No); }
  void timer() override;
  void begin();

 private:
  static constexpr std::size_t kPiece = 1024 * 1024;

  void go_on();
  void finish(const std::string& response, bool keep_alive);

  const Waker waker_;
  Connection connection_;
  Nucleus& nucleus_;
  Pool& pool_;
  const store::Actor by_;
  Part part_;
  const bool keep_alive_;
  const std::chrono::nanoseconds silence_;
  std::string piece_;  // received, not being written yet
  std::uint64_t received_ = 0;
  const std::shared_ptr<LftWork> work_;
};

/// A content, or a range of it, sent as the client takes it.
class LftGet final : public Exchange {
 public:
  struct Range {
    std::uint64_t from = 0;
    std::uint64_t to = 0;  ///< Behind the last byte.
  };
  LftGet(Host host, Connection connection, Nucleus& nucleus, Pool& pool, ContentAddress address, std::string range,
         bool keep_alive, bool with_body);
  ~LftGet() override;

  std::size_t receive(std::span<std::uint8_t>) override { return 0; }  // the next request waits
  void woken() override;
  void shutdown(ShutdownReason, std::string_view) override { connection_.close(Flush::No); }
  void end_of_input() override {}  // who has asked may still want to read
  void begin();

 private:
  static constexpr std::size_t kPiece = 256 * 1024;

  /// Set by the first piece of work, and not changed by the others.
  struct Source {
    std::optional<store::ContentReader> reader;
    Range range;
  };

  static std::string head(const std::string& hash, std::string_view range_header, std::uint64_t size, bool keep_alive,
                          std::optional<Range>& range);
  void fetch(std::function<void(LftWork&)> work);
  void read_on();
  bool take_piece();
  void send();
  void finish();

  const Waker waker_;
  Connection connection_;
  Nucleus& nucleus_;
  Pool& pool_;
  const ContentAddress address_;
  const std::string range_header_;
  const bool keep_alive_;
  const bool with_body_;
  const std::size_t room_;
  const std::shared_ptr<LftWork> work_;
  const std::shared_ptr<Source> source_;
  std::string piece_;  // being written
  std::size_t sent_of_piece_ = 0;
  std::uint64_t next_ = 0;  // where the next piece begins
  std::uint64_t sent_ = 0;
  bool head_sent_ = false;
  bool over_ = false;
};

/// `bytes=a-b`, `bytes=a-`, `bytes=-n` of a content of this size. Nothing: it cannot be satisfied.
std::optional<LftGet::Range> read_range(std::string_view header, std::uint64_t size);

}  // namespace omnibroker::plugins::nucleus
