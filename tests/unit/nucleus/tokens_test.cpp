#include "tokens.hpp"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

using namespace std::chrono_literals;

store::User ann() {
  store::User user;
  user.name = "ann";
  user.id = 7;
  return user;
}

TEST(AccessTokens, AreReadByWhoMadeThem) {
  const AccessTokens tokens(std::string(64, 'k'));
  const auto token = tokens.make(ann(), 1h);

  const auto read = tokens.read(token);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_for(ann()));
  auto again = ann();
  again.id = 8;
  EXPECT_FALSE(read->is_for(again)) << "a user who was made again";
  auto later = ann();
  later.password_version = 9;
  EXPECT_FALSE(read->is_for(later)) << "with another password";
  EXPECT_TRUE(tokens.read(tokens.make(later, 1h))->is_for(later));
  EXPECT_FALSE(read->expired);
  EXPECT_NE(token, tokens.make(ann(), 1h)) << "each has an id of its own";
}

TEST(AccessTokens, Expire) {
  const AccessTokens tokens(std::string(64, 'k'));
  const auto read = tokens.read(tokens.make(ann(), -1s));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->expired);
}

TEST(AccessTokens, OfOthersAndChangedOnesAreNone) {
  const AccessTokens tokens(std::string(64, 'k'));
  const auto token = tokens.make(ann(), 1h);

  EXPECT_FALSE(AccessTokens(std::string(64, 'x')).read(token));
  EXPECT_FALSE(tokens.read(""));
  EXPECT_FALSE(tokens.read("a.b.c"));
  EXPECT_FALSE(tokens.read(token.substr(0, token.rfind('.') + 1)));
  for (const std::size_t at : {std::size_t{3}, token.find('.') + 5}) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.read(changed)) << at;
  }
}

TEST(RandomWords, AreLettersAndDigitsAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto word = random_word(16);
    EXPECT_EQ(word.size(), 16u);
    EXPECT_EQ(word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), std::string::npos);
    EXPECT_TRUE(seen.insert(word).second);
  }
}

TEST(Signatures, AreHmacSha256) {
  // RFC 4231, test case 2.
  EXPECT_EQ(signature("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
