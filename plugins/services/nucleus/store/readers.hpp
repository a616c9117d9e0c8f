#pragma once

#include "database.hpp"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

namespace omnibroker::nucleus::store {

/// Connections for reading, each made when it is first needed and kept.
/// Threads: any.
class Readers {
 public:
  Readers(std::filesystem::path file, std::size_t most) : file_(std::move(file)), most_(most > 0 ? most : 1) {}

  /// A connection for this thread, until it is destroyed.
  class Lease {
   public:
    Lease(Readers& readers, std::unique_ptr<Database> database) : readers_(readers), database_(std::move(database)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { readers_.give_back(std::move(database_)); }

    Database& database() { return *database_; }

   private:
    Readers& readers_;
    std::unique_ptr<Database> database_;
  };

  /// Waits while all of them are in use.
  Lease take() { return {*this, take_one()}; }

 private:
  std::unique_ptr<Database> take_one();
  void give_back(std::unique_ptr<Database> database);

  const std::filesystem::path file_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<Database>> idle_;  ///< Guarded by the mutex, like the next.
  std::size_t in_use_ = 0;
};

}  // namespace omnibroker::nucleus::store
