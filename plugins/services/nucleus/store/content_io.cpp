#include "content_folder.hpp"

#include <algorithm>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <unistd.h>
#include <vector>

namespace omnibroker::nucleus::store {

struct Upload::State {
  explicit State(ContentFolder& in) : folder(in), file(File::create(in.temporary())), pins(in.pins()) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!published) ::unlink(file.path().c_str());
    pins->staged -= reserved;
  }

  /// A part is about to be written: takes its room, and notes where it is.
  void claim(std::uint64_t begin, std::uint64_t end);
  /// Hashes a part that follows what is hashed; all others are hashed from the file.
  void note(std::uint64_t offset, std::string_view bytes);
  /// Takes in what is in the file behind what is hashed.
  void hash_rest(std::uint64_t size);
  void need_whole(std::uint64_t size);

  ContentFolder& folder;
  File file;
  std::shared_ptr<Pins> pins;
  bool published = false;

  std::mutex mutex;                              ///< Guards what follows.
  std::map<std::uint64_t, std::uint64_t> parts;  ///< Where they begin, where they end; none touches the next.
  ContentHash hash;                              ///< Of the beginning, as far as parts came in order.
  bool overlaps = false;                         ///< Parts met: what is hashed may not be what the file has.
  bool failed = false;                           ///< A part was not written: nobody knows what the file has.
  std::uint64_t reserved = 0;                    ///< Bytes of all parts, each place counted once.
};

void Upload::State::claim(std::uint64_t begin, std::uint64_t end) {
  const std::lock_guard lock(mutex);
  if (failed) refuse(Code::InternalError, "an earlier part of this upload was not written");
  auto first = parts.upper_bound(begin);
  if (first != parts.begin() && std::prev(first)->second >= begin) --first;
  auto whole_begin = begin, whole_end = end;
  std::uint64_t known = 0;
  bool meets = false;
  auto last = first;
  for (; last != parts.end() && last->first <= end; ++last) {
    known += last->second - last->first;
    meets = meets || (last->first < end && begin < last->second);
    whole_begin = std::min(whole_begin, last->first);
    whole_end = std::max(whole_end, last->second);
  }
  const auto more = whole_end - whole_begin - known;
  folder.reserve(more);
  reserved += more;
  overlaps = overlaps || meets;
  parts.erase(first, last);
  parts.emplace(whole_begin, whole_end);
}

void Upload::State::note(std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex);
  if (!overlaps && offset == hash.size()) hash.add(bytes);
}

void Upload::State::need_whole(std::uint64_t size) {
  if (failed) refuse(Code::InternalError, "a part of this upload was not written");
  const auto first = parts.begin();
  const bool whole = parts.size() == 1 && first->first == 0;
  if (whole && first->second == size) return;
  refuse(Code::ContentLengthMismatch,
         "an upload of " + std::to_string(size) + " bytes has " + (whole ? std::to_string(first->second) : "not all"));
}

void Upload::State::hash_rest(std::uint64_t size) {
  std::vector<char> piece(kBlock);
  while (hash.size() < size) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), size - hash.size());
    const auto got = file.read(hash.size(), piece.data(), static_cast<std::size_t>(wanted));
    if (got == 0) refuse(Code::InternalError, file.path().string() + " is shorter than what was written to it");
    hash.add({piece.data(), got});
  }
}

Upload::Upload(std::unique_ptr<State> state) : state_(std::move(state)) {}
Upload::Upload(Upload&&) noexcept = default;
Upload& Upload::operator=(Upload&&) noexcept = default;
Upload::~Upload() = default;

Upload ContentFolder::begin_upload() { return Upload(std::make_unique<Upload::State>(*this)); }

Status Upload::write(std::uint64_t offset, std::string_view bytes) {
  return answered<Done>([&] {
    const auto largest = state_->folder.largest_;
    if (offset > largest || bytes.size() > largest - offset) {
      refuse(Code::QuotaReached, "a content has at most " + std::to_string(largest) + " bytes: this one goes on to " +
                                     std::to_string(offset) + " + " + std::to_string(bytes.size()));
    }
    if (bytes.empty()) return Done{};
    state_->claim(offset, offset + bytes.size());
    try {
      if (bytes.size() < kBlock) {
        state_->file.write(offset, bytes);
        state_->note(offset, bytes);
        return Done{};
      }
      // Hashing takes as long as writing: a large part has both at the same time.
      auto written = std::async(std::launch::async, [&] { state_->file.write(offset, bytes); });
      state_->note(offset, bytes);
      written.get();
      return Done{};
    } catch (...) {
      const std::lock_guard lock(state_->mutex);
      state_->failed = true;
      throw;
    }
  });
}

Result<Content> Upload::finish(std::uint64_t size) {
  return answered<Content>([&] {
    auto& state = *state_;
    auto& folder = state.folder;
    if (size == 0 && state.parts.empty()) return Content();
    state.need_whole(size);
    if (state.overlaps) state.hash = ContentHash();
    state.hash_rest(size);
    const auto sums = state.hash.finish();
    if (size < folder.inline_below_) {
      std::string bytes(static_cast<std::size_t>(size), '\0');
      state.file.read(0, bytes.data(), bytes.size());
      return folder.stage(bytes);
    }
    auto pin = std::make_shared<Pin>(folder.pins(), sums.digest, size);
    pin->checks = sums.checks;
    pin->count(std::exchange(state.reserved, 0));
    folder.publish(state.file, pin->digest);
    state.published = true;
    return folder.hand_out(std::move(pin));
  });
}

struct ContentReader::State {
  [[noreturn]] void damaged(std::uint64_t number) const {
    refuse(Code::InternalError, "content " + hex(digest) + " is damaged in block " + std::to_string(number) + " of " +
                                    std::to_string(kBlock) + " bytes");
  }
  std::size_t block_size(std::uint64_t number) const {
    return static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, size - number * kBlock));
  }
  void read_block(std::uint64_t number, char* into) const {
    const auto wanted = block_size(number);
    const auto got = file.read(number * kBlock, into, wanted);
    const auto check = std::string_view(checks).substr(static_cast<std::size_t>(number) * kCheckSize, kCheckSize);
    if (got != wanted || check_of({into, got}) != check) damaged(number);
  }

  std::string digest;
  std::uint64_t size = 0;
  std::string bytes = {};  ///< All of it, if it is kept in the database.
  File file = {};
  std::string checks = {};

  mutable std::mutex mutex = {};  ///< Guards what follows: the block that was read last, for small reads in a row.
  mutable std::vector<char> block = {};
  mutable std::uint64_t block_number = ~std::uint64_t{0};
};

ContentReader::ContentReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentReader::ContentReader(ContentReader&&) noexcept = default;
ContentReader& ContentReader::operator=(ContentReader&&) noexcept = default;
ContentReader::~ContentReader() = default;

std::uint64_t ContentReader::size() const { return state_->size; }

ContentReader ContentFolder::open(StoredContent row) const {
  auto state = std::make_unique<ContentReader::State>();
  state->digest = row.digest;
  state->size = row.size;
  if (row.bytes) {
    if (row.bytes->size() != row.size || digest_of(*row.bytes) != row.digest) state->damaged(0);
    state->bytes = std::move(*row.bytes);
    return ContentReader(std::move(state));
  }
  state->file = File::open(path_of(row.digest));
  state->checks = std::move(row.checks);
  if (state->checks.size() != (row.size + kBlock - 1) / kBlock * kCheckSize) state->damaged(0);
  return ContentReader(std::move(state));
}

ContentReader ContentFolder::in_memory(const ContentReader& content) {
  auto all = content.all();
  if (!all) throw Refusal(all.error().code, all.error().message);
  auto state = std::make_unique<ContentReader::State>();
  state->digest = content.state_->digest;
  state->size = content.state_->size;
  state->bytes = std::move(*all);
  return ContentReader(std::move(state));
}

Result<std::size_t> ContentReader::read(std::uint64_t offset, std::span<char> into) const {
  return answered<std::size_t>([&] {
    const auto& state = *state_;
    if (offset >= state.size) return std::size_t{0};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), state.size - offset));
    if (!state.file) {
      std::memcpy(into.data(), state.bytes.data() + offset, wanted);
      return wanted;
    }
    for (std::size_t done = 0; done < wanted;) {
      const auto block = (offset + done) / kBlock;
      const auto within = static_cast<std::size_t>((offset + done) % kBlock);
      const auto size = state.block_size(block);
      const auto part = std::min(wanted - done, size - within);
      if (part == size) {
        state.read_block(block, into.data() + done);
      } else {
        const std::lock_guard lock(state.mutex);
        if (state.block_number != block) {
          state.block_number = ~std::uint64_t{0};
          state.block.resize(size);
          state.read_block(block, state.block.data());
          state.block_number = block;
        }
        std::memcpy(into.data() + done, state.block.data() + within, part);
      }
      done += part;
    }
    return wanted;
  });
}

Result<std::string> ContentReader::all() const {
  if (!state_->file) return state_->bytes;
  std::string out(static_cast<std::size_t>(state_->size), '\0');
  const auto got = read(0, out);
  if (!got) return got.error();
  return out;
}

}  // namespace omnibroker::nucleus::store
