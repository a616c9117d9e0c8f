// Indices of folders, as web servers send them: JSON where the text begins with a bracket, a page otherwise. Nothing
// may crash, and every entry must have a name that can be one in a folder, once.
#include "providers/http/index.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto* const type = text.substr(0, 1) == "[" ? "application/json" : "text/html";
  const auto entries = omniclient::http::read_index(type, text, "http://h/x/");
  if (!entries) return 0;
  std::string before;
  for (const auto& entry : *entries) {
    const auto& name = entry.relative_path;
    require(name > before && name != "." && name != "..");
    require(name.find('/') == std::string::npos && name.find('\0') == std::string::npos);
    before = name;
  }
  return 0;
}
