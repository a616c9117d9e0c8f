#include "plugin/catalog.hpp"

#include "config/wording.hpp"
#include "containment/call_marks.hpp"
#include "containment/mapped_libraries.hpp"
#include "plugin/elf_check.hpp"
#include "plugin/library.hpp"
#include "plugin/negotiation.hpp"
#include "plugin/probe.hpp"
#include "plugin/staging.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".so";
constexpr std::chrono::seconds kProbeDeadline{5};

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

/// What could have been meant, or else what there is.
std::string instead(std::string_view wanted, const std::vector<std::string>& names) {
  const std::set<std::string_view> sorted(names.begin(), names.end());
  const std::vector<std::string_view> views(sorted.begin(), sorted.end());
  if (views.empty()) return "";
  const auto near = did_you_mean(wanted, views);
  return near.empty() ? "; there is " + joined({sorted.begin(), sorted.end()}, ", ") : near;
}

std::vector<fs::path> plugin_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;  // a folder that is not there has no plugins
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() == kSuffix) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// `file:type` in its two parts; the type is the file's own name where none is given.
struct Wanted {
  std::string_view file;
  std::string type;
};
Wanted parse(std::string_view name) {
  const auto colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    return {name.substr(0, colon), std::string(name.substr(colon + 1))};
  }
  return {name, fs::path(name).stem().string()};
}

}  // namespace

/// Everything behind one lock: loading is rare, and two libraries loaded at once would only wait for the linker's own.
struct Catalog::Libraries {
  Libraries(std::vector<fs::path> folders, fs::path staging_folder)
      : path(std::move(folders)), staging(std::move(staging_folder)) {}

  PluginReport load(const fs::path& file, bool probe_first);
  void inspect(const fs::path& file, bool probe_first, PluginReport& report);
  Result<const omnibroker_plugin*> open_staged(const PluginReport& report, bool probe_first);
  void record(const PluginReport& report);
  Result<fs::path> locate(std::string_view name) const;

  mutable std::mutex mutex;
  const std::vector<fs::path> path;
  Staging staging;
  std::map<std::string, const omnibroker_plugin*> loaded;  // by content; null: its entry answered nothing
  std::vector<PluginReport> reports;
};

PluginReport Catalog::Libraries::load(const fs::path& file, bool probe_first) {
  PluginReport report;
  report.file = file;
  inspect(file, probe_first, report);
  record(report);
  return report;
}

void Catalog::Libraries::inspect(const fs::path& file, bool probe_first, PluginReport& report) {
  const auto refuse = [&report](std::string reason) { report.reasons.push_back(std::move(reason)); };

  const auto content = read_plugin_file(file);
  if (!content) return refuse("The file " + content.error().message);
  report.hash = content_hash(content.value());
  if (const auto status = check_shared_library(content.value()); !status) {
    return refuse("The file " + status.error().message);
  }
  const auto staged = staging.put(content.value(), report.hash);
  if (!staged) return refuse(staged.error().message);
  report.staged = staged.value();

  const auto plugin = open_staged(report, probe_first);
  if (!plugin) return refuse(plugin.error().message);
  report.reasons = refusals(plugin.value(), file.stem().string());
  if (!report.reasons.empty()) return;
  report.plugin = plugin.value();
  report.state = PluginReport::State::Loaded;
}

Result<const omnibroker_plugin*> Catalog::Libraries::open_staged(const PluginReport& report, bool probe_first) {
  if (const auto known = loaded.find(report.hash); known != loaded.end()) return known->second;
  const auto open = [&report]() -> Result<const omnibroker_plugin*> {
    auto& facts = new_plugin_facts(report.file.stem().string(), report.file.string(), report.hash);
    const CallMark mark(&new_place({}, {}, &facts), Call::Load);
    const auto library = open_library(report.staged);
    if (!library) return Error{library.error().code, "It cannot be loaded: " + library.error().message};
    note_plugin(reinterpret_cast<const void*>(library.value().entry), facts);
    return library.value().entry();
  };
  if (probe_first) {
    const auto status = probe_in_child(
        [&]() -> Status {
          const auto plugin = open();
          if (!plugin) return plugin.error();
          static_cast<void>(refusals(plugin.value(), report.file.stem().string()));  // calls its `table` functions
          return {};
        },
        kProbeDeadline);
    if (!status) return status.error();
  }
  const auto plugin = open();
  if (plugin) loaded[report.hash] = plugin.value();
  return plugin;
}

void Catalog::Libraries::record(const PluginReport& report) {
  for (auto& earlier : reports) {
    if (earlier.file == report.file && earlier.hash == report.hash) {
      earlier = report;
      return;
    }
  }
  reports.push_back(report);
}

Result<fs::path> Catalog::Libraries::locate(std::string_view name) const {
  if (name.find('/') != std::string_view::npos) {
    std::error_code failed;
    auto file = fs::absolute(fs::path(name), failed);
    if (fs::exists(file, failed)) return file;
    return Error{ErrorCode::NotFound, "There is no plugin file " + file.string()};
  }
  std::vector<std::string> folders, names;
  for (const auto& folder : path) {
    const auto file = folder / (std::string(name) + std::string(kSuffix));
    std::error_code failed;
    if (fs::exists(file, failed)) return file;
    folders.push_back(folder.string());
    for (const auto& other : plugin_files(folder)) names.push_back(other.stem().string());
  }
  return Error{ErrorCode::NotFound, "There is no plugin " + shown(name) + " in " +
                                        (folders.empty() ? "any folder, since none is given" : joined(folders, ", ")) +
                                        instead(name, names)};
}

Catalog::Catalog(std::vector<fs::path> path, fs::path staging)
    : libraries_(std::make_unique<Libraries>(std::move(path), std::move(staging))) {}

Catalog::~Catalog() = default;

Result<Catalog::Found> Catalog::find(std::string_view name) {
  const auto wanted = parse(name);
  const std::lock_guard lock(libraries_->mutex);
  const auto file = libraries_->locate(wanted.file);
  if (!file) return file.error();
  const auto report = libraries_->load(file.value(), /*probe_first=*/false);
  if (report.plugin == nullptr) {
    return Error{ErrorCode::Unsupported,
                 "Plugin " + report.file.string() + " is refused: " + joined(report.reasons, "; ")};
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < report.plugin->component_count; ++i) {
    const auto* type = report.plugin->components[i];
    if (wanted.type == type->name) return Found{report.plugin, type};
    names.emplace_back(type->name);
  }
  return Error{ErrorCode::NotFound, "Plugin " + report.file.string() + " has no component type " + shown(wanted.type) +
                                        instead(wanted.type, names)};
}

Catalog::Origin Catalog::origin(const omnibroker_component_type& type) const {
  const std::lock_guard lock(libraries_->mutex);
  const auto& reports = libraries_->reports;
  for (const auto& [hash, plugin] : libraries_->loaded) {
    for (std::size_t i = 0; plugin != nullptr && i < plugin->component_count; ++i) {
      if (plugin->components[i] != &type) continue;
      const auto report = std::find_if(reports.begin(), reports.end(), [&](const auto& r) { return r.hash == hash; });
      return {hash, plugin->version == nullptr ? "" : plugin->version,
              report == reports.end() ? fs::path() : report->staged};
    }
  }
  return {};
}

PluginReport Catalog::load(const fs::path& file) {
  std::error_code failed;
  const auto absolute = fs::absolute(file, failed);
  const std::lock_guard lock(libraries_->mutex);
  return libraries_->load(failed ? file : absolute, /*probe_first=*/false);
}

std::vector<PluginReport> Catalog::scan(const fs::path& folder) {
  const std::lock_guard lock(libraries_->mutex);
  std::vector<PluginReport> found;
  for (const auto& file : plugin_files(folder)) found.push_back(libraries_->load(file, /*probe_first=*/true));
  return found;
}

std::vector<PluginReport> Catalog::reports() const {
  const std::lock_guard lock(libraries_->mutex);
  return libraries_->reports;
}

}  // namespace omnibroker::core
