#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

/// SOWS: how calls and their results lie in the binary messages of a WebSocket. Discovery and the authentication
/// service of a Nucleus speak it. Numbers are little-endian.
///
///     request   0x01 · id u32 · method · 0x00 · params length u32 · params JSON · [blob]
///     stop      0x00 · id u32
///     error     0x00 · id u32 · code u16 · message
///     result    0x01 · id u32 · last u8 · result length u32 · result JSON · [blob]
///     done      0x05 · id u32
///
/// No I/O and no JSON here: what is read are views into the message, what is written is one.
namespace omnibroker::nucleus::sows {

/// A call: `method` is `Interface.name`. What is behind the parameters is the blob.
struct Call {
  std::uint32_t id = 0;
  std::string_view method;
  std::string_view params;
  std::string_view blob = {};
};

/// The caller wants no more results of this call.
struct Stop {
  std::uint32_t id = 0;
};

/// The call failed as such: no such method, parameters that are no JSON.
struct Failure {
  std::uint32_t id = 0;
  std::uint16_t code = 0;
  std::string_view message;
};

/// One result; a method that streams has several, and `last` is set in the last one.
struct Result {
  std::uint32_t id = 0;
  bool last = false;
  std::string_view result;
  std::string_view blob = {};
};

/// No result follows.
struct Done {
  std::uint32_t id = 0;
};

/// Why a message is none of these, as a sentence without a full stop.
struct Broken {
  std::string problem;
};

using Request = std::variant<Broken, Call, Stop>;
using Response = std::variant<Broken, Failure, Result, Done>;

/// What a client has sent. The views are into `message`.
Request read_request(std::string_view message);
/// What a server has sent. The views are into `message`.
Response read_response(std::string_view message);

/// `method` must not contain a zero, and none of the texts may be longer than 4 GiB.
std::string write(const Call& call);
std::string write(const Stop& stop);
std::string write(const Failure& failure);
std::string write(const Result& result);
std::string write(const Done& done);

/// The codes of `Failure` that this server answers. The protocol's own are not known; a client must not rely on them.
enum class FailureCode : std::uint16_t {
  NoSuchMethod = 1,  ///< Also: of an interface that is not offered here.
  BadParameters = 2,
  Internal = 3,
  TooManyRequests = 4,
};

}  // namespace omnibroker::nucleus::sows
