#pragma once

#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {

/// A fresh folder, removed at the end of the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "omnibroker-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// One of the libraries of tests/plugins.
inline std::filesystem::path test_plugin(std::string_view name) {
  return std::filesystem::path(OMNIBROKER_TEST_PLUGINS) / (std::string(name) + ".so");
}

inline std::vector<std::byte> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_FALSE(text.empty()) << file;
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

inline void write_file(const std::filesystem::path& file, const std::vector<std::byte>& content) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

/// A plugin's copy under another place, as an operator would put it there.
inline void copy_plugin(std::string_view name, const Folder& folder) {
  std::filesystem::copy_file(test_plugin(name), folder / (std::string(name) + ".so"));
}

/// What the hanging plugins wait for. Opening it lets every one of them go on that waits at that moment.
class Gate {
 public:
  Gate() : pipe_(folder_ / "gate") {
    EXPECT_EQ(::mkfifo(pipe_.c_str(), 0600), 0);
    EXPECT_EQ(::setenv("OMNIBROKER_TEST_GATE", pipe_.c_str(), 1), 0);
  }
  /// Waits for a plugin to wait here, then lets it go.
  void open() const {
    const int writer = ::open(pipe_.c_str(), O_WRONLY);
    EXPECT_GE(writer, 0);
    if (writer >= 0) ::close(writer);
  }

 private:
  Folder folder_;
  std::filesystem::path pipe_;
};

}  // namespace omnibroker::core
