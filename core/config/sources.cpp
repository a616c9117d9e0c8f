#include "config/sources.hpp"

#include "config/files.hpp"
#include "config/interpolation.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace omnibroker::core {
namespace {

/// One name for one file, however it was spelled.
std::filesystem::path identity(const std::filesystem::path& file) {
  std::error_code code;
  auto canonical = std::filesystem::weakly_canonical(file, code);
  return code ? file : canonical;
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  std::error_code code;
  auto absolute = std::filesystem::absolute(file, code);
  return (code ? file : absolute).lexically_normal().parent_path();
}

}  // namespace

SourceFile& Sources::add(std::string name, std::filesystem::path folder) {
  return files_.emplace_back(SourceFile{std::move(name), std::move(folder), static_cast<int>(files_.size())});
}

bool Sources::read_file(const std::filesystem::path& file) {
  auto& source = add(file.string(), folder_of(file));
  const auto text = read_small_file(file, kMaxFileSize);
  if (!text) {
    findings_.error({&source, 0, 0}, {}, "cannot be read: " + text.error().message);
    return false;
  }
  open_.push_back(identity(file));
  read_.insert(open_.back());
  if (!parse(text.value(), source, root_)) return false;
  include_all(root_, source);
  return true;
}

std::vector<std::filesystem::path> Sources::files() const {
  std::vector<std::filesystem::path> all;
  for (const auto& file : files_) all.emplace_back(file.name);
  return all;
}

bool Sources::read_text(std::string_view text, const std::string& name) {
  auto& source = add(name, {});
  if (!parse(text, source, root_)) return false;
  include_all(root_, source);
  return true;
}

bool Sources::parse(std::string_view text, const SourceFile& file, Node& node) {
  if (!parse_document(text, file, node, findings_)) return false;
  if (node.kind == Node::Kind::Null) node.kind = Node::Kind::Map;
  if (node.kind != Node::Kind::Map) {
    findings_.error(node.mark, {}, "expected a map of sections: listeners, transports, routes ...");
    return false;
  }
  interpolate({&node, node.mark, {}}, node, environment_, findings_);
  return true;
}

void Sources::include_all(Node& node, const SourceFile& file) {
  const auto found =
      std::find_if(node.entries.begin(), node.entries.end(), [](const Entry& entry) { return entry.key == "include"; });
  if (found == node.entries.end()) return;
  const Entry include = std::move(*found);
  node.entries.erase(found);
  const Place place{&include.value, include.mark, "include"};
  if (include.value.kind == Node::Kind::Scalar) return include_one(place, file, node);
  if (include.value.kind != Node::Kind::List) {
    return findings_.error(include.mark, "include", "expected the name of a file, or a list of them");
  }
  for (std::size_t i = 1; i <= include.value.items.size(); ++i) include_one(place.item(i), file, node);
}

void Sources::include_one(const Place& place, const SourceFile& from, Node& into) {
  const auto& name = *place.node;
  const auto refuse = [&](const std::string& why) { findings_.error(name.mark, place.path, why); };
  if (name.is_broken) return;
  if (name.kind != Node::Kind::Scalar || name.text.empty()) return refuse("expected the name of a file");
  const auto file = relative_to(from.folder, name.text);
  const auto self = identity(file);
  if (std::find(open_.begin(), open_.end(), self) != open_.end()) return refuse(shown(name.text) + " includes itself");
  if (open_.size() >= kMaxIncludeDepth) return refuse("includes are nested deeper than 8 files");
  if (files_.size() >= kMaxFiles) return refuse("more than 64 files");
  if (!read_.insert(self).second) return refuse(shown(name.text) + " is included twice");

  const auto text = read_small_file(file, kMaxFileSize);
  if (!text) return refuse("cannot read " + shown(name.text) + ": " + text.error().message);
  const auto beside = std::filesystem::path(from.name).parent_path();
  auto& source =
      add(relative_to(beside, name.text).string(), from.folder.empty() ? folder_of(file) : file.parent_path());
  open_.push_back(self);
  Node node;
  if (parse(text.value(), source, node)) {
    include_all(node, source);
    merge(into, std::move(node), {});
  }
  open_.pop_back();
}

void Sources::merge(Node& into, Node from, const std::string& path) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < into.entries.size(); ++i) known.emplace(into.entries[i].key, i);
  for (auto& entry : from.entries) {
    const auto found = known.find(entry.key);
    if (found == known.end()) {
      into.entries.push_back(std::move(entry));
      continue;
    }
    auto& existing = into.entries[found->second];
    const auto entry_path = path_below(path, entry.key);
    if (entry.value.kind == Node::Kind::Null) continue;
    if (existing.value.kind == Node::Kind::Null) {
      existing = std::move(entry);
    } else if (existing.value.kind == Node::Kind::Map && entry.value.kind == Node::Kind::Map) {
      merge(existing.value, std::move(entry.value), entry_path);
    } else {
      findings_.error(entry.mark, entry_path, "given in two files, also at " + to_string(existing.mark));
    }
  }
}

}  // namespace omnibroker::core
