// The only file that knows simdjson. Its DOM parser is strict about nearly everything that a message must be: UTF-8,
// escapes with their surrogates, numbers, one value alone. Three things it does not do as we need them, and they are
// done here:
//
// Integers   that do not fit into 64 bits are an error to it, whatever their size, although JSON allows them and a
// double
//            holds them. Such a message is parsed again from a copy in which they are written as floating point (`e0`).
// Depth      an empty container does not count as a level to it. Its limit is set so that it never accepts too much;
// what it
//            refuses is parsed again with one level more, and the levels are counted.
// Duplicates of a key are found afterwards, on the unescaped keys of the outermost object.
//
// The second parses cost nothing until a message needs them.

#include "routing/envelope.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include <simdjson.h>

namespace omnibroker::core {
namespace {

namespace dom = simdjson::dom;

static_assert(Envelope::kPadding >= simdjson::SIMDJSON_PADDING);

// A dom::element is two words, a document and a place in it, which is what `opaque` has room for.
static_assert(sizeof(dom::element) == sizeof(omnibroker_json::opaque) && std::is_trivially_copyable_v<dom::element>);

dom::element element_of(const omnibroker_json& json) {
  dom::element element;
  std::memcpy(&element, json.opaque, sizeof(element));
  return element;
}

bool is_space(std::uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

bool is_number_part(std::uint8_t byte) {
  return std::isdigit(byte) != 0 || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

std::string_view trimmed(const std::uint8_t* bytes, std::size_t size) {
  while (size > 0 && is_space(bytes[size - 1])) --size;
  std::size_t begin = 0;
  while (begin < size && is_space(bytes[begin])) ++begin;
  return {reinterpret_cast<const char*>(bytes) + begin, size - begin};
}

void describe(const dom::element& element, omnibroker_json& out) {
  out.kind = OMNIBROKER_JSON_NULL;
  out.text = {nullptr, 0};
  out.number = 0;
  switch (element.type()) {
    case dom::element_type::NULL_VALUE: break;
    case dom::element_type::BOOL:
      out.kind = OMNIBROKER_JSON_BOOLEAN;
      out.number = element.get_bool().value_unsafe() ? 1 : 0;
      break;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      out.kind = OMNIBROKER_JSON_NUMBER;
      out.number = element.get_double().value_unsafe();
      break;
    case dom::element_type::STRING: {
      const std::string_view text = element.get_string().value_unsafe();
      out.kind = OMNIBROKER_JSON_STRING;
      out.text = {text.data(), text.size()};
      break;
    }
    case dom::element_type::ARRAY: out.kind = OMNIBROKER_JSON_ARRAY; break;
    case dom::element_type::OBJECT: out.kind = OMNIBROKER_JSON_OBJECT; break;
  }
  std::memcpy(out.opaque, &element, sizeof(element));
}

/// Whether a value has more levels than `allowed`. Recursion is bounded by the parser's own limit.
bool deeper_than(const dom::element& element, int allowed) {
  const auto type = element.type();
  if (type == dom::element_type::ARRAY) {
    if (allowed == 0) return true;
    const dom::array array = element.get_array().value_unsafe();
    for (const dom::element inner : array) {
      if (deeper_than(inner, allowed - 1)) return true;
    }
  } else if (type == dom::element_type::OBJECT) {
    if (allowed == 0) return true;
    const dom::object object = element.get_object().value_unsafe();
    for (const auto& member : object) {
      if (deeper_than(member.value, allowed - 1)) return true;
    }
  }
  return false;
}

/// Where a handler last was in a container, so that going through one by index is linear, not quadratic: how large it
/// is, is the sender's choice. A few are kept, the least recently used one goes, which serves nested loops.
template <class Container>
class Cursors {
 public:
  using Iterator = typename Container::iterator;

  void forget() { slots_ = {}; }

  /// `index` must be within the container.
  Iterator seek(std::uint64_t identity, const Container& container, std::size_t index) {
    auto* slot = find(identity);
    if (slot->identity != identity || slot->index > index) *slot = {identity, 0, 0, container.begin()};
    for (; slot->index < index; ++slot->index) ++slot->position;
    slot->used = ++clock_;
    return slot->position;
  }

 private:
  struct Slot {
    std::uint64_t identity = 0;  // 0: free; the outermost value is 1
    std::size_t index = 0;
    std::uint64_t used = 0;
    Iterator position;
  };

  Slot* find(std::uint64_t identity) {
    auto* oldest = &slots_.front();
    for (auto& slot : slots_) {
      if (slot.identity == identity) return &slot;
      if (slot.used < oldest->used) oldest = &slot;
    }
    return oldest;
  }

  std::array<Slot, 8> slots_{};
  std::uint64_t clock_ = 0;
};

/// How many elements or members. simdjson's own count is exact below its bound only.
template <class Container>
std::size_t size_of(const Container& container) {
  constexpr std::size_t kSaturated = 0xFFFFFF;
  const std::size_t size = container.size();
  if (size < kSaturated) return size;
  std::size_t counted = 0;
  for (auto at = container.begin(); at != container.end(); ++at) ++counted;
  return counted;
}

}  // namespace

struct Envelope::Parser {
  explicit Parser(std::size_t longest);

  /// Parses with every rule but the one about duplicate keys.
  simdjson::error_code parse(const std::uint8_t* bytes, std::size_t size);
  /// The same on a copy in which the integers that are too long for simdjson are written as floating point.
  simdjson::error_code parse_long_integers(const std::uint8_t* bytes, std::size_t size);
  void copy_with_exponents(const std::uint8_t* bytes, std::size_t size);
  bool has_duplicate_key();
  Verdict check_type();
  Verdict malformed(std::string_view sentence) {
    problem = sentence;
    return Verdict::InvalidFormat;
  }

  const std::size_t largest;
  const std::size_t capacity;
  dom::parser shallow;  // refuses 32 levels, unless the innermost is empty
  dom::parser deep;     // refuses 33 levels, unless the innermost is empty; allocated when first needed
  dom::document document;
  dom::element root;
  dom::object members;
  bool is_object = false;  // whether `members` means something
  std::vector<std::uint8_t> copy;
  std::vector<std::string_view> keys;
  Cursors<dom::array> array_cursors;
  Cursors<dom::object> object_cursors;
  bool cursors_used = false;
  std::string_view payload;
  std::string_view type;
  std::string_view problem;
};

namespace {

// An integer of 19 digits gets two characters more, so a copy is longer by a tenth at most.
std::size_t with_exponents(std::size_t largest) { return largest + largest / 8 + 64; }
constexpr std::size_t kLongInteger = 19;

}  // namespace

Envelope::Parser::Parser(std::size_t longest)
    : largest(longest), capacity(with_exponents(longest)), shallow(capacity), deep(capacity) {
  if (shallow.allocate(capacity, kMaxDepth) != simdjson::SUCCESS || document.allocate(capacity) != simdjson::SUCCESS) {
    throw std::bad_alloc();
  }
  keys.reserve(64);
}

simdjson::error_code Envelope::Parser::parse(const std::uint8_t* bytes, std::size_t size) {
  auto error = shallow.parse_into_document(document, bytes, size, /*realloc_if_needed=*/false).get(root);
  if (error != simdjson::DEPTH_ERROR) return error;
  if (deep.capacity() < capacity) {
    error = deep.allocate(capacity, kMaxDepth + 1);
    if (error != simdjson::SUCCESS) return error;
  }
  error = deep.parse_into_document(document, bytes, size, /*realloc_if_needed=*/false).get(root);
  if (error != simdjson::SUCCESS) return error;
  return deeper_than(root, kMaxDepth) ? simdjson::DEPTH_ERROR : simdjson::SUCCESS;
}

simdjson::error_code Envelope::Parser::parse_long_integers(const std::uint8_t* bytes, std::size_t size) {
  copy.clear();
  copy.reserve(capacity + kPadding);
  copy_with_exponents(bytes, size);
  const std::size_t length = copy.size();
  copy.resize(length + kPadding);
  return parse(copy.data(), length);
}

void Envelope::Parser::copy_with_exponents(const std::uint8_t* bytes, std::size_t size) {
  std::size_t at = 0;
  while (at < size) {
    const std::size_t begin = at;
    if (bytes[at] == '"') {
      for (++at; at < size && bytes[at] != '"'; ++at) {
        if (bytes[at] == '\\') ++at;
      }
      at = std::min(at + 1, size);
      copy.insert(copy.end(), bytes + begin, bytes + at);
    } else if (is_number_part(bytes[at])) {
      while (at < size && is_number_part(bytes[at])) ++at;
      copy.insert(copy.end(), bytes + begin, bytes + at);
      const auto* digits = bytes + begin + (bytes[begin] == '-' ? 1 : 0);
      const auto count = static_cast<std::size_t>(bytes + at - digits);
      const bool integer = std::all_of(digits, bytes + at, [](std::uint8_t byte) { return std::isdigit(byte) != 0; });
      if (integer && count >= kLongInteger) copy.insert(copy.end(), {'e', '0'});
    } else {
      copy.push_back(bytes[at++]);
    }
  }
}

bool Envelope::Parser::has_duplicate_key() {
  keys.clear();
  for (const auto& member : members) keys.push_back(member.key);
  constexpr std::size_t kFew = 16;  // where comparing all pairs is quicker than sorting
  if (keys.size() > kFew) {
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
  }
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) != key) return true;
  }
  return false;
}

Envelope::Verdict Envelope::Parser::check_type() {
  dom::element value;
  if (members.at_key("type").get(value) != simdjson::SUCCESS)
    return malformed("Field 'type' is required and must be a string");
  if (value.get(type) != simdjson::SUCCESS) return malformed("Field 'type' must be a string");
  if (type.empty()) return malformed("Field 'type' must not be empty");
  return Verdict::Ok;
}

Envelope::Envelope(std::size_t largest) : parser_(std::make_unique<Parser>(largest)) {}

void Envelope::set_largest(std::size_t largest) {
  if (largest != parser_->largest) parser_ = std::make_unique<Parser>(largest);
}

Envelope::~Envelope() = default;

Envelope::Verdict Envelope::parse(const std::uint8_t* bytes, std::size_t size) {
  auto& parser = *parser_;
  parser.type = parser.problem = {};
  parser.is_object = false;
  if (parser.cursors_used) {
    parser.array_cursors.forget();
    parser.object_cursors.forget();
    parser.cursors_used = false;
  }
  parser.payload = trimmed(bytes, size);
  if (size > parser.largest) return parser.malformed("The message is longer than this server takes");

  auto error = parser.parse(bytes, size);
  if (error == simdjson::NUMBER_ERROR) error = parser.parse_long_integers(bytes, size);
  if (error != simdjson::SUCCESS) return Verdict::InvalidJson;
  if (parser.root.get(parser.members) != simdjson::SUCCESS)
    return parser.malformed("The message must be a JSON object");
  if (parser.has_duplicate_key()) return Verdict::InvalidJson;
  parser.is_object = true;
  return parser.check_type();
}

std::string_view Envelope::problem() const { return parser_->problem; }

std::string_view Envelope::payload() const { return parser_->payload; }

std::string_view Envelope::type() const { return parser_->type; }

omnibroker_status Envelope::field(std::string_view name, omnibroker_json& out) const {
  dom::element value;
  if (!parser_->is_object || parser_->members.at_key(name).get(value) != simdjson::SUCCESS) return OMNIBROKER_NOT_FOUND;
  describe(value, out);
  return OMNIBROKER_OK;
}

omnibroker_status Envelope::member(const omnibroker_json& object, std::string_view name, omnibroker_json& out) const {
  if (object.kind != OMNIBROKER_JSON_OBJECT) return OMNIBROKER_INVALID_ARGUMENT;
  dom::element value;
  if (element_of(object).at_key(name).get(value) != simdjson::SUCCESS) return OMNIBROKER_NOT_FOUND;
  describe(value, out);
  return OMNIBROKER_OK;
}

std::size_t Envelope::count(const omnibroker_json& container) const {
  if (container.kind == OMNIBROKER_JSON_ARRAY) return size_of(element_of(container).get_array().value_unsafe());
  if (container.kind == OMNIBROKER_JSON_OBJECT) return size_of(element_of(container).get_object().value_unsafe());
  return 0;
}

omnibroker_status Envelope::at(const omnibroker_json& container, std::size_t index, omnibroker_text* key,
                               omnibroker_json& out) const {
  if (index >= count(container)) return OMNIBROKER_NOT_FOUND;
  parser_->cursors_used = true;
  const std::uint64_t identity = container.opaque[1];
  if (container.kind == OMNIBROKER_JSON_ARRAY) {
    const auto array = element_of(container).get_array().value_unsafe();
    describe(*parser_->array_cursors.seek(identity, array, index), out);
    if (key != nullptr) *key = {nullptr, 0};
  } else {
    const auto object = element_of(container).get_object().value_unsafe();
    const auto position = parser_->object_cursors.seek(identity, object, index);
    describe(position.value(), out);
    if (key != nullptr) *key = {position.key().data(), position.key().size()};
  }
  return OMNIBROKER_OK;
}

}  // namespace omnibroker::core
