#pragma once

#include "result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace omnibroker::nucleus::store {

class ContentFolder;
struct Pin;

/// Bytes that are ready to be named by a change: hashed and, if they are many, already on the disk.
///
/// `Store::stage` or an `Upload` makes one. As long as a copy of it lives, garbage collection leaves its bytes alone,
/// whether a change has named them or not. A value: copying costs a reference. Threads: any.
class Content {
 public:
  /// No bytes at all: of size 0.
  Content();

  std::uint64_t size() const;
  /// SHA-256, 64 hexadecimal digits in lower case.
  std::string hash() const;
  /// Whether a change that is on the disk has named this content since it was made here.
  bool is_named() const;

 private:
  friend class ContentFolder;
  explicit Content(std::shared_ptr<const Pin> pin) : pin_(std::move(pin)) {}

  std::shared_ptr<const Pin> pin_;
};

/// Content that arrives in parts, in any order: a file beside the blobs that becomes one when it is whole.
///
/// Without `finish` it leaves nothing behind. At most `Options::largest_content` bytes.
/// Lifecycle: ends before its store does.
/// Threads: `write` from any, also several at once; `finish` when all of them have returned.
class Upload {
 public:
  Upload(Upload&&) noexcept;
  Upload& operator=(Upload&&) noexcept;
  ~Upload();

  /// Writes `bytes` from `offset` on. QuotaReached past the largest content or past the store's quota, in which every
  /// byte of a part counts once; InternalError when the disk fails, after which only destroying it makes sense. Where
  /// parts overlap each byte is that of one of them, and the content is what the file has in the end.
  Status write(std::uint64_t offset, std::string_view bytes);

  /// Makes everything durable, and a content of it. ContentLengthMismatch if a part is missing or the whole is not
  /// `size` bytes; parts can then still be written. Waits for the disk: a gigabyte takes as long as it takes.
  Result<Content> finish(std::uint64_t size);

 private:
  friend class ContentFolder;
  struct State;
  explicit Upload(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Content that is being read. It stays readable while this lives, whatever happens to the path it was found at.
///
/// What it answers is what was written: every block that a read touches is compared with its hash first, so a damaged
/// block is an InternalError that names the content, and never wrong bytes. Threads: any, also several at once.
class ContentReader {
 public:
  ContentReader(ContentReader&&) noexcept;
  ContentReader& operator=(ContentReader&&) noexcept;
  ~ContentReader();

  std::uint64_t size() const;

  /// Fills `into` from `offset` on, as far as content goes; answers how many bytes that were. 0 at and past the end.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const;

  /// Everything. For contents that fit into memory.
  Result<std::string> all() const;

 private:
  friend class ContentFolder;
  struct State;
  explicit ContentReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace omnibroker::nucleus::store
