#include "channels.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <nucleus/channel_frames.hpp>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

namespace frames = omnibroker::nucleus::channel;

class Listener final : public Channels::Member {
 public:
  explicit Listener(std::string name) : name_(std::move(name)) {}
  const std::string& connection() const override { return name_; }
  bool hear(const Channels::Payload& payload) override {
    if (deaf) return false;
    heard.push_back(*payload);
    return true;
  }
  bool may_hear() override {
    ++asked;
    return may;
  }
  void end(Channels::End why) override { ended = why; }

  std::vector<std::string> heard;
  bool deaf = false;
  bool may = true;
  int asked = 0;
  std::optional<Channels::End> ended;

 private:
  const std::string name_;
};

class ChannelsTest : public ::testing::Test {
 protected:
  std::shared_ptr<Listener> join(const std::string& name) {
    auto member = std::make_shared<Listener>(name);
    channels.join("/c", member, since, [] {});
    return member;
  }
  bool say(const std::string& connection, const std::string& payload) {
    return channels.say("/c", connection, std::make_shared<const std::string>(payload));
  }

  Channels channels;
  std::uint64_t since = 5;
};

TEST_F(ChannelsTest, TellEverybodyAlsoTheSpeaker) {
  const auto ann = join("ann"), bob = join("bob");
  EXPECT_TRUE(say("ann", "hello"));
  EXPECT_EQ(ann->heard, std::vector<std::string>{"hello"});
  EXPECT_EQ(bob->heard, std::vector<std::string>{"hello"});
}

TEST_F(ChannelsTest, SayThatSomebodyIsJoinedBeforeHeHears) {
  auto member = std::make_shared<Listener>("ann");
  bool joined = false;
  channels.join("/c", member, since, [&] {
    joined = true;
    EXPECT_TRUE(member->heard.empty());
  });
  EXPECT_TRUE(joined);
}

TEST_F(ChannelsTest, RefuseASpeakerThatNamesAnother) {
  const auto ann = join("ann");
  EXPECT_FALSE(say("ann", frames::write({frames::Event::Message, "bob", "lie"})));
  EXPECT_TRUE(ann->heard.empty());
}

TEST_F(ChannelsTest, TellOfWhoLeftOnlyWhereHeHadIntroducedHimself) {
  const auto ann = join("ann"), bob = join("bob"), eve = join("eve");
  const auto hello = frames::write({frames::Event::Join, "bob"});
  say("bob", hello);

  channels.leave("/c", bob.get());
  channels.leave("/c", eve.get());
  channels.leave("/c", eve.get());

  EXPECT_EQ(ann->heard, (std::vector<std::string>{hello, frames::write({frames::Event::Left, "bob"})}));
}

TEST_F(ChannelsTest, PartWithMembersThatDoNotHear) {
  const auto ann = join("ann"), bob = join("bob");
  say("bob", frames::write({frames::Event::Join, "bob"}));
  bob->deaf = true;

  say("ann", "one");

  EXPECT_EQ(ann->heard.back(), frames::write({frames::Event::Left, "bob"}));
  bob->deaf = false;
  say("ann", "two");
  EXPECT_EQ(bob->heard.size(), 1u);
}

TEST_F(ChannelsTest, EndWhenTheyAreDeleted) {
  const auto ann = join("ann"), eve = join("eve");
  say("ann", frames::write({frames::Event::Join, "ann"}));

  channels.gone("/c", 6);
  channels.look_after();
  channels.gone("/c", 7);
  channels.look_after();

  EXPECT_EQ(ann->ended, Channels::End::Deleted);
  EXPECT_EQ(eve->ended, Channels::End::Deleted);
  EXPECT_EQ(ann->heard.back(), frames::write({frames::Event::Deleted, ""}));
  EXPECT_EQ(eve->heard.size(), 1u) << "who does not know our frames is not sent one";
  EXPECT_TRUE(say("ann", "anybody?"));
}

TEST_F(ChannelsTest, OfTheSameNameAreNotThoseThatWereDeletedBefore) {
  const auto before = join("ann");
  channels.gone("/c", 6);
  since = 7;
  const auto behind = join("bob");
  channels.look_after();

  EXPECT_TRUE(before->ended);
  EXPECT_FALSE(behind->ended);
  say("bob", "hello");
  EXPECT_EQ(before->heard.size(), 0u);
  EXPECT_EQ(behind->heard.size(), 1u);
}

TEST_F(ChannelsTest, SayNothingToWhoHasLostTheRight) {
  const auto ann = join("ann"), bob = join("bob");
  const auto hello = frames::write({frames::Event::Join, "bob"});
  say("bob", hello);
  bob->may = false;
  say("ann", "he may still hear this");
  channels.rights_changed();

  say("ann", "secret");

  const auto left = frames::write({frames::Event::Left, "bob"});
  EXPECT_EQ(bob->heard,
            (std::vector<std::string>{hello, "he may still hear this", frames::write({frames::Event::Deleted, ""})}));
  EXPECT_EQ(bob->ended, Channels::End::AccessLost);
  EXPECT_EQ(ann->heard, (std::vector<std::string>{hello, "he may still hear this", "secret", left}));
  EXPECT_EQ(ann->asked, 2) << "once, and once more when rights had changed";
}

TEST_F(ChannelsTest, PartWithWhoHasLostTheRightAlsoWhereNobodySpeaks) {
  const auto ann = join("ann"), bob = join("bob");
  say("bob", frames::write({frames::Event::Join, "bob"}));
  bob->may = false;
  channels.rights_changed();
  channels.look_after();

  EXPECT_EQ(bob->ended, Channels::End::AccessLost);
  EXPECT_EQ(ann->heard.back(), frames::write({frames::Event::Left, "bob"}));
}

/// What it answers needs the channels: somebody leaves meanwhile.
class Asking final : public Channels::Member {
 public:
  explicit Asking(Channels& channels) : channels_(channels) {}
  const std::string& connection() const override { return name_; }
  bool may_hear() override {
    auto left = std::async(std::launch::async, [this] { channels_.leave("/other", nullptr); });
    in_time = in_time && left.wait_for(std::chrono::minutes(1)) == std::future_status::ready;  // a fault, and no wait
    pending.push_back(std::move(left));
    return true;
  }
  bool hear(const Channels::Payload&) override { return true; }
  void end(Channels::End) override {}

  bool in_time = true;
  std::vector<std::future<void>> pending;

 private:
  Channels& channels_;
  const std::string name_ = "asking";
};

TEST_F(ChannelsTest, AreNotHeldWhileMembersAreAsked) {
  const auto member = std::make_shared<Asking>(channels);
  channels.join("/c", member, since, [] {});
  say("ann", "hello");
  channels.rights_changed();
  channels.look_after();

  EXPECT_EQ(member->pending.size(), 2u);
  EXPECT_TRUE(member->in_time);
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
