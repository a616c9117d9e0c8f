#include "client.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using Encode = WebSocketTest;

TEST_F(Encode, MakesOneFrameOfAMessage) {
  start();
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 100'000u}) {
    const std::string payload(size, 'p');
    EXPECT_EQ(server_frames(component->encode(payload)), (std::vector<ServerFrame>{{0x81, payload}}));
    EXPECT_EQ(server_frames(component->encode(payload, OMNIBROKER_BINARY_PAYLOAD)),
              (std::vector<ServerFrame>{{0x82, payload}}));
  }
}

TEST_F(Encode, ServesDirectAnswersAndDeliveries) {
  host.on_submit([](const Submitted&) { return RouterAnswer{.payload = "ack"}; });
  auto& connection = client();

  connection.feed(text_frame("hello"));
  connection.deliver("news");
  connection.deliver("raw", Encoding::Binary);

  EXPECT_EQ(server_frames(connection.written()),
            (std::vector<ServerFrame>{{0x81, "ack"}, {0x81, "news"}, {0x82, "raw"}}));
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
