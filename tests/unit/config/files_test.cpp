#include "config/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    auto pattern = (fs::temp_directory_path() / "omnibroker-files-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~FilesTest() override { fs::remove_all(folder); }

  fs::path file(const std::string& content) const {
    const auto path = folder / "file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  static std::string refusal(const fs::path& path) {
    const auto read = read_small_file(path, 8);
    const auto readable = can_read(path);
    return read ? "read" : read.error().message + (readable ? " (but readable)" : "");
  }

  fs::path folder;
};

TEST_F(FilesTest, AFileIsReadUpToItsLimit) {
  EXPECT_EQ(read_small_file(file(""), 8).value(), "");
  EXPECT_EQ(read_small_file(file(std::string("a\0\r\n", 4)), 8).value(), std::string("a\0\r\n", 4));
  EXPECT_EQ(read_small_file(file("12345678"), 8).value(), "12345678");
  EXPECT_EQ(read_small_file(file("123456789"), 8).error().code, ErrorCode::ResourceExhausted);
  EXPECT_TRUE(can_read(file("123456789")));
}

TEST_F(FilesTest, ALinkIsWhatItPointsTo) {
  fs::create_symlink(file("content"), folder / "link");
  fs::create_symlink(folder / "nowhere", folder / "broken");
  fs::create_symlink("loop", folder / "loop");

  EXPECT_EQ(read_small_file(folder / "link", 8).value(), "content");
  EXPECT_EQ(refusal(folder / "broken"), "No such file");
  EXPECT_EQ(refusal(folder / "loop"), "Too many levels of symbolic links");
}

TEST_F(FilesTest, NothingElseIsOpened) {
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);  // without a writer: whoever opens it plainly waits for ever

  EXPECT_EQ(refusal(folder / "missing"), "No such file");
  EXPECT_EQ(refusal(file("") / "below"), "No such file");
  EXPECT_EQ(refusal(folder), "it is a folder");
  EXPECT_EQ(refusal(folder / "pipe"), "not a regular file");
  EXPECT_EQ(refusal("/dev/zero"), "not a regular file");
  EXPECT_EQ(refusal(std::string(5000, 'a')), "File name too long");
}

TEST_F(FilesTest, ANameIsNotCutAtANul) {
  EXPECT_EQ(refusal(file("content").string() + std::string("\0.pem", 5)), "its name has a NUL");
}

}  // namespace
}  // namespace omnibroker::core
