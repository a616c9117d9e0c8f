#pragma once

#include "url.hpp"

#include <string>
#include <string_view>

/// How parts are written in a URL.
namespace omniclient {

/// Any part behind the authority; `more` are the characters that it may have beside those of a path's segment.
std::string encoded_part(std::string_view part, std::string_view more);

/// What is already encoded, written in the one way: upper case, nothing encoded that need not be.
std::string canonical(std::string_view text, std::string_view more);

/// Whether a character is encoded that means something else when it is not.
bool path_loses_by_decoding(std::string_view text, const Url& url);
bool query_loses_by_decoding(std::string_view text);

/// Writes the colon of an embedded `omniverse://` so that it is not read as the beginning of the URL. Looks from `from`
/// on.
void hide_embedded_scheme(std::string& text, std::size_t from);

/// An encoded path as it can stand in this URL: a colon in front of a relative path's first slash would end a scheme.
std::string written_path(std::string text, const Url& url);

}  // namespace omniclient
