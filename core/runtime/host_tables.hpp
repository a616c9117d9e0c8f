#pragma once

namespace omnibroker::core {

class HostTables;
struct Shared;

/// Fills in every table that the host lends to components (abi.h, "host tables"). Components find `shared` again
/// through HostTables::context, so it must be set before the first component is used.
void add_host_tables(HostTables& tables);

}  // namespace omnibroker::core
