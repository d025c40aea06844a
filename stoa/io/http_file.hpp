#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::io {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t size = 0;
};

enum class RangeKind { whole, part, unsatisfiable };

/// One range of a `Range: bytes=` header (RFC 9110 §14.1.2) over a body of `size` bytes. Several
/// ranges, other units and nonsense mean the whole, as the RFC allows.
RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& range);

/// A regular file open for reading. Blocks: use it on a pool.
class OpenFile {
  public:
    /// Nothing when there is no such regular file.
    static std::optional<OpenFile> open(const std::filesystem::path&);
    OpenFile(OpenFile&&) noexcept;
    ~OpenFile();

    std::uint64_t size() const { return size_; }
    /// Fills `out` from `offset`; throws when the file ends before.
    void read(std::uint64_t offset, std::string& out) const;

  private:
    OpenFile(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}

    int descriptor_;
    std::uint64_t size_;
};

}  // namespace stoa::io
