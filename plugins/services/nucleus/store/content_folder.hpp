#pragma once

#include "content.hpp"
#include "digest.hpp"
#include "disk.hpp"
#include "options.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace omnibroker::nucleus::store {

/// Which contents somebody holds, so that garbage collection leaves them alone, and how much of the quota is spoken
/// for. Threads: any.
class Pins {
 public:
  void hold(const std::string& digest);
  /// `left`: what the holder has counted in `staged` and no change has named. It counts on until its file is removed.
  void release(const std::string& digest, std::uint64_t left = 0);
  /// What has been left: a digest and how much it counts. Whoever takes it answers for what it counts.
  struct Stray {
    std::string digest;
    std::uint64_t size = 0;
  };
  bool has_strays() const;
  std::vector<Stray> take_strays();
  void leave(std::vector<Stray> strays);
  bool held(const std::string& digest) const;
  /// Runs `remove` unless somebody holds the content. Nobody begins to hold it meanwhile.
  bool remove_unless_held(const std::string& digest, const std::function<void()>& remove);

  /// A commit has failed, and none has come behind it: what its changes named may be found to be named after a crash.
  std::atomic<bool> uncertain = false;
  /// Bytes on the disk that no change has named yet.
  std::atomic<std::uint64_t> staged = 0;
  /// Bytes of all contents that are named: what the writer has committed.
  std::atomic<std::uint64_t> used = 0;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> held_;  ///< Guarded by the mutex, like the next.
  std::vector<Stray> strays_;
};

/// What a Content stands for. Immutable, but for whether it is named.
struct Pin {
  Pin(std::shared_ptr<Pins> pins, std::string digest, std::uint64_t size);
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin();

  const std::shared_ptr<Pins> pins;  ///< None for the content that is empty.
  const std::string digest;
  const std::uint64_t size;
  std::optional<std::string> bytes = {};  ///< Of a content that is kept in the database.
  std::string checks = {};                ///< Of one that is a file: a check for each block.

  /// The content is in a row that is committed: it counts in Pins::used from here on.
  void name() const;
  bool is_named() const { return named_; }
  /// What it counts in Pins::staged; to be said once, before others have the pin.
  void count(std::uint64_t staged) { staged_ = staged; }

 private:
  mutable std::atomic<std::uint64_t> staged_ = 0;
  mutable std::atomic<bool> named_ = false;
};

/// The row of a content.
struct StoredContent {
  std::string digest;
  std::uint64_t size = 0;
  std::optional<std::string> bytes = {};
  std::string checks = {};
};

/// The folder `blobs`: a file for each content that is not kept in the database, named by its digest.
///
/// A file appears under its name only when all of it is on the disk, and is never written again. What is being written
/// is in `blobs/tmp`, which the next start empties. Threads: any.
class ContentFolder {
 public:
  enum class Use { Write, Read };
  /// Read: it belongs to another process, and nothing in it is made or removed.
  ContentFolder(std::filesystem::path folder, const Options& options, Use use = Use::Write);

  Content stage(std::string_view bytes);
  Upload begin_upload();
  /// Holds a content that the database has: first `hold` it, then look it up, then make a Content of it.
  Content known(StoredContent row);

  ContentReader open(StoredContent row) const;
  /// Reads all of a content, so that it needs no file any more.
  static ContentReader in_memory(const ContentReader& content);
  static const Pin& pin(const Content& content) { return *content.pin_; }

  /// Compares the file of a content with its digest, all of it. Empty, or what is wrong.
  std::string examine(const StoredContent& row) const;
  /// Removes the file of a content; answers whether there was one. Within `Pins::remove_unless_held`.
  bool unlink(const std::string& digest) const;
  /// Removes what was staged and left, but for what somebody holds again and what `is_named`; answers how many files.
  std::uint64_t remove_strays(const std::function<bool(const std::string& digest)>& is_named);
  /// Whether contents of so many bytes are files.
  bool is_file(std::uint64_t size) const { return size >= inline_below_ && size > 0; }
  /// Every file that has a content's name.
  void for_each(const std::function<void(const std::string& digest, std::uint64_t size)>& visit) const;

  std::filesystem::path path_of(const std::string& digest) const;
  const std::shared_ptr<Pins>& pins() const { return pins_; }

 private:
  friend class Upload;

  static Content hand_out(std::shared_ptr<const Pin> pin) { return Content(std::move(pin)); }
  std::filesystem::path temporary();
  void reserve(std::uint64_t bytes) const;
  /// Gives a file that is whole and on the disk its name.
  void publish(const File& file, const std::string& digest);
  /// Whether the file of a content is there and has these bytes.
  bool has(const std::string& digest, std::string_view bytes) const;
  /// The folder of a content's file, which is made when it is first needed.
  std::filesystem::path shard_of(const std::string& digest);

  const std::filesystem::path folder_;
  const std::uint64_t largest_;
  const std::uint64_t quota_;
  const std::uint64_t inline_below_;
  std::shared_ptr<Pins> pins_ = std::make_shared<Pins>();
  std::atomic<std::uint64_t> next_temporary_ = 0;
  std::array<std::atomic<bool>, 256> shards_ = {};  ///< Those that are known to be on the disk.
};

}  // namespace omnibroker::nucleus::store
