#include "containment/mapped_libraries.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMost = 4'096;

constinit std::atomic<MappedLibrary*> all_libraries{nullptr};

std::mutex& mutex() {
  static auto& made = *new std::mutex;
  return made;
}

std::string program_path() {
  char path[PATH_MAX];
  const auto size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "the program";
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.append({kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]});
  return text;
}

/// The NT_GNU_BUILD_ID among the notes of one segment. Empty: it is not there.
std::string build_id_among(const unsigned char* notes, std::size_t size) {
  const auto aligned = [](std::size_t count) { return (count + 3) & ~std::size_t{3}; };
  std::size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const auto name = at + sizeof note;
    const auto content = name + aligned(note.n_namesz);
    if (content > size || note.n_descsz > size - content) return {};
    const bool is_gnu = note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0;
    if (is_gnu && note.n_type == NT_GNU_BUILD_ID) return hex(notes + content, note.n_descsz);
    at = content + aligned(note.n_descsz);
  }
  return {};
}

void describe(const dl_phdr_info& info, MappedLibrary& library) {
  library.base = info.dlpi_addr;
  library.begin = UINTPTR_MAX;
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    const auto begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      library.begin = std::min<std::uintptr_t>(library.begin, begin);
      library.end = std::max<std::uintptr_t>(library.end, begin + header.p_memsz);
    } else if (header.p_type == PT_NOTE && library.build_id.empty()) {
      library.build_id = build_id_among(reinterpret_cast<const unsigned char*>(begin), header.p_memsz);
    }
  }
}

struct Walk {
  std::size_t known = 0;
  unsigned long long loads = 0;  // of this process so far, as the dynamic linker counts them
};

int visit(dl_phdr_info* info, std::size_t, void* context) {
  auto& walk = *static_cast<Walk*>(context);
  if (walk.loads == info->dlpi_adds) return 1;  // nothing new
  MappedLibrary found;
  describe(*info, found);
  if (found.begin >= found.end || walk.known >= kMost) return 0;
  const bool main_program = info->dlpi_name == nullptr || *info->dlpi_name == '\0';
  const auto path = main_program ? program_path() : std::string(info->dlpi_name);
  const auto* known = library_at(found.begin);
  if (known != nullptr && known->path == path && known->build_id == found.build_id) return 0;
  auto* made = new MappedLibrary;
  made->begin = found.begin;
  made->end = found.end;
  made->base = found.base;
  made->build_id = std::move(found.build_id);
  made->path = path;
  made->next = all_libraries.load(std::memory_order_relaxed);
  all_libraries.store(made, std::memory_order_release);  // the newest first: it may lie where one was that is gone
  ++walk.known;
  return 0;
}

unsigned long long loads_so_far() {
  unsigned long long loads = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<unsigned long long*>(out) = info->dlpi_adds;
        return 1;
      },
      &loads);
  return loads;
}

}  // namespace

void note_mapped_libraries() {
  static Walk walk;
  const std::lock_guard lock(mutex());
  const auto loads = loads_so_far();
  dl_iterate_phdr(visit, &walk);
  walk.loads = loads;
}

const MappedLibrary* library_at(std::uintptr_t address) {
  for (const auto* one = all_libraries.load(std::memory_order_acquire); one != nullptr; one = one->next) {
    if (address >= one->begin && address < one->end) return one;
  }
  return nullptr;
}

PluginFacts& new_plugin_facts(std::string name, std::string file, std::string sha256) {
  static auto& all = *new std::deque<PluginFacts>;
  const std::lock_guard lock(mutex());
  return all.emplace_back(PluginFacts{std::move(name), std::move(file), std::move(sha256), {}});
}

void note_plugin(const void* address, PluginFacts& facts) {
  note_mapped_libraries();
  const auto* library = library_at(reinterpret_cast<std::uintptr_t>(address));
  if (library == nullptr) return;
  facts.build_id = library->build_id;
  library->plugin = &facts;
}

const PluginFacts* plugin_at(const void* address) {
  const auto* library = library_at(reinterpret_cast<std::uintptr_t>(address));
  return library == nullptr ? nullptr : library->plugin.load(std::memory_order_acquire);
}

}  // namespace omnibroker::core
