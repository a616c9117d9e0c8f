#include "uploads.hpp"

#include <filesystem>
#include <stdlib.h>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

/// A store with the users ann, bob and guest, who may only read.
class UploadsTest : public ::testing::Test {
 protected:
  UploadsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "omnibroker-uploads-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    store::Options options;
    options.quota = 1'000'000;
    auto opened = store::Store::open(folder_ / "data", options);
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    for (const char* user : {"ann", "bob", "guest"}) {
      store::CreateUser command;
      command.user.name = user;
      command.user.read_only = command.user.name == "guest";
      EXPECT_TRUE(store_->apply(kSystem, command));
    }
    uploads_.emplace(*store_);
  }
  ~UploadsTest() override {
    uploads_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// An upload that is whole.
  std::string upload(const std::string& bytes) {
    const auto begun = uploads_->begin(kAnn);
    EXPECT_TRUE(begun) << begun.error().message;
    EXPECT_TRUE(uploads_->write(begun->id, kAnn, 0, bytes));
    return begun->id;
  }
  template <class T>
  static std::optional<store::Code> code(const store::Result<T>& result) {
    if (result) return std::nullopt;
    return result.error().code;
  }

  static inline const store::Actor kSystem = store::Actor::the_system();
  static inline const store::Actor kAnn{"ann", {}};
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  std::optional<Uploads> uploads_;
};

TEST_F(UploadsTest, ThatAreNamedMakeRoomForOthers) {
  for (std::size_t i = 0; i < 2 * Uploads::kMostOfOneUser; ++i) {
    const auto id = upload(std::to_string(i));
    const auto content = uploads_->content(id, "ann");
    ASSERT_TRUE(content);
    ASSERT_TRUE(store_->apply(kAnn, store::CreateAsset{"/" + std::to_string(i), "", *content}));
    EXPECT_TRUE(uploads_->content(id, "ann")) << "a request that is sent again finds it";
  }
}

TEST_F(UploadsTest, ThatAreNotEndedAreBounded) {
  for (std::size_t i = 0; i < Uploads::kMostOfOneUser; ++i) ASSERT_TRUE(uploads_->begin(kAnn));

  EXPECT_EQ(code(uploads_->begin(kAnn)), store::Code::SlowDown);
  EXPECT_TRUE(uploads_->begin({"bob", {}}));
}

TEST_F(UploadsTest, WhoseChangesWereRefusedMakeRoomForOthers) {
  const auto first = upload("0");
  ASSERT_TRUE(uploads_->content(first, "ann"));
  for (std::size_t i = 1; i < Uploads::kMostOfOneUser; ++i) {
    ASSERT_TRUE(uploads_->content(upload(std::to_string(i)), "ann"));
  }

  EXPECT_TRUE(uploads_->begin(kAnn));
  EXPECT_EQ(code(uploads_->content(first, "ann")), store::Code::InvalidContentId);
}

TEST_F(UploadsTest, AreForWhoMayWrite) {
  EXPECT_EQ(code(uploads_->begin({"guest", {}})), store::Code::Denied);
  EXPECT_EQ(code(uploads_->begin({"nobody", {}})), store::Code::Denied);
  EXPECT_EQ(code(uploads_->begin({"ann", {}, false, 99})), store::Code::Denied) << "an Ann of before";
  const auto begun = uploads_->begin(kAnn);
  ASSERT_TRUE(begun);
  store::ChangeUser change{"ann"};
  change.enabled = false;
  ASSERT_TRUE(store_->apply(kSystem, change));

  EXPECT_EQ(code(uploads_->write(begun->id, kAnn, 0, "x")), store::Code::Denied);
}

TEST_F(UploadsTest, ThatWereNotWrittenAreThrownAway) {
  const auto begun = uploads_->begin(kAnn);
  ASSERT_TRUE(begun);
  ASSERT_TRUE(uploads_->write(begun->id, kAnn, 0, "abc"));

  EXPECT_EQ(code(uploads_->write(begun->id, kAnn, 3, std::string(1'000'000, 'x'))), store::Code::QuotaReached);

  EXPECT_EQ(code(uploads_->content(begun->id, "ann")), store::Code::InvalidContentId);
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
