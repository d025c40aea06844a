#include "stoa/io/http_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

namespace stoa::io {
namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& range) {
    constexpr std::string_view kUnit = "bytes=";
    const auto dash = header.find('-');
    if (!header.starts_with(kUnit) || dash == std::string_view::npos) return RangeKind::whole;
    const auto first_text = header.substr(kUnit.size(), dash - kUnit.size());
    const auto last_text = header.substr(dash + 1);
    const auto first = number_in(first_text);
    const auto last = number_in(last_text);
    if ((!first && !first_text.empty()) || (!last && !last_text.empty())) return RangeKind::whole;
    if (!first && !last) return RangeKind::whole;
    if (!first) {  // The last so many bytes.
        if (*last == 0 || size == 0) return RangeKind::unsatisfiable;
        range.size = std::min(*last, size);
        range.first = size - range.size;
        return RangeKind::part;
    }
    if (last && *last < *first) return RangeKind::whole;
    if (*first >= size) return RangeKind::unsatisfiable;
    range.first = *first;
    range.size = std::min(last.value_or(size - 1), size - 1) - *first + 1;
    return RangeKind::part;
}

std::optional<OpenFile> OpenFile::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), path.string());
    OpenFile file(descriptor, 0);
    struct stat about {};
    if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
    file.size_ = static_cast<std::uint64_t>(about.st_size);
    return file;
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

OpenFile::~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void OpenFile::read(std::uint64_t offset, std::string& out) const {
    std::size_t filled = 0;
    while (filled < out.size()) {
        const auto got = ::pread(descriptor_, out.data() + filled, out.size() - filled,
                                 static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            throw std::system_error(got < 0 ? errno : EIO, std::generic_category(),
                                    "a file changed while it was sent");
        }
        filled += static_cast<std::size_t>(got);
    }
}

}  // namespace stoa::io
