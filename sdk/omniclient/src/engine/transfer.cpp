#include "engine/transfer.hpp"

#include "engine/log.hpp"

#include <deque>
#include <string>

namespace omniclient {
namespace {

Url child_of(const Url& folder, const std::string& name) {
  Url child = folder;
  const auto path = folder.path.value_or("");
  child.path = std::string(without_trailing_slashes(path)) + (path == "/" ? "" : "/") + name;
  return child;
}

/// How it went, and what has stayed behind because it has no content that could be copied.
struct Copied {
  OmniClientResult result = eOmniClientResult_Error;
  std::size_t left_behind = 0;
};

/// Something that is there, but may not be read; unlike what cannot be.
bool is_unreadable(const Entry& entry) {
  constexpr std::uint32_t kNoContent = fOmniClientItem_IsChannel | fOmniClientItem_IsOmniObject;
  return entry.flags != 0 && (entry.flags & kNoContent) == 0 && (entry.access & fOmniClientAccess_Read) == 0;
}

/// Whether what two names lead to is one item, as far as can be seen: servers have several names.
bool look_the_same(const Place& a, const Entry& one, const Place& b, const Entry& other) {
  if (a.provider != b.provider || one.created_ns == 0) return false;
  return one.created_ns == other.created_ns && one.modified_ns == other.modified_ns && one.size == other.size &&
         one.version == other.version && one.created_by == other.created_by && one.relative_path == other.relative_path;
}

class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  /// `moves`: the source goes afterwards, so it must not be the destination.
  Transfer(Loop& loop, Retries& retries, OperationPtr operation, Place from, Place to, CopyOptions options, bool moves,
           std::function<void(Copied)> done)
      : loop_(loop),
        retries_(retries),
        moves_(moves),
        operation_(std::move(operation)),
        from_(std::move(from)),
        to_(std::move(to)),
        options_(std::move(options)),
        done_(std::move(done)) {}

  void begin() {
    operation_->look_anew();  // What is not listed is not copied, and may be deleted.
    look_at(from_, [this](const EntryReply& source) {
      if (source.result != eOmniClientResult_Ok) return end(source.result);
      look_at_destination(source.entry);
    });
  }

 private:
  struct Step {
    Url from;
    Url to;
    bool folder;
  };

  void end(OmniClientResult result) {
    if (left_behind_ > 0) {
      log::warning("transfer", {"Left behind in ", make_url(from_.url),
                                " what has no content, or is a link to a folder: ", std::to_string(left_behind_)});
    }
    done_({result, left_behind_});
  }

  /// Asks a provider, again where the answer is a failure that passes, and goes on where providers are called, whatever
  /// thread the answer comes on.
  template <class R, class Next>
  void ask(std::function<void(Done<R>)> question, Next next) {
    retries_.run<R>(operation_, std::move(question), [self = shared_from_this(), next](R reply) {
      self->loop_.post([self, next, reply = std::move(reply)] { next(reply); });
    });
  }

  template <class Next>
  void look_at(const Place& place, Next next) {
    ask<EntryReply>(
        [this, &place](Done<EntryReply> done) {
          place.provider->stat(operation_, place.url, eOmniClientListIncludeOption_DefaultNotDeleted, std::move(done));
        },
        next);
  }

  void look_at_destination(const Entry& source) {
    const bool folder = source.is_folder();
    if (options_.kind != ItemKind::Any && folder != (options_.kind == ItemKind::Folder)) {
      return end(eOmniClientResult_ErrorWrongType);
    }
    look_at(to_, [this, folder, source](const EntryReply& there) {
      const bool exists = there.result == eOmniClientResult_Ok;
      if (!exists && there.result != eOmniClientResult_ErrorNotFound) return end(there.result);
      if (exists && !options_.overwrite) return end(eOmniClientResult_ErrorAlreadyExists);
      if (exists && there.entry.is_folder() != folder) return end(eOmniClientResult_ErrorWrongType);
      if (exists && moves_ && look_the_same(from_, source, to_, there.entry)) {
        return end(eOmniClientResult_ErrorSourceIsDest);
      }
      steps_.push_back({from_.url, to_.url, folder});
      next();
    });
  }

  void next() {
    if (operation_->cancelled()) return end(eOmniClientResult_ErrorConnection);
    if (steps_.empty()) return end(eOmniClientResult_Ok);
    const auto step = std::move(steps_.front());
    steps_.pop_front();
    if (step.folder) {
      make_folder(step);
    } else {
      copy_file(step);
    }
  }

  void make_folder(const Step& step) {
    ask<Reply>([this, to = step.to](Done<Reply> done) { to_.provider->create_folder(operation_, to, std::move(done)); },
               [this, step](const Reply& made) {
                 if (made.result != eOmniClientResult_Ok && made.result != eOmniClientResult_ErrorAlreadyExists) {
                   return end(made.result);
                 }
                 list_folder(step);
               });
  }

  void list_folder(const Step& step) {
    ask<ListReply>(
        [this, from = step.from](Done<ListReply> done) {
          from_.provider->list(operation_, from, eOmniClientListIncludeOption_DefaultNotDeleted, std::move(done));
        },
        [this, step](const ListReply& list) {
          if (list.result != eOmniClientResult_Ok) return end(list.result);
          for (const auto& entry : list.entries) {
            if (!is_item_name(entry.relative_path)) {
              log::error("transfer", {make_url(step.from), " has something in it that is called '", entry.relative_path,
                                      "', which is no name"});
              return end(eOmniClientResult_ErrorBadRequest);
            }
            if (!add(step, entry)) return end(eOmniClientResult_ErrorAccessDenied);
          }
          next();
        });
  }

  /// False where the item may not be read.
  bool add(const Step& step, const Entry& entry) {
    if (is_unreadable(entry)) return false;
    const bool readable = entry.is_folder() || (entry.flags & fOmniClientItem_ReadableFile) != 0;
    // Channels and the like have no content. A link to a folder may lead up again, and then there is no end.
    if (!readable || (entry.is_folder() && entry.is_link)) {
      ++left_behind_;
    } else {
      steps_.push_back(
          {child_of(step.from, entry.relative_path), child_of(step.to, entry.relative_path), entry.is_folder()});
    }
    return true;
  }

  void copy_file(const Step& step) {
    ask<ReadReply>([this, from = step.from](Done<ReadReply> done) { from_.provider->read(operation_, from, done); },
                   [this, to = step.to](const ReadReply& read) {
                     if (read.result != eOmniClientResult_Ok) return end(read.result);
                     write_file(to, read.content);
                   });
  }

  void write_file(const Url& to, const SharedContent& content) {
    ask<WriteReply>(
        [this, to, content](Done<WriteReply> done) {
          to_.provider->write(operation_, to, content, {options_.message, false}, std::move(done));
        },
        [this](const WriteReply& written) {
          if (written.result != eOmniClientResult_Ok) return end(written.result);
          next();
        });
  }

  Loop& loop_;
  Retries& retries_;
  const bool moves_;
  const OperationPtr operation_;
  const Place from_;
  const Place to_;
  const CopyOptions options_;
  const std::function<void(Copied)> done_;
  std::deque<Step> steps_;
  std::size_t left_behind_ = 0;
};

}  // namespace

void transfer(Loop& loop, Retries& retries, OperationPtr operation, Place from, Place to, CopyOptions options,
              Done<Reply> done) {
  std::make_shared<Transfer>(loop, retries, std::move(operation), std::move(from), std::move(to), std::move(options),
                             false, [done = std::move(done)](const Copied& copied) { done({copied.result}); })
      ->begin();
}

void transfer_and_remove(Loop& loop, Retries& retries, OperationPtr operation, Place from, Place to,
                         CopyOptions options, Done<MoveReply> done) {
  const auto remove = [&retries, operation, from, done](const Copied& copied) {
    if (copied.result != eOmniClientResult_Ok) return done(failed<MoveReply>(copied.result));
    MoveReply reply;
    reply.copied = true;
    if (copied.left_behind > 0) {
      reply.result = eOmniClientResult_ErrorWrongType;
      return done(std::move(reply));
    }
    retries.run<Reply>(
        operation,
        [operation, from](Done<Reply> attempted) {
          from.provider->remove(operation, from.url, Depth::Recursive, std::move(attempted));
        },
        [done, reply](const Reply& removed) mutable {
          reply.result = removed.result;
          done(std::move(reply));
        });
  };
  std::make_shared<Transfer>(loop, retries, operation, from, std::move(to), std::move(options), true, remove)->begin();
}

}  // namespace omniclient
