#include "stoa/content/gguf.hpp"

#include <array>
#include <cstring>
#include <map>

namespace stoa::content {
namespace {

constexpr std::uint64_t kMaxPairs = 100'000;
constexpr std::uint64_t kMaxTensors = 1'000'000;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::size_t kMaxWord = 40;
constexpr std::size_t kMaxLanguages = 32;

enum Type : std::uint32_t {
    u8,
    i8,
    u16,
    i16,
    u32,
    i32,
    f32,
    boolean,
    string,
    array,
    u64,
    i64,
    f64
};

/// Of `general.file_type`, as llama.cpp numbers them; those that are no longer made are empty.
constexpr std::array<std::string_view, 33> kFileTypes{
    "F32",   "F16",     "Q4_0",   "Q4_1",   "",       "",        "",       "Q8_0",   "Q5_0",
    "Q5_1",  "Q2_K",    "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S",  "Q4_K_M", "Q5_K_S", "Q5_K_M",
    "Q6_K",  "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",
    "IQ3_M", "IQ2_S",   "IQ2_M",  "IQ4_XS", "IQ1_M",  "BF16"};

/// Reads from the front; once something doesn't fit, everything is zero and `ok` false.
class Reader {
  public:
    explicit Reader(Bytes bytes) : rest_(bytes) {}

    template <class T>
    T number() {
        T value{};
        if (rest_.size() < sizeof value) return fail(), value;
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_ = rest_.subspan(sizeof value);
        return value;
    }
    std::string_view text() {
        const auto size = number<std::uint64_t>();
        if (size > rest_.size()) return fail(), std::string_view{};
        const auto found = as_text(rest_.first(static_cast<std::size_t>(size)));
        rest_ = rest_.subspan(static_cast<std::size_t>(size));
        return found;
    }
    void skip(std::uint64_t count, std::uint64_t size) {
        if (count > rest_.size() / size) return fail();
        rest_ = rest_.subspan(static_cast<std::size_t>(count * size));
    }
    void fail() {
        ok_ = false;
        rest_ = {};
    }
    bool ok() const { return ok_; }

  private:
    Bytes rest_;
    bool ok_ = true;
};

/// 0 for those without a fixed size.
std::uint64_t size_of(std::uint32_t type) {
    switch (type) {
        case u8:
        case i8:
        case boolean: return 1;
        case u16:
        case i16: return 2;
        case u32:
        case i32:
        case f32: return 4;
        case u64:
        case i64:
        case f64: return 8;
        default: return 0;
    }
}

struct Pairs {
    std::map<std::string_view, std::string_view> texts;
    std::map<std::string_view, std::uint64_t> numbers;
    std::vector<std::string> languages;
};

void read_array(Reader& reader, std::string_view key, Pairs& pairs) {
    const auto type = reader.number<std::uint32_t>();
    const auto count = reader.number<std::uint64_t>();
    if (type != string) {
        // Arrays of arrays are allowed and nobody makes them.
        const auto size = size_of(type);
        return size == 0 ? reader.fail() : reader.skip(count, size);
    }
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        const auto text = reader.text();
        if (key == "general.languages" && pairs.languages.size() < kMaxLanguages && !text.empty() &&
            text.size() <= kMaxWord) {
            pairs.languages.emplace_back(text);
        }
    }
}

void read_pair(Reader& reader, Pairs& pairs) {
    const auto key = reader.text();
    const auto type = reader.number<std::uint32_t>();
    if (!reader.ok()) return;
    switch (type) {
        case string: pairs.texts.emplace(key, reader.text()); return;
        case array: return read_array(reader, key, pairs);
        case u32: pairs.numbers.emplace(key, reader.number<std::uint32_t>()); return;
        case u64: pairs.numbers.emplace(key, reader.number<std::uint64_t>()); return;
        default: break;
    }
    const auto size = size_of(type);
    size == 0 ? reader.fail() : reader.skip(1, size);
}

/// The sum of all tensors' elements; 0 where it can't be.
std::uint64_t count_parameters(Reader& reader, std::uint64_t tensors) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < tensors && reader.ok(); ++i) {
        reader.text();
        const auto dimensions = reader.number<std::uint32_t>();
        if (dimensions > kMaxDimensions) reader.fail();
        std::uint64_t elements = 1;
        for (std::uint32_t k = 0; k < dimensions && reader.ok(); ++k) {
            if (__builtin_mul_overflow(elements, reader.number<std::uint64_t>(), &elements)) {
                reader.fail();
            }
        }
        reader.skip(1, sizeof(std::uint32_t) + sizeof(std::uint64_t));  // type and offset
        if (__builtin_add_overflow(sum, elements, &sum)) reader.fail();
    }
    return reader.ok() ? sum : 0;
}

std::string word(const Pairs& pairs, std::string_view key) {
    const auto it = pairs.texts.find(key);
    if (it == pairs.texts.end() || it->second.size() > kMaxWord) return {};
    for (const char c : it->second) {
        if (c < 0x20 || c > 0x7e) return {};
    }
    return std::string(it->second);
}

}  // namespace

std::string parameter_count(std::uint64_t count) {
    constexpr std::array<std::pair<std::uint64_t, char>, 4> units{
        {{1'000'000'000'000, 'T'}, {1'000'000'000, 'B'}, {1'000'000, 'M'}, {1'000, 'K'}}};
    for (const auto& [unit, letter] : units) {
        if (count < unit) continue;
        const std::uint64_t tenths = count / (unit / 10);
        std::string text = std::to_string(tenths / 10);
        if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
        return text + letter;
    }
    return std::to_string(count);
}

std::optional<ModelAbilities> read_gguf(Bytes file) {
    if (!as_text(file).starts_with("GGUF")) return std::nullopt;
    Reader reader(file.subspan(4));
    const auto version = reader.number<std::uint32_t>();
    const auto tensors = reader.number<std::uint64_t>();
    const auto count = reader.number<std::uint64_t>();
    if (!reader.ok() || (version != 2 && version != 3) || count > kMaxPairs ||
        tensors > kMaxTensors) {
        return std::nullopt;
    }
    Pairs pairs;
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) read_pair(reader, pairs);
    if (!reader.ok()) return std::nullopt;

    ModelAbilities found;
    found.architecture = word(pairs, "general.architecture");
    const auto context = pairs.numbers.find(found.architecture + ".context_length");
    if (context != pairs.numbers.end()) found.context = context->second;
    const auto type = pairs.numbers.find("general.file_type");
    if (type != pairs.numbers.end() && type->second < kFileTypes.size()) {
        found.quantisation = kFileTypes[static_cast<std::size_t>(type->second)];
    }
    found.languages = pairs.languages;
    const auto chat = pairs.texts.find("tokenizer.chat_template");
    if (chat != pairs.texts.end() && chat->second.find("tools") != chat->second.npos) {
        found.tools = true;
    }
    if (const auto parameters = count_parameters(reader, tensors)) {
        found.parameters = parameter_count(parameters);
    }
    return found;
}

}  // namespace stoa::content
