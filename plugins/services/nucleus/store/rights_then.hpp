#pragma once

#include "types.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace omnibroker::nucleus::store {

/// The lines of one access list, by principal.
using AclLines = std::map<std::int64_t, Access>;

/// The access lists that were in force at a path at one time, from the root's on. Threads: a value.
class RightsThen {
 public:
  std::vector<AclLines> lists;
};

/// The lists of `rights` behind the first `skipped` ones, below those of `above`: of what has been moved there.
std::shared_ptr<const RightsThen> moved(const std::shared_ptr<const RightsThen>& rights, std::size_t skipped,
                                        const std::shared_ptr<const RightsThen>& above);

}  // namespace omnibroker::nucleus::store
