#include "messages.hpp"

#include <sstream>

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

namespace omnibroker::tools {
namespace {

std::string text_of(const Poco::JSON::Object& object, const std::string& name) {
  const auto value = object.get(name);
  return value.isString() ? value.extract<std::string>() : std::string();
}

double number_of(const Poco::JSON::Object& object, const std::string& name) {
  const auto value = object.get(name);
  return value.isNumeric() ? value.convert<double>() : 0;
}

std::string as_written(const Poco::Dynamic::Var& value) {
  if (value.isString()) return value.extract<std::string>();
  std::ostringstream text;
  Poco::JSON::Stringifier::stringify(value, text);
  return text.str();
}

std::string written(const Poco::JSON::Object& object) {
  std::ostringstream text;
  object.stringify(text);
  return text.str();
}

}  // namespace

std::optional<Message> read_message(const std::string& text) {
  try {
    Poco::JSON::Parser parser;
    const auto parsed = parser.parse(text);
    if (parsed.type() != typeid(Poco::JSON::Object::Ptr)) return std::nullopt;
    const auto& object = *parsed.extract<Poco::JSON::Object::Ptr>();
    Message message;
    message.type = text_of(object, "type");
    message.original_type = text_of(object, "original_type");
    message.status = text_of(object, "status");
    message.error_code = text_of(object, "error_code");
    message.error_message = text_of(object, "error_message");
    message.prim_path = text_of(object, "prim_path");
    message.latitude = number_of(object, "latitude");
    message.longitude = number_of(object, "longitude");
    message.height = number_of(object, "height");
    if (const auto metadata = object.getObject("metadata"); !metadata.isNull()) {
      for (const auto& [name, value] : *metadata) message.metadata.emplace_back(name, as_written(value));
    }
    return message;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

std::string register_message(const std::string& client_type) {
  Poco::JSON::Object message(Poco::JSON_PRESERVE_KEY_ORDER);
  message.set("type", std::string("client_register"));
  message.set("client_type", client_type);
  return written(message);
}

std::string select_message(const std::string& prim_path) {
  Poco::JSON::Object message(Poco::JSON_PRESERVE_KEY_ORDER);
  message.set("type", std::string("select_object"));
  message.set("prim_path", prim_path);
  return written(message);
}

}  // namespace omnibroker::tools
