/* Counts what a process allocates, and where: loaded into the built broker by LD_PRELOAD.
 *
 * The counts lie in a file that the test maps too (OMNIBROKER_ALLOCATIONS names it), so that nothing has to be asked of
 * the process. While the test has set `armed`, each call of malloc, calloc, realloc, posix_memalign, aligned_alloc and
 * memalign is counted, with the calls that led to it; a realloc counts even where it does not move. `free` is not
 * counted: what is never allocated cannot be freed. Nothing else changes: the C library's own functions do the work.
 *
 * Threads: any, at any time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Exported by the C library for those who stand in front of it. */
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t number, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

enum { kPlaces = 256, kFrames = 20, kOwnFrames = 2 };

/* allocations_test.py reads this layout: 64-bit words throughout. */
struct place {
  _Atomic uint64_t count;
  _Atomic uint64_t frames[kFrames]; /* return addresses, the innermost first; 0 behind the last */
};
struct page {
  _Atomic uint64_t armed;
  _Atomic uint64_t allocations;
  _Atomic uint64_t bytes;
  struct place places[kPlaces];
};

static struct page* counts;
static __thread int counting; /* what it takes to find the place is not counted */

static void note_place(void) {
  void* calls[kFrames + kOwnFrames];
  const int depth = backtrace(calls, kFrames + kOwnFrames) - kOwnFrames;
  for (size_t i = 0; i < kPlaces; ++i) {
    struct place* place = &counts->places[i];
    uint64_t unused = 0;
    if (atomic_compare_exchange_strong(&place->count, &unused, 1)) {
      for (int f = 0; f < depth; ++f) atomic_store(&place->frames[f], (uint64_t)(uintptr_t)calls[f + kOwnFrames]);
      return;
    }
    int f = 0;
    while (f < depth && atomic_load(&place->frames[f]) == (uint64_t)(uintptr_t)calls[f + kOwnFrames]) ++f;
    if (f == depth) {
      atomic_fetch_add(&place->count, 1);
      return;
    }
  }
}

static void count(size_t size) {
  if (counts == NULL || !atomic_load(&counts->armed) || counting) return;
  counting = 1;
  atomic_fetch_add(&counts->allocations, 1);
  atomic_fetch_add(&counts->bytes, size);
  note_place();
  counting = 0;
}

__attribute__((constructor)) static void map_counts(void) {
  const char* name = getenv("OMNIBROKER_ALLOCATIONS");
  if (name == NULL) return;
  const int file = open(name, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return;
  void* first[1];
  backtrace(first, 1); /* loads the unwinder now */
  counts = mapped;
}

__attribute__((visibility("default"))) void* malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

__attribute__((visibility("default"))) void* realloc(void* old, size_t size) {
  count(size);
  return __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void* memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int posix_memalign(void** result, size_t alignment, size_t size) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  count(size);
  void* made = __libc_memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *result = made;
  return 0;
}
