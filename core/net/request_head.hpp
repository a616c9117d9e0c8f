#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// Reads the head of an HTTP/1.x request: enough to choose who takes the connection, and strict about everything that
/// two readers could understand differently (RFC 9112: two lengths, length beside chunks, white space before a colon,
/// bare line ends, folded lines).
///
/// Lifecycle: parsed once per request; views stay valid until the next `parse`.
/// Threads: one at a time; each worker has its own.
class RequestHead {
 public:
  struct Limits {
    std::size_t bytes = 16 * 1024;
    std::size_t headers = 100;
  };

  enum class Verdict { Complete, Incomplete, Bad };

  explicit RequestHead(Limits limits);
  ~RequestHead();
  /// From now on. What was parsed is gone.
  void set_limits(Limits limits);

  /// Looks at what has arrived so far, from the head's first byte. More bytes behind them never change a Complete or
  /// Bad.
  Verdict parse(std::span<const std::uint8_t> bytes);

  /// Complete: how many bytes the head had.
  std::size_t size() const { return size_; }

  /// Bad: the status to answer (400, 414, 431, 501, 505) and why.
  unsigned refusal_status() const { return refusal_status_; }
  const std::string& refusal() const { return refusal_; }

  /// Complete: the request for a component that is mounted at `mount`.
  const omnibroker_request* request(std::string_view mount);
  /// Complete: percent-decoded.
  const std::string& path() const { return path_; }
  bool is_head_method() const;
  bool has_body() const;

 private:
  Verdict bad(unsigned status, std::string why);
  Verdict understand();
  Verdict understand_target(std::string_view target);

  struct Parser;
  Limits limits_;
  std::unique_ptr<Parser> parser_;
  std::size_t size_ = 0;
  unsigned refusal_status_ = 0;
  std::string refusal_;
  std::string path_;
  omnibroker_request request_{};
  std::vector<omnibroker_header> headers_;
  std::vector<const omnibroker_header*> header_pointers_;
};

}  // namespace omnibroker::core
