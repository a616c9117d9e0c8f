#include "providers/http/index.hpp"

#include "url/characters.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

namespace omniclient::http {
namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// 1 to 12, or 0.
int month_of(std::string_view name) {
  const auto at = name.size() == 3 ? kMonths.find(name) : std::string_view::npos;
  return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

std::optional<std::vector<Entry>> sorted(std::map<std::string, Entry> entries) {
  std::vector<Entry> list;
  for (auto& [name, entry] : entries) list.push_back(std::move(entry));
  return list;
}

/// `Wed, 11 Jan 2023 12:00:00 GMT`
std::uint64_t read_http_date(const std::string& text) {
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  char month[4] = "";
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, month, &year, &hour, &minute, &second) != 6) {
    return 0;
  }
  return nanoseconds_of(year, month_of(month), day, hour, minute, second);
}

std::optional<std::vector<Entry>> read_json(std::string_view text) {
  const auto index = nlohmann::json::parse(text, nullptr, false);
  if (!index.is_array()) return std::nullopt;
  std::map<std::string, Entry> entries;
  for (const auto& item : index) {
    if (!item.is_object()) return std::nullopt;
    const auto name = item.find("name");
    const auto type = item.find("type");
    if (name == item.end() || !name->is_string() || type == item.end() || !type->is_string()) return std::nullopt;
    if (!is_item_name(name->get_ref<const std::string&>())) continue;
    auto entry = make_entry(name->get<std::string>(), *type == "directory");
    if (const auto size = item.find("size"); size != item.end() && size->is_number_unsigned()) {
      entry.size = size->get<std::uint64_t>();
    }
    if (const auto time = item.find("mtime"); time != item.end() && time->is_string()) {
      entry.modified_ns = read_http_date(time->get<std::string>());
    }
    entries.emplace(entry.relative_path, entry);
  }
  return sorted(std::move(entries));
}

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (code >> 18));
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// The character that `&name;` stands for; 0 for names that do not come in addresses.
std::uint32_t character_of(std::string_view name) {
  if (name == "amp") return '&';
  if (name == "lt") return '<';
  if (name == "gt") return '>';
  if (name == "quot") return '"';
  if (name == "apos") return '\'';
  if (name.empty() || name.front() != '#') return 0;
  const bool hexadecimal = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  const auto digits = name.substr(hexadecimal ? 2 : 1);
  std::uint32_t code = 0;
  const auto* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, code, hexadecimal ? 16 : 10);
  return read.ec == std::errc() && read.ptr == end && code <= 0x10FFFF ? code : 0;
}

std::string without_entities(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end = text[i] == '&' ? text.find(';', i) : std::string_view::npos;
    const auto code = end == std::string_view::npos ? 0 : character_of(text.substr(i + 1, end - i - 1));
    if (code == 0) {
      result += text[i];
    } else {
      append_utf8(result, code);
      i = end;
    }
  }
  return result;
}

/// The value of an attribute inside of a tag; nothing where it has none. `lowered` is the same tag in lower case.
std::optional<std::string> attribute(std::string_view tag, std::string_view lowered, std::string_view name) {
  const auto at = lowered.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = tag.substr(at + name.size());
  const char quote = rest.empty() ? '\0' : rest.front();
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) rest.remove_prefix(1);
  const auto end = quoted ? rest.find(quote) : rest.find_first_of(" \t>");
  return without_entities(rest.substr(0, end));
}

std::string without_tags(std::string_view text) {
  std::string result;
  bool inside = false;
  for (const char c : text) {
    if (c == '<') inside = true;
    if (!inside) result += c;
    if (c == '>') {
      inside = false;
      result += ' ';
    }
  }
  return result;
}

/// What stands behind a link: `11-Jan-2023 12:00   123` (nginx), `2023-01-11 12:00   1.2K` (Apache).
void read_details(std::string_view behind, Entry& entry) {
  constexpr std::size_t kMost = 300;
  const auto text = without_tags(behind.substr(0, std::min(kMost, behind.find('\n'))));
  int day = 0, year = 0, hour = 0, minute = 0;
  char month[4] = "", size[32] = "";
  if (std::sscanf(text.c_str(), "%2d-%3s-%4d %2d:%2d %31s", &day, month, &year, &hour, &minute, size) == 6) {
    entry.modified_ns = nanoseconds_of(year, month_of(std::string_view(month)), day, hour, minute, 0);
  } else if (std::sscanf(text.c_str(), "%*4d-%*2d-%*2d %*2d:%*2d %31s", size) != 1) {
    return;
  }
  const std::string_view digits = size;
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) entry.size = number;
}

/// The item that a link leads to, where it is one of the folder's own.
std::optional<Entry> linked(const Url& folder, const std::string& folder_url, const std::string& link) {
  const auto target = break_url(combine(folder_url, link));
  if (target.scheme != folder.scheme || target.host != folder.host || target.port != folder.port || target.query) {
    return std::nullopt;
  }
  const auto path = target.path.value_or("");
  const auto above = folder.path.value_or("/");
  if (path.compare(0, above.size(), above) != 0) return std::nullopt;
  std::string name = path.substr(above.size());
  const bool is_folder = !name.empty() && name.back() == '/';
  if (is_folder) name.pop_back();
  if (!is_item_name(name)) return std::nullopt;
  return make_entry(std::move(name), is_folder);
}

std::optional<std::vector<Entry>> read_html(std::string_view text, const std::string& folder_url) {
  const auto lowered = lower(text);
  const auto says = [&](const char* words) { return lowered.find(words) != std::string::npos; };
  if (!says("<title>index of") && !says("<h1>index of") && !says("<title>directory listing for")) return std::nullopt;
  const auto folder = break_url(folder_url);
  std::map<std::string, Entry> entries;
  for (std::size_t at = 0; (at = lowered.find("<a ", at)) != std::string::npos;) {
    const auto end = lowered.find('>', at);
    if (end == std::string::npos) break;
    const auto link = attribute(text.substr(at, end - at), std::string_view(lowered).substr(at, end - at), "href=");
    const auto next = std::min(lowered.find("<a ", end), lowered.size());
    const auto closed = std::string_view(lowered).substr(0, next).find("</a>", end);  // no further: pages may be long
    at = end;
    auto entry = link ? linked(folder, folder_url, *link) : std::nullopt;
    if (!entry) continue;
    if (closed < next) read_details(text.substr(closed + 4, next - closed - 4), *entry);
    entries.emplace(entry->relative_path, *entry);
  }
  return sorted(std::move(entries));
}

}  // namespace

std::uint64_t nanoseconds_of(int year, int month, int day, int hour, int minute, int second) {
  std::tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = month - 1;
  time.tm_mday = day;
  time.tm_hour = hour;
  time.tm_min = minute;
  time.tm_sec = second;
  const auto seconds = month == 0 ? -1 : timegm(&time);
  return seconds < 0 ? 0 : static_cast<std::uint64_t>(seconds) * 1'000'000'000u;
}

Entry make_entry(std::string name, bool folder) {
  Entry entry;
  entry.relative_path = std::move(name);
  entry.access = fOmniClientAccess_Read;
  entry.flags =
      folder ? fOmniClientItem_CanHaveChildren : fOmniClientItem_ReadableFile | fOmniClientItem_DoesNotHaveChildren;
  return entry;
}

std::optional<std::vector<Entry>> read_index(std::string_view content_type, std::string_view text,
                                             const std::string& folder_url) {
  const auto type = lower(content_type);
  if (type.compare(0, 16, "application/json") == 0) return read_json(text);
  if (type.compare(0, 9, "text/html") == 0) return read_html(text, folder_url);
  return std::nullopt;
}

}  // namespace omniclient::http
