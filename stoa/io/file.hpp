#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::io {

/// The file's bytes. Throws `std::system_error`, also when it is longer than `max_bytes`.
std::string read_file(const std::filesystem::path&, std::size_t max_bytes);

/// The same; nothing when there is no such file.
std::optional<std::string> read_file_if_there(const std::filesystem::path&, std::size_t max_bytes);

/// Readers see the old file or the whole new one, and after the return the new one is on disk, even
/// if the power fails. Replaces what is there; creates no folders. Throws `std::system_error`.
void write_file_atomic(const std::filesystem::path&, std::string_view bytes, unsigned mode = 0644);

}  // namespace stoa::io
