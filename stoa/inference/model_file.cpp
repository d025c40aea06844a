#include "stoa/inference/model_file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "stoa/base/assert.hpp"
#include "stoa/inference/error.hpp"

namespace stoa::inference {

namespace {

constexpr std::size_t kReadBytes = 1 << 20;
constexpr std::size_t kGgufHeaderBytes = 24;

class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        STOA_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void add(Bytes bytes) {
        STOA_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    }
    Hash256 finish() {
        Hash256 digest;
        STOA_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.bytes.data(), nullptr) == 1);
        return digest;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

struct Descriptor {
    int number = -1;
    ~Descriptor() {
        if (number >= 0) close(number);
    }
};

std::size_t read_at(int file, std::span<std::uint8_t> into, std::uint64_t offset) {
    for (;;) {
        const ssize_t got = pread(file, into.data(), into.size(), static_cast<off_t>(offset));
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) throw std::system_error(errno, std::system_category(), "read");
    }
}

Hash256 sha256_of(int file) {
    ByteVector buffer(kReadBytes);
    Sha256 hash;
    for (std::uint64_t offset = 0;;) {
        const std::size_t got = read_at(file, buffer, offset);
        if (got == 0) return hash.finish();
        hash.add(Bytes(buffer).first(got));
        offset += got;
    }
}

std::uint64_t little_endian(Bytes bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

// GGUF: magic, u32 version, u64 tensors, u64 key/value pairs. A tensor's entry takes at least 24
// bytes and a pair's at least 13, so larger counts are lies that would make a reader reserve.
bool is_gguf(Bytes beginning, std::uint64_t size) {
    if (beginning.size() < kGgufHeaderBytes || as_text(beginning.first(4)) != "GGUF") return false;
    const std::uint64_t tensors = little_endian(beginning.subspan(8, 8));
    const std::uint64_t pairs = little_endian(beginning.subspan(16, 8));
    return little_endian(beginning.subspan(4, 4)) == 3 && tensors <= size / 24 &&
           pairs <= size / 13;
}

// ONNX is a protobuf of a ModelProto, whose first field in practice is ir_version: field 1, a
// number.
bool is_onnx(Bytes beginning) {
    return beginning.size() > 2 && beginning[0] == 0x08 && beginning[1] > 0 && beginning[1] < 0x80;
}

}  // namespace

Hash256 sha256(Bytes bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

Hash256 sha256_of_file(const std::filesystem::path& path) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.number < 0) throw std::system_error(errno, std::system_category(), path.string());
    return sha256_of(file.number);
}

Result<void> check_format(Bytes beginning, std::uint64_t size, Backend backend) {
    const bool fits = backend == Backend::llama ? is_gguf(beginning, size) : is_onnx(beginning);
    if (!fits) return fail(InferenceError::wrong_format);
    return {};
}

Result<ModelFile> ModelFile::open(const std::filesystem::path& path, Backend backend,
                                  const Hash256& digest) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor < 0) return fail(InferenceError::missing_file);
    ModelFile file(descriptor, 0);
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return fail(InferenceError::missing_file);
    }
    file.size_ = static_cast<std::uint64_t>(status.st_size);
    std::array<std::uint8_t, kGgufHeaderBytes> beginning;
    const std::size_t got = read_at(descriptor, beginning, 0);
    STOA_CHECK(check_format(Bytes(beginning).first(got), file.size_, backend));
    if (sha256_of(descriptor) != digest) return fail(InferenceError::wrong_digest);
    return file;
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

ModelFile& ModelFile::operator=(ModelFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(size_, other.size_);
    return *this;
}

ModelFile::~ModelFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace stoa::inference
