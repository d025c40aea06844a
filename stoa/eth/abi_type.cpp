#include "stoa/eth/abi_type.hpp"

#include <charconv>

namespace stoa::eth::abi {
namespace {

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

/// A number without leading zeros, all of `text`.
std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || text.front() == '0' || error != std::errc{}) return std::nullopt;
    if (end != text.data() + text.size()) return std::nullopt;
    return number;
}

Result<Type> sized(Kind kind, std::string_view digits, std::size_t step, std::size_t max) {
    const auto size = number_in(digits);
    if (!size || *size > max || *size % step != 0) return fail(EncodingError::bad_type);
    Type type;
    type.kind = kind;
    type.size = static_cast<unsigned>(*size);
    return type;
}

Result<Type> elementary(std::string_view word) {
    const auto of = [](Kind kind, unsigned size, bool dynamic) {
        Type type;
        type.kind = kind;
        type.size = size;
        type.dynamic = dynamic;
        return type;
    };
    if (word == "address") return of(Kind::address, 160, false);
    if (word == "bool") return of(Kind::boolean, 1, false);
    if (word == "string") return of(Kind::text, 0, true);
    if (word == "bytes") return of(Kind::bytes, 0, true);
    if (word == "function") return of(Kind::fixed_bytes, 24, false);
    if (word == "uint") return of(Kind::unsigned_integer, 256, false);
    if (word == "int") return of(Kind::integer, 256, false);
    if (word.starts_with("uint")) return sized(Kind::unsigned_integer, word.substr(4), 8, 256);
    if (word.starts_with("int")) return sized(Kind::integer, word.substr(3), 8, 256);
    if (word.starts_with("bytes")) return sized(Kind::fixed_bytes, word.substr(5), 1, 32);
    return fail(EncodingError::bad_type);
}

/// Fixed arrays multiply; an attacker's type must not ask for more than this.
constexpr std::size_t kMaxHeadWords = 1 << 20;

class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {}

    Result<Type> all() {
        STOA_TRY(Type type, parameter(0));
        if (!rest_.empty()) return fail(EncodingError::bad_type);
        return type;
    }

  private:
    /// A type, then optionally `indexed` and a name.
    Result<Type> parameter(std::size_t depth) {
        if (depth > kMaxTypeDepth) return fail(EncodingError::too_deep);
        skip_spaces();
        const std::string_view word = take_word();
        const bool tuple = rest_.starts_with('(') && (word.empty() || word == "tuple");
        STOA_TRY(Type type, tuple ? members(depth) : elementary(word));
        for (std::size_t dimensions = depth; rest_.starts_with('['); ++dimensions) {
            if (dimensions >= kMaxTypeDepth) return fail(EncodingError::too_deep);
            STOA_TRY(type, array_of(std::move(type)));
        }
        skip_spaces();
        std::string_view name = take_word();
        if (name == "indexed") {
            type.indexed = true;
            skip_spaces();
            name = take_word();
        }
        type.name = name;
        skip_spaces();
        return type;
    }

    Result<Type> members(std::size_t depth) {
        Type tuple;
        tuple.head_words = 0;
        rest_.remove_prefix(1);
        skip_spaces();
        if (take(')')) return tuple;
        do {
            STOA_TRY(Type member, parameter(depth + 1));
            tuple.dynamic |= member.dynamic;
            tuple.head_words += member.dynamic ? 1 : member.head_words;
            tuple.members.push_back(std::move(member));
        } while (take(','));
        if (!take(')')) return fail(EncodingError::bad_type);
        if (tuple.dynamic) tuple.head_words = 1;
        return tuple;
    }

    Result<Type> array_of(Type element) {
        Type array;
        array.kind = Kind::array;
        const std::size_t end = rest_.find(']');
        if (end == rest_.npos) return fail(EncodingError::bad_type);
        const std::string_view digits = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        array.dynamic = element.dynamic || digits.empty();
        if (!digits.empty()) {
            array.length = number_in(digits);
            if (!array.length) return fail(EncodingError::bad_type);
            if (*array.length > kMaxHeadWords) return fail(EncodingError::too_large);
        }
        if (!array.dynamic) array.head_words = *array.length * element.head_words;
        if (array.head_words > kMaxHeadWords) return fail(EncodingError::too_large);
        array.members.push_back(std::move(element));
        return array;
    }

    std::string_view take_word() {
        std::size_t size = 0;
        while (size < rest_.size() && is_word_char(rest_[size])) ++size;
        const std::string_view word = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return word;
    }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void skip_spaces() {
        while (take(' ')) continue;
    }

    std::string_view rest_;
};

}  // namespace

Result<Type> parse_type(std::string_view text) {
    if (text.size() > kMaxTypeChars) return fail(EncodingError::too_large);
    return Parser{text}.all();
}

std::string canonical(const Type& type) {
    switch (type.kind) {
        case Kind::unsigned_integer: return "uint" + std::to_string(type.size);
        case Kind::integer: return "int" + std::to_string(type.size);
        case Kind::address: return "address";
        case Kind::boolean: return "bool";
        case Kind::fixed_bytes: return "bytes" + std::to_string(type.size);
        case Kind::bytes: return "bytes";
        case Kind::text: return "string";
        case Kind::array: {
            const std::string length = type.length ? std::to_string(*type.length) : "";
            return canonical(type.members.front()) + '[' + length + ']';
        }
        case Kind::tuple: break;
    }
    std::string text = "(";
    for (const Type& member : type.members) {
        if (text.size() > 1) text += ',';
        text += canonical(member);
    }
    return text + ')';
}

}  // namespace stoa::eth::abi
