#include "command.hpp"
#include "config/sections.hpp"
#include "installation.hpp"
#include "plugin/catalog.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace omnibroker::tools {
namespace {

using core::PluginReport;

/// One plugin file as it is listed.
struct Row {
  std::string name, kind, version, abi, state, types;
};

Row row_of(const PluginReport& report) {
  if (report.plugin == nullptr) return {report.file.stem().string(), "-", "-", "-", "refused", "-"};
  const auto& plugin = *report.plugin;
  Row row{plugin.name,
          "",
          plugin.version,
          std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor),
          report.state == PluginReport::State::Loaded ? "loaded" : "refused",
          ""};
  std::set<std::string> kinds;
  for (std::size_t i = 0; i < plugin.component_count; ++i) {
    const auto& type = *plugin.components[i];
    const std::string kind(core::kind_name(type.kind));
    if (kinds.insert(kind).second) row.kind += (row.kind.empty() ? "" : ",") + kind;
    row.types += (row.types.empty() ? "" : ",") + std::string(type.name);
  }
  return row;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

void print_table(const std::vector<PluginReport>& reports) {
  const auto paint = output_paint();
  std::vector<Row> rows = {{"NAME", "KIND", "VERSION", "ABI", "STATE", "TYPES"}};
  for (const auto& report : reports) rows.push_back(row_of(report));
  std::size_t name = 0, kind = 0, version = 0;
  for (const auto& row : rows) {
    name = std::max(name, row.name.size());
    kind = std::max(kind, row.kind.size());
    version = std::max(version, row.version.size());
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    auto state = padded(row.state, 7);
    if (i > 0) state = row.state == "loaded" ? paint.green(state) : paint.red(state);
    const auto line = padded(row.name, name) + "  " + padded(row.kind, kind) + "  " + padded(row.version, version) +
                      "  " + padded(row.abi, 4) + "  " + state + "  " + row.types;
    std::printf("%s\n", (i == 0 ? paint.bold(line) : line).c_str());
    if (i == 0) continue;
    for (const auto& reason : reports[i - 1].reasons) std::printf("    %s\n", printable(reason).c_str());
  }
}

Poco::JSON::Object::Ptr json_of(const PluginReport& report) {
  const auto row = row_of(report);
  Poco::JSON::Object::Ptr entry = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
  entry->set("name", row.name);
  entry->set("file", report.file.string());
  entry->set("state", row.state);
  entry->set("sha256", report.hash);
  if (report.plugin != nullptr) {
    entry->set("version", row.version);
    entry->set("abi", row.abi);
    entry->set("doc", std::string(report.plugin->doc == nullptr ? "" : report.plugin->doc));
    entry->set("license", std::string(report.plugin->license == nullptr ? "" : report.plugin->license));
    entry->set("build", std::string(report.plugin->build == nullptr ? "" : report.plugin->build));
    Poco::JSON::Array::Ptr types = new Poco::JSON::Array;
    for (std::size_t i = 0; i < report.plugin->component_count; ++i) {
      Poco::JSON::Object::Ptr type = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
      type->set("name", std::string(report.plugin->components[i]->name));
      type->set("kind", std::string(core::kind_name(report.plugin->components[i]->kind)));
      types->add(type);
    }
    entry->set("types", types);
  }
  Poco::JSON::Array::Ptr reasons = new Poco::JSON::Array;
  for (const auto& reason : report.reasons) reasons->add(reason);
  entry->set("reasons", reasons);
  return entry;
}

void print_json(const std::vector<PluginReport>& reports) {
  Poco::JSON::Array list;
  for (const auto& report : reports) list.add(json_of(report));
  std::ostringstream text;
  list.stringify(text, 2);
  std::printf("%s\n", text.str().c_str());
}

int plugins(const Arguments& arguments) {
  auto named = arguments.all("dir");
  std::vector<std::filesystem::path> folders(named.begin(), named.end());
  for (const auto& folder : folders) {
    std::error_code failure;
    if (std::filesystem::is_directory(folder, failure)) continue;
    std::fprintf(stderr, "omnibroker: %s is not a folder\n", printable(folder.string()).c_str());
    return kRefused;
  }
  if (folders.empty()) folders = plugin_folders({});

  core::Catalog catalog(folders);
  std::vector<PluginReport> reports;
  for (const auto& folder : folders) {
    for (auto& report : catalog.scan(folder)) reports.push_back(std::move(report));
  }
  if (arguments.has("json")) {
    print_json(reports);
  } else if (reports.empty()) {
    std::string looked;
    for (const auto& folder : folders) looked += (looked.empty() ? "" : ", ") + folder.string();
    std::printf("No plugins in %s\n", looked.empty() ? "any folder that exists" : looked.c_str());
  } else {
    print_table(reports);
  }
  const bool refused = std::any_of(reports.begin(), reports.end(),
                                   [](const auto& report) { return report.state == PluginReport::State::Refused; });
  return refused ? kRefused : kDone;
}

}  // namespace

Command plugins_command() {
  return {{.name = "plugins",
           .purpose = "list the plugins that are found, and say why any is refused",
           .usage = "",
           .text = "Looks at every plugin file in the folders where `run` looks (OMNIBROKER_PLUGIN_PATH,\n"
                   "then beside this program), loads it as `run` would, and says what it is. Under one\n"
                   "that is refused stand the reasons.\n",
           .options = {{"dir", "d", "DIR", "Look here instead; may be given more than once."},
                       {"json", "j", "", "Print a JSON array, for programs."}},
           .examples = {{"omnibroker plugins", "what this installation has"},
                        {"omnibroker plugins --dir build/release/plugins", "what a build made"},
                        {"omnibroker describe websocket", "the options of one of the TYPES"}},
           .exit_codes = {kDone, kRefused, kWrongUsage}},
          plugins};
}

}  // namespace omnibroker::tools
