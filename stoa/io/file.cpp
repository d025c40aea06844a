#include "stoa/io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace stoa::io {
namespace {

[[noreturn]] void fail_at(const std::filesystem::path& path, int error = errno) {
    throw std::system_error(error, std::generic_category(), path.string());
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    int get() const { return number_; }

  private:
    int number_;
};

std::string read_all(int file, const std::filesystem::path& path, std::size_t max_bytes) {
    struct stat about {};
    if (::fstat(file, &about) != 0) fail_at(path);
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size > max_bytes) fail_at(path, EFBIG);
    // One byte more, to see the end; files of /proc say 0 and are longer.
    std::string bytes(std::max<std::size_t>(size, 4096) + 1, '\0');
    std::size_t filled = 0;
    while (true) {
        const auto got = ::read(file, bytes.data() + filled, bytes.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_at(path);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled > max_bytes) fail_at(path, EFBIG);
        if (filled == bytes.size()) bytes.resize(2 * filled);
    }
    bytes.resize(filled);
    return bytes;
}

void write_all(int file, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const auto put = ::write(file, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail_at(path);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

}  // namespace

std::optional<std::string> read_file_if_there(const std::filesystem::path& path,
                                              std::size_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (file.get() < 0) fail_at(path);
    return read_all(file.get(), path, max_bytes);
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
    auto bytes = read_file_if_there(path, max_bytes);
    if (!bytes) fail_at(path, ENOENT);
    return std::move(*bytes);
}

void write_file_atomic(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
    const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) fail_at(path);
    try {
        if (::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) fail_at(path);
        write_all(file.get(), bytes, path);
        if (::fsync(file.get()) != 0) fail_at(path);
        if (::rename(temporary.c_str(), path.c_str()) != 0) fail_at(path);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    // The new name is safe only once the folder is.
    const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.get() < 0 || ::fsync(parent.get()) != 0) fail_at(folder);
}

}  // namespace stoa::io
