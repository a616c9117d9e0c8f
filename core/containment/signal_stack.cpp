#include "containment/signal_stack.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace omnibroker::core {
namespace {

// Taken from the kernel only where a page is touched. A sanitizer's own code runs here too, and needs much.
constexpr std::size_t kSize = 128 * 1024;

}  // namespace

SignalStack::SignalStack() {
  if (::sigaltstack(nullptr, &before_) != 0 || (before_.ss_flags & SS_DISABLE) == 0) return;
  const auto guard = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, guard + kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  auto* bottom = static_cast<char*>(memory) + guard;
  stack_t stack{};
  stack.ss_sp = bottom;
  stack.ss_size = kSize;
  if (::mprotect(bottom, kSize, PROT_READ | PROT_WRITE) != 0 || ::sigaltstack(&stack, nullptr) != 0) {
    ::munmap(memory, guard + kSize);
    return;
  }
  memory_ = memory;
  size_ = guard + kSize;
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  stack_t now{};
  const bool mine =
      ::sigaltstack(nullptr, &now) == 0 && now.ss_sp > memory_ && now.ss_sp < static_cast<char*>(memory_) + size_;
  if (mine) {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  ::munmap(memory_, size_);
}

}  // namespace omnibroker::core
