#include <nucleus/connlib.hpp>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::nucleus::connlib {
namespace {

TEST(ConnLib, IsJsonAlone) {
  const auto message = read(R"({"command":"ping","id":1})");

  EXPECT_EQ(message.json, R"({"command":"ping","id":1})");
  EXPECT_FALSE(message.blob);
  EXPECT_EQ(write(message), R"({"command":"ping","id":1})");
}

TEST(ConnLib, HasABlobBehindTheFirstZero) {
  const std::string whole("{}\0a\0b", 6);
  const auto message = read(whole);

  EXPECT_EQ(message.json, "{}");
  EXPECT_EQ(message.blob, std::string_view("a\0b", 3));
  EXPECT_EQ(write(message), whole);
}

TEST(ConnLib, TellsAnEmptyBlobFromNone) {
  EXPECT_EQ(read(std::string_view("{}\0", 3)).blob, "");
  EXPECT_EQ(write({"{}", ""}), std::string("{}\0", 3));
}

}  // namespace
}  // namespace omnibroker::nucleus::connlib
