#include "store_test.hpp"

#include <fstream>
#include <random>

namespace store_test {

class Contents : public StoreTest {
 protected:
  std::string noise(std::size_t size) {
    std::mt19937_64 random(size);
    std::string out(size, '\0');
    for (auto& c : out) c = static_cast<char>(random());
    return out;
  }
  fs::path blob_of(const std::string& path) {
    const auto hash = store->stat(kSystem, {path})->hash;
    return folder.path() / "data" / "blobs" / hash.substr(0, 2) / hash.substr(2);
  }
  std::size_t blobs() {
    std::size_t count = 0;
    for (const auto& file : fs::recursive_directory_iterator(folder.path() / "data" / "blobs")) {
      count += file.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  static void flip(const fs::path& file, std::uint64_t offset) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }
};

TEST_F(Contents, ThatAreTheSameAreKeptOnce) {
  const auto bytes = noise(100'000);
  put("/a", bytes);
  put("/b", bytes);
  put("/c", "small");
  put("/d", "small");

  EXPECT_EQ(blobs(), 1u);
  EXPECT_EQ(store->usage().contents, 2u);
  EXPECT_EQ(store->usage().bytes, 100'005u);
}

TEST_F(Contents, AreFilesFromASizeOn) {
  options.inline_below = 0;
  open();
  put("/a", "x");
  put("/empty", "");

  EXPECT_EQ(blobs(), 1u);
  EXPECT_EQ(get("/a"), "x");
  EXPECT_EQ(get("/empty"), "");
}

TEST_F(Contents, ArriveInPartsInAnyOrder) {
  const auto bytes = noise(5'000'000);
  auto upload = *store->begin_upload();
  for (const std::size_t part : {3u, 0u, 4u, 1u, 2u}) {
    ASSERT_EQ(code(upload.write(part * 1'000'000, std::string_view(bytes).substr(part * 1'000'000, 1'000'000))), "OK");
  }

  const auto whole = upload.finish(bytes.size());

  ASSERT_EQ(code(whole), "OK");
  must(kAlice, CreateAsset{"/a", "", *whole});
  EXPECT_TRUE(get("/a") == bytes);
  EXPECT_EQ(whole->hash(), content(bytes).hash());
}

TEST_F(Contents, ArriveInPartsThatOverlapAndRepeat) {
  const auto bytes = noise(300'000);
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, std::string(200'000, 'x'))), "OK");
  ASSERT_EQ(code(upload.write(100'000, std::string_view(bytes).substr(100'000))), "OK");
  ASSERT_EQ(code(upload.write(0, std::string_view(bytes).substr(0, 150'000))), "OK");

  EXPECT_EQ(upload.finish(bytes.size())->hash(), content(bytes).hash());
}

TEST_F(Contents, OfPartsAreWholeOrRefused) {
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, "abc")), "OK");
  ASSERT_EQ(code(upload.write(5, "fgh")), "OK");
  EXPECT_EQ(code(upload.finish(8)), "CONTENT_LENGTH_MISMATCH");
  ASSERT_EQ(code(upload.write(3, "de")), "OK");
  EXPECT_EQ(code(upload.finish(9)), "CONTENT_LENGTH_MISMATCH");

  const auto whole = upload.finish(8);

  ASSERT_EQ(code(whole), "OK");
  must(kAlice, CreateAsset{"/a", "", *whole});
  EXPECT_EQ(get("/a"), "abcdefgh");
  EXPECT_EQ(store->begin_upload()->finish(0)->size(), 0u);
}

TEST_F(Contents, ThatDoNotFinishLeaveNothing) {
  {
    auto upload = *store->begin_upload();
    ASSERT_EQ(code(upload.write(0, noise(100'000))), "OK");
    EXPECT_EQ(blobs(), 1u);
  }
  EXPECT_EQ(blobs(), 0u);
  std::ofstream(folder.path() / "data" / "blobs" / "tmp" / "left") << "by a crash";
  open();
  EXPECT_EQ(blobs(), 0u);
}

TEST_F(Contents, HaveALimit) {
  options.largest_content = 100;
  open();
  auto upload = *store->begin_upload();

  EXPECT_EQ(code(store->stage(noise(101))), "QUOTA_REACHED");
  EXPECT_EQ(code(store->stage(noise(100))), "OK");
  EXPECT_EQ(code(upload.write(50, noise(51))), "QUOTA_REACHED");
  EXPECT_EQ(code(upload.write(~std::uint64_t{0}, "x")), "QUOTA_REACHED");
  EXPECT_EQ(code(upload.write(0, noise(100))), "OK");
}

TEST_F(Contents, TogetherHaveALimit) {
  options.quota = 1'000'000;
  options.inline_below = 1000;
  open();
  put("/a", noise(600'000));

  EXPECT_EQ(code(store->stage(noise(400'001))), "QUOTA_REACHED");
  auto upload = *store->begin_upload();
  EXPECT_EQ(code(upload.write(0, noise(300'000))), "OK");
  EXPECT_EQ(code(store->stage(noise(100'001))), "QUOTA_REACHED");
  upload = *store->begin_upload();
  EXPECT_EQ(code(store->stage(noise(100'001))), "OK");
  // Small ones count when they are named.
  options.quota = 600'010;
  open();
  put("/b", "0123456789");
  EXPECT_EQ(code(try_put("/c", "x")), "QUOTA_REACHED");
  EXPECT_EQ(code(try_put("/c", "0123456789")), "OK");
  EXPECT_EQ(names("/"), "a b c");
  must(kAlice, Obliterate{"/a"});
  ASSERT_EQ(code(store->collect_garbage()), "OK");
  EXPECT_EQ(code(try_put("/d", "x")), "OK");
}

TEST_F(Contents, AreReadInRanges) {
  const auto bytes = noise((3 << 20) + 77);
  put("/a", bytes);
  put("/small", "0123456789");
  const auto range = [&](const std::string& path, std::uint64_t offset, std::size_t size) {
    auto read = store->read(kAlice, {path});
    std::string out(size, '\0');
    const auto got = read->content.read(offset, out);
    out.resize(got ? *got : 0);
    return out;
  };

  for (const std::size_t offset : {0u, 1u, (1u << 20) - 1, 1u << 20, (2u << 20) + 5, (3u << 20) + 70}) {
    for (const std::size_t size : {0u, 1u, 100u, 1u << 20, (2u << 20) + 3}) {
      EXPECT_TRUE(range("/a", offset, size) == bytes.substr(offset, size)) << offset << " " << size;
    }
  }
  EXPECT_EQ(range("/a", bytes.size(), 10), "");
  EXPECT_EQ(range("/small", 3, 4), "3456");
  EXPECT_EQ(range("/small", 8, 4), "89");
  EXPECT_EQ(range("/small", 10, 4), "");
}

TEST_F(Contents, StayReadableWhileTheyAreRead) {
  const auto bytes = noise(2 << 20);
  put("/a", bytes);
  const auto read = *store->read(kAlice, {"/a"});

  must(kAlice, Obliterate{"/a"});
  ASSERT_EQ(code(store->collect_garbage()), "OK");

  EXPECT_EQ(blobs(), 0u);
  EXPECT_TRUE(*read.content.all() == bytes);
}

TEST_F(Contents, AreFoundByTheirHash) {
  const auto large = noise(100'000);
  put("/a", large);
  put("/b", "small");

  for (const auto& bytes : {large, std::string("small")}) {
    const auto found = store->find_content(content(bytes).hash(), bytes.size());
    ASSERT_EQ(code(found), "OK");
    EXPECT_TRUE(*store->open_content(*found)->all() == bytes);
    must(kAlice, CreateAsset{"/c", "", *found, true});
    EXPECT_TRUE(get("/c") == bytes);
  }
  EXPECT_EQ(code(store->find_content(content("small").hash(), 6)), "INVALID_CONTENT_ID");
  EXPECT_EQ(code(store->find_content(content("not there").hash())), "INVALID_CONTENT_ID");
  EXPECT_EQ(code(store->find_content("abc")), "INVALID_PARAMETERS");
}

TEST_F(Contents, ThatNothingNamesAreCollected) {
  const auto bytes = noise(100'000);
  put("/a", bytes);
  put("/a", "small");
  put("/a", "other");
  EXPECT_EQ(store->usage().contents, 3u);

  const auto collected = store->collect_garbage();

  ASSERT_EQ(code(collected), "OK");
  EXPECT_EQ(collected->contents, 2u);
  EXPECT_EQ(collected->bytes, 100'005u);
  EXPECT_EQ(blobs(), 0u);
  EXPECT_EQ(store->usage().bytes, 5u);
  EXPECT_EQ(get("/a"), "other");
}

TEST_F(Contents, ThatSomethingNamesAreNot) {
  must(kAlice, CreateAsset{"/checkpoint", "", content(noise(100'001)), false, "message"});
  put("/checkpoint", noise(100'002));
  put("/deleted", noise(100'003));
  must(kAlice, Delete{"/deleted"});
  must(kAlice, CreateObject{"/live", content(noise(100'004))});
  must(kAlice, UpdateObject{"/live", 0, content(noise(100'005))});

  EXPECT_EQ(store->collect_garbage()->contents, 0u);
  EXPECT_EQ(blobs(), 5u);
}

TEST_F(Contents, ThatAreAboutToBeNamedAreNot) {
  const auto bytes = noise(100'000);
  auto staged = store->stage(bytes);
  put("/a", bytes);
  must(kAlice, Obliterate{"/a"});

  ASSERT_EQ(code(store->collect_garbage()), "OK");

  EXPECT_EQ(blobs(), 1u);
  must(kAlice, CreateAsset{"/b", "", *staged});
  EXPECT_TRUE(get("/b") == bytes);
}

TEST_F(Contents, ThatWereOnlyStagedAreCollectedAsFilesWithoutARow) {
  ASSERT_EQ(code(store->stage(noise(100'000))), "OK");
  EXPECT_EQ(blobs(), 1u);

  EXPECT_EQ(store->collect_garbage()->contents, 1u);
  EXPECT_EQ(blobs(), 0u);
}

TEST_F(Contents, ThatAreDamagedAreNeverAnswered) {
  broken = true;
  const auto bytes = noise((3 << 20) + 77);
  put("/a", bytes);
  flip(blob_of("/a"), (1 << 20) + 5);
  const auto read = *store->read(kAlice, {"/a"});
  std::string piece(1000, '\0');

  const auto all = read.content.all();

  EXPECT_EQ(code(all), "INTERNAL_ERROR");
  EXPECT_NE(message(all).find(read.entry.hash), std::string::npos);
  EXPECT_NE(message(all).find("block 1"), std::string::npos);
  EXPECT_EQ(code(read.content.read(1 << 20, piece)), "INTERNAL_ERROR");
  EXPECT_EQ(code(read.content.read(0, piece)), "OK");
  EXPECT_EQ(piece, bytes.substr(0, 1000));
  EXPECT_NE(problems().find("is damaged"), std::string::npos);
}

TEST_F(Contents, ThatAreCutOffAreNeverAnswered) {
  broken = true;
  put("/a", noise(100'000));
  put("/b", noise(100'001));
  fs::resize_file(blob_of("/a"), 99'999);
  fs::remove(blob_of("/b"));

  EXPECT_EQ(get("/a"), "INTERNAL_ERROR");
  EXPECT_EQ(get("/b"), "INTERNAL_ERROR");
  EXPECT_NE(problems().find("has 99999 bytes instead of 100000"), std::string::npos);
  EXPECT_NE(problems().find("is missing"), std::string::npos);
}

TEST_F(Contents, ThatAreCutOffAreMendedByWritingThemAgain) {
  const auto bytes = noise(100'000);
  put("/a", bytes);
  fs::resize_file(blob_of("/a"), 5);

  put("/b", bytes);

  EXPECT_TRUE(get("/a") == bytes);
}

TEST_F(Contents, ThatAreDamagedAreMendedByWritingThemAgain) {
  const auto bytes = noise(100'000);
  put("/a", bytes);
  flip(blob_of("/a"), 5);
  put("/b", bytes);
  EXPECT_TRUE(get("/a") == bytes);

  flip(blob_of("/a"), 7);
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, bytes)), "OK");
  ASSERT_EQ(code(upload.finish(bytes.size())), "OK");
  EXPECT_TRUE(get("/a") == bytes);
}

TEST_F(Contents, CountForTheQuotaWhatTheyHaveAndNotWhereItIs) {
  options.quota = 1'000'000;
  open();
  auto upload = *store->begin_upload();

  EXPECT_EQ(code(upload.write(50'000'000, "far away")), "OK");
  EXPECT_EQ(code(upload.write(0, noise(600'000))), "OK");
  EXPECT_EQ(code(upload.write(1'000, noise(500'000))), "OK") << "the same place twice";
  EXPECT_EQ(code(store->stage(noise(399'000))), "OK");
  EXPECT_EQ(code(upload.write(700'000, noise(400'001))), "QUOTA_REACHED");
}

TEST_F(Contents, ThatAreNamedCountOnceEvenIfSomebodyHoldsThem) {
  options.quota = 1'000'000;
  open();
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, noise(600'000))), "OK");
  const auto whole = upload.finish(600'000);
  ASSERT_EQ(code(whole), "OK");
  EXPECT_FALSE(whole->is_named());
  make_folder("/f");
  EXPECT_NE(code(store->apply(kAlice, CreateAsset{"/f", "", *whole, true})), "OK");
  EXPECT_FALSE(whole->is_named());

  must(kAlice, CreateAsset{"/a", "", *whole});

  EXPECT_TRUE(whole->is_named());
  EXPECT_EQ(code(store->stage(noise(399'000))), "OK");
}

TEST_F(Contents, OfRefusedChangesAreRemovedWithTheNextOne) {
  options.quota = 250'000;
  open();
  put("/a", noise(100'000));
  for (int i = 1; i <= 10; ++i) {
    // Each of them leaves no room for another one.
    ASSERT_EQ(
        code(store->apply(kAlice, UpdateAsset{"/a", "", content(noise(100'000u + static_cast<unsigned>(i))), 99})),
        "INVALID_ETAG");
    EXPECT_LE(blobs(), 2u);
  }
  put("/b", noise(120'000));

  EXPECT_EQ(blobs(), 2u);
  EXPECT_EQ(code(store->stage(noise(40'000))), "QUOTA_REACHED");
  EXPECT_EQ(code(store->stage(noise(30'000))), "OK");
}

TEST_F(Contents, OfARefusedChangeStayWhereSomebodyElseNamesThem) {
  const auto bytes = noise(100'000);
  put("/a", "1");
  auto held = content(bytes);
  ASSERT_EQ(code(store->apply(kAlice, UpdateAsset{"/a", "", std::move(held), 99})), "INVALID_ETAG");
  put("/b", bytes);
  ASSERT_EQ(code(store->stage(noise(100'001))), "OK");

  EXPECT_TRUE(get("/b") == bytes);
  EXPECT_EQ(blobs(), 2u);
}

TEST_F(Contents, ThatAreFilesThoughTheDatabaseHasThemAreCollected) {
  put("/a", "12345678");
  options.inline_below = 4;
  open();
  put("/b", "12345678");
  EXPECT_EQ(blobs(), 1u);

  ASSERT_EQ(code(store->collect_garbage()), "OK");
  EXPECT_EQ(blobs(), 0u);
  EXPECT_EQ(get("/a") + get("/b"), "1234567812345678");
}

}  // namespace store_test
