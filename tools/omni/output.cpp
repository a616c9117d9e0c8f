#include "output.hpp"

#include "command.hpp"
#include "progress.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace omni {
namespace {

bool as_json = false;

struct Meaning {
  OmniClientResult result;
  const char* says;
  const char* hint;
};

constexpr Meaning kMeanings[] = {
    {eOmniClientResult_ErrorConnection, "there is no connection, or it was lost",
     "check that the server runs and the address is right; for a Nucleus set OMNI_USER and OMNI_PASS"},
    {eOmniClientResult_ErrorNotSupported, "what serves this address cannot do that", "docs/omniclient.md says who can"},
    {eOmniClientResult_ErrorAccessDenied, "you may not do that", "ask an administrator, or see `omni acl get`"},
    {eOmniClientResult_ErrorNotFound, "there is nothing of this name", "see what there is with `omni ls`"},
    {eOmniClientResult_ErrorAlreadyExists, "there is something of this name already",
     "choose another name, or replace it with -f where the command has it"},
    {eOmniClientResult_ErrorSourceIsDest, "source and destination are the same", "choose another destination"},
    {eOmniClientResult_ErrorAccessLost, "the right to see it was taken away", "see `omni acl get`"},
    {eOmniClientResult_ErrorLocked, "somebody else has locked it", "`omni stat` says who"},
    {eOmniClientResult_ErrorBadRequest, "the address or another argument is malformed", "check how it is written"},
    {eOmniClientResult_ErrorFolderNotEmpty, "the folder is not empty", "delete it with everything in it: `omni rm -r`"},
    {eOmniClientResult_ErrorWrongType, "it is a file where a folder was expected, or the other way round",
     "`omni stat` says what it is"},
};

std::vector<std::string> flag_names(std::uint32_t flags) {
  constexpr std::pair<OmniClientItemFlags, const char*> kNames[] = {
      {fOmniClientItem_ReadableFile, "readable"},  {fOmniClientItem_WriteableFile, "writeable"},
      {fOmniClientItem_CanHaveChildren, "folder"}, {fOmniClientItem_IsMount, "mount"},
      {fOmniClientItem_IsInsideMount, "mounted"},  {fOmniClientItem_CanLiveUpdate, "live"},
      {fOmniClientItem_IsOmniObject, "object"},    {fOmniClientItem_IsChannel, "channel"},
      {fOmniClientItem_IsDeleted, "deleted"},      {fOmniClientItem_IsCheckpointed, "checkpointed"},
  };
  std::vector<std::string> names;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) != 0) names.emplace_back(name);
  }
  return names;
}

int say_failure(const std::string& asked, const std::string& reason, const char* result, const char* hint) {
  progress::clear();
  const auto warning = Session::last_warning();
  if (as_json) {
    Json object;
    object.text("asked", asked).text("result", result).text("reason", reason);
    if (!warning.empty()) object.text("detail", warning);
    std::fprintf(stderr, "%s\n", Json().object("error", object).text("try", hint).str().c_str());
    return kFailed;
  }
  std::fprintf(stderr, "omni: could not %s\n", printable(asked).c_str());
  std::fprintf(stderr, "  %s%s%s\n", result == nullptr ? "" : result, result == nullptr ? "" : ": ",
               printable(reason).c_str());
  if (!warning.empty()) std::fprintf(stderr, "  the library says: %s\n", printable(warning).c_str());
  if (hint != nullptr) std::fprintf(stderr, "  try: %s\n", hint);
  return kFailed;
}

}  // namespace

void set_json(bool on) { as_json = on; }
bool json() { return as_json; }

void print(const std::string& line) {
  progress::clear();
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void print(const Json& object) { print(object.str()); }

int fail(const std::string& asked, OmniClientResult result, const std::string& url) {
  const auto* const found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                         [result](const Meaning& meaning) { return meaning.result == result; });
  const bool known = found != std::end(kMeanings);
  return say_failure(asked + (url.empty() ? "" : " " + url), known ? found->says : "the operation failed",
                     omniClientGetResultString(result), known ? found->hint : nullptr);
}

int fail(const std::string& asked, const std::string& reason) { return say_failure(asked, reason, nullptr, nullptr); }

std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto length = utf8_length(text, at);
    // The second row of control characters begins with C2.
    const bool control = byte < 0x20 || byte == 0x7F || (byte == 0xC2 && length == 2 && text[at + 1] < '\xA0');
    const auto count = std::max<std::size_t>(length, 1);
    for (std::size_t i = at; i < at + count; ++i) {
      if (!control && length > 0) {
        result += text[i];
        continue;
      }
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
      result += code;
    }
    at += count;
  }
  return result;
}

std::string time_text(std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return "-";
  const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000u);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string kind_of(const Item& item) {
  if ((item.flags & fOmniClientItem_IsChannel) != 0) return "channel";
  if ((item.flags & fOmniClientItem_IsOmniObject) != 0) return "object";
  if (item.is_folder()) return "folder";
  return (item.flags & fOmniClientItem_ReadableFile) != 0 ? "file" : "other";
}

std::string access_text(std::uint32_t access) {
  return {(access & fOmniClientAccess_Read) != 0 ? 'r' : '-', (access & fOmniClientAccess_Write) != 0 ? 'w' : '-',
          (access & fOmniClientAccess_Admin) != 0 ? 'a' : '-'};
}

Json json_of(const Item& item) {
  Json object;
  object.text("path", item.path).text("kind", kind_of(item)).number("size", item.size);
  object.text("access", access_text(item.access)).list("flags", flag_names(item.flags));
  const auto time = [&](const char* name, std::uint64_t value) {
    if (value != 0) object.number(name, value);
  };
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    if (value) object.text(name, *value);
  };
  time("modified_ns", item.modified_ns);
  text("modified_by", item.modified_by);
  time("created_ns", item.created_ns);
  text("created_by", item.created_by);
  time("deleted_ns", item.deleted_ns);
  text("deleted_by", item.deleted_by);
  text("locked_by", item.locked_by);
  text("version", item.version);
  text("hash", item.hash);
  text("comment", item.comment);
  return object;
}

void print_table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string room(widths[i] - row[i].size(), ' ');
      const bool at_right = std::find(right.begin(), right.end(), i) != right.end();
      line += (i == 0 ? "" : "  ") + (at_right ? room + row[i] : i + 1 == row.size() ? row[i] : row[i] + room);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print(line);
  }
}

}  // namespace omni
