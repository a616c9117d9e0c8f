#include "telemetry/log.hpp"

#include "telemetry/log_line.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using namespace std::chrono_literals;

/// 2026-11-21T10:00:00.123Z
constexpr auto kNoon = std::chrono::system_clock::time_point(1'795'255'200'123ms);

std::vector<omnibroker_field> crossing(const std::vector<Field>& fields) {
  std::vector<omnibroker_field> views;
  for (const auto& field : fields) views.push_back({text(field.key), text(field.value)});
  return views;
}

std::string as_text(std::string_view component, std::string_view sentence, const std::vector<Field>& fields,
                    LogColour colour = LogColour::Off, LogStamp stamp = LogStamp::TimeAndLevel) {
  const auto views = crossing(fields);
  return text_line({kNoon, LogLevel::Info, component, sentence, views}, colour, stamp);
}

std::string as_json(std::string_view component, std::string_view sentence, const std::vector<Field>& fields) {
  const auto views = crossing(fields);
  return json_line({kNoon, LogLevel::Warn, component, sentence, views});
}

/// What one value looks like in a text line.
std::string text_value(const std::string& value) {
  const auto line = as_text("c", "S", {{"v", value}});
  return line.substr(line.find("v=") + 2);
}

/// What one value looks like in a JSON line, between its quotes.
std::string json_value(const std::string& value) {
  const auto line = as_json("c", "S", {{"v", value}});
  const auto begin = line.find("\"v\":\"") + 5;
  return line.substr(begin, line.size() - begin - 2);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class FreshFolder {
 public:
  FreshFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "omnibroker-log-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~FreshFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

LogConfig to_file(const std::filesystem::path& file) {
  LogConfig config;
  config.output = LogOutput::File;
  config.file = file.string();
  return config;
}

TEST(TextLine, HasTimeLevelComponentSentenceAndFields) {
  EXPECT_EQ(as_text("transports.realtime", "Client registered", {{"role", "web_ui"}, {"sessions", 3}}),
            "2026-11-21T10:00:00.123Z INFO  transports.realtime: Client registered role=web_ui sessions=3");
}

TEST(TextLine, NamesTheBrokerWhereThereIsNoComponent) {
  EXPECT_EQ(as_text("", "Serving", {}), "2026-11-21T10:00:00.123Z INFO  broker: Serving");
}

TEST(TextLine, LeavesTimeAndLevelToAReceiverThatWritesThem) {
  EXPECT_EQ(as_text("reply", "Ready", {{"n", 1}}, LogColour::Off, LogStamp::None), "reply: Ready n=1");
}

TEST(TextLine, QuotesOnlyValuesThatNeedIt) {
  EXPECT_EQ(text_value("web_ui"), "web_ui");
  EXPECT_EQ(text_value("/World/Robot-1.a:b"), "/World/Robot-1.a:b");
  EXPECT_EQ(text_value("서울"), "서울");
  EXPECT_EQ(text_value(""), "\"\"");
  EXPECT_EQ(text_value("two words"), "\"two words\"");
  EXPECT_EQ(text_value("a=b"), "\"a=b\"");
}

TEST(TextLine, EscapesWhatCouldForgeALine) {
  EXPECT_EQ(text_value("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(text_value("a\r\tb"), "\"a\\r\\tb\"");
  EXPECT_EQ(text_value("say \"hi\""), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(text_value("back\\slash"), "\"back\\\\slash\"");
  EXPECT_EQ(text_value("\033[31mred"), "\"\\x1b[31mred\"");
  EXPECT_EQ(text_value(std::string("nul\0", 4)), "\"nul\\x00\"");
  EXPECT_EQ(text_value("\u202eabc"), "\"\\u202eabc\"");
  EXPECT_EQ(text_value("a\u2028b"), "\"a\\u2028b\"");
  EXPECT_EQ(text_value("a\u0085b"), "\"a\\u0085b\"");
}

TEST(TextLine, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(text_value("\xff"), "\"\\xff\"");
  EXPECT_EQ(text_value("\xc0\xaf"), "\"\\xc0\\xaf\"");                    // overlong
  EXPECT_EQ(text_value("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");           // surrogate
  EXPECT_EQ(text_value("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"");  // beyond Unicode
  EXPECT_EQ(text_value("\xe2\x82"), "\"\\xe2\\x82\"");                    // cut short
}

TEST(TextLine, CutsValuesAt256Bytes) {
  EXPECT_EQ(text_value(std::string(256, 'x')), std::string(256, 'x'));
  EXPECT_EQ(text_value(std::string(257, 'x')), std::string(256, 'x') + "…");
}

TEST(TextLine, NeverCutsACharacterInTwo) {
  EXPECT_EQ(text_value(std::string(255, 'x') + "é"), std::string(255, 'x') + "…");
}

TEST(TextLine, EscapesSentenceAndComponentToo) {
  const auto line = as_text("a\nb", "One\n2026 ERROR forged", {});

  EXPECT_EQ(line, "2026-11-21T10:00:00.123Z INFO  a\\nb: One\\n2026 ERROR forged");
}

TEST(TextLine, KeepsKeysInShape) {
  const auto line = as_text("c", "S", {{"a b=\n", "1"}, {"", "2"}});

  EXPECT_NE(line.find(" a_b__=1 _=2"), std::string::npos) << line;
}

TEST(TextLine, ColoursLevelAndKeysOnly) {
  const auto line = as_text("c", "S", {{"k", "v"}}, LogColour::On);

  EXPECT_EQ(line, "2026-11-21T10:00:00.123Z \033[32mINFO \033[0m c: S \033[2mk=\033[0mv");
}

TEST(JsonLine, HasFieldsAsStringsBesideTheFourMembers) {
  EXPECT_EQ(as_json("transports.realtime", "Client registered", {{"role", "web_ui"}, {"sessions", 3}}),
            R"({"time":"2026-11-21T10:00:00.123Z","level":"warn","component":"transports.realtime",)"
            R"("sentence":"Client registered","role":"web_ui","sessions":"3"})");
}

TEST(JsonLine, RenamesFieldsThatWouldHideAMember) {
  const auto line = as_json("", "S", {{"time", "x"}, {"level", "y"}, {"component", "z"}, {"sentence", "w"}});

  EXPECT_NE(line.find(R"("component":"broker")"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("field_time":"x","field_level":"y","field_component":"z","field_sentence":"w"})"),
            std::string::npos)
      << line;
}

TEST(JsonLine, EscapesAsJsonDoes) {
  EXPECT_EQ(json_value("a\n\"\\\t"), R"(a\n\"\\\t)");
  EXPECT_EQ(json_value("\033\x7f"), R"(\u001b\u007f)");
  EXPECT_EQ(json_value("\xff"), R"(\ufffd)");
  EXPECT_EQ(json_value("\u202e"), R"(\u202e)");
  EXPECT_EQ(json_value("😀"), "😀");
}

TEST(Log, WritesLinesToAFileAsTheyCome) {
  const FreshFolder folder;
  auto log = Log::open(to_file(folder.path() / "broker.log"));
  ASSERT_TRUE(log) << log.error().message;

  (*log)->info("Serving", {{"workers", 2}});

  const auto content = content_of(folder.path() / "broker.log");
  EXPECT_TRUE(content.ends_with("Z INFO  broker: Serving workers=2\n")) << content;
}

TEST(Log, WritesJsonWhereItIsAskedTo) {
  const FreshFolder folder;
  auto config = to_file(folder.path() / "broker.log");
  config.format = LogFormat::Json;
  auto log = Log::open(config);
  ASSERT_TRUE(log) << log.error().message;

  (*log)->error("Plugin failed", {{"plugin", "x"}});

  const auto content = content_of(folder.path() / "broker.log");
  EXPECT_TRUE(content.ends_with("\"sentence\":\"Plugin failed\",\"plugin\":\"x\"}\n")) << content;
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const FreshFolder folder;
  auto log = Log::open(to_file(folder.path() / "broker.log"));
  ASSERT_TRUE(log) << log.error().message;

  (*log)->debug("Unseen");
  (*log)->set_level(LogLevel::Debug);
  (*log)->debug("Seen");
  (*log)->set_level(LogLevel::Error);
  (*log)->warn("Unseen again");

  const auto content = content_of(folder.path() / "broker.log");
  EXPECT_EQ(content.find("Unseen"), std::string::npos) << content;
  EXPECT_NE(content.find("DEBUG broker: Seen"), std::string::npos) << content;
  EXPECT_FALSE((*log)->enabled(LogLevel::Warn));
}

TEST(Log, KeepsAsManyRotatedFilesAsItWasTold) {
  const FreshFolder folder;
  auto config = to_file(folder.path() / "broker.log");
  config.rotate_size = {1024};
  config.rotate_count = 2;
  auto log = Log::open(config);
  ASSERT_TRUE(log) << log.error().message;

  for (int i = 0; i < 200; ++i) (*log)->info("A line that fills the file", {{"number", i}});

  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
    EXPECT_LE(entry.file_size(), 1024u) << entry.path();
  }
  EXPECT_EQ(names.size(), 3u);
  EXPECT_NE(content_of(folder.path() / "broker.log").find("number=199"), std::string::npos);
}

TEST(Log, DoesNotRotateWithoutASize) {
  const FreshFolder folder;
  auto config = to_file(folder.path() / "broker.log");
  config.rotate_size = {0};
  auto log = Log::open(config);
  ASSERT_TRUE(log) << log.error().message;

  (*log)->info("One");

  EXPECT_NE(content_of(folder.path() / "broker.log").find("One"), std::string::npos);
}

TEST(Log, SaysWhyAFileCannotBeOpened) {
  const auto log = Log::open(to_file("/proc/no/such/folder/broker.log"));

  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/proc/no/such/folder"), std::string::npos) << log.error().message;
}

TEST(Log, RefusesAFileOutputWithoutAFile) {
  LogConfig config;
  config.output = LogOutput::File;

  const auto log = Log::open(config);

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::InvalidArgument);
}

TEST(Log, CountsLinesThatItsFileDoesNotTakeAndSaysSoOnce) {
  auto config = to_file("/dev/full");
  config.rotate_size = {0};
  auto log = Log::open(config);
  ASSERT_TRUE(log) << log.error().message;

  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) (*log)->info("Lost");
  const auto said = testing::internal::GetCapturedStderr();

  EXPECT_EQ((*log)->failures(), 5u);
  EXPECT_EQ(said.find("lines are lost"), said.rfind("lines are lost")) << said;
  EXPECT_NE(said.find("lines are lost"), std::string::npos) << said;
}

TEST(Log, WritesToStandardErrorWithoutColoursWhereThatIsNoTerminal) {
  testing::internal::CaptureStderr();
  auto log = Log::open({});
  ASSERT_TRUE(log) << log.error().message;
  (*log)->warn("Careful", {{"k", "v"}});
  const auto said = testing::internal::GetCapturedStderr();

  EXPECT_TRUE(said.ends_with("Z WARN  broker: Careful k=v\n")) << said;
  EXPECT_EQ(said.find('\033'), std::string::npos);
}

TEST(Log, TakesLinesFromManyThreadsWhole) {
  const FreshFolder folder;
  auto log = Log::open(to_file(folder.path() / "broker.log"));
  ASSERT_TRUE(log) << log.error().message;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) (*log)->info("Line", {{"thread", t}, {"number", i}, {"end", "yes"}});
      });
    }
  }

  std::ifstream in(folder.path() / "broker.log");
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_TRUE(line.ends_with("end=yes")) << line;
    EXPECT_EQ(line.find("Line"), line.rfind("Line")) << line;
  }
  EXPECT_EQ(lines, 400);
}

}  // namespace
}  // namespace omnibroker::core
