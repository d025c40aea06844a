#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "stoa/db/database.hpp"
#include "stoa/ledger/event.hpp"

namespace stoa::ledger {

/// Another program has the ledger open. Two writers would spend the same money twice.
class RecordInUse : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The record could not be written once, so what is on disk is no longer known: nothing more is
/// taken, and the node ends.
class RecordBroken : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// All events on disk, in a file of their own that one program at a time writes.
class Record {
  public:
    /// Locks and opens `file`, which it creates. Throws `RecordInUse`, `db::DbFailure`.
    explicit Record(const std::filesystem::path& file);
    ~Record();

    /// All events from the first on. Throws when one can't be read.
    void replay(const std::function<void(const Event&)>&);

    /// Returns when the events, all or none of them, are on disk; they must live until then. Throws
    /// `io::Overloaded` where too many wait, and `RecordBroken`, from then on always.
    Task<void> append(const std::vector<Event>&);

    /// Reads a ledger that another program writes, and changes nothing of it. Throws
    /// `db::DbFailure`, also where there is none.
    static void read(const std::filesystem::path& file, const std::function<void(const Event&)>&);

  private:
    class Lock {
      public:
        explicit Lock(const std::filesystem::path&);
        ~Lock();
        Lock(const Lock&) = delete;

      private:
        int descriptor_;
    };

    Lock lock_;
    std::unique_ptr<db::Database> database_;
    std::int64_t writer_ = 0;  ///< Our number among all programs that ever wrote here.
    bool broken_ = false;
};

}  // namespace stoa::ledger
