// The envelope against a second, plain reading of the same rules (strict_json.hpp), on many messages that are nearly
// right: good ones with a few bytes changed, cut, doubled or exchanged. Seeded, so a failure comes again.

#include "second_opinion.hpp"

#include "parsed.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

const std::vector<std::string>& good_messages() {
  static const std::vector<std::string> messages = {
      R"({"type":"coordinate_update","prim_path":"/World/Husky_01","latitude":37.123456789,"longitude":127.987654321,"height":125.5,"metadata":{"speed":2.5,"heading":45.0,"battery":85}})",
      R"({"type":"client_register","client_type":"web_ui","timestamp":"2024-01-15T10:30:00Z"})",
      R"({"type":"t","n":[0,-0,1.5e-7,18446744073709551616,-9223372036854775809,1e308,123456789012345678901234567890]})",
      R"({"type":"t","s":"\ud83d\ude00 \u00e9 \\ \/ \" \b\f\n\r\t","é":"한국어"})",
      R"({"type":"t","d":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]})",
      R"({"type":"t","d":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"e":{}})",
      R"({"a":1,"b":true,"c":false,"d":null,"e":[],"f":{},"g":"","h":{"a":{"a":1,"a":2}},"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"type":"t","q":1})",
      R"(  [ 1 , "a" , null ]  )",
  };
  return messages;
}

std::string changed(std::string message, std::mt19937& random) {
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\",
                                          "\\u",
                                          "\\ud800",
                                          "\\udc00",
                                          "0",
                                          "-",
                                          "e",
                                          ".",
                                          "1",
                                          "99999999999999999999",
                                          "e309",
                                          " ",
                                          "\n",
                                          "\t",
                                          "true",
                                          "null",
                                          "NaN",
                                          "\"type\":\"t\",",
                                          "\"a\":1,",
                                          "\xED\xA0\x80",
                                          "\xC3\xA9",
                                          "\xFF",
                                          "[[",
                                          "]]"};
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  for (auto times = 1 + below(3); times > 0 && !message.empty(); --times) {
    const auto at = below(message.size());
    switch (below(6)) {
      case 0: message[at] = static_cast<char>(below(256)); break;
      case 1: message.erase(at, 1 + below(3)); break;
      case 2: message.insert(at, kPieces[below(std::size(kPieces))]); break;
      case 3: message.insert(at, message.substr(below(message.size()), below(20))); break;
      case 4: std::swap(message[at], message[below(message.size())]); break;
      default: message.resize(at); break;
    }
  }
  return message;
}

TEST(Envelope, AgreesWithASecondOpinionOnNearlyRightMessages) {
  std::mt19937 random(20240115);  // NOLINT: a fixed seed is the point
  omnibroker::core::Envelope envelope(4096);

  for (int round = 0; round < 60'000; ++round) {
    const auto& good = good_messages()[static_cast<std::size_t>(round) % good_messages().size()];
    const std::string message = round < 100 ? good : changed(good, random);
    if (message.size() > 4096) continue;
    ASSERT_EQ(disagreement(envelope, message), "") << message;
  }
}

}  // namespace
