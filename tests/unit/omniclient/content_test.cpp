#include "engine/content.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace {

int freed = 0;
extern "C" void count_free(void*) { ++freed; }

TEST(Content, AllocatesCopiesAndFrees) {
  auto content = omniClientAllocContent(3);
  ASSERT_NE(content.buffer, nullptr);
  std::memcpy(content.buffer, "abc", 3);
  auto copied = omniClientCopyContent(content);

  omniClientFreeContent(content);

  EXPECT_EQ(content.buffer, nullptr);
  EXPECT_EQ(std::string(static_cast<char*>(copied.buffer), copied.size), "abc");
  omniClientFreeContent(copied);
}

TEST(Content, MovesWhatItOwns) {
  OmniClientContent content{nullptr, 0, nullptr};
  char byte = 'x';
  content = {&byte, 1, count_free};
  freed = 0;

  auto moved = omniClientMoveContent(content);

  EXPECT_EQ(content.buffer, nullptr);
  EXPECT_EQ(moved.buffer, &byte);
  EXPECT_EQ(freed, 0);
  omniClientFreeContent(moved);
  EXPECT_EQ(freed, 1);
}

TEST(Content, FreesNothingThatIsOnlyAReference) {
  char byte = 'x';
  auto content = omniClientReferenceContent(&byte, 1);
  EXPECT_EQ(content.free, nullptr);

  omniClientFreeContent(content);

  EXPECT_EQ(content.buffer, nullptr);
  EXPECT_EQ(byte, 'x');
}

TEST(Content, TakesNullForNothing) {
  omniClientFreeContent(static_cast<OmniClientContent*>(nullptr));
  EXPECT_EQ(omniClientMoveContent(static_cast<OmniClientContent*>(nullptr)).buffer, nullptr);
  EXPECT_EQ(omniClientCopyContent(static_cast<OmniClientContent const*>(nullptr)).buffer, nullptr);
  auto empty = omniClientAllocContent(0);
  EXPECT_EQ(empty.size, 0u);
  omniClientFreeContent(empty);
}

TEST(Content, IsCopiedWhereItIsAReferenceAndTakenOverWhereItIsNot) {
  std::string text = "text";
  auto reference = omniClientReferenceContent(text.data(), text.size());
  auto owned = omniClientAllocContent(4);
  void* const buffer = owned.buffer;

  const auto copied = omniclient::take_content(&reference);
  const auto taken = omniclient::take_content(&owned);
  text = "gone";

  EXPECT_EQ(copied->view(), "text");
  EXPECT_EQ(taken->data(), buffer);
  EXPECT_EQ(owned.buffer, nullptr);
}

}  // namespace
