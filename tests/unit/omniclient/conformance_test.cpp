// What every provider does in the same way, through the C API alone.
#include "places.hpp"

namespace {

using namespace client;

constexpr auto kOverwrite = eOmniClientCopy_Overwrite;

class Provider : public AtEachPlace {};

TEST_P(Provider, ReadsWhatWasWritten) {
  EXPECT_EQ(write(at("a.txt"), "hello"), kOk);

  const auto got = read(at("a.txt"));
  EXPECT_EQ(got.result, kOk);
  EXPECT_EQ(got.content, "hello");
  const auto stated = stat(at("a.txt"));
  EXPECT_EQ(stated.result, kOk);
  EXPECT_EQ(stated.item.path, "a.txt");
  EXPECT_EQ(stated.item.size, 5u);
  EXPECT_TRUE(stated.item.flags & fOmniClientItem_ReadableFile);
  EXPECT_TRUE(stated.item.flags & fOmniClientItem_WriteableFile);
  EXPECT_FALSE(stated.item.flags & fOmniClientItem_CanHaveChildren);
  EXPECT_EQ(stated.item.access & fOmniClientAccess_Read, unsigned(fOmniClientAccess_Read));
}

TEST_P(Provider, ReplacesAFileAsAWhole) {
  ASSERT_EQ(write(at("a"), "a long first text"), kOk);

  EXPECT_EQ(write(at("a"), "short"), kOk);

  EXPECT_EQ(read(at("a")).content, "short");
}

TEST_P(Provider, KeepsEmptyAndBinaryContent) {
  std::string bytes(100000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);

  EXPECT_EQ(write(at("empty"), ""), kOk);
  EXPECT_EQ(write(at("binary"), bytes), kOk);

  EXPECT_EQ(read(at("empty")).result, kOk);
  EXPECT_EQ(read(at("empty")).content, "");
  EXPECT_EQ(read(at("binary")).content, bytes);
}

TEST_P(Provider, MakesTheFoldersAboveAFile) {
  EXPECT_EQ(write(at("x/y/z.txt"), "deep"), kOk);

  EXPECT_TRUE(stat(at("x/y")).item.flags & fOmniClientItem_CanHaveChildren);
  EXPECT_EQ(read(at("x/y/z.txt")).content, "deep");
}

TEST_P(Provider, ListsOneLevelSortedByName) {
  ASSERT_EQ(write(at("b"), ""), kOk);
  ASSERT_EQ(write(at("a"), "12"), kOk);
  ASSERT_EQ(write(at("c/inner"), ""), kOk);

  const auto listed = list(base);

  EXPECT_EQ(listed.result, kOk);
  EXPECT_EQ(listed.names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(listed.items[0].size, 2u);
  EXPECT_TRUE(listed.items[2].flags & fOmniClientItem_CanHaveChildren);
  EXPECT_EQ(list(base + "/").names(), listed.names());
}

TEST_P(Provider, SaysWhatIsMissing) {
  ASSERT_EQ(write(at("file"), ""), kOk);

  EXPECT_EQ(stat(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat(at("file/below")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(read(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("file")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(delete_item(at("none")), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(remove_single(at("none")), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(copy(at("none"), at("to")), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(move(at("none"), at("to")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Provider, TellsFilesFromFolders) {
  ASSERT_EQ(create_folder(at("folder")), kOk);
  ASSERT_EQ(write(at("file"), ""), kOk);

  EXPECT_EQ(read(at("folder")).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write(at("folder"), "x"), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write(at("file/below"), "x"), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(create_folder(at("file/below")), eOmniClientResult_ErrorWrongType);
}

TEST_P(Provider, MakesAFolderOnce) {
  EXPECT_EQ(create_folder(at("a/b/c")), kOk);
  EXPECT_EQ(create_folder(at("a/b/c")), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(create_folder(at("a/b/c/")), eOmniClientResult_ErrorAlreadyExists);
  ASSERT_EQ(write(at("file"), ""), kOk);
  EXPECT_EQ(create_folder(at("file")), eOmniClientResult_ErrorAlreadyExists);
}

TEST_P(Provider, TakesWildcardsForPlainCharacters) {
  ASSERT_EQ(write(at("*.txt"), "star"), kOk);
  ASSERT_EQ(write(at("b.txt"), "b"), kOk);

  EXPECT_EQ(read(at("*.txt")).content, "star");
  EXPECT_EQ(delete_item(at("*.txt")), kOk);
  EXPECT_EQ(read(at("b.txt")).content, "b");
  EXPECT_EQ(delete_item(at("*")), eOmniClientResult_ErrorNotFound);
}

TEST_P(Provider, KeepsNamesThatNeedEncoding) {
  const bool is_url = !std::string(place.scheme).empty();
  const std::string name = "a b#c?d%e\xC3\xA9";
  const std::string written = is_url ? "a%20b%23c%3Fd%25e%C3%A9" : name;

  ASSERT_EQ(write(at(written), "x"), kOk);

  EXPECT_EQ(list(base).names(), std::vector<std::string>{name});
  EXPECT_EQ(read(at(written)).content, "x");
}

TEST_P(Provider, CopiesAFileWithTheFoldersAboveIt) {
  ASSERT_EQ(write(at("from"), "text"), kOk);

  EXPECT_EQ(copy(at("from"), at("x/y/to")), kOk);

  EXPECT_EQ(read(at("x/y/to")).content, "text");
  EXPECT_EQ(read(at("from")).content, "text");
}

TEST_P(Provider, RefusesToCopyOntoWhatIsThere) {
  ASSERT_EQ(write(at("from"), "new"), kOk);
  ASSERT_EQ(write(at("to"), "old"), kOk);
  ASSERT_EQ(create_folder(at("folder")), kOk);

  EXPECT_EQ(copy(at("from"), at("to")), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(copy(at("from"), at("folder")), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(copy(at("folder"), at("to")), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(read(at("to")).content, "old");
  EXPECT_EQ(copy(at("from"), at("to"), kOverwrite), kOk);
  EXPECT_EQ(read(at("to")).content, "new");
  EXPECT_EQ(copy(at("from"), at("folder"), kOverwrite), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(copy(at("folder"), at("to"), kOverwrite), eOmniClientResult_ErrorWrongType);
}

TEST_P(Provider, CopiesAFolderFileByFile) {
  ASSERT_EQ(write(at("from/a"), "new a"), kOk);
  ASSERT_EQ(write(at("from/in/b"), "new b"), kOk);
  ASSERT_EQ(write(at("to/a"), "old a"), kOk);
  ASSERT_EQ(write(at("to/extra"), "extra"), kOk);

  EXPECT_EQ(copy(at("from"), at("to")), eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(copy(at("from/"), at("to/"), kOverwrite), kOk);

  EXPECT_EQ(read(at("to/a")).content, "new a");
  EXPECT_EQ(read(at("to/in/b")).content, "new b");
  EXPECT_EQ(read(at("to/extra")).content, "extra");
}

TEST_P(Provider, NeverCopiesOntoOrIntoTheSource) {
  ASSERT_EQ(write(at("file"), "x"), kOk);
  ASSERT_EQ(write(at("folder/a"), "x"), kOk);

  for (const auto behavior : {eOmniClientCopy_ErrorIfExists, kOverwrite}) {
    EXPECT_EQ(copy(at("file"), at("file"), behavior), eOmniClientResult_ErrorSourceIsDest);
    EXPECT_EQ(copy(at("folder"), at("folder/"), behavior), eOmniClientResult_ErrorSourceIsDest);
    EXPECT_EQ(copy(at("folder"), at("folder/in/to"), behavior), eOmniClientResult_ErrorSourceIsDest);
    EXPECT_EQ(move(at("file"), at("x/../file"), behavior).result, eOmniClientResult_ErrorSourceIsDest);
    EXPECT_EQ(move(at("folder"), at("folder/to"), behavior).result, eOmniClientResult_ErrorSourceIsDest);
  }
  EXPECT_EQ(copy(at("folder"), at("folder2")), kOk);
}

OmniClientResult copy_as(decltype(&omniClientCopyFile) function, const std::string& from, const std::string& to) {
  auto result = eOmniClientResult_Error;
  omniClientWait(function(
      from.c_str(), to.c_str(), &result,
      [](void* data, OmniClientResult copied) noexcept { *static_cast<OmniClientResult*>(data) = copied; },
      eOmniClientCopy_ErrorIfExists, nullptr));
  return result;
}

OmniClientResult move_as(decltype(&omniClientMoveFile) function, const std::string& from, const std::string& to) {
  auto result = eOmniClientResult_Error;
  omniClientWait(function(
      from.c_str(), to.c_str(), &result,
      [](void* data, OmniClientResult moved, bool) noexcept { *static_cast<OmniClientResult*>(data) = moved; },
      eOmniClientCopy_ErrorIfExists, nullptr));
  return result;
}

TEST_P(Provider, CopiesAndMovesOnlyWhatItIsToldTo) {
  ASSERT_EQ(write(at("file"), "x"), kOk);
  ASSERT_EQ(create_folder(at("folder")), kOk);

  EXPECT_EQ(copy_as(omniClientCopyFile, at("folder"), at("1")), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(copy_as(omniClientCopyFolder, at("file"), at("2")), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(move_as(omniClientMoveFile, at("folder"), at("3")), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(move_as(omniClientMoveFolder, at("file"), at("4")), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(copy_as(omniClientCopyFile, at("file"), at("5")), kOk);
  EXPECT_EQ(copy_as(omniClientCopyFolder, at("folder"), at("6")), kOk);
  EXPECT_EQ(move_as(omniClientMoveFile, at("file"), at("7")), kOk);
  EXPECT_EQ(move_as(omniClientMoveFolder, at("folder"), at("8")), kOk);
  EXPECT_EQ(list(base).names(), (std::vector<std::string>{"5", "6", "7", "8"}));
}

TEST_P(Provider, MovesWithoutCopying) {
  ASSERT_EQ(write(at("from/a"), "text"), kOk);

  const auto moved = move(at("from"), at("x/to"));

  EXPECT_EQ(moved.result, kOk);
  EXPECT_FALSE(moved.copied);
  EXPECT_EQ(read(at("x/to/a")).content, "text");
  EXPECT_EQ(stat(at("from")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Provider, MovesOntoAFileOnlyWhereItMay) {
  ASSERT_EQ(write(at("from"), "new"), kOk);
  ASSERT_EQ(write(at("to"), "old"), kOk);

  EXPECT_EQ(move(at("from"), at("to")).result, eOmniClientResult_ErrorAlreadyExists);
  EXPECT_EQ(move(at("from"), at("to"), kOverwrite).result, kOk);

  EXPECT_EQ(read(at("to")).content, "new");
  EXPECT_EQ(stat(at("from")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Provider, MovesAFolderIntoAnotherOne) {
  ASSERT_EQ(write(at("from/a"), "new"), kOk);
  ASSERT_EQ(write(at("to/a"), "old"), kOk);
  ASSERT_EQ(write(at("to/b"), "b"), kOk);

  EXPECT_EQ(move(at("from"), at("to"), kOverwrite).result, kOk);

  EXPECT_EQ(read(at("to/a")).content, "new");
  EXPECT_EQ(read(at("to/b")).content, "b");
  EXPECT_EQ(stat(at("from")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Provider, DeletesAFolderWithEverythingInIt) {
  ASSERT_EQ(write(at("a/b/c"), "x"), kOk);

  EXPECT_EQ(remove_single(at("a")), eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(delete_item(at("a")), kOk);

  EXPECT_EQ(stat(at("a")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat(at("a/b/c")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(base).names(), std::vector<std::string>{});
}

TEST_P(Provider, DeletesAnEmptyFolderAlone) {
  ASSERT_EQ(create_folder(at("a")), kOk);
  ASSERT_EQ(write(at("f"), ""), kOk);

  EXPECT_EQ(remove_single(at("a")), kOk);
  EXPECT_EQ(remove_single(at("f")), kOk);
  EXPECT_EQ(list(base).names(), std::vector<std::string>{});
}

TEST_P(Provider, RefusesToDeleteTheRoot) {
  const std::string kind = place.scheme;
  const std::string root = kind == "mem:" ? "mem://server/" : kind == "omniverse:" ? nucleus() : kind + "/";

  // Of this machine, not with what is in it: a fault must not show by what is gone.
  const bool local = kind.empty() || kind == "file:";
  EXPECT_EQ(local ? remove_single(root) : delete_item(root), eOmniClientResult_ErrorAccessDenied);
}

TEST_P(Provider, AnswersNotSupportedForWhatItLacks) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  const auto expected = [](bool offered) { return offered ? kOk : eOmniClientResult_ErrorNotSupported; };

  EXPECT_EQ(create_checkpoint(at("a"), "c", true).result, expected(place.checkpoints));
  EXPECT_EQ(list_checkpoints(at("a")).result, expected(place.checkpoints));
  EXPECT_EQ(call(omniClientLock, at("a")), expected(place.locks));
  EXPECT_EQ(call(omniClientUnlock, at("a")), expected(place.locks));
  Member member(at("c.channel"));
  EXPECT_EQ(member.said.wait_for(1).front().result, expected(place.channels));
  auto live = eOmniClientResult_Error;
  auto content = omniClientAllocContent(1);
  omniClientWait(omniClientLiveCreate(at("l.live").c_str(), &content, &live,
                                      [](void* data, OmniClientResult result, uint64_t, uint64_t) noexcept {
                                        *static_cast<OmniClientResult*>(data) = result;
                                      }));
  EXPECT_EQ(live, expected(place.live));
  EXPECT_EQ(connection_id(base).result, expected(place.access_lists));
  EXPECT_EQ(delete_item(at("a")), kOk);
  EXPECT_EQ(call(omniClientUndelete, at("a")), expected(place.keeps_deleted));
}

TEST_P(Provider, TellsTheBaseUrlsOfAThread) {
  ASSERT_EQ(write(at("in/a"), "x"), kOk);

  omniClientPushBaseUrl((base + "/in/").c_str());
  EXPECT_EQ(read("a").content, "x");
  EXPECT_EQ(write("../b", "y"), kOk);
  EXPECT_TRUE(omniClientPopBaseUrl(nullptr));

  EXPECT_EQ(read(at("b")).content, "y");
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Provider, testing::ValuesIn(places()),
                         [](const auto& place) { return std::string(place.param.name); });

}  // namespace
