// The JSON Schema of a configuration, for editors: the section tables and the options of plugins, written out.
#include "config/json_writer.hpp"
#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"
#include "config/wording.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {
namespace {

using Types = std::vector<const omnibroker_component_type*>;

/// What a name may be, as loading checks it.
constexpr const char* kNamePattern = "^[a-z][a-z0-9_-]*$";

/// A plugin that no list can know: a library's path, or a type in a file of another name.
constexpr const char* kOtherPluginPattern = "[/:]";

std::string json_list(const std::vector<std::string>& items) {
  std::string json = "[";
  for (const auto& item : items) json += (json.size() > 1 ? ", " : "") + json_string(item);
  return json + "]";
}

std::string json_map(const std::vector<std::string>& items) {
  std::string json = "{";
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    json += (json.size() > 1 ? ", " : "") + json_string(items[i]) + ": " + json_string(items[i + 1]);
  }
  return json + "}";
}

/// The default as JSON, or empty where there is none to show.
std::string json_default(const omnibroker_option& option) {
  if (option.default_text == nullptr) return {};
  const auto value = default_of(option);
  if (!value) return {};
  switch (option.type) {
    case OMNIBROKER_OPTION_BOOLEAN:
    case OMNIBROKER_OPTION_NUMBER: return yaml_of(option, value.value());
    case OMNIBROKER_OPTION_INTEGER: {
      auto text = yaml_of(option, value.value());
      return text == word_for_zero(option) ? json_string(text) : text;
    }
    case OMNIBROKER_OPTION_TEXT_LIST: return json_list(value.value().items);
    case OMNIBROKER_OPTION_TEXT_MAP: return json_map(value.value().items);
    case OMNIBROKER_OPTION_TEXT:
    case OMNIBROKER_OPTION_CHOICE: return json_string(value.value().text);
    default: return json_string(yaml_of(option, value.value()));
  }
}

class Schema {
 public:
  explicit Schema(const Types& types) : types_(types) {}

  std::string write() && {
    json_.open_object();
    json_.member("$schema", "https://json-schema.org/draft/2020-12/schema");
    json_.member("title", "omnibroker configuration");
    section_members(root_section());
    definitions();
    json_.close_object();
    return std::move(json_).take();
  }

 private:
  void definitions() {
    json_.key("$defs");
    json_.open_object();
    json_.key("variable");
    json_.open_object();
    json_.member("description", "A value from the environment: ${NAME} or ${NAME:-default}.");
    json_.member("type", "string");
    json_.member("pattern", "\\$\\{");
    json_.close_object();
    definition("text", R"({"type": ["string", "number", "boolean"]})");
    definition("duration", "{\"anyOf\": [{\"type\": \"string\", \"pattern\": " + json_string(kDurationPattern) +
                               "}, {\"const\": 0}, {\"$ref\": \"#/$defs/variable\"}]}");
    definition("size", "{\"anyOf\": [{\"type\": \"string\", \"pattern\": " + json_string(kSizePattern) +
                           "}, {\"const\": 0}, {\"$ref\": \"#/$defs/variable\"}]}");
    json_.close_object();
  }

  void definition(const char* name, const std::string& json) { json_.raw_member(name, json); }

  void section_members(const Section& section) {
    json_.raw_member("type", R"(["object", "null"])");
    json_.key("properties");
    json_.open_object();
    properties(section);
    json_.close_object();
    required(section.options, section.parts);
    json_.raw_member("additionalProperties", "false");
  }

  void properties(const Section& section) {
    for (const auto* option : section.options) property(*option);
    for (const auto& part : section.parts) {
      json_.key(part.key);
      json_.open_object();
      json_.member("description", part.doc);
      this->part(part);
      json_.close_object();
    }
  }

  void required(const std::vector<const omnibroker_option*>& options, const std::vector<Part>& parts = {}) {
    std::vector<std::string> names;
    for (const auto* option : options) {
      if (has(*option, OMNIBROKER_OPTION_REQUIRED)) names.emplace_back(option->name);
    }
    for (const auto& part : parts) {
      if (part.required) names.emplace_back(part.key);
    }
    if (!names.empty()) json_.raw_member("required", json_list(names));
  }

  void part(const Part& part) {
    switch (part.form) {
      case Part::Form::One: return section_members(*part.section);
      case Part::Form::Named: return named(part);
      case Part::Form::Component: return component(*part.section, /*may_be_a_name=*/true);
      case Part::Form::Components:
        json_.raw_member("type", R"(["array", "null"])");
        json_.key("items");
        json_.open_object();
        component(*part.section, /*may_be_a_name=*/true);
        json_.close_object();
    }
  }

  void named(const Part& part) {
    json_.raw_member("type", R"(["object", "null"])");
    const bool is_free = part.section == &route_section();
    json_.raw_member("propertyNames", is_free ? R"({"minLength": 1, "maxLength": 128})"
                                              : "{\"pattern\": " + json_string(kNamePattern) + "}");
    json_.key("additionalProperties");
    json_.open_object();
    if (part.section->component != 0) {
      component(*part.section, /*may_be_a_name=*/false);
    } else {
      section_members(*part.section);
    }
    json_.close_object();
  }

  /// One alternative for each type that fits, told apart by `plugin`, so that an editor offers that plugin's options.
  void component(const Section& section, bool may_be_a_name) {
    std::vector<std::string> names;
    json_.key("anyOf");
    json_.open_array();
    for (const auto* type : types_) {
      if (!misfit(*type, section).empty()) continue;
      names.emplace_back(type->name);
      alternative(section, *type);
    }
    json_.open_object();
    json_.member("description", "Another type of a plugin, or a library by its path.");
    json_.member("type", "object");
    json_.raw_member("properties",
                     "{\"plugin\": {\"type\": \"string\", \"pattern\": " + json_string(kOtherPluginPattern) + "}}");
    required(section.options);
    json_.close_object();
    if (may_be_a_name) {
      json_.raw("{\"type\": \"string\", \"anyOf\": [{\"enum\": " + json_list(names) +
                "}, {\"pattern\": " + json_string(kOtherPluginPattern) + "}]}");
    }
    json_.close_array();
  }

  void alternative(const Section& section, const omnibroker_component_type& type) {
    std::vector<const omnibroker_option*> options = section.options;
    options.insert(options.end(), type.options, type.options + type.option_count);
    json_.open_object();
    if (type.doc != nullptr) json_.member("description", type.doc);
    json_.member("type", "object");
    json_.key("properties");
    json_.open_object();
    for (const auto* option : options) {
      if (std::string_view(option->name) != "plugin") {
        property(*option);
        continue;
      }
      json_.key("plugin");
      json_.open_object();
      json_.member("description", option->doc);
      json_.member("const", type.name);
      json_.close_object();
    }
    json_.close_object();
    required(options);
    json_.raw_member("additionalProperties", "false");
    json_.close_object();
  }

  void property(const omnibroker_option& option) {
    json_.key(option.name);
    json_.open_object();
    if (option.doc != nullptr) json_.member("description", option.doc);
    value_type(option);
    if (const auto value = json_default(option); !value.empty()) json_.raw_member("default", value);
    if (option.example != nullptr) json_.raw_member("examples", json_list({option.example}));
    json_.close_object();
  }

  void value_type(const omnibroker_option& option) {
    switch (option.type) {
      case OMNIBROKER_OPTION_BOOLEAN: return alternatives_of(R"({"type": "boolean"})");
      case OMNIBROKER_OPTION_INTEGER: {
        const auto word = word_for_zero(option);
        const auto number = "{\"type\": \"integer\"" + bounds(option) + "}";
        return alternatives_of(word.empty() ? number : number + ", {\"const\": " + json_string(word) + "}");
      }
      case OMNIBROKER_OPTION_NUMBER: return alternatives_of("{\"type\": \"number\"" + bounds(option) + "}");
      case OMNIBROKER_OPTION_DURATION: return json_.member("$ref", "#/$defs/duration");
      case OMNIBROKER_OPTION_SIZE: return json_.member("$ref", "#/$defs/size");
      case OMNIBROKER_OPTION_TEXT_LIST:
        return json_.raw_member("anyOf",
                                "[" + item(option) + ", {\"type\": \"array\", \"items\": " + item(option) + "}]");
      case OMNIBROKER_OPTION_TEXT_MAP:
        json_.member("type", "object");
        return json_.raw_member("additionalProperties", item(option));
      default:
        if (option.choices == nullptr) return json_.member("$ref", "#/$defs/text");
        return alternatives_of(choices(option));
    }
  }

  void alternatives_of(const std::string& json) {
    json_.raw_member("anyOf", "[" + json + ", {\"$ref\": \"#/$defs/variable\"}]");
  }

  static std::string choices(const omnibroker_option& option) {
    std::vector<std::string> words;
    for (const auto word : alternatives(option.choices)) words.emplace_back(word);
    return "{\"enum\": " + json_list(words) + "}";
  }

  static std::string item(const omnibroker_option& option) {
    if (option.choices == nullptr) return R"({"$ref": "#/$defs/text"})";
    return "{\"anyOf\": [" + choices(option) + ", {\"$ref\": \"#/$defs/variable\"}]}";
  }

  static std::string bounds(const omnibroker_option& option) {
    if (option.minimum > option.maximum) return {};
    return ", \"minimum\": " + number_text(option.minimum) + ", \"maximum\": " + number_text(option.maximum);
  }

  const Types& types_;
  JsonWriter json_;
};

}  // namespace

std::string config_schema(const std::vector<const omnibroker_component_type*>& types) { return Schema(types).write(); }

}  // namespace omnibroker::core
