// The one file that knows yaml-cpp. Its event parser is used, not its node tree: events carry the place of everything,
// and a document that is too deep or too big is given up while it is being read.
#include "config/document.hpp"

#include "config/findings.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace omnibroker::core {
namespace {

/// Ends the reading of a document from inside the parser's callbacks. Never leaves this file.
struct GivenUp {
  Mark mark;
  std::string problem;
};

/// What is being built: one frame for each map or list that is open.
struct Frame {
  Node node;
  std::size_t anchor = 0;
  std::size_t height = 1;  ///< Of the tree so far, itself included.
  std::optional<std::string> key;
  Mark key_mark;
  std::unordered_map<std::string, Mark> seen;
};

struct Anchored {
  Node node;
  std::size_t height = 1;
  std::size_t nodes = 1;
  std::size_t bytes = 0;
};

/// Counts what a copy of the tree costs. The tree's height is bounded, so is this recursion.
void measure(const Node& node, Anchored& total) {
  total.nodes += 1 + node.entries.size();
  total.bytes += node.text.size();
  for (const auto& item : node.items) measure(item, total);
  for (const auto& entry : node.entries) {
    total.bytes += entry.key.size();
    measure(entry.value, total);
  }
}

/// yaml-cpp reads the escapes \N and \_ as one byte of Latin-1. All else is UTF-8, so such a byte cannot be taken for a
/// part of something.
std::string in_utf8(std::string_view text) {
  std::string result;
  for (auto valid = valid_utf8_prefix(text); valid < text.size(); valid = valid_utf8_prefix(text)) {
    result += text.substr(0, valid);
    result += '\xC2';
    result += text[valid];
    text.remove_prefix(valid + 1);
  }
  return result + std::string(text);
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceFile& file, Findings& findings) : file_(file), findings_(findings) {}

  Node take_root() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      throw GivenUp{at(mark), "a second document begins here, but a configuration is one document: use include"};
    }
    root_.mark = at(mark);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = at(mark);
    if (expects_key()) throw GivenUp{node.mark, "a key must be a text, found nothing"};
    count(node.mark, 1);
    // The parser says where it noticed, which is often a line below: whoever left the value out looks at the key.
    if (!stack_.empty() && stack_.back().key) node.mark = stack_.back().key_mark;
    put(std::move(node), anchor, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::Scalar;
    node.mark = at(mark);
    node.quoted = tag != "?";
    node.text = in_utf8(value);
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str") refuse_tag(node.mark, tag);
    count(node.mark, 1);
    if (expects_key()) return take_key(std::move(node), anchor);
    put(std::move(node), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw GivenUp{at(mark), "an alias cannot stand inside what it is an alias of"};
    const auto& original = found->second;
    if (expects_key()) {
      if (original.node.kind != Node::Kind::Scalar) throw GivenUp{at(mark), "a key must be a text"};
      Node key = original.node;
      key.mark = at(mark);
      count(key.mark, 1);
      return take_key(std::move(key), 0);
    }
    count(at(mark), original.nodes, original.bytes);
    if (stack_.size() + original.height > kMaxDepth) too_deep(at(mark));
    put(Node(original.node), 0, original.height);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::List, mark, tag, "tag:yaml.org,2002:seq", anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::Map, mark, tag, "tag:yaml.org,2002:map", anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  Mark at(const YAML::Mark& mark) const { return {&file_, mark.line + 1, mark.column + 1}; }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::Map && !stack_.back().key;
  }

  void count(const Mark& mark, std::size_t nodes, std::size_t repeated_bytes = 0) {
    nodes_ += nodes;
    repeated_bytes_ += repeated_bytes;
    if (repeated_bytes_ > kMaxAliasedBytes) throw GivenUp{mark, "aliases repeat more than 4MiB of text"};
    if (nodes_ > kMaxNodes) {
      throw GivenUp{mark, "more than " + std::to_string(kMaxNodes) + " values, with what aliases repeat"};
    }
  }

  [[noreturn]] static void too_deep(const Mark& mark) {
    throw GivenUp{mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
  }
  [[noreturn]] static void refuse_tag(const Mark& mark, const std::string& tag) {
    throw GivenUp{mark, "the tag " + shown(tag) + " has no meaning here"};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, const char* own_tag,
            YAML::anchor_t anchor) {
    if (expects_key()) throw GivenUp{at(mark), "a key must be a text; a text that begins with { or [ needs quotes"};
    if (!tag.empty() && tag != "?" && tag != "!" && tag != own_tag) refuse_tag(at(mark), tag);
    if (stack_.size() + 1 > kMaxDepth) too_deep(at(mark));
    count(at(mark), 1);
    auto& frame = stack_.emplace_back();
    frame.node.kind = kind;
    frame.node.mark = at(mark);
    frame.anchor = anchor;
  }

  void close() {
    auto frame = std::move(stack_.back());
    stack_.pop_back();
    put(std::move(frame.node), frame.anchor, frame.height);
  }

  void take_key(Node key, YAML::anchor_t anchor) {
    auto& frame = stack_.back();
    if (key.text == "<<" && !key.quoted) {
      throw GivenUp{key.mark,
                    "merge keys (<<) belong to YAML 1.1: repeat the options, or use an alias for a whole value"};
    }
    const auto [first, is_new] = frame.seen.emplace(key.text, key.mark);
    if (!is_new) {
      findings_.error(key.mark, path_to(key.text),
                      "given twice, first at line " + std::to_string(first->second.line) + ", column " +
                          std::to_string(first->second.column));
    }
    frame.key = key.text;
    frame.key_mark = key.mark;
    remember(std::move(key), anchor, 1);
  }

  std::string path_to(const std::string& key) const {
    std::string path;
    for (std::size_t i = 0; i + 1 < stack_.size(); ++i) {
      const auto& frame = stack_[i];
      path = frame.key ? path_below(path, *frame.key) : path + "[" + std::to_string(frame.node.items.size() + 1) + "]";
    }
    return path_below(path, key);
  }

  void remember(Node node, YAML::anchor_t anchor, std::size_t height) {
    if (anchor == 0) return;
    Anchored kept{std::move(node), height, 0, 0};
    measure(kept.node, kept);
    // The copies that anchors keep count too: a nest of anchors would otherwise be kept many times over.
    count(kept.node.mark, kept.nodes, kept.bytes);
    anchored_[anchor] = std::move(kept);
  }

  void put(Node node, YAML::anchor_t anchor, std::size_t height) {
    if (anchor != 0) remember(node, anchor, height);
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& frame = stack_.back();
    frame.height = std::max(frame.height, height + 1);
    if (frame.node.kind == Node::Kind::List) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.node.entries.push_back({std::move(*frame.key), frame.key_mark, std::move(node)});
    frame.key.reset();
  }

  const SourceFile& file_;
  Findings& findings_;
  Node root_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  int documents_ = 0;
  std::size_t nodes_ = 0;
  std::size_t repeated_bytes_ = 0;
};

/// Reads from memory that it does not own: std::istringstream would copy it.
class MemoryBuffer final : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view text) {
    auto* begin = const_cast<char*>(text.data());  // std::streambuf knows no constant text; nothing here writes
    setg(begin, begin, begin + text.size());
  }
};

/// What the parser says about a tab at the start of a line is true, and helps nobody.
bool is_indented_by_tab(std::string_view text, int line) {
  std::size_t begin = 0;
  for (int i = 0; i < line && begin != std::string_view::npos; ++i) {
    const auto end = text.find('\n', begin);
    begin = end == std::string_view::npos ? end : end + 1;
  }
  if (begin == std::string_view::npos) return false;
  const auto indentation = text.substr(begin, text.find_first_not_of(" \t", begin) - begin);
  return indentation.find('\t') != std::string_view::npos;
}

/// YAML allows tab and line breaks of the control characters, and this reads UTF-8 only.
bool refuse_bytes(std::string_view text, const SourceFile& file, Findings& findings) {
  const auto valid = valid_utf8_prefix(text);
  std::size_t bad = valid;
  for (std::size_t i = 0; i < valid; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      bad = i;
      break;
    }
  }
  if (bad == text.size()) return false;
  Mark mark{&file, 1, 1};
  for (const char c : text.substr(0, bad)) {
    mark.column = c == '\n' ? 1 : mark.column + 1;
    if (c == '\n') ++mark.line;
  }
  findings.error(mark, {}, bad < valid ? "a control character, which YAML does not allow" : "not UTF-8");
  return true;
}

}  // namespace

std::string path_below(const std::string& path, const std::string& key) {
  constexpr auto kSimple = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  const bool is_simple = !key.empty() && key.find_first_not_of(kSimple) == std::string::npos;
  return (path.empty() ? path : path + ".") + (is_simple ? key : shown(key));
}

const Entry* Node::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Place Place::child(const Entry& entry) const { return {&entry.value, entry.mark, path_below(path, entry.key)}; }

Place Place::item(std::size_t index) const {
  const auto& value = node->items[index - 1];
  return {&value, value.mark, path + "[" + std::to_string(index) + "]"};
}

bool parse_document(std::string_view text, const SourceFile& file, Node& root, Findings& findings) {
  if (text.size() > kMaxFileSize) {
    findings.error({&file, 0, 0}, {}, "larger than 1MiB, which is the most a configuration file may have");
    return false;
  }
  if (refuse_bytes(text, file, findings)) return false;
  TreeBuilder builder(file, findings);
  try {
    MemoryBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const GivenUp& reason) {
    findings.error(reason.mark, {}, reason.problem);
    return false;
  } catch (const YAML::Exception& reason) {
    const bool placed = !reason.mark.is_null();
    const bool is_tab = placed && is_indented_by_tab(text, reason.mark.line);
    findings.error(
        {&file, placed ? reason.mark.line + 1 : 0, placed ? reason.mark.column + 1 : 0}, {},
        is_tab ? "not YAML: a line is indented with spaces, never with a tab" : "not YAML: " + in_one_line(reason.msg));
    return false;
  }
  root = std::move(builder).take_root();
  if (root.mark.file == nullptr) root.mark = {&file, 1, 1};
  return true;
}

}  // namespace omnibroker::core
