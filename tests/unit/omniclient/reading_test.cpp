// What every provider reads in the same way, also one that cannot write: what is read is made by another way.
#include "client.hpp"

namespace {

using namespace client;


/// Where something is made, and where it is read.
struct Source {
  std::string name;
  std::string made;
  std::string read;
};

std::ostream& operator<<(std::ostream& out, const Source& source) { return out << source.name; }

/// Besides those that are always there, the folder `OMNICLIENT_TEST_WEB_FOLDER`, which is read as
/// `OMNICLIENT_TEST_WEB_URL`: tests/integration/omniclient has a server for it.
std::vector<Source> sources() {
  std::vector<Source> all = {{"File", "", ""}, {"Memory", "mem://server/base", "mem://server/base"}};
  const char* folder = std::getenv("OMNICLIENT_TEST_WEB_FOLDER");
  const char* url = std::getenv("OMNICLIENT_TEST_WEB_URL");
  if (folder != nullptr && url != nullptr) all.push_back({"Web", std::string("file:") + folder, url});
  return all;
}

class Reading : public testing::TestWithParam<Source> {
 protected:
  Reading() {
    omniClientSetRetries({0, 0, 0});
    create_folder(made(""));
  }
  /// Each test has a folder of its own.
  std::string made(const std::string& path) const { return below(GetParam().made, path); }
  std::string at(const std::string& path) const { return below(GetParam().read, path); }

  Library library;

 private:
  std::string below(const std::string& base, const std::string& path) const {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    const auto folder =
        (base.empty() ? "file:" + (library.folder() / "files").string() : base) + "/" + test.substr(0, test.find('/'));
    return path.empty() ? folder : folder + "/" + path;
  }
};

TEST_P(Reading, ReadsWhatWasWritten) {
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  ASSERT_EQ(write(made("a.bin"), bytes), kOk);
  ASSERT_EQ(write(made("empty"), ""), kOk);

  EXPECT_EQ(read(at("a.bin")).content, bytes);
  EXPECT_EQ(read(at("empty")).result, kOk);
  EXPECT_EQ(read(at("empty")).content, "");
}

TEST_P(Reading, SaysWhatThereIs) {
  ASSERT_EQ(write(made("a.txt"), "hello"), kOk);
  ASSERT_EQ(create_folder(made("in")), kOk);

  const auto file = stat(at("a.txt"));
  EXPECT_EQ(file.result, kOk);
  EXPECT_EQ(file.item.path, "a.txt");
  EXPECT_EQ(file.item.size, 5u);
  EXPECT_TRUE(file.item.flags & fOmniClientItem_ReadableFile);
  EXPECT_FALSE(file.item.flags & fOmniClientItem_CanHaveChildren);
  EXPECT_TRUE(file.item.access & fOmniClientAccess_Read);
  EXPECT_FALSE(file.item.version.empty());
  const auto folder = stat(at("in"));
  EXPECT_EQ(folder.result, kOk);
  EXPECT_EQ(folder.item.path, "in");
  EXPECT_TRUE(folder.item.flags & fOmniClientItem_CanHaveChildren);
}

TEST_P(Reading, TellsAnotherVersionOfAnotherContent) {
  ASSERT_EQ(write(made("a"), "one"), kOk);
  const auto before = stat(at("a")).item.version;
  EXPECT_EQ(stat(at("a")).item.version, before);

  ASSERT_EQ(write(made("a"), "another"), kOk);

  EXPECT_NE(stat(at("a")).item.version, before);
}

TEST_P(Reading, ListsOneLevelSortedByName) {
  ASSERT_EQ(write(made("b"), ""), kOk);
  ASSERT_EQ(write(made("a"), "12"), kOk);
  ASSERT_EQ(write(made("c/inner"), ""), kOk);

  const auto listed = list(at(""));

  EXPECT_EQ(listed.result, kOk);
  ASSERT_EQ(listed.names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(listed.items[0].size, 2u);
  EXPECT_TRUE(listed.items[0].flags & fOmniClientItem_ReadableFile);
  EXPECT_TRUE(listed.items[2].flags & fOmniClientItem_CanHaveChildren);
  EXPECT_EQ(list(at("") + "/").names(), listed.names());
  EXPECT_EQ(list(at("c")).names(), std::vector<std::string>{"inner"});
}

TEST_P(Reading, SaysWhatIsMissing) {
  ASSERT_EQ(write(made("file"), ""), kOk);

  EXPECT_EQ(stat(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat(at("file/below")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(read(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("file")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(Reading, TellsFilesFromFolders) {
  ASSERT_EQ(create_folder(made("folder")), kOk);

  EXPECT_EQ(read(at("folder")).result, eOmniClientResult_ErrorWrongType);
}

TEST_P(Reading, KeepsNamesThatNeedEncoding) {
  ASSERT_EQ(write(made("a%20b%23c%3Fd%25e%C3%A9%26lt;"), "x"), kOk);

  EXPECT_EQ(list(at("")).names(), std::vector<std::string>{"a b#c?d%e\xC3\xA9&lt;"});
  EXPECT_EQ(read(at("a%20b%23c%3Fd%25e%C3%A9%26lt;")).content, "x");
}

TEST_P(Reading, CopiesWhatItReads) {
  ASSERT_EQ(write(made("from/a"), "a"), kOk);
  ASSERT_EQ(write(made("from/in/b"), "b"), kOk);
  const auto to = "file:" + (library.folder() / "copy").string();

  EXPECT_EQ(copy(at("from"), to), kOk);

  EXPECT_EQ(read(to + "/a").content, "a");
  EXPECT_EQ(read(to + "/in/b").content, "b");
}

TEST_P(Reading, TellsChanges) {
  omniClientConfigSetInt("http.poll_ms", 1);
  auto file = Watch::item(at("a"));
  ASSERT_EQ(file.first(), eOmniClientResult_OkNotYetFound);
  auto folder = Watch::folder(at(""));
  ASSERT_EQ(folder.first(), kOk);

  ASSERT_EQ(write(made("a"), "one"), kOk);
  file.until(eOmniClientListEvent_Created, "a");
  folder.until(eOmniClientListEvent_Created, "a");
  ASSERT_EQ(write(made("a"), "another"), kOk);
  file.until(eOmniClientListEvent_Updated, "a");
  folder.until(eOmniClientListEvent_Updated, "a");
  ASSERT_EQ(delete_item(made("a")), kOk);
  file.until(eOmniClientListEvent_Deleted, "a");
  folder.until(eOmniClientListEvent_Deleted, "a");
}

INSTANTIATE_TEST_SUITE_P(Omniclient, Reading, testing::ValuesIn(sources()),
                         [](const auto& source) { return source.param.name; });

}  // namespace
