#pragma once

#include <filesystem>

#include "stoa/base/result.hpp"
#include "stoa/base/types.hpp"

namespace stoa::inference {

/// What computes a local model.
enum class Backend { llama, onnx };

Hash256 sha256(Bytes);

/// Of a file's bytes. Blocks: call it through a pool. Throws `std::system_error`.
Hash256 sha256_of_file(const std::filesystem::path&);

/// A model file, open for reading, whose bytes were what they should be. A worker is handed this
/// descriptor and never a path, so a file that is put in its place later is not what it loads.
class ModelFile {
  public:
    /// Hashes the whole file: call it through a pool. missing_file, wrong_format, wrong_digest.
    static Result<ModelFile> open(const std::filesystem::path&, Backend, const Hash256& digest);

    ModelFile(ModelFile&&) noexcept;
    ModelFile& operator=(ModelFile&&) noexcept;
    ~ModelFile();

    int descriptor() const { return descriptor_; }
    std::uint64_t size() const { return size_; }

  private:
    ModelFile(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}

    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// Whether a file that begins so and has `size` bytes is what its backend takes: magic, version,
/// and counts that fit the size. The engine's own reading is done in the sandbox.
Result<void> check_format(Bytes beginning, std::uint64_t size, Backend);

}  // namespace stoa::inference
