#include "engine/content.hpp"

#include <cstdlib>
#include <cstring>

namespace omniclient {
namespace {

extern "C" void OMNICLIENT_ABI free_content(void* buffer) { std::free(buffer); }

}  // namespace

Content Content::allocate(std::size_t size) {
  OmniClientContent raw{};
  if (size > 0) raw.buffer = std::malloc(size);
  if (raw.buffer != nullptr) raw.size = size;
  raw.free = raw.buffer != nullptr ? free_content : nullptr;
  return Content(raw);
}

Content Content::copy(std::string_view bytes) {
  Content content = allocate(bytes.size());
  if (content.size() > 0) std::memcpy(content.data(), bytes.data(), bytes.size());
  return content;
}

void Content::release() {
  const auto raw = std::exchange(raw_, {});
  if (raw.free != nullptr && raw.buffer != nullptr) raw.free(raw.buffer);
}

SharedContent take_content(OmniClientContent* content) {
  if (content == nullptr) return std::make_shared<Content>();
  if (content->free == nullptr) {
    auto copied = Content::copy({static_cast<const char*>(content->buffer), content->size});
    if (copied.size() != content->size) return nullptr;
    return std::make_shared<Content>(std::move(copied));
  }
  return std::make_shared<Content>(std::exchange(*content, {}));
}

}  // namespace omniclient
