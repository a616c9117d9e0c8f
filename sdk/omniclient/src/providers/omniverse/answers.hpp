#pragma once

#include "providers/omniverse/session.hpp"
#include "providers/provider.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

/// From the words of the protocol to those of the library.
namespace omniclient::omniverse {

inline constexpr auto kOk = eOmniClientResult_Ok;

OmniClientResult result_of(wire::Status status);
/// Also for answers that do not come from the server.
OmniClientResult result_of(const Answer& answer);

/// The result as a reply has it: what a server has no time for passes.
void judge(const Answer& answer, Reply& reply);
template <class R>
R reply_of(const Answer& answer) {
  R reply;
  judge(answer, reply);
  return reply;
}

Entry entry_of(const wire::Entry& entry);
/// The name of the last part of a path, and the path of the folder that it is in; both without '/' at the end.
std::string name_of(std::string_view path);
std::string folder_of(std::string_view path);

OmniClientListEvent event_of(const nlohmann::json& fields);

/// The path of a URL: with a slash at the beginning and none at the end, but for the root.
std::string path_of(const Url& url);
/// What a server has sent as JSON; discarded where it is none, or nested deeper than any answer is.
nlohmann::json parsed(std::string_view text);
BranchAndCheckpoint version_of(const Url& url);
/// `{"path", "branch", "checkpoint"}`, of the last two what the URL names.
nlohmann::json at(const Url& url);

}  // namespace omniclient::omniverse
