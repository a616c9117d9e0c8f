// Copying and moving between servers.
#include "client.hpp"
#include "providers/memory/faults.hpp"

#include <sys/stat.h>

namespace {

using namespace client;

constexpr auto kOverwrite = eOmniClientCopy_Overwrite;

class Transfer : public testing::Test {
 protected:
  Library library;
  const std::string files = "file:" + (library.folder() / "files").string();
};

TEST_F(Transfer, CopiesBothWays) {
  ASSERT_EQ(write(files + "/a", "text"), kOk);

  EXPECT_EQ(copy(files + "/a", "mem://h/x/a"), kOk);
  EXPECT_EQ(read("mem://h/x/a").content, "text");
  EXPECT_EQ(copy("mem://h/x/a", files + "/y/b"), kOk);
  EXPECT_EQ(read(files + "/y/b").content, "text");
  EXPECT_EQ(copy("mem://h/x/a", "mem://other/a"), kOk);
  EXPECT_EQ(read("mem://other/a").content, "text");
}

TEST_F(Transfer, CopiesFoldersFileByFile) {
  ASSERT_EQ(write(files + "/from/a", "new"), kOk);
  ASSERT_EQ(write(files + "/from/in/b c#d", "b"), kOk);
  ASSERT_EQ(create_folder(files + "/from/empty"), kOk);
  ASSERT_EQ(write("mem://h/to/a", "old"), kOk);
  ASSERT_EQ(write("mem://h/to/extra", "extra"), kOk);

  EXPECT_EQ(copy(files + "/from", "mem://h/to"), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(copy(files + "/from/", "mem://h/to/", kOverwrite), kOk);

  EXPECT_EQ(read("mem://h/to/a").content, "new");
  EXPECT_EQ(list("mem://h/to").names(), (std::vector<std::string>{"a", "empty", "extra", "in"}));
  EXPECT_EQ(copy("mem://h/to", files + "/back"), kOk);
  EXPECT_EQ(list(files + "/back").names(), (std::vector<std::string>{"a", "empty", "extra", "in"}));
}

TEST_F(Transfer, RefusesWhatACopyRefuses) {
  ASSERT_EQ(write(files + "/a", "x"), kOk);
  ASSERT_EQ(write("mem://h/a", "y"), kOk);
  ASSERT_EQ(create_folder("mem://h/f"), kOk);

  EXPECT_EQ(copy(files + "/none", "mem://h/b"), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(copy(files + "/a", "mem://h/a"), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(copy(files + "/a", "mem://h/f", kOverwrite), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(copy(files + "/a", "nobody://h/f"), eOmniClientResult_ErrorNotSupported);
  auto result = kOk;
  omniClientWait(omniClientCopyFolder(
      (files + "/a").c_str(), "mem://h/b", &result,
      [](void* data, OmniClientResult copied) noexcept { *static_cast<OmniClientResult*>(data) = copied; }));
  EXPECT_EQ(result, eOmniClientResult_ErrorWrongType);
}

TEST_F(Transfer, MovesByCopyingAndDeleting) {
  ASSERT_EQ(write(files + "/from/a", "text"), kOk);

  const auto moved = move(files + "/from", "mem://h/to");

  EXPECT_EQ(moved.result, kOk);
  EXPECT_TRUE(moved.copied);
  EXPECT_EQ(read("mem://h/to/a").content, "text");
  EXPECT_EQ(stat(files + "/from").result, eOmniClientResult_ErrorNotFound);
}

TEST_F(Transfer, SaysThatItCopiedWhereDeletingFails) {
  ASSERT_EQ(write("mem://ann@h/a", "x"), kOk);
  ASSERT_EQ(call(omniClientLock, "mem://ann@h/a"), kOk);

  const auto moved = move("mem://bob@h/a", files + "/a");

  EXPECT_EQ(moved.result, eOmniClientResult_ErrorLocked);
  EXPECT_TRUE(moved.copied);
  EXPECT_EQ(read(files + "/a").content, "x");
}

TEST_F(Transfer, EndsWithTheFailureOfAServer) {
  ASSERT_EQ(write(files + "/from/a", "x"), kOk);
  ASSERT_EQ(write(files + "/from/b", "x"), kOk);
  stat("mem://h/");
  omniclient::memory::Faults faults;
  faults.fail_at = 3;  // Looks, makes the folder, writes the first file.
  faults.fail_with = eOmniClientResult_ErrorAccessLost;
  omniclient::memory::set_faults(faults);

  const auto moved = move(files + "/from", "mem://h/to");

  EXPECT_EQ(moved.result, eOmniClientResult_ErrorAccessLost);
  EXPECT_FALSE(moved.copied);
  EXPECT_EQ(read(files + "/from/a").content, "x");
}

TEST_F(Transfer, DeletesNothingWhereSomethingHasStayedBehind) {
  ASSERT_EQ(write(files + "/from/a", "x"), kOk);
  const auto folder = library.folder() / "files/from";
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);

  const auto moved = move(files + "/from", "mem://h/to");

  EXPECT_EQ(moved.result, eOmniClientResult_ErrorWrongType);
  EXPECT_TRUE(moved.copied);
  EXPECT_EQ(read("mem://h/to/a").content, "x");
  EXPECT_EQ(read(files + "/from/a").content, "x");
  EXPECT_TRUE(std::filesystem::exists(folder / "pipe"));
  EXPECT_EQ(copy(files + "/from", "mem://h/copy"), kOk);
}

TEST_F(Transfer, FailsWhereSomethingMayNotBeRead) {
  ASSERT_EQ(write("mem://ann@h/from/a", "x"), kOk);
  OmniClientAclEntry own{"ann", fOmniClientAccess_Full};
  OmniClientAclEntry other{"bob", fOmniClientAccess_Write};
  OmniClientAclEntry entries[] = {own, other};
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientSetAcls(
      "mem://ann@h/from/a", 2, entries, &result,
      [](void* data, OmniClientResult set) noexcept { *static_cast<OmniClientResult*>(data) = set; }));
  ASSERT_EQ(result, kOk);

  const auto moved = move("mem://bob@h/from", files + "/to");

  EXPECT_EQ(moved.result, eOmniClientResult_ErrorAccessDenied);
  EXPECT_FALSE(moved.copied);
  EXPECT_EQ(read("mem://ann@h/from/a").content, "x");
}

TEST_F(Transfer, GoesIntoNoFolderThatIsALink) {
  ASSERT_EQ(write(files + "/from/a", "x"), kOk);
  ASSERT_EQ(write(files + "/other/b", "y"), kOk);
  const auto folder = library.folder() / "files/from";
  std::filesystem::create_directory_symlink("..", folder / "up");
  std::filesystem::create_directory_symlink("../other", folder / "beside");
  std::filesystem::create_symlink("a", folder / "file");

  EXPECT_EQ(copy(files + "/from", "mem://h/to"), kOk);

  EXPECT_EQ(list("mem://h/to").names(), (std::vector<std::string>{"a", "file"}));
  EXPECT_EQ(read("mem://h/to/file").content, "x");
}

}  // namespace
