#include "engine/content.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point

OmniClientContent omniClientAllocContent(size_t size) noexcept { return Content::allocate(size).take(); }

OmniClientContent omniClientReferenceContent(void* buffer, size_t size) noexcept { return {buffer, size, nullptr}; }

OmniClientContent omniClientMoveContent(OmniClientContent* content) noexcept {
  return content == nullptr ? OmniClientContent{} : std::exchange(*content, {});
}

OmniClientContent omniClientCopyContent(OmniClientContent const* content) noexcept {
  if (content == nullptr) return {};
  return Content::copy({static_cast<const char*>(content->buffer), content->size}).take();
}

void omniClientFreeContent(OmniClientContent* content) noexcept {
  if (content != nullptr) Content(std::exchange(*content, {})).release();
}
