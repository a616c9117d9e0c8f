#pragma once

#include "manual.hpp"
#include "options.hpp"

#include <vector>

namespace omnibroker::tools {

/// What `omnibroker` answers to whoever started it. The help of every command lists those it can end with.
enum ExitCode : int {
  kDone = 0,
  kRefused = 1,  ///< The configuration or another input has mistakes, or a plugin was refused.
  kWrongUsage = 2,
  kCouldNotStart = 3,  ///< A port in use, a component that failed, no connection.
  kForcedStop = 4,     ///< A second signal, or a stop that did not come to its end in time.
};

/// One subcommand: its manual, from which its options are parsed too, and what it does.
struct Command {
  Manual manual;
  int (*run)(const Arguments& arguments);
};

Command run_command();
Command check_command();
Command status_command();
Command generations_command();
Command sessions_command();
Command plan_command();
Command apply_command();
Command swap_command();
Command rollback_command();
Command drain_command();
Command disconnect_command();
Command log_level_command();
Command crashes_command();
Command plugins_command();
Command describe_command();
Command schema_command();
Command sim_command();
Command listen_command();
Command bench_command();
Command nucleus_command();
Command version_command();

}  // namespace omnibroker::tools
