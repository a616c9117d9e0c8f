// What the Nucleus store costs beside the file system that it stands on, both measured in this run:
//
//   omnibroker_nucleus_store_bench <folder> [MiB of the large content]
//
// Small files: written, listed. Plain files are written twice: without waiting for the disk, and with, which is what
// the store promises for each. Large: one content in and out, beside copying a file.
#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace omnibroker::nucleus::store;

constexpr int kFiles = 10'000;
constexpr int kThreads = 32;
constexpr std::size_t kPiece = std::size_t{4} << 20;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The middle of three runs, each with a disk that has nothing else to do: what a run before it left to write is waited
/// for.
double settled(const std::function<void()>& before, const std::function<void()>& work) {
  std::array<double, 3> times{};
  for (auto& time : times) {
    before();
    ::sync();
    time = seconds(work);
  }
  std::sort(times.begin(), times.end());
  return times[1];
}

template <class T>
T good(Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << result.error().message << std::endl;
  std::exit(1);
}

void check(bool worked, const std::string& what) {
  if (worked) return;
  std::perror(what.c_str());
  std::exit(1);
}

std::string small_content(int i) { return "file " + std::to_string(i) + std::string(1000, 'x'); }

enum class Wait { No, ForTheDisk };

void write_file(const fs::path& path, std::string_view bytes, Wait wait) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  check(fd >= 0, path.string());
  check(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), path.string());
  if (wait == Wait::ForTheDisk) check(::fsync(fd) == 0, path.string());
  ::close(fd);
}

void row(const char* what, double time, double beside) {
  std::printf("  %-52s %8.3f s   %6.2f\n", what, time, time / beside);
  std::fflush(stdout);
}

/// `first` keeps the contents of two runs apart, which would else be kept once.
void write_pipelined(Store& store, const Actor& actor, const std::string& under, int first) {
  std::mutex mutex;
  std::condition_variable done;
  int waiting = 0;
  for (int i = 0; i < kFiles; ++i) {
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return waiting < 1000; });
    ++waiting;
    lock.unlock();
    store.submit(actor, CreateAsset{under + std::to_string(i), "", good(store.stage(small_content(first + i)))},
                 [&](Result<Written> written) {
                   good(std::move(written));
                   const std::lock_guard inner(mutex);
                   --waiting;
                   done.notify_one();
                 });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return waiting == 0; });
}

void write_one_by_one(Store& store, const Actor& actor, const std::string& under, int first) {
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; (i = next++) < kFiles;) {
        good(store.apply(actor,
                         CreateAsset{under + std::to_string(i), "", good(store.stage(small_content(first + i)))}));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

std::size_t list_all(Store& store, const Actor& actor, const std::string& folder) {
  std::size_t count = 0;
  ListQuery query;
  do {
    auto page = good(store.list(actor, folder, query));
    count += page.entries.size();
    query.after = page.next;
  } while (!query.after.empty());
  return count;
}

void measure_small(const fs::path& folder, Store& store, const Actor& actor) {
  fs::create_directory(folder / "plain");
  fs::create_directory(folder / "synced");
  const auto write_all = [&](const char* name, Wait wait) {
    for (int i = 0; i < kFiles; ++i) write_file(folder / name / std::to_string(i), small_content(i), wait);
  };
  std::printf("%d files of 1 kB                                        time      ratio\n", kFiles);
  const double plain = seconds([&] { write_all("plain", Wait::No); });
  row("plain files, not waiting for the disk", plain, plain);
  row("plain files, each on the disk", seconds([&] { write_all("synced", Wait::ForTheDisk); }), plain);
  row("store, each on the disk, 1000 on their way", seconds([&] { write_pipelined(store, actor, "/pipelined/", 0); }),
      plain);
  row("store, each on the disk, 32 threads one by one",
      seconds([&] { write_one_by_one(store, actor, "/single/", kFiles); }), plain);
  const double names = seconds([&] {
    std::uintmax_t bytes = 0;
    for (const auto& file : fs::directory_iterator(folder / "plain")) bytes += file.file_size();
    check(bytes > 0, "list");
  });
  row("plain files listed with their sizes", names, names);
  row("store listed", seconds([&] { check(list_all(store, actor, "/pipelined") == kFiles, "list"); }), names);
  const auto usage = store.usage();
  std::printf("  %llu changes in %llu commits\n", static_cast<unsigned long long>(usage.changes),
              static_cast<unsigned long long>(usage.commits));
}

void sync_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(fd >= 0 && ::fsync(fd) == 0, path.string());
  ::close(fd);
}

void measure_large(const fs::path& folder, Store& store, const Actor& actor, std::size_t mebibytes) {
  const auto source = folder / "source", copy = folder / "copy", out = folder / "out";
  {
    std::string block(kPiece, '\0');
    const int fd = ::open(source.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    std::uint64_t state = 1;
    for (std::size_t written = 0; written < mebibytes << 20; written += kPiece) {
      for (std::size_t i = 0; i < kPiece; i += 8) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        std::copy_n(reinterpret_cast<const char*>(&state), 8, block.data() + i);
      }
      check(::write(fd, block.data(), kPiece) == static_cast<ssize_t>(kPiece), "source");
    }
    ::close(fd);
    sync_file(source);
  }
  const auto cp = [&] {
    check(std::system(("cp --reflink=never '" + source.string() + "' '" + copy.string() + "'").c_str()) == 0, "cp");
  };
  const auto no_copy = [&] { fs::remove(copy); };
  std::printf("one content of %zu MiB                                   time      ratio\n", mebibytes);
  const double copying = settled(no_copy, cp);
  row("cp", copying, copying);
  const auto cp_and_sync = [&] {
    cp();
    sync_file(copy);
  };
  row("cp and sync", settled(no_copy, cp_and_sync), copying);
  fs::remove(copy);
  const auto nothing_stored = [&] {
    if (store.stat(actor, {"/large"})) good(store.apply(actor, Obliterate{"/large"}));
    good(store.collect_garbage());
  };
  const auto in = [&] {
    auto upload = good(store.begin_upload());
    std::string piece(kPiece, '\0');
    const int fd = ::open(source.c_str(), O_RDONLY | O_CLOEXEC);
    for (std::uint64_t offset = 0;;) {
      const auto got = ::read(fd, piece.data(), piece.size());
      if (got <= 0) break;
      good(upload.write(offset, std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
      offset += static_cast<std::uint64_t>(got);
    }
    ::close(fd);
    good(store.apply(actor, CreateAsset{"/large", "", good(upload.finish(mebibytes << 20))}));
  };
  row("into the store, on the disk", settled(nothing_stored, in), copying);
  const auto take_out = [&] {
    const auto read = good(store.read(actor, {"/large"}));
    std::string piece(kPiece, '\0');
    const int fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    for (std::uint64_t offset = 0; offset < read.content.size();) {
      const auto got = good(read.content.read(offset, piece));
      check(::write(fd, piece.data(), got) == static_cast<ssize_t>(got), "out");
      offset += got;
    }
    ::close(fd);
  };
  row("out of the store, into a file", settled([&] { fs::remove(out); }, take_out), copying);
  check(std::system(("cmp '" + source.string() + "' '" + out.string() + "'").c_str()) == 0, "cmp");
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || !fs::is_directory(arguments[1])) {
    std::cerr << "usage: omnibroker_nucleus_store_bench <folder on the disk to measure> [MiB of the large content]\n";
    return 2;
  }
  const auto folder = fs::path(arguments[1]) / ("nucleus_store_bench." + std::to_string(::getpid()));
  fs::create_directory(folder);
  {
    const auto store = good(Store::open(folder / "data"));
    const auto actor = Actor::the_system();
    measure_small(folder, *store, actor);
    measure_large(folder, *store, actor, count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1024);
  }
  fs::remove_all(folder);
}
