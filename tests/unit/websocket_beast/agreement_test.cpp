// Two implementations, one protocol: what one transport makes of a client's bytes, the other does, too.
#include "peer.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket_beast {
namespace {

const std::set<unsigned> kCodes{1000, 1002, 1007, 1009};  // that the scripts lead to, among others

/// Messages in good order, mostly, with now and then a frame or a byte that is not. The same for the same seed.
std::string script_of(unsigned seed) {
  std::mt19937 random(seed);
  const auto any = [&random](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  const auto json = deflated(json_of(400));
  const std::vector<std::string> messages{
      text(""),
      text("text \u6c34"),
      text(std::string(700, 'x')),
      frame(0x82, "\xFF"),
      ping("ping"),
      frame(0x01, "te\xE6") + ping("between") + frame(0x00, "\xB0") + frame(0x80, "\xB4xt"),
      frame(0x01, "") + frame(0x00, "") + frame(0x80, "text"),
      frame(0xC1, deflated("text")),
      frame(0x41, json.substr(0, 20)) + ping("between") + frame(0x80, json.substr(20)),
  };
  const std::vector<unsigned> firsts{0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0x41, 0xC0, 0x83};
  const std::vector<std::string> payloads{
      "", "\xE2\x82", "\xED\xA0", "\x03\xE8", "\x03", "text", "\x07", deflated("\xFF"), std::string(1100, 'y')};
  std::string script;
  for (auto left = 1 + any(5); left > 0; --left) script += messages[any(messages.size())];
  if (any(3) != 0) script += frame(firsts[any(firsts.size())], payloads[any(payloads.size())]);
  script += messages[any(messages.size())];
  if (any(3) == 0) script[any(script.size())] = static_cast<char>(any(256));
  return script;
}

struct Seen {
  std::vector<std::string> submitted;
  Frames answers;
  unsigned code = 0;
};

class BothTransports : public TransportTest {
 protected:
  Seen show(ComponentUnderTest& transport, const std::string& script, std::size_t piece) {
    auto& connection = connect(transport, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    connection.feed_in_pieces(script, piece);
    Seen seen{payloads(), frames_of(connection.written()), 0};
    if (connection.ended() && !seen.answers.empty()) {
      seen.code = close_code({seen.answers.back()});
      seen.answers.pop_back();
    }
    connection.disconnect();
    host.clear_submitted();
    return seen;
  }
};

TEST_F(BothTransports, AgreeAboutWhateverComes) {
  auto& beast = start("websocket_beast", {{"compression", "deflate"}});
  auto& other = start("websocket", {{"compression", "deflate"}});
  std::set<unsigned> codes;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE("script " + std::to_string(seed));
    const auto script = script_of(seed);
    // Nothing that may stand behind it: both end, and neither waits for the rest of a head that the other one knows to
    // be wrong.
    const auto end = std::string(14, '\0');
    const auto expected = show(other, script + end, script.size());
    for (const std::size_t piece : {script.size(), std::size_t{3}}) {
      const auto seen = show(beast, script + end, piece);

      EXPECT_EQ(seen.submitted, expected.submitted);
      EXPECT_EQ(seen.answers, expected.answers);
      EXPECT_EQ(seen.code, expected.code);
    }
    codes.insert(expected.code);
  }
  EXPECT_TRUE(std::includes(codes.begin(), codes.end(), kCodes.begin(), kCodes.end())) << "the scripts show little";
}

}  // namespace
}  // namespace omnibroker::plugins::websocket_beast
