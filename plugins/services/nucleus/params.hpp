#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What clients send as JSON, read so that what is wrong is said and not taken for something else.
///
/// Of each parameter: null is the same as not there. One of another type than it should have throws BadParameter.
namespace omnibroker::plugins::nucleus {

namespace store = omnibroker::nucleus::store;

/// A sentence: which parameter, what came, and what was expected.
class BadParameter : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Arrays and objects inside one another: more are refused, so that nothing that walks through them runs out of stack.
inline constexpr std::size_t kMostNested = 64;

/// Values in one message: more are refused, since each takes many times the memory that its text does.
inline constexpr std::size_t kMostValues = 100'000;
/// Branches that one request names.
inline constexpr std::size_t kMostBranches = 100;

/// Reads a JSON object. False: it is none, and `problem` says what it is: "no JSON object". `values`: about how many it
/// has.
bool parse_object(std::string_view text, nlohmann::json& object, std::string& problem, std::size_t* values = nullptr);

/// Null where it is not there.
const nlohmann::json* member(const nlohmann::json& params, const char* name);
[[noreturn]] void refuse_type(std::string_view name, const nlohmann::json& came, std::string_view expected);

/// A number, or a text of digits.
std::uint64_t number_in(const nlohmann::json& params, const char* name, std::uint64_t missing = 0);
/// Empty where there is none.
std::string text_in(const nlohmann::json& params, const char* name);
/// The first of these that is there.
std::string text_in(const nlohmann::json& params, std::initializer_list<const char*> names);
std::optional<std::vector<std::string>> texts_in(const nlohmann::json& params, const char* name);
/// `branches`; empty where there are none. BadParameter where there are too many.
std::vector<std::string> branches_in(const nlohmann::json& params);
bool flag_in(const nlohmann::json& params, const char* name);
/// Seconds, with a fraction.
std::optional<double> seconds_in(const nlohmann::json& params, const char* name);
/// `message`.
std::optional<std::string> message_in(const nlohmann::json& params);

/// A path with branch and checkpoint from the first of these parameters that is there: a text, or an object with
/// `path`, `branch` and `checkpoint`; for a text they lie beside it. Empty where there is none.
store::PathAtVersion path_in(const nlohmann::json& params, std::initializer_list<const char*> names = {"path", "uri"});

}  // namespace omnibroker::plugins::nucleus
