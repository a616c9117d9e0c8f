#include "beside.hpp"

#include "content_folder.hpp"
#include "readers.hpp"
#include "schema.hpp"
#include "upkeep.hpp"

namespace omnibroker::nucleus::store {

namespace fs = std::filesystem;

namespace {

/// Of a folder that is somebody else's to write to.
struct Beside {
  explicit Beside(const fs::path& in)
      : folder(fs::absolute(in).lexically_normal()),
        contents(folder / "blobs", {}, ContentFolder::Use::Read),
        readers(folder / kDatabaseName, 2) {}

  const fs::path folder;
  const ContentFolder contents;
  Readers readers;
};

}  // namespace

Status is_store(const fs::path& folder) {
  return answered<Done>([&] {
    std::error_code error;
    if (fs::exists(folder / kUnfinishedName, error)) check_folder(folder);  // says so
    if (!fs::is_regular_file(folder / kDatabaseName, error)) {
      refuse(Code::NotExist, "there is no Nucleus in " + folder.string());
    }
    Database database(folder / kDatabaseName, Database::Mode::Read);
    if (check_format(database, folder / kDatabaseName)) return Done{};
    refuse(Code::NotExist, "there is no Nucleus in " + folder.string() + ": its database is empty");
  });
}

Result<Verification> verify_beside(const fs::path& folder) {
  if (const auto status = is_store(folder); !status) return status.error();
  return answered<Verification>([&] {
    Beside beside(folder);
    return verify(beside.readers, beside.contents);
  });
}

Status backup_beside(const fs::path& folder, const fs::path& to) {
  if (const auto status = is_store(folder); !status) return status.error();
  return answered<Done>([&] {
    Beside beside(folder);
    back_up(beside.readers, beside.contents, to);
    return Done{};
  });
}

}  // namespace omnibroker::nucleus::store
