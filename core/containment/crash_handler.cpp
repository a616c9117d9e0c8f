#include "containment/crash_handler.hpp"

#include "containment/call_marks.hpp"
#include "containment/crash_report_writer.hpp"
#include "containment/crash_reports.hpp"
#include "containment/mapped_libraries.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

namespace omnibroker::core {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::size_t kMostFrames = 64;
constexpr unsigned kPatience = 10;  // seconds for walking the stack of a process that is broken

/// Everything that the handler needs, made beforehand. Written before the handler is installed, then only read.
struct Prepared {
  std::array<char, PATH_MAX> path{};  // the folder and a slash
  std::size_t folder_size = 0;        // 0: no file
  std::array<char, 64> version{};
  pid_t process = 0;
  std::array<struct sigaction, NSIG> earlier{};
};
Prepared prepared;
constinit std::atomic<pid_t> crashing{0};
std::array<void*, kMostFrames + 16> frames;  // the first few are the handler's own

/// `<folder>/20261121T100000Z-4242.crash`; empty: there is none.
std::string_view complete_path(std::time_t time, pid_t process) {
  if (prepared.folder_size == 0) return {};
  auto size = prepared.folder_size;
  const auto put = [&](std::string_view text) {
    for (const char each : text) prepared.path[size++] = each;
  };
  size += format_time(time, /*compact=*/true, std::span(prepared.path).subspan(size));
  put("-");
  char digits[20];
  std::size_t count = 0;
  for (auto rest = static_cast<unsigned>(process); count == 0 || rest != 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count > 0) prepared.path[size++] = digits[--count];
  put(kCrashReportSuffix);
  prepared.path[size] = '\0';
  return {prepared.path.data(), size};
}

/// Where the thread was when the signal came, and who had called that, as far as a register or the top of the stack
/// says so; null: not known.
struct Interrupted {
  void* at = nullptr;
  void* caller = nullptr;
};
Interrupted interrupted(const void* context) {
  [[maybe_unused]] const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
  Interrupted found;
#if defined(__x86_64__)
  found.at = reinterpret_cast<void*>(machine.gregs[REG_RIP]);
  const iovec here{&found.caller, sizeof found.caller};
  const iovec there{reinterpret_cast<void*>(machine.gregs[REG_RSP]), sizeof found.caller};
  ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0);  // the stack may be broken; this does not fault
#elif defined(__aarch64__)
  found.at = reinterpret_cast<void*>(machine.pc);
  found.caller = reinterpret_cast<void*>(machine.regs[30]);
#endif
  return found;
}

/// The stack from where the signal came, without the handler itself.
std::span<void* const> walk_stack(const void* context) {
  const auto count = static_cast<std::size_t>(std::max(0, ::backtrace(frames.data(), static_cast<int>(frames.size()))));
  const auto all = std::span(frames).first(count);
  const auto came_from = interrupted(context);
  const auto found = std::find(all.begin(), all.end(), came_from.at);
  if (found != all.end()) {
    const auto rest = all.subspan(static_cast<std::size_t>(found - all.begin()));
    return rest.first(std::min(rest.size(), kMostFrames));
  }
  // A jump to what is no code, such as a call of a null pointer, cannot be walked from.
  frames[0] = came_from.at;
  frames[1] = came_from.caller;
  return std::span(frames).first(2);
}

void report(int signal, const siginfo_t* info, const void* context) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::array<char, 16> name{};
  ::prctl(PR_GET_NAME, name.data());
  CrashFacts facts;
  facts.signal = signal;
  facts.info = info;
  facts.time = now.tv_sec;
  facts.process = prepared.process;
  facts.thread = static_cast<pid_t>(::syscall(SYS_gettid));
  facts.thread_name = name.data();
  facts.version = prepared.version.data();
  facts.marks = marks_of_this_thread();

  auto path = complete_path(facts.time, facts.process);
  const int file = path.empty() ? -1 : ::open(path.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) path = {};
  {
    SignalText out(STDERR_FILENO);
    write_crash_sentence(out, facts, path);
  }
  if (file < 0) return;
  SignalText out(file);
  const bool named = write_crash_head(out, facts);
  // Should the stack be so broken that walking it does not end: rather a process that ends by an alarm.
  std::signal(SIGALRM, SIG_DFL);
  ::alarm(kPatience);
  write_crash_stack(out, walk_stack(context), named);
  ::alarm(0);
  ::close(file);
}

/// What would have happened without this handler, happens: by the same instruction once more, or, where the signal was
/// sent, by sending it once more. It is blocked until the handler has returned.
void hand_on(int signal, siginfo_t* info) {
  ::sigaction(signal, &prepared.earlier[static_cast<std::size_t>(signal)], nullptr);
  if (info->si_code > 0) return;
  ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::syscall(SYS_gettid), signal, info);
}

void handle(int signal, siginfo_t* info, void* context) {
  const int before = errno;
  const auto thread = static_cast<pid_t>(::syscall(SYS_gettid));
  pid_t nobody = 0;
  if (::getpid() == prepared.process) {  // not in a child that has not become another program yet
    if (crashing.compare_exchange_strong(nobody, thread)) {
      report(signal, info, context);
    } else if (nobody != thread) {
      while (true) ::pause();  // another thread was first; its report ends the process
    }
  }
  hand_on(signal, info);
  errno = before;
}

}  // namespace

Status install_crash_handler(const std::filesystem::path& folder, const std::string& version) {
  constexpr std::size_t kLongestName = 64;
  const auto text = folder.empty() ? std::string() : folder.string() + "/";
  if (text.size() + kLongestName > prepared.path.size()) {
    return Error{ErrorCode::InvalidArgument, "The folder for crash reports has a path of " +
                                                 std::to_string(text.size()) + " bytes, at most " +
                                                 std::to_string(prepared.path.size() - kLongestName) + " can be used"};
  }
  text.copy(prepared.path.data(), text.size());
  prepared.folder_size = text.size();
  prepared.version = {};
  version.copy(prepared.version.data(), prepared.version.size() - 1);
  prepared.process = ::getpid();

  register_this_thread();
  note_mapped_libraries();
  static_cast<void>(::backtrace(frames.data(), 1));  // the first time it loads a library and allocates
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : kSignals) {
    auto& earlier = prepared.earlier[static_cast<std::size_t>(signal)];
    // All signals wait meanwhile, but for the alarm; a fault within the handler ends the process all the same.
    ::sigfillset(&action.sa_mask);
    ::sigdelset(&action.sa_mask, SIGALRM);
    ::sigaction(signal, &action, &earlier);
    if (earlier.sa_handler == SIG_IGN) earlier.sa_handler = SIG_DFL;
  }
  return {};
}

}  // namespace omnibroker::core
