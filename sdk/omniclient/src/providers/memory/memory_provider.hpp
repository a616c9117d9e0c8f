#pragma once

#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <memory>

namespace omniclient {

/// Servers that live in this process, for tests: `mem://user@host/path`. It has every ability that a provider can have,
/// and is the model of what each operation means.
///
/// Each host is a server of its own. The user part names a connection: its text up to a `+` is the user (`user` where
/// there is none), so `ann@` and `ann+2@` are two connections of one user. Users belong to the group `users`, which may
/// do everything at first; `admin` may always do everything.
std::unique_ptr<Provider> make_memory_provider(const ProviderHost& host);

}  // namespace omniclient
