#include <nucleus/channel_frames.hpp>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::nucleus::channel {
namespace {

TEST(ChannelFrames, AreWrittenByteForByte) {
  EXPECT_EQ(write({Event::Message, "AB", "hi"}), std::string("OBCH\x01\x01\x02"
                                                             "ABhi"));
  EXPECT_EQ(write({Event::Deleted, "", ""}), std::string("OBCH\x01\x05\0", 7));
}

TEST(ChannelFrames, AreRead) {
  for (const auto event : {Event::Message, Event::Hello, Event::Join, Event::Left, Event::Deleted}) {
    const auto payload = write({event, "sender", "content"});
    const auto frame = read(payload);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->event, event);
    EXPECT_EQ(frame->sender, "sender");
    EXPECT_EQ(frame->content, "content");
  }
}

TEST(ChannelFrames, AreNotWhatOthersSend) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("__OVUM__{}"));
  EXPECT_FALSE(read(std::string("OBCH\x01\x01", 6))) << "cut";
  EXPECT_FALSE(read(std::string("OBCH\x02\x01\0", 7))) << "another version";
  EXPECT_FALSE(read(std::string("OBCH\x01\0\0", 7))) << "no event";
  EXPECT_FALSE(read(std::string("OBCH\x01\x06\0", 7))) << "an unknown event";
  EXPECT_FALSE(
      read(std::string("OBCH\x01\x01\x03"
                       "ab")))
      << "a sender that is cut";
}

TEST(ChannelFrames, HaveRoomForTheLongestSender) {
  const std::string sender(255, 's');
  const auto payload = write({Event::Join, sender, "x"});
  EXPECT_EQ(read(payload)->sender, sender);
}

}  // namespace
}  // namespace omnibroker::nucleus::channel
