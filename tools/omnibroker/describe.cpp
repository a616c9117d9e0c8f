#include "command.hpp"
#include "config/loader.hpp"
#include "config/sections.hpp"
#include "configuration.hpp"
#include "found_types.hpp"
#include "installation.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

namespace omnibroker::tools {
namespace {

using core::ReferenceFormat;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

/// What there is to ask about: sections of the file, and component types of the plugins that are found.
int print_overview(const std::vector<std::string>& folders) {
  const auto paint = output_paint();
  std::string out = paint.bold("Sections of a configuration") + "\n";
  for (const auto& part : core::root_section().parts) {
    out += "  " + padded(part.key, 12) + "  " + part.doc + "\n";
  }
  out += "\n" + paint.bold("Component types of the plugins that are found") + "\n";
  const auto found = find_types(folders);
  for (const auto* type : found.types) {
    out +=
        "  " + padded(std::string(core::kind_name(type->kind)), 10) + padded(type->name, 20) + "  " + type->doc + "\n";
  }
  if (found.types.empty()) out += "  none\n";
  out += "\n`omnibroker describe NAME` has the options of a section or a type; `describe all` has everything.\n";
  std::fputs(out.c_str(), stdout);
  return kDone;
}

int print_everything(const std::vector<std::string>& folders, ReferenceFormat format) {
  std::fputs(core::describe_broker(format).c_str(), stdout);
  const auto found = find_types(folders);
  for (const auto* type : found.types) std::printf("\n%s", core::describe_type(*type, format).c_str());
  return kDone;
}

bool is_section(std::string_view name) {
  const auto keys = core::root_section().keys();
  return std::find(keys.begin(), keys.end(), name) != keys.end();
}

/// The parts of the broker's reference under headings that are `name` or begin with it: `limits`,
/// `listeners.<name>.tls`.
std::string section_text(const std::string& name, ReferenceFormat format) {
  const std::string_view mark = format == ReferenceFormat::Markdown ? "## " : "";
  std::string out;
  bool wanted = false;
  std::istringstream lines(core::describe_broker(format));
  for (std::string line; std::getline(lines, line);) {
    const bool heading = mark.empty() ? !line.empty() && line.front() != ' ' : line.starts_with(mark);
    if (heading) {
      const auto title = line.substr(mark.size());
      wanted = title == name || title.starts_with(name + ".");
    }
    if (wanted) out += line + "\n";
  }
  return out;
}

int unknown_name(const std::string& name, const std::string& reason) {
  std::vector<std::string> names;
  for (const auto key : core::root_section().keys()) names.emplace_back(key);
  const auto suggested = suggestion(name, names);
  std::fprintf(stderr, "omnibroker: describe: %s is no section%s %s\n", printable(name).c_str(),
               suggested.empty() ? ", and no component type:" : suggested.c_str(), printable(reason).c_str());
  return kRefused;
}

int print_one(const std::string& name, const std::vector<std::string>& folders, ReferenceFormat format) {
  auto text = is_section(name) ? section_text(name, format) : std::string();
  std::vector<std::filesystem::path> path(folders.begin(), folders.end());
  core::Catalog catalog(path.empty() ? plugin_folders({}) : path);
  const auto type = type_lookup(catalog)(name);
  if (type) {
    text += (text.empty() ? "" : "\n") + core::describe_type(*type.value(), format);
  } else if (text.empty()) {
    return unknown_name(name, type.error().message);
  }
  std::fputs(text.c_str(), stdout);
  return kDone;
}

int describe(const Arguments& arguments) {
  const auto format = arguments.has("markdown") ? ReferenceFormat::Markdown : ReferenceFormat::Text;
  const auto folders = arguments.all("dir");
  if (arguments.words().empty()) {
    return format == ReferenceFormat::Markdown ? print_everything(folders, format) : print_overview(folders);
  }
  const auto& name = arguments.words().front();
  return name == "all" ? print_everything(folders, format) : print_one(name, folders, format);
}

}  // namespace

Command describe_command() {
  return {{.name = "describe",
           .purpose = "explain the options of the broker's sections and of component types",
           .usage = "[NAME]",
           .text = "NAME is a section of the configuration (limits, routes) or a component type of a plugin\n"
                   "(websocket; FILE:TYPE or a path with a slash for one that is not in the usual folders).\n"
                   "Each option comes with its type, default, bounds and meaning. Without NAME: what there is.\n",
           .options = {{"markdown", "m", "", "As Markdown; without NAME, the whole reference page."},
                       {"dir", "d", "DIR", "Look for plugins here instead; may be given more than once."}},
           .examples = {{"omnibroker describe", "what there is"},
                        {"omnibroker describe limits", "a section"},
                        {"omnibroker describe websocket", "a component type"},
                        {"omnibroker describe --markdown > reference.md", "the whole reference, as Markdown"}},
           .exit_codes = {kDone, kRefused, kWrongUsage},
           .most_words = 1},
          describe};
}

}  // namespace omnibroker::tools
