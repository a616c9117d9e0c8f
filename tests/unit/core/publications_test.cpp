#include "runtime/shared.hpp"

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

TEST(Publications, AreBoundedInNumber) {
  Publications publications;
  for (std::size_t i = 0; i < Publications::kMost; ++i) ASSERT_TRUE(publications.add(1));

  EXPECT_FALSE(publications.add(1));
  publications.remove(1);
  EXPECT_TRUE(publications.add(1));
}

TEST(Publications, AreBoundedInSizeWhateverTheLastOneHas) {
  Publications publications;
  ASSERT_TRUE(publications.add(Publications::kMostBytes - 1));
  ASSERT_TRUE(publications.add(Publications::kMostBytes));

  EXPECT_FALSE(publications.add(0));
  publications.remove(Publications::kMostBytes);
  EXPECT_TRUE(publications.add(1));
  EXPECT_FALSE(publications.add(1)) << "what was refused counts for nothing";
}

}  // namespace
}  // namespace omnibroker::core
