#include <nucleus/sows.hpp>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace omnibroker::nucleus::sows {
namespace {

/// Text with zeros in it.
template <std::size_t N>
std::string bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

std::string problem(const Request& request) {
  const auto* broken = std::get_if<Broken>(&request);
  return broken == nullptr ? "none" : broken->problem;
}
std::string problem(const Response& response) {
  const auto* broken = std::get_if<Broken>(&response);
  return broken == nullptr ? "none" : broken->problem;
}

const std::string kFind = bytes(
    "\x01\x04\x03\x02\x01"
    "DiscoverySearch.find\0"
    "\x02\0\0\0"
    "{}");

TEST(Sows, WritesACallByteForByte) {
  EXPECT_EQ(write(Call{0x01020304, "DiscoverySearch.find", "{}"}), kFind);
  EXPECT_EQ(write(Call{0x01020304, "DiscoverySearch.find", "{}", "blob"}), kFind + "blob");
}

TEST(Sows, ReadsACall) {
  const auto message = kFind + bytes("b\0b");
  const auto request = read_request(message);

  const auto* call = std::get_if<Call>(&request);
  ASSERT_NE(call, nullptr) << problem(request);
  EXPECT_EQ(call->id, 0x01020304u);
  EXPECT_EQ(call->method, "DiscoverySearch.find");
  EXPECT_EQ(call->params, "{}");
  EXPECT_EQ(call->blob, bytes("b\0b"));
}

TEST(Sows, WritesAndReadsAStop) {
  const auto message = bytes("\x00\xFF\xFF\xFF\xFF");
  EXPECT_EQ(write(Stop{0xFFFFFFFF}), message);
  const auto request = read_request(message);
  ASSERT_TRUE(std::holds_alternative<Stop>(request));
  EXPECT_EQ(std::get<Stop>(request).id, 0xFFFFFFFFu);
}

TEST(Sows, WritesResponsesByteForByte) {
  EXPECT_EQ(write(Failure{7, 0x0102, "no"}), bytes("\x00\x07\0\0\0\x02\x01no"));
  EXPECT_EQ(write(Result{7, true, "{}", "xy"}), bytes("\x01\x07\0\0\0\x01\x02\0\0\0{}xy"));
  EXPECT_EQ(write(Result{7, false, "", ""}), bytes("\x01\x07\0\0\0\0\0\0\0\0"));
  EXPECT_EQ(write(Done{7}), bytes("\x05\x07\0\0\0"));
}

TEST(Sows, ReadsResponses) {
  const auto failed = read_response(bytes("\x00\x07\0\0\0\x02\x01no"));
  ASSERT_TRUE(std::holds_alternative<Failure>(failed));
  EXPECT_EQ(std::get<Failure>(failed).code, 0x0102);
  EXPECT_EQ(std::get<Failure>(failed).message.size(), 2u);
  const auto message = bytes("\x01\x07\0\0\0\x01\x02\0\0\0{}xy");
  const auto sent = read_response(message);
  ASSERT_TRUE(std::holds_alternative<Result>(sent));
  EXPECT_TRUE(std::get<Result>(sent).last);
  EXPECT_EQ(std::get<Result>(sent).result, "{}");
  EXPECT_EQ(std::get<Result>(sent).blob, "xy");
  ASSERT_TRUE(std::holds_alternative<Done>(read_response(bytes("\x05\x07\0\0\0"))));
}

TEST(Sows, SaysWhatIsWrongWithAMessage) {
  EXPECT_EQ(problem(read_request("")), "The message is empty");
  EXPECT_EQ(problem(read_request("\x02")), "The message has the unknown type 2");
  EXPECT_EQ(problem(read_response("\x02")), "The message has the unknown type 2");
}

TEST(Sows, RefusesEveryCutOfAMessage) {
  for (std::size_t size = 1; size < kFind.size(); ++size) {
    EXPECT_EQ(problem(read_request(std::string_view(kFind).substr(0, size))), "The message ends before it is whole")
        << size;
  }
  const auto sent = write(Result{1, true, "{}"});
  for (std::size_t size = 1; size < sent.size(); ++size) {
    EXPECT_EQ(problem(read_response(std::string_view(sent).substr(0, size))), "The message ends before it is whole")
        << size;
  }
}

TEST(Sows, RefusesALengthBeyondTheMessage) {
  EXPECT_EQ(problem(read_request(bytes("\x01\0\0\0\0m\0\xFF\xFF\xFF\xFF{}"))), "The message ends before it is whole");
}

}  // namespace
}  // namespace omnibroker::nucleus::sows
