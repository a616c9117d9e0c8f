#pragma once

#include "engine/retries.hpp"
#include "providers/provider.hpp"

namespace omniclient {

/// One end of a transfer.
struct Place {
  Provider* provider;
  Url url;
};

/// Copies between two servers: every file is read here and written there, one after the other. The rules are those of a
/// copy within one server: what is at the destination, what is made, what is refused. It stops at the first failure and
/// leaves what it has copied. What may not be read is a failure (ErrorAccessDenied). What has no content, such as a
/// channel, and links to folders stay behind, which the log says.
///
/// A step that fails in a way that passes is repeated by itself: the whole, repeated, would find what it has copied.
///
/// Threads: on the loop's thread from begin to end, but for the reading and writing itself.
void transfer(Loop& loop, Retries& retries, OperationPtr operation, Place from, Place to, CopyOptions options,
              Done<Reply> done);

/// A transfer, then the source is deleted. Where anything has stayed behind nothing is: ErrorWrongType, and `copied`.
void transfer_and_remove(Loop& loop, Retries& retries, OperationPtr operation, Place from, Place to,
                         CopyOptions options, Done<MoveReply> done);

}  // namespace omniclient
