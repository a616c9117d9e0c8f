#pragma once

#include "providers/http/web.hpp"

namespace omniclient::http {

/// Subscriptions to a web server: it is asked again, `interval` after its last answer, until the operation is
/// cancelled. What comes and goes between two answers is not told. A question that fails is asked again as well, so
/// that a server may be away for a while; only the first failure is told. `web` outlives what it has been asked.
void watch_item(Web& web, std::chrono::milliseconds interval, const OperationPtr& operation, const Url& url,
                Done<EntryReply> first, OnChange change);
void watch_folder(Web& web, std::chrono::milliseconds interval, const OperationPtr& operation, const Url& url,
                  Done<ListReply> first, OnChange change);

}  // namespace omniclient::http
