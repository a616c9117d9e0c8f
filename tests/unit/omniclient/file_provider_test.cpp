// What only the local file system has: permissions, links, special files, a disk.
#include "client.hpp"
#include "engine/operation.hpp"
#include "providers/file/changes.hpp"
#include "providers/file/entries.hpp"
#include "providers/file/replacement.hpp"
#include "providers/file/watches.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

using namespace client;
namespace fs = std::filesystem;
namespace files = omniclient::files;

class Files : public testing::Test {
 protected:
  std::string at(const std::string& path) const { return (library.folder() / "files" / path).string(); }
  Library library;
};

TEST_F(Files, AnswersOneResultForEachErrno) {
  const std::pair<int, OmniClientResult> table[] = {
      {0, kOk},
      {ENOENT, eOmniClientResult_ErrorNotFound},
      {EACCES, eOmniClientResult_ErrorAccessDenied},
      {EPERM, eOmniClientResult_ErrorAccessDenied},
      {EROFS, eOmniClientResult_ErrorAccessDenied},
      {EEXIST, eOmniClientResult_ErrorAlreadyExists},
      {ENOTEMPTY, eOmniClientResult_ErrorFolderNotEmpty},
      {ENOTDIR, eOmniClientResult_ErrorWrongType},
      {EISDIR, eOmniClientResult_ErrorWrongType},
      {ENAMETOOLONG, eOmniClientResult_ErrorBadRequest},
      {ENOSPC, eOmniClientResult_Error},
      {EIO, eOmniClientResult_Error},
  };
  for (const auto& [error, result] : table) EXPECT_EQ(files::result_of(error), result) << error;
}

TEST_F(Files, SayWhenANameIsTooLong) {
  EXPECT_EQ(write(at(std::string(300, 'x')), ""), eOmniClientResult_ErrorBadRequest);
}

TEST_F(Files, LeaveNothingBehind) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(write(at("a"), "y"), kOk);
  ASSERT_EQ(copy(at("a"), at("b")), kOk);
  int count = 0;
  for (const auto& item : fs::directory_iterator(at(""))) {
    (void)item;
    ++count;
  }
  EXPECT_EQ(count, 2);
}

TEST_F(Files, KeepTheModeOfAFileThatIsReplaced) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  fs::permissions(at("a"), fs::perms(0750));

  ASSERT_EQ(write(at("a"), "y"), kOk);

  EXPECT_EQ(fs::status(at("a")).permissions(), fs::perms(0750));
}

/// What a file has beside its content.
struct Attributes {
  std::string user, list;
  mode_t mode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

Attributes attributes_of(const std::string& path) {
  const auto read_one = [&path](const char* name) {
    std::string value(1000, '\0');
    const auto size = getxattr(path.c_str(), name, value.data(), value.size());
    return size < 0 ? std::string("none") : value.substr(0, static_cast<std::size_t>(size));
  };
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return {read_one("user.colour"), read_one("system.posix_acl_access"), info.st_mode, info.st_uid, info.st_gid};
}

/// An access list as the kernel has it: one user, 4711, may read and write, the group may do nothing.
std::string access_list() {
  struct Line {
    std::uint16_t tag, access;
    std::uint32_t id;
  };
  constexpr std::uint32_t kNobody = 0xFFFFFFFF;
  const Line lines[] = {{1, 6, kNobody}, {2, 6, 4711}, {4, 0, kNobody}, {16, 6, kNobody}, {32, 0, kNobody}};
  const std::uint32_t version = 2;
  std::string bytes(reinterpret_cast<const char*>(&version), sizeof version);
  return bytes.append(reinterpret_cast<const char*>(lines), sizeof lines);
}

TEST_F(Files, KeepOwnerListAndAttributesOfAFileThatIsReplaced) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(write(at("new"), "new"), kOk);
  // Not every file system has all of these, and only root gives files away; what was there must be there afterwards.
  (void)setxattr(at("a").c_str(), "user.colour", "red", 3, 0);
  (void)setxattr(at("a").c_str(), "system.posix_acl_access", access_list().data(), access_list().size(), 0);
  (void)chown(at("a").c_str(), 4712, 4713);
  const auto before = attributes_of(at("a"));

  ASSERT_EQ(write(at("a"), "y"), kOk);
  EXPECT_EQ(read(at("a")).content, "y");
  EXPECT_EQ(attributes_of(at("a")), before);
  ASSERT_EQ(copy(at("new"), at("a"), eOmniClientCopy_Overwrite), kOk);
  EXPECT_EQ(read(at("a")).content, "new");
  EXPECT_EQ(attributes_of(at("a")), before);
}

TEST_F(Files, FollowALinkThatIsWrittenTo) {
  ASSERT_EQ(write(at("real"), "x"), kOk);
  fs::create_symlink("real", at("link"));

  ASSERT_EQ(write(at("link"), "y"), kOk);

  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(read(at("real")).content, "y");
}

TEST_F(Files, DeleteALinkAndNotWhatItLeadsTo) {
  ASSERT_EQ(write(at("real/a"), "x"), kOk);
  fs::create_directory_symlink("real", at("link"));
  fs::create_symlink("nowhere", at("broken"));
  EXPECT_EQ(list(at("")).names(), (std::vector<std::string>{"broken", "link", "real"}));

  EXPECT_EQ(delete_item(at("link")), kOk);
  EXPECT_EQ(delete_item(at("broken")), kOk);

  EXPECT_EQ(read(at("real/a")).content, "x");
}

TEST_F(Files, CopyLinksInAFolderAsLinks) {
  ASSERT_EQ(write(at("from/a"), "x"), kOk);
  fs::create_symlink("a", at("from/link"));
  fs::create_directory_symlink("..", at("from/up"));

  ASSERT_EQ(copy(at("from"), at("to")), kOk);

  EXPECT_TRUE(fs::is_symlink(at("to/link")));
  EXPECT_TRUE(fs::is_symlink(at("to/up")));
}

TEST_F(Files, NeverWaitForAPipe) {
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);

  EXPECT_EQ(read(at("pipe")).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write(at("pipe"), "x"), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(copy(at("pipe"), at("to")), eOmniClientResult_ErrorWrongType);
  EXPECT_FALSE(stat(at("pipe")).item.flags & fOmniClientItem_ReadableFile);
}

TEST_F(Files, ReadWhatTheKernelMakesUp) {
  const auto got = read("/proc/self/status");

  EXPECT_EQ(got.result, kOk);
  EXPECT_NE(got.content.find("Pid:"), std::string::npos);
  EXPECT_EQ(copy("/proc/self/status", at("copied")), kOk);
  EXPECT_NE(read(at("copied")).content.find("Pid:"), std::string::npos);
}

TEST_F(Files, KnowAllFormsOfAFileUrl) {
  ASSERT_EQ(write(at("a b"), "x"), kOk);
  const auto path = at("a%20b");

  EXPECT_EQ(read("file:" + path).content, "x");
  EXPECT_EQ(read("file://" + path).content, "x");
  EXPECT_EQ(read("file://localhost" + path).content, "x");
  EXPECT_EQ(read("FILE:" + path).content, "x");
  EXPECT_EQ(read(at("a b")).content, "x");
  EXPECT_EQ(read(path).result, eOmniClientResult_ErrorNotFound);
}

TEST_F(Files, HaveNoNamesWithSlashes) {
  ASSERT_EQ(write(at("a/b"), "x"), kOk);

  EXPECT_EQ(read("file:" + at("a%2Fb")).result, eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(delete_item("file:" + at("a/b%00c")), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(read("file:" + at("a/b")).content, "x");
}

TEST_F(Files, AreTheirOwnLocalFiles) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  OmniClientRequestId id = 0;

  const auto local = local_file("file:" + at("a"), &id);
  EXPECT_EQ(local.result, kOk);
  EXPECT_EQ(local.text, at("a"));
  omniClientStop(id);
  EXPECT_EQ(local_file(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(local_file(at("")).result, eOmniClientResult_ErrorWrongType);
}

TEST_F(Files, ChangeTheirVersionWithTheirContent) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  const auto before = stat(at("a")).item.version;

  ASSERT_EQ(write(at("a"), "y"), kOk);

  EXPECT_FALSE(before.empty());
  EXPECT_NE(stat(at("a")).item.version, before);
}

TEST_F(Files, CannotBeUndeleted) {
  ASSERT_EQ(write(at("a"), "x"), kOk);

  EXPECT_EQ(stat(at("a"), eOmniClientListIncludeOption_OnlyDeleted).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at(""), eOmniClientListIncludeOption_OnlyDeleted).items.size(), 0u);
  EXPECT_EQ(list(at(""), eOmniClientListIncludeOption_IncludeDeleted).items.size(), 1u);
  EXPECT_EQ(call(omniClientUndelete, at("a")), eOmniClientResult_ErrorNotSupported);
}

TEST_F(Files, StopWritingWhenNobodyWantsIt) {
  omniclient::Operation operation;
  operation.cancel();

  EXPECT_EQ(files::write(at("a"), "x", operation).result, eOmniClientResult_ErrorConnection);
  EXPECT_FALSE(fs::exists(at("a")));
  EXPECT_TRUE(fs::is_empty(at("")));
}

/// As somebody who may not do everything, in a process of its own.
template <class Work>
int in_another_process(const Work& work) {
  const auto child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(98);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

TEST_F(Files, SayWhatMayNotBeDone) {
  fs::create_directories(at("locked"));
  std::ofstream(at("locked/file")) << "x";
  for (const auto& folder : {library.folder(), library.folder() / "files"}) fs::permissions(folder, fs::perms(0755));
  fs::permissions(at("locked"), fs::perms(0555));
  constexpr auto kDenied = eOmniClientResult_ErrorAccessDenied;

  EXPECT_EQ(in_another_process([&] {
              omniclient::Operation operation;
              return files::create_folder(at("locked/new")).result == kDenied &&
                     files::write(at("locked/new"), "x", operation).result == kDenied &&
                     files::move(at("locked/file"), at("locked/to"), {}, operation).result == kDenied &&
                     files::remove(at("locked"), omniclient::Depth::Recursive, operation).result == kDenied;
            }),
            0);
  fs::permissions(at("locked"), fs::perms(0755));
}

TEST_F(Files, AreListedAsUnreadableInAFolderThatMayNotBeEntered) {
  fs::create_directories(at("closed/in"));
  std::ofstream(at("closed/file")) << "x";
  for (const auto& folder : {library.folder(), library.folder() / "files"}) fs::permissions(folder, fs::perms(0755));
  fs::permissions(at("closed"), fs::perms(0444));

  EXPECT_EQ(in_another_process([&] {
              omniclient::Operation operation;
              const auto list = files::list(at("closed"), operation);
              return list.result == kOk && list.entries.size() == 2 &&
                     list.entries[0].flags == fOmniClientItem_DoesNotHaveChildren &&
                     list.entries[1].flags == fOmniClientItem_CanHaveChildren && list.entries[0].access == 0;
            }),
            0);
  fs::permissions(at("closed"), fs::perms(0755));
}

TEST_F(Files, GiveNoOtherGroupWhatTheirOwnOneMayDo) {
  std::ofstream(at("a")) << "x";
  for (const auto& folder : {library.folder(), library.folder() / "files"}) fs::permissions(folder, fs::perms(0777));
  fs::permissions(at("a"), fs::perms(0662));
  (void)chown(at("a").c_str(), 4712, 4713);  // As root; then the process below is in none of its groups.
  const auto before = attributes_of(at("a"));

  EXPECT_EQ(in_another_process([&] {
              omniclient::Operation operation;
              if (files::write(at("a"), "y", operation).result != kOk) return false;
              const auto now = attributes_of(at("a"));
              return (now.mode & 0777) == (now.group == before.group ? 0662 : 0622);
            }),
            0);
}

TEST_F(Files, AreThereWholeOrNotAtAllWhenThereIsNoRoom) {
  ASSERT_EQ(write(at("old"), "x"), kOk);
  for (const auto& folder : {library.folder(), library.folder() / "files"}) fs::permissions(folder, fs::perms(0777));
  fs::permissions(at("old"), fs::perms(0666));

  EXPECT_EQ(in_another_process([&] {
              omniclient::Operation operation;
              const rlimit limit{1000, 1000};
              setrlimit(RLIMIT_FSIZE, &limit);
              signal(SIGXFSZ, SIG_IGN);
              const std::string large(100000, 'x');
              return files::write(at("new"), large, operation).result == eOmniClientResult_Error &&
                     files::write(at("old"), large, operation).result == eOmniClientResult_Error;
            }),
            0);
  EXPECT_EQ(read(at("old")).content, "x");
  int count = 0;
  for (const auto& item : fs::directory_iterator(at(""))) count += item.is_regular_file() ? 1 : 0;
  EXPECT_EQ(count, 1);
}

TEST_F(Files, ShareOneWatchOfAFolder) {
  files::Watches watches([] { return 10; });
  const files::Watches::Wanted wanted{at(""), "", false};

  EXPECT_TRUE(watches.watch(1, {wanted}));
  EXPECT_TRUE(watches.watch(2, {wanted}));
  EXPECT_EQ(watches.size(), 1u);
  std::ofstream(at("a")) << "x";
  EXPECT_EQ(watches.read_events(), (std::set<files::Watches::Watcher>{1, 2}));
  watches.forget(1);
  std::ofstream(at("b")) << "x";
  EXPECT_EQ(watches.read_events(), (std::set<files::Watches::Watcher>{2}));
  watches.forget(2);
  EXPECT_EQ(watches.size(), 0u);
}

TEST_F(Files, WatchNoMoreThanTheyMay) {
  fs::create_directories(at("one"));
  fs::create_directories(at("two"));
  files::Watches watches([] { return 1; });

  EXPECT_TRUE(watches.watch(1, {{at("one"), "", false}}));
  EXPECT_FALSE(watches.watch(2, {{at("two"), "", false}}));
  EXPECT_TRUE(watches.watch(3, {{at("one"), "a", false}}));
  EXPECT_EQ(watches.size(), 1u);
}

TEST_F(Files, DeleteNothingOfAFolderWhereSomethingHasStayedBehind) {
  ASSERT_EQ(write(at("from/a"), "x"), kOk);
  ASSERT_EQ(mkfifo(at("from/pipe").c_str(), 0600), 0);
  ASSERT_EQ(create_folder(at("to")), kOk);

  const auto moved = move(at("from"), at("to"), eOmniClientCopy_Overwrite);

  EXPECT_EQ(moved.result, eOmniClientResult_ErrorWrongType);
  EXPECT_TRUE(moved.copied);
  EXPECT_EQ(read(at("to/a")).content, "x");
  EXPECT_EQ(read(at("from/a")).content, "x");
  EXPECT_TRUE(fs::exists(at("from/pipe")));
}

TEST_F(Files, AreNotCopiedOverTheFolderTheyAreIn) {
  ASSERT_EQ(write(at("a/b/b/x"), "x"), kOk);

  EXPECT_EQ(move(at("a/b"), at("a"), eOmniClientCopy_Overwrite).result, eOmniClientResult_ErrorSourceIsDest);
  EXPECT_EQ(copy(at("a/b"), at("a"), eOmniClientCopy_Overwrite), eOmniClientResult_ErrorSourceIsDest);
  EXPECT_EQ(read(at("a/b/b/x")).content, "x");
}

TEST_F(Files, AreCopiedWithTheModesOfTheirFoldersAndWithoutRightsOfTheirOwner) {
  ASSERT_EQ(write(at("from/in/a"), "x"), kOk);
  fs::permissions(at("from"), fs::perms(0700));
  fs::permissions(at("from/in/a"), fs::perms(06755));
  fs::permissions(at("from/in"), fs::perms(0500));

  const auto copied = copy(at("from"), at("to"));
  fs::permissions(at("from/in"), fs::perms(0700));
  ASSERT_EQ(copied, kOk);

  EXPECT_EQ(fs::status(at("to")).permissions(), fs::perms(0700));
  EXPECT_EQ(fs::status(at("to/in")).permissions(), fs::perms(0500));
  EXPECT_EQ(fs::status(at("to/in/a")).permissions(), fs::perms(0755));
  fs::permissions(at("to/in"), fs::perms(0700));
}

TEST_F(Files, AreDeletedOnlyForAsLongAsSomebodyWantsIt) {
  ASSERT_EQ(write(at("f/in/a"), "x"), kOk);
  omniclient::Operation operation;
  operation.cancel();

  EXPECT_EQ(files::remove(at("f"), omniclient::Depth::Recursive, operation).result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(files::list(at("f"), operation).result, eOmniClientResult_ErrorConnection);

  EXPECT_EQ(read(at("f/in/a")).content, "x");
}

TEST_F(Files, AreDeletedWithLinksAndNotWithWhatTheseLeadTo) {
  ASSERT_EQ(write(at("real/a"), "x"), kOk);
  ASSERT_EQ(write(at("f/in/b"), "x"), kOk);
  fs::create_directory_symlink("../../real", at("f/in/link"));

  EXPECT_EQ(delete_item(at("f")), kOk);

  EXPECT_EQ(stat(at("f")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(read(at("real/a")).content, "x");
}

TEST_F(Files, ThatACrashHasLeftDoNotKeepAFolder) {
  ASSERT_EQ(create_folder(at("f")), kOk);
  std::ofstream(at("f/.omni-tmp-1-1")) << "half";  // Process 1 runs, but this is of another container's.

  EXPECT_EQ(remove_single(at("f")), kOk);

  ASSERT_EQ(create_folder(at("f")), kOk);
  files::Replacement written(at("f/a"));
  ASSERT_EQ(written.open(nullptr), 0);
  EXPECT_EQ(remove_single(at("f")), eOmniClientResult_ErrorFolderNotEmpty);
}

TEST_F(Files, AreNotFoundInAFolderThatHasGone) {
  const auto before = fs::current_path();
  ASSERT_EQ(create_folder(at("gone")), kOk);
  ASSERT_EQ(write(at("gone") + "/../kept", "x"), kOk);
  fs::current_path(at("gone"));
  ASSERT_EQ(rmdir(at("gone").c_str()), 0);

  // Beside the root there is such a folder for sure.
  EXPECT_EQ(stat("tmp").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list("proc").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(write("new", "x"), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat(at("kept")).result, kOk);
  fs::current_path(before);
}

TEST_F(Files, HaveNoPast) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  const auto url = "file:" + at("a");

  EXPECT_EQ(read(url + "?&3").result, eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(delete_item(url + "?branch&1"), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(write(url + "?&1", "y"), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(read(url + "?&0").content, "x");
  EXPECT_EQ(read(url + "?anything").content, "x");
}

TEST_F(Files, AreNotEmptiedByAWriteOfNothing) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto result = kOk;
  omniClientWait(omniClientWriteFile(at("a").c_str(), nullptr, &result, [](void* data, OmniClientResult got) noexcept {
    *static_cast<OmniClientResult*>(data) = got;
  }));
  EXPECT_EQ(result, eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(read(at("a")).content, "x");
}

TEST_F(Files, AreReadInAProcessThatWasForked) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  auto watch = Watch::item(at("a"));
  ASSERT_EQ(watch.first(), kOk);
  const auto child = fork();
  if (child == 0) {
    // Nothing of the other process's is here, and nothing waits for its threads.
    omniClientWait(watch.id());
    omniClientStop(watch.id());
#if defined(__SANITIZE_THREAD__)
    _exit(0);  // That sanitizer ends forked processes that begin threads.
#else
    const bool reads = read(at("a")).content == "x";
    omniClientShutdown();
    _exit(reads ? 0 : 1);
#endif
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);

  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_EQ(write(at("a"), "yy"), kOk);
  EXPECT_EQ(watch.until(eOmniClientListEvent_Updated, "a").item.size, 2u);
}

}  // namespace
