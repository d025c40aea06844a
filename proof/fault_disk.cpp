#include "fault_disk.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace stoa::proof {
namespace {

struct Plan {
    Fault fault = Fault::none;
    std::uint64_t at = 0;
    bool for_good = false;
};

// SQLite takes plain functions, so what they share is global.
Plan plan;
std::atomic<std::uint64_t> changes{0};
sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs fault_disk;

struct File {
    sqlite3_file base;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<File*>(file)->real();
}

bool is_due() {
    const std::uint64_t number = ++changes;
    if (plan.fault == Fault::none) return false;
    return number == plan.at || (plan.for_good && number > plan.at);
}

int failed(int io_error) {
    if (plan.fault == Fault::killed) ::kill(::getpid(), SIGKILL);
    return plan.fault == Fault::disk_full ? SQLITE_FULL : io_error;
}

int close_file(sqlite3_file* file) {
    return real_of(file)->pMethods->xClose(real_of(file));
}
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return real_of(file)->pMethods->xRead(real_of(file), to, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    sqlite3_file* real = real_of(file);
    if (!is_due()) return real->pMethods->xWrite(real, from, size, at);
    if (plan.fault == Fault::half_written || plan.fault == Fault::killed) {
        real->pMethods->xWrite(real, from, size / 2, at);
    }
    return failed(SQLITE_IOERR_WRITE);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    if (is_due()) return failed(SQLITE_IOERR_TRUNCATE);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
    if (is_due()) return failed(SQLITE_IOERR_FSYNC);
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int check_lock(sqlite3_file* file, int* is_locked) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_locked);
}
int control_file(sqlite3_file* file, int what, void* with) {
    return real_of(file)->pMethods->xFileControl(real_of(file), what, with);
}
int sector_size(sqlite3_file* file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int traits_of(sqlite3_file* file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
    if (extend != 0 && is_due()) return failed(SQLITE_IOERR_SHMSIZE);
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void fence_shared(sqlite3_file* file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int unmap_shared(sqlite3_file* file, int is_deleted) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

constexpr sqlite3_io_methods kMethods{
    2,           close_file,   read_file,    write_file,   truncate_file, sync_file, file_size,
    lock_file,   unlock_file,  check_lock,   control_file, sector_size,   traits_of, map_shared,
    lock_shared, fence_shared, unmap_shared, nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened) {
    sqlite3_file* real = real_of(file);
    const int code = real_disk->xOpen(real_disk, name, real, flags, opened);
    file->pMethods = real->pMethods ? &kMethods : nullptr;
    return code;
}
int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
    if (is_due()) return failed(SQLITE_IOERR_DELETE);
    return real_disk->xDelete(real_disk, name, sync_folder);
}

}  // namespace

void install_fault_disk() {
    real_disk = sqlite3_vfs_find(nullptr);
    fault_disk = *real_disk;
    fault_disk.zName = "fault";
    fault_disk.szOsFile = static_cast<int>(sizeof(File)) + real_disk->szOsFile;
    fault_disk.xOpen = open_file;
    fault_disk.xDelete = delete_file;
    sqlite3_vfs_register(&fault_disk, 1);
}

void arm(Fault fault, std::uint64_t at, bool for_good) {
    plan = {fault, at, for_good};
    changes = 0;
}

std::uint64_t changes_made() {
    return changes;
}

}  // namespace stoa::proof
