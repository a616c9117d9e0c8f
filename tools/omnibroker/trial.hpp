#pragma once

#include <chrono>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// What is to be tried: a component of a configuration file, with another plugin than the file's where one is given.
struct Trial {
  std::string file;
  std::string component;  ///< Empty: only whether the file can be read, and its plugins loaded.
  std::string plugin;     ///< Empty: the file's.
};

/// Runs `omnibroker check FILE`, with `--try COMPONENT` where one is given, as a child, and answers what it came to: a
/// crash, a hang and an end of the process are refusals that say so. What the file or the plugin has against it stands
/// in lines.
///
/// `waker`: a descriptor that ends it when it becomes readable (Unavailable). The child runs with OMNIBROKER_TRYING
/// set. Threads: any.
Status try_in_child(const Trial& trial, std::chrono::milliseconds deadline, int waker);

}  // namespace omnibroker::tools
