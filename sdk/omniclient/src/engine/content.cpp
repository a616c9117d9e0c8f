#include "engine/content.hpp"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <sys/mman.h>

namespace omniclient {
namespace {

extern "C" void OMNICLIENT_ABI free_content(void* buffer) { std::free(buffer); }

/// Memory for `free`. What is large asks for large pages: for contents of a gigabyte, a quarter of the time of a
/// download was the kernel's making of small ones.
void* memory_for(std::size_t size) {
  constexpr std::size_t kLargePage = 2 * 1024 * 1024;
  if (size < 2 * kLargePage) return std::malloc(size);
  if (size > std::numeric_limits<std::size_t>::max() - kLargePage) return nullptr;
  const auto whole = (size + kLargePage - 1) / kLargePage * kLargePage;
  void* const memory = std::aligned_alloc(kLargePage, whole);
  if (memory != nullptr) ::madvise(memory, whole, MADV_HUGEPAGE);
  return memory;
}

}  // namespace

Content Content::allocate(std::size_t size) {
  OmniClientContent raw{};
  if (size > 0) raw.buffer = memory_for(size);
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
