// The reference: the section tables and the options of plugins, for reading.
#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/sections.hpp"
#include "config/wording.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {
namespace {

constexpr std::size_t kWidth = 88;

/// Breaks `text` at spaces; every line begins with `indent` spaces.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string result;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) result += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) flush();
    if (!word.empty()) line += (line.empty() ? "" : " ") + std::string(word);
    begin = end + 1;
  }
  flush();
  return result;
}

std::string_view text_of(const char* text) { return text == nullptr ? std::string_view() : text; }

/// "64KiB", or "required", or nothing where the default is an empty text.
std::string default_text(const omnibroker_option& option) {
  if (has(option, OMNIBROKER_OPTION_REQUIRED)) return "required";
  const auto value = default_of(option);
  if (!value) return {};
  const auto yaml = yaml_of(option, value.value());
  return yaml == "\"\"" || yaml == "[]" || yaml == "{}" ? std::string() : yaml;
}

std::string without_article(const omnibroker_option& option) {
  const auto text = type_text(option);
  return text.starts_with("a ") ? text.substr(2) : text;
}

std::vector<std::string> remarks(const omnibroker_option& option) {
  std::vector<std::string> all;
  if (has(option, OMNIBROKER_OPTION_RELOADABLE)) all.emplace_back("can be changed while running");
  if (has(option, OMNIBROKER_OPTION_SECRET))
    all.emplace_back("secret: file:/path, env:NAME or the text; printed as ***");
  return all;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

/// A `|` would end a table's cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

class Reference {
 public:
  explicit Reference(ReferenceFormat format) : is_markdown_(format == ReferenceFormat::Markdown) {}

  void heading(const std::string& title, int level) {
    if (!text_.empty()) text_ += "\n";
    text_ += is_markdown_ ? std::string(static_cast<std::size_t>(level), '#') + " " + title + "\n\n" : title + "\n";
  }

  void paragraph(std::string_view text) {
    if (text.empty()) return;
    text_ += is_markdown_ ? std::string(text) + "\n" : wrapped(text, 2);
  }

  void options(const std::vector<const omnibroker_option*>& options, const std::vector<Part>& parts = {}) {
    if (options.empty() && parts.empty()) return;
    text_ += is_markdown_ ? "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n" : "\n";
    for (const auto* option : options) this->option(*option);
    for (const auto& part : parts) this->part(part);
  }

  std::string take() && { return std::move(text_); }

 private:
  void option(const omnibroker_option& option) {
    row(option.name, without_article(option), default_text(option), text_of(option.doc), remarks(option),
        text_of(option.example));
  }

  void part(const Part& part) {
    const bool is_list = part.form == Part::Form::Components;
    const bool is_plugin = is_list || part.form == Part::Form::Component;
    const auto kind = std::string(kind_name(part.section->component));
    const auto value = is_list ? "list, each the name of a " + kind + " plugin, or a map with plugin and its options"
                       : is_plugin ? "name of a " + kind + " plugin, or a map with plugin and its options"
                                   : std::string("map, see below");
    row(part.key, value, part.required ? "required" : "", part.doc, {}, {});
  }

  void row(std::string_view name, const std::string& type, const std::string& value, std::string_view doc,
           const std::vector<std::string>& extra, std::string_view example) {
    if (is_markdown_) {
      auto meaning = std::string(doc);
      if (!extra.empty()) meaning += " (" + joined(extra, "; ") + ")";
      if (!example.empty()) meaning += " Example: `" + std::string(example) + "`";
      const auto shown_value = value.empty() || value == "required" ? value : "`" + value + "`";
      text_ +=
          "| `" + std::string(name) + "` | " + cell(type) + " | " + cell(shown_value) + " | " + cell(meaning) + " |\n";
      return;
    }
    auto head = std::string(name) + ": " + type;
    if (!value.empty()) head += value == "required" ? ", required" : ", default " + value;
    for (const auto& remark : extra) head += "; " + remark;
    text_ += wrapped(head, 2) + wrapped(doc, 6);
    if (!example.empty()) text_ += wrapped("Example: " + std::string(example), 6);
  }

  bool is_markdown_;
  std::string text_;
};

std::vector<Part> parts_of_form(const Section& section, bool is_component) {
  std::vector<Part> parts;
  for (const auto& part : section.parts) {
    const bool matches = part.form == Part::Form::Component || part.form == Part::Form::Components;
    if (matches == is_component) parts.push_back(part);
  }
  return parts;
}

void describe_section(const std::string& path, std::string_view doc, const Section& section, Reference& reference) {
  reference.heading(path.empty() ? "The file" : path, 2);
  reference.paragraph(doc);
  if (section.component != 0) {
    reference.paragraph("The options of the plugin's type stand beside these.");
  }
  reference.options(section.options, parts_of_form(section, /*is_component=*/true));
  for (const auto& part : parts_of_form(section, /*is_component=*/false)) {
    auto child = path.empty() ? std::string(part.key) : path + "." + part.key;
    if (part.form == Part::Form::Named) child += ".<" + std::string(part.name_of) + ">";
    describe_section(child, part.doc, *part.section, reference);
  }
}

}  // namespace

std::string describe_type(const omnibroker_component_type& type, ReferenceFormat format) {
  Reference reference(format);
  reference.heading(std::string(type.name) + " (" + std::string(kind_name(type.kind)) + ")", 2);
  reference.paragraph(text_of(type.doc));
  if (type.option_count == 0) reference.paragraph("It has no options.");
  reference.options({type.options, type.options + type.option_count});
  return std::move(reference).take();
}

std::string describe_broker(ReferenceFormat format) {
  Reference reference(format);
  describe_section(
      {},
      "Top-level keys. Durations are written 250ms, 30s, 5m, 1h, 2d or off; sizes 512B, 64KiB, 1MiB, 10MB. "
      "${NAME} and ${NAME:-default} in a value are replaced from the environment; $${ writes ${.",
      root_section(), reference);
  return std::move(reference).take();
}

}  // namespace omnibroker::core
