#include "plugin/staging.hpp"

#include "test_files.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::vector<std::byte> bytes(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat info {};
  EXPECT_EQ(::lstat(file.c_str(), &info), 0) << file;
  return info.st_mode & 07777;
}

ino_t inode_of(const std::filesystem::path& file) {
  struct stat info {};
  EXPECT_EQ(::lstat(file.c_str(), &info), 0) << file;
  return info.st_ino;
}

TEST(Staging, NamesContentByItsSha256) {
  EXPECT_EQ(content_hash(bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content_hash({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Staging, KeepsCopiesWhereNobodyElseCanWrite) {
  const Folder folder;
  Staging staging(folder / "staged");

  const auto copy = staging.put(bytes("abc"), "hash");

  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_TRUE(copy.value().is_absolute());
  EXPECT_EQ(copy.value().filename(), "hash.so");
  EXPECT_EQ(mode_of(folder / "staged"), 0700u);
  EXPECT_EQ(mode_of(copy.value()), 0500u);
  EXPECT_EQ(bytes_of(copy.value()), bytes("abc"));
}

TEST(Staging, LeavesNothingButTheCopies) {
  const Folder folder;
  Staging staging(folder / "staged");
  ASSERT_TRUE(staging.put(bytes("abc"), "first"));
  ASSERT_TRUE(staging.put(bytes("def"), "second"));

  const std::filesystem::directory_iterator entries(folder / "staged");

  EXPECT_EQ(std::distance(begin(entries), end(entries)), 2);
}

TEST(Staging, ReplacesACopyThatIsNotWhatItsNameSays) {
  const Folder folder;
  Staging staging(folder / "staged");
  const auto hash = content_hash(bytes("abc"));
  std::filesystem::create_directory(folder / "staged");
  std::filesystem::permissions(folder / "staged", std::filesystem::perms(0700));
  write_file(folder / "staged" / (hash + ".so"), bytes("something else"));

  const auto copy = staging.put(bytes("abc"), hash);

  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(bytes_of(copy.value()), bytes("abc"));
}

TEST(Staging, KeepsACopyThatIsThereAlready) {
  const Folder folder;
  const auto hash = content_hash(bytes("abc"));
  const auto first = Staging(folder / "staged").put(bytes("abc"), hash);
  ASSERT_TRUE(first);
  const auto before = inode_of(first.value());

  const auto second = Staging(folder / "staged").put(bytes("abc"), hash);

  ASSERT_TRUE(second);
  EXPECT_EQ(inode_of(second.value()), before);
}

TEST(Staging, RefusesAFolderThatOthersCanWrite) {
  const Folder folder;
  std::filesystem::create_directory(folder / "shared");
  std::filesystem::permissions(folder / "shared", std::filesystem::perms(0777));

  const auto copy = Staging(folder / "shared").put(bytes("abc"), "hash");

  ASSERT_FALSE(copy);
  EXPECT_NE(copy.error().message.find("can be written by others"), std::string::npos) << copy.error().message;
}

TEST(Staging, RefusesALinkInPlaceOfTheFolder) {
  const Folder folder;
  std::filesystem::create_directory(folder / "real");
  std::filesystem::create_symlink(folder / "real", folder / "link");

  EXPECT_FALSE(Staging(folder / "link").put(bytes("abc"), "hash"));
}

TEST(Staging, RemovesItsTemporaryFolderAtTheEnd) {
  std::filesystem::path copy;
  {
    Staging staging({});
    copy = staging.put(bytes("abc"), "hash").value();
    EXPECT_EQ(mode_of(copy.parent_path()), 0700u);
  }
  EXPECT_FALSE(std::filesystem::exists(copy.parent_path()));
}

TEST(Staging, RemovesWhatKilledProcessesLeftBehindAndNothingElse) {
  const Folder temporary;
  ASSERT_EQ(::setenv("TMPDIR", temporary.path().c_str(), 1), 0);
  std::filesystem::create_directory(temporary / "omnibroker-plugins-killed");
  write_file(temporary / "omnibroker-plugins-killed" / "old.so", bytes("old"));
  std::filesystem::create_directory(temporary / "somebody-elses");
  Staging living({});
  const auto copy = living.put(bytes("abc"), "hash");
  Staging another({});
  ASSERT_TRUE(another.put(bytes("abc"), "hash"));
  ::unsetenv("TMPDIR");

  EXPECT_FALSE(std::filesystem::exists(temporary / "omnibroker-plugins-killed"));
  EXPECT_TRUE(std::filesystem::exists(temporary / "somebody-elses"));
  ASSERT_TRUE(copy);
  EXPECT_TRUE(std::filesystem::exists(copy.value()));
}

TEST(ReadPluginFile, RefusesWhatIsNotARegularFile) {
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe.so").c_str(), 0600), 0);

  EXPECT_EQ(read_plugin_file(folder / "pipe.so").error().message, "is not a regular file");
  EXPECT_EQ(read_plugin_file(folder.path()).error().message, "is not a regular file");
  EXPECT_EQ(read_plugin_file(folder / "absent.so").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace omnibroker::core
