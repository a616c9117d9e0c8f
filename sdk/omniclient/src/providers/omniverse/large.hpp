#pragma once

#include "engine/content.hpp"
#include "providers/omniverse/http.hpp"
#include "providers/omniverse/session.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Large-file transfer: contents that go beside the API, by HTTP, in parts, some of them at a time. A part that fails
/// is repeated from where it was, for as long as the session's retries go on. Threads: the loop's, but for hashing.
namespace omniclient::omniverse {

/// Sends a content; the server knows it by the id that `done` is given. The path is for its logs.
void upload(HttpClient& http, SessionPtr session, OperationPtr operation, std::string path, SharedContent content,
            std::function<void(OmniClientResult, std::string content_id)> done);

struct Remote {
  std::string url;
  std::uint64_t size = 0;
  std::string hash;  ///< SHA-256 as hexadecimal digits; empty: it is not checked.
};

/// What has become of a download. Changed: the file has another content by now; Broken: what came has another hash.
enum class Fetched { Ok, Changed, Broken, Failed };

/// Fetches a content. The result says why it has failed.
void download(HttpClient& http, SessionPtr session, OperationPtr operation, Remote remote,
              std::function<void(Fetched, OmniClientResult, SharedContent)> done);

/// SHA-256 as hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace omniclient::omniverse
