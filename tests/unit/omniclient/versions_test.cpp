// Writing with a version and a hash, checkpoints, branches, and what was deleted, over a real connection.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

namespace {

using namespace client;

// Of "one" and "two".
constexpr const char* kHashOfOne = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
constexpr const char* kHashOfTwo = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";

struct Written {
  OmniClientResult result = eOmniClientResult_Error;
  std::string version;
  std::string hash;
};

std::string text_or_none(char const* text) { return text == nullptr ? "" : text; }

void keep_written(void* data, OmniClientResult result, OmniClientWriteFileExInfo const* info) noexcept {
  *static_cast<Written*>(data) = {result, text_or_none(info->version), text_or_none(info->hash)};
}

Written write_ex(const std::string& url, std::string_view text, const char* message) {
  Written written;
  auto content = AuthCallback::text(text);
  omniClientWait(omniClientWriteFileEx(url.c_str(), &content, &written, keep_written, message));
  return written;
}

Written write_ex2(const std::string& url, std::string_view text, const OmniClientWriteFileEx2Options& options) {
  Written written;
  auto content = AuthCallback::text(text);
  omniClientWait(omniClientWriteFileEx2(url.c_str(), &content, &written, keep_written, &options));
  return written;
}

Written make_of_hash(const std::string& url, const char* hash, bool overwrite, const char* message = nullptr) {
  Written made;
  omniClientWait(omniClientCreateWithHash(
      url.c_str(), hash, overwrite, &made,
      [](void* data, OmniClientResult result, char const* version, char const* got) noexcept {
        *static_cast<Written*>(data) = {result, text_or_none(version), text_or_none(got)};
      },
      message));
  return made;
}

/// The version that reading says the content is of.
std::string version_read(const std::string& url) {
  std::string version;
  omniClientWait(omniClientReadFile(url.c_str(), &version,
                                    [](void* data, OmniClientResult, char const* told, OmniClientContent*) noexcept {
                                      *static_cast<std::string*>(data) = text_or_none(told);
                                    }));
  return version;
}

std::vector<std::string> comments(const std::string& url) {
  std::vector<std::string> comments;
  for (const auto& item : list_checkpoints(url).items) comments.push_back(item.comment);
  return comments;
}

class Versions : public WithAnn {};

TEST_P(Versions, AreToldByWritingAndByReading) {
  const auto first = write_ex(at("a"), "one", "first");
  EXPECT_EQ(first.result, kOk);
  EXPECT_EQ(first.hash, kHashOfOne);
  EXPECT_EQ(first.version, version_read(at("a")));
  EXPECT_EQ(first.version, stat(at("a")).item.version);
  EXPECT_EQ(first.hash, stat(at("a")).item.hash);

  const auto second = write_ex(at("a"), "two", "second");
  EXPECT_EQ(second.hash, kHashOfTwo);
  EXPECT_GT(std::stoull(second.version), std::stoull(first.version));
  EXPECT_EQ(comments(at("a")), (std::vector<std::string>{"first", "second"}));

  ASSERT_EQ(create_folder(at("f")), kOk);
  EXPECT_EQ(write_ex(at("f"), "x", nullptr).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write_ex(at("a?&1"), "x", nullptr).result, kBad);
}

TEST_P(Versions, AreKeptOnlyWhereTheProgramWantsIt) {
  EXPECT_EQ(write_ex2(at("a"), "one", {kOmniClientWriteFileEx2OptionsVersion, true, "nobody sees it"}).hash,
            kHashOfOne);
  EXPECT_TRUE(comments(at("a")).empty());
  EXPECT_FALSE(stat(at("a")).item.flags & fOmniClientItem_IsCheckpointed);

  const auto second = write_ex2(at("a"), "two", {kOmniClientWriteFileEx2OptionsVersion, false, "second"});
  EXPECT_EQ(second.result, kOk);
  EXPECT_EQ(second.version, version_read(at("a")));
  EXPECT_EQ(comments(at("a")), std::vector<std::string>{"second"});
  EXPECT_TRUE(stat(at("a")).item.flags & fOmniClientItem_IsCheckpointed);
  const auto unknown = static_cast<std::uint16_t>(kOmniClientWriteFileEx2OptionsVersion + 1);
  EXPECT_EQ(write_ex2(at("a"), "x", {unknown, false, nullptr}).result, eOmniClientResult_ErrorUnsupportedVersion);
}

TEST_P(Versions, AreMadeOfContentThatIsThere) {
  ASSERT_EQ(write(at("a"), "one"), kOk);

  const auto made = make_of_hash(at("b"), kHashOfOne, false, "the same");
  EXPECT_EQ(made.result, kOk);
  EXPECT_EQ(made.hash, kHashOfOne);
  EXPECT_EQ(made.version, version_read(at("b")));
  EXPECT_EQ(comments(at("b")), std::vector<std::string>{"the same"});
  EXPECT_EQ(make_of_hash(at("b"), kHashOfOne, false).result, kThere);
  EXPECT_EQ(make_of_hash(at("b"), kHashOfOne, true).result, kOk);
  EXPECT_EQ(make_of_hash(at("c"), std::string(64, '0').c_str(), true).result, kMissing);
  EXPECT_EQ(stat(at("c")).result, kMissing);
}

TEST_P(Versions, AreMadeByWhoWantsOne) {
  ASSERT_EQ(write_without_checkpoint(at("a"), "one"), kOk);
  EXPECT_TRUE(list_checkpoints(at("a")).items.empty());

  EXPECT_EQ(create_checkpoint(at("a"), "mine").text, "&1");
  const auto again = create_checkpoint(at("a"), "again");
  EXPECT_EQ(again.result, kThere);
  EXPECT_EQ(again.text, "&1") << "it is the one that is meant";
  EXPECT_EQ(create_checkpoint(at("a"), "forced", true).text, "&2");
  EXPECT_EQ(create_checkpoint(at("none"), "x").result, kMissing);
  EXPECT_EQ(list_checkpoints(at("none")).result, kMissing);

  const auto listed = list_checkpoints(at("a"));
  ASSERT_EQ(listed.names(), (std::vector<std::string>{"&1", "&2"}));
  EXPECT_EQ(listed.items[0].comment, "mine");
  EXPECT_EQ(listed.items[0].size, 3u);
  EXPECT_EQ(listed.items[0].created_by, "omniverse");
  EXPECT_TRUE(listed.items[0].flags & fOmniClientItem_IsCheckpointed);
}

TEST_P(Versions, AreReadAndBroughtBack) {
  ASSERT_EQ(write(at("a"), "one"), kOk);
  ASSERT_EQ(write(other("a"), "two"), kOk);

  EXPECT_EQ(read(at("a?&1")).content, "one");
  EXPECT_EQ(read(at("a?branch=&checkpoint=2")).content, "two");
  EXPECT_EQ(stat(at("a?&1")).item.hash, kHashOfOne);
  EXPECT_EQ(read(at("a?&3")).result, kMissing);
  EXPECT_EQ(stat(at("a?&3")).result, kMissing);
  EXPECT_EQ(copy(at("a?&3"), at("b")), kMissing);
  EXPECT_EQ(copy(at("a?&1"), at("b")), kOk);
  EXPECT_EQ(read(at("b")).content, "one");
  EXPECT_EQ(copy(at("a?&1"), at("a")), kThere);
  EXPECT_EQ(copy(at("a?&1"), at("a"), eOmniClientCopy_Overwrite), kOk);
  EXPECT_EQ(read(at("a")).content, "one");
  EXPECT_EQ(list_checkpoints(at("a")).names(), (std::vector<std::string>{"&1", "&2", "&3"}));
  EXPECT_EQ(read(at("a?&2")).content, "two") << "nothing that was is lost";
}

TEST_P(Versions, AreApartInEachBranch) {
  ASSERT_EQ(write(at("a"), "one", "of the default branch"), kOk);
  ASSERT_EQ(write(at("a?branch=test"), "two", "of another one"), kOk);

  EXPECT_EQ(read(at("a")).content, "one");
  EXPECT_EQ(read(at("a?test")).content, "two");
  EXPECT_EQ(read(at("a?test&1")).content, "two");
  EXPECT_EQ(read(at("a?none")).result, kMissing);
  EXPECT_EQ(list_checkpoints(at("a?test")).names(), std::vector<std::string>{"test&1"});
  EXPECT_EQ(comments(at("a?test")), std::vector<std::string>{"of another one"});
  EXPECT_EQ(create_checkpoint(at("a?test"), "x", true).text, "test&2");
  EXPECT_EQ(list_checkpoints(at("a")).names(), std::vector<std::string>{"&1"});
  // What was made in a branch joins the default one by a copy.
  EXPECT_EQ(copy(at("a?test"), at("a"), eOmniClientCopy_Overwrite), kOk);
  EXPECT_EQ(read(at("a")).content, "two");
}

TEST_P(Versions, OfWhatIsDeletedComeBack) {
  ASSERT_EQ(write(at("f/a"), "one"), kOk);
  ASSERT_EQ(write(at("f/b"), "two"), kOk);
  ASSERT_EQ(delete_item(other("f/b")), kOk);
  ASSERT_EQ(delete_item(other("f")), kOk);

  EXPECT_EQ(stat(at("f/a")).result, kMissing);
  const auto gone = stat(at("f/a"), eOmniClientListIncludeOption_IncludeDeleted).item;
  EXPECT_TRUE(gone.flags & fOmniClientItem_IsDeleted);
  EXPECT_EQ(gone.deleted_by, "ann");
  EXPECT_EQ(list(at("f"), eOmniClientListIncludeOption_OnlyDeleted).names(), (std::vector<std::string>{"a", "b"}));

  EXPECT_EQ(call(omniClientUndelete, at("f")), kOk);
  EXPECT_EQ(list(at("f")).names(), std::vector<std::string>{"a"}) << "b had been deleted before";
  EXPECT_EQ(list(at("f"), eOmniClientListIncludeOption_IncludeDeleted).names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list(at("f"), eOmniClientListIncludeOption_OnlyDeleted).names(), std::vector<std::string>{"b"});
  EXPECT_EQ(call(omniClientUndelete, at("f/b")), kOk);
  EXPECT_EQ(read(at("f/b?&1")).content, "two") << "with its history";
  EXPECT_EQ(call(omniClientUndelete, at("f/b")), kThere);
  EXPECT_EQ(call(omniClientUndelete, at("none")), kMissing);
}

TEST_P(Versions, GoForGood) {
  ASSERT_EQ(write(at("f/a"), "one"), kOk);
  auto watch = Watch::folder(at("f"));
  ASSERT_EQ(watch.first(), kOk);

  EXPECT_EQ(obliterated(at("f")), eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(obliterated(at("f/a?&1")), kBad) << "it would take all of them";
  EXPECT_EQ(read(at("f/a")).content, "one");
  EXPECT_EQ(obliterated(at("f/a")), kOk);
  watch.changes.wait_for(1);
  EXPECT_EQ(stat(at("f/a"), eOmniClientListIncludeOption_IncludeDeleted).result, kMissing);
  EXPECT_EQ(call(omniClientUndelete, at("f/a")), kMissing);
  EXPECT_EQ(obliterated(at("f/a")), kMissing);
  EXPECT_EQ(obliterated(at("f")), kOk);
}

TEST_P(Versions, OutliveAnObliterationThatLeavesThem) {
  ASSERT_EQ(write(at("a"), "one"), kOk);

  EXPECT_EQ(result_of([&](auto... more) { return omniClientObliterate(at("a").c_str(), false, more...); }), kOk);

  EXPECT_EQ(stat(at("a")).result, kMissing);
  EXPECT_EQ(read(at("a?&1")).content, "one");
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Versions, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Versions);

}  // namespace
