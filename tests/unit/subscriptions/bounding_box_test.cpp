#include "requests.hpp"

#include <limits>
#include <sstream>

namespace {

using omnibroker::Subscription;
using omnibroker::testing::FakeCall;
using omnibroker::testing::Options;

const Options kLongitudeFirst = {{"position", "[longitude, latitude]"}};
const Options kHeightFirst = {{"position", "[height, latitude, longitude]"}};

std::string bound(double value) {
  if (value == std::numeric_limits<double>::lowest()) return "lowest";
  if (value == std::numeric_limits<double>::max()) return "highest";
  std::ostringstream out;
  out << value;
  return out.str();
}

/// The boxes that a `bbox` becomes, one dimension behind the other: `36..38 126..128`; or the refusal.
std::string boxes(const std::string& bbox, const Options& options = {}) {
  HandlerTest handler("subscribe", options);
  EXPECT_TRUE(handler.up());
  FakeCall call(handler.host());
  const auto outcome = handler.handle(request("subscribe", ",\"bbox\":" + bbox), call);
  if (call.subscribed.empty()) return outcome;
  std::string out;
  for (const auto& box : call.subscribed.front().boxes) {
    if (!out.empty()) out += " or ";
    for (std::uint32_t i = 0; i < box.dimensions; ++i) {
      if (i > 0) out += ' ';
      out += bound(box.low[i]) + ".." + bound(box.high[i]);
    }
  }
  return out;
}

TEST(BoundingBox, IsWestSouthEastNorth) {
  EXPECT_EQ(boxes("[126.5,36,128,38.25]"), "36..38.25 126.5..128");
  EXPECT_EQ(boxes("[-180,-90,180,90]"), "-90..90 -180..180");
  EXPECT_EQ(boxes("[127,37,127,37]"), "37..37 127..127");
}

TEST(BoundingBox, MayHaveHeights) { EXPECT_EQ(boxes("[126,36,-10,128,38,250]"), "36..38 126..128 -10..250"); }

TEST(BoundingBox, FollowsTheOrderOfTheRoutesFields) {
  EXPECT_EQ(boxes("[126,36,128,38]", kLongitudeFirst), "126..128 36..38");
  EXPECT_EQ(boxes("[126,36,5,128,38,6]", kHeightFirst), "5..6 36..38 126..128");
  EXPECT_EQ(boxes("[126,36,128,38]", kHeightFirst), "lowest..highest 36..38 126..128");
}

TEST(BoundingBox, IsTwoBoxesAcrossThe180thMeridian) {
  EXPECT_EQ(boxes("[177,-20,-178,-16]"), "-20..-16 177..180 or -20..-16 -180..-178");
  EXPECT_EQ(boxes("[177,-20,0,-178,-16,9]"), "-20..-16 177..180 0..9 or -20..-16 -180..-178 0..9");
  EXPECT_EQ(boxes("[177,-20,-178,-16]", kLongitudeFirst), "177..180 -20..-16 or -180..-178 -20..-16");
}

TEST(BoundingBox, IsRefusedWithWhatItMustBe) {
  const std::string form = invalid(
      "Field 'bbox' must be an array of four numbers (west, south, east, north) or six (west, south, lowest, east, "
      "north, highest)");
  for (const char* value : {"null", "7", "\"1,2,3,4\"", "{}", "[]", "[1,2,3]", "[1,2,3,4,5]", "[1,2,3,4,5,6,7]"}) {
    EXPECT_EQ(boxes(value), form) << value;
  }
  EXPECT_EQ(boxes("[1,2,3,\"4\"]"), invalid("Field 'bbox' must hold numbers alone"));
  EXPECT_EQ(boxes("[1,2,3,null]"), invalid("Field 'bbox' must hold numbers alone"));
  for (const char* value : {"[-180.1,0,0,1]", "[0,0,180.1,1]", "[190,0,-190,1]"}) {
    EXPECT_EQ(boxes(value), invalid("Field 'bbox' must have its west and east between -180 and 180")) << value;
  }
  for (const char* value : {"[0,-90.1,1,0]", "[0,0,1,90.1]"}) {
    EXPECT_EQ(boxes(value), invalid("Field 'bbox' must have its south and north between -90 and 90")) << value;
  }
  EXPECT_EQ(boxes("[0,1,1,0]"), invalid("Field 'bbox' must not have its south above its north"));
  EXPECT_EQ(boxes("[0,0,9,1,1,8]"), invalid("Field 'bbox' must not have its lowest height above its highest"));
  EXPECT_EQ(boxes("[0,0,1,1,1,2]", kLongitudeFirst),
            invalid("Field 'bbox' must be four numbers (west, south, east, north): positions have no height here"));
}

}  // namespace
