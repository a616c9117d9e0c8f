// The indices that web servers make of folders.
#include "providers/http/index.hpp"

#include <gtest/gtest.h>

namespace {

using namespace omniclient;
using omniclient::http::read_index;

constexpr const char* kFolder = "http://h/x%20y/";

std::vector<std::string> names(const std::optional<std::vector<Entry>>& entries) {
  if (!entries) return {"no index"};
  std::vector<std::string> result;
  for (const auto& entry : *entries) result.push_back(entry.relative_path + (entry.is_folder() ? "/" : ""));
  return result;
}

TEST(HttpIndex, ReadsThatOfNginx) {
  const auto entries = read_index("text/html",
                                  "<html>\r\n<head><title>Index of /x y/</title></head>\r\n<body>\r\n"
                                  "<h1>Index of /x y/</h1><hr><pre><a href=\"../\">../</a>\r\n"
                                  "<a href=\"in/\">in/</a>               21-Oct-2015 07:28                   -\r\n"
                                  "<a href=\"a%20b%23c\">a b#c</a>       21-Oct-2015 07:28               12345\r\n"
                                  "</pre><hr></body>\r\n</html>\r\n",
                                  kFolder);

  ASSERT_EQ(names(entries), (std::vector<std::string>{"a b#c", "in/"}));
  EXPECT_EQ((*entries)[0].size, 12345u);
  EXPECT_EQ((*entries)[0].modified_ns, 1445412480'000000000u);
  EXPECT_EQ((*entries)[1].size, 0u);
}

TEST(HttpIndex, ReadsThatOfNginxAsJson) {
  const auto entries = read_index("application/json",
                                  R"([{ "name":"in", "type":"directory", "mtime":"Wed, 21 Oct 2015 07:28:00 GMT" },
                                      { "name":"a", "type":"file", "mtime":"Wed, 21 Oct 2015 07:28:00 GMT",
                                        "size":5 }, {"name":"../evil","type":"file"}, {"name":"..","type":"file"}])",
                                  kFolder);

  ASSERT_EQ(names(entries), (std::vector<std::string>{"a", "in/"}));
  EXPECT_EQ((*entries)[0].size, 5u);
  EXPECT_EQ((*entries)[0].modified_ns, 1445412480'000000000u);
}

TEST(HttpIndex, ReadsThatOfApache) {
  const auto entries = read_index(
      "text/html;charset=UTF-8",
      "<html><head><title>Index of /x y</title></head><body><h1>Index of /x y</h1><table>"
      "<tr><th><a href=\"?C=N;O=D\">Name</a></th></tr>"
      "<tr><td><a href=\"/\">Parent Directory</a></td><td>&nbsp;</td></tr>\n"
      "<tr><td><a href=\"a&amp;b\">a&amp;b</a></td><td align=\"right\">2015-10-21 07:28  </td><td> 123 </td></tr>\n"
      "<tr><td><a HREF='in/'>in/</a></td><td>2015-10-21 07:28  </td><td>  - </td></tr>\n"
      "<tr><td><a href=big>big</a></td><td>2015-10-21 07:28  </td><td>1.2K</td></tr></table></body></html>",
      kFolder);

  ASSERT_EQ(names(entries), (std::vector<std::string>{"a&b", "big", "in/"}));
  EXPECT_EQ((*entries)[0].size, 123u);
  EXPECT_EQ((*entries)[1].size, 0u);
}

TEST(HttpIndex, ReadsThatOfPython) {
  EXPECT_EQ(names(read_index("text/html; charset=utf-8",
                             "<!DOCTYPE HTML><title>Directory listing for /x y/</title><ul>"
                             "<li><a href=\"in/\">in/</a></li><li><a href=\"caf%C3%A9\">caf&#233;</a></li></ul>",
                             kFolder)),
            (std::vector<std::string>{"caf\xC3\xA9", "in/"}));
}

TEST(HttpIndex, LeavesOutWhatIsElsewhere) {
  EXPECT_EQ(names(read_index("text/html",
                             "<title>Index of</title><a href=\"http://other/x%20y/a\">1</a><a href=\"/x\">2</a>"
                             "<a href=\"in/deep\">3</a><a href=\"a%2Fb\">4</a><a href=\"\">5</a><a name=\"x\">6</a>"
                             "<a href=\"mailto:a@b\">7</a><a href=\"http://h/x%20y/ok\">8</a><a href=\"cut",
                             kFolder)),
            std::vector<std::string>{"ok"});
}

TEST(HttpIndex, IsNoOtherPage) {
  EXPECT_FALSE(read_index("text/html", "<title>Welcome</title><a href=\"a\">a</a>", kFolder));
  EXPECT_FALSE(read_index("text/plain", "<title>Index of /</title>", kFolder));
  EXPECT_FALSE(read_index("", "", kFolder));
  EXPECT_FALSE(read_index("application/json", "{}", kFolder));
  EXPECT_FALSE(read_index("application/json", "[{\"name\":\"a\"", kFolder));
  EXPECT_FALSE(read_index("application/json", "[{\"name\":1,\"type\":\"file\"}]", kFolder));
  EXPECT_FALSE(read_index("application/json", "[1]", kFolder));
}

}  // namespace
