#include "stoa/eth/typed_data.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/eth/abi_word.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::eth {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxValues = 10'000;
constexpr std::size_t kMaxTypes = 256;
constexpr std::size_t kMaxBytes = 1 << 20;

struct Field {
    std::string name;
    std::string type;
};
using Fields = std::vector<Field>;

tl::unexpected<std::error_code> misfit() {
    return fail(EncodingError::bad_typed_data);
}

bool is_identifier(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '$';
    };
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
           std::ranges::all_of(text, allowed);
}

Result<std::string> text_in(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (!value || !value->is_string()) return misfit();
    return std::string{value->get_string()};
}

std::string_view without_arrays(std::string_view type) {
    return type.substr(0, type.find('['));
}

/// Decimal or `0x` digits, negative ones with a sign.
Result<Word> number_word(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    U256 magnitude;
    if (text.starts_with("0x")) {
        std::string digits{text.substr(2)};
        if (digits.empty() || digits.size() > 64) return misfit();
        if (digits.size() % 2) digits.insert(0, 1, '0');
        ByteVector bytes(digits.size() / 2);
        if (!parse_hex_digits_into(digits, bytes)) return misfit();
        magnitude = from_big_endian(bytes);
    } else {
        const auto number = parse_decimal(text);
        if (!number) return misfit();
        magnitude = *number;
    }
    if (!negative || magnitude == 0) return word(magnitude);
    const U256 complement = ~(magnitude - 1);
    if (!(complement >> 255)) return misfit();
    return word(complement);
}

Result<Word> integer_word(const json::value& value) {
    if (value.is_string()) return number_word(value.get_string());
    if (value.is_int64()) return number_word(std::to_string(value.get_int64()));
    if (value.is_uint64()) return number_word(std::to_string(value.get_uint64()));
    return misfit();
}

bool is_negative(const json::value& value) {
    return value.is_string() ? value.get_string().starts_with('-')
                             : value.is_int64() && value.get_int64() < 0;
}

/// The word of a value of elementary type; strings and bytes are hashed.
Result<Word> elementary_word(const abi::Type& type, const json::value& value) {
    if (type.kind == abi::Kind::boolean) {
        if (!value.is_bool()) return misfit();
        return word(std::uint64_t{value.get_bool()});
    }
    if (type.kind == abi::Kind::unsigned_integer || type.kind == abi::Kind::integer) {
        STOA_TRY(const Word number, integer_word(value));
        const bool negative_unsigned =
            type.kind == abi::Kind::unsigned_integer && is_negative(value);
        if (negative_unsigned || !abi::fits(type, number)) return misfit();
        return number;
    }
    if (!value.is_string()) return misfit();
    const std::string_view text = value.get_string();
    if (type.kind == abi::Kind::text) return keccak256(text);
    if (type.kind == abi::Kind::address) {
        const auto address = parse_address_any_case(text);
        if (!address) return misfit();
        return word(*address);
    }
    const auto bytes = parse_hex(text, kMaxBytes);
    if (!bytes) return misfit();
    if (type.kind == abi::Kind::bytes) return keccak256(*bytes);
    if (bytes->size() != type.size) return misfit();
    Word slot;
    std::ranges::copy(*bytes, slot.bytes.begin());
    return slot;
}

class Encoder {
  public:
    Result<void> read_types(const json::object& types) {
        if (types.size() > kMaxTypes) return fail(EncodingError::too_large);
        for (const auto& [name, members] : types) {
            if (!is_identifier(name) || abi::parse_type(name) || !members.is_array()) {
                return misfit();
            }
            if (members.get_array().size() > kMaxTypes) return fail(EncodingError::too_large);
            Fields fields;
            for (const json::value& member : members.get_array()) {
                if (!member.is_object()) return misfit();
                STOA_TRY(Field field, field_of(member.get_object()));
                fields.push_back(std::move(field));
            }
            types_.emplace(name, std::move(fields));
        }
        return {};
    }

    bool knows(std::string_view type) const { return types_.contains(type); }

    void add_type(std::string name, Fields fields) {
        types_.insert_or_assign(std::move(name), std::move(fields));
    }

    Result<Hash256> hash_of(std::string_view type, const json::value& data, std::size_t depth = 0) {
        const auto found = types_.find(type);
        if (found == types_.end() || !data.is_object()) return misfit();
        STOA_TRY(const Hash256 head, type_hash(found->first));
        ByteVector encoded(head.bytes.begin(), head.bytes.end());
        for (const Field& field : found->second) {
            const json::value* value = data.get_object().if_contains(field.name);
            if (!value) return misfit();
            STOA_TRY(const Word slot, word_of(field.type, *value, depth + 1));
            encoded.insert(encoded.end(), slot.bytes.begin(), slot.bytes.end());
        }
        return keccak256(encoded);
    }

  private:
    static Result<Field> field_of(const json::object& member) {
        STOA_TRY(std::string name, text_in(member, "name"));
        STOA_TRY(std::string type, text_in(member, "type"));
        const std::string_view base = without_arrays(type);
        const auto elementary = abi::parse_type(base);
        // `uint` would be hashed as written and signed by no contract.
        const bool known = elementary ? abi::canonical(*elementary) == base : is_identifier(base);
        if (!is_identifier(name) || !known) return misfit();
        return Field{std::move(name), std::move(type)};
    }

    Result<Word> word_of(std::string_view type, const json::value& value, std::size_t depth) {
        if (depth > kMaxDepth) return fail(EncodingError::too_deep);
        if (values_left_ == 0) return fail(EncodingError::too_large);
        --values_left_;
        if (type.ends_with(']')) return array_word(type, value, depth);
        if (knows(type)) return hash_of(type, value, depth);
        const auto elementary = abi::parse_type(type);
        if (!elementary) return misfit();
        return elementary_word(*elementary, value);
    }

    Result<Word> array_word(std::string_view type, const json::value& value, std::size_t depth) {
        const std::size_t open = type.rfind('[');
        if (open == type.npos || !value.is_array()) return misfit();
        const std::string_view digits = type.substr(open + 1, type.size() - open - 2);
        const auto& items = value.get_array();
        if (!digits.empty() && std::to_string(items.size()) != digits) return misfit();
        ByteVector encoded;
        for (const json::value& item : items) {
            STOA_TRY(const Word slot, word_of(type.substr(0, open), item, depth + 1));
            encoded.insert(encoded.end(), slot.bytes.begin(), slot.bytes.end());
        }
        return keccak256(encoded);
    }

    /// Hash of the type's text followed by those that it uses, in alphabetical order.
    Result<Hash256> type_hash(const std::string& type) {
        if (const auto known = type_hashes_.find(type); known != type_hashes_.end()) {
            return known->second;
        }
        std::set<std::string> used;
        std::vector<std::string> open{type};
        while (!open.empty()) {
            const std::string next = std::move(open.back());
            open.pop_back();
            if (!used.insert(next).second) continue;
            for (const Field& field : types_.find(next)->second) {
                const std::string base{without_arrays(field.type)};
                if (types_.contains(base))
                    open.push_back(base);
                else if (!abi::parse_type(base))
                    return misfit();
            }
        }
        used.erase(type);
        std::string text = text_of_type(type);
        for (const std::string& other : used) text += text_of_type(other);
        return type_hashes_.emplace(type, keccak256(text)).first->second;
    }

    std::string text_of_type(const std::string& type) const {
        std::string text = type + '(';
        for (const Field& field : types_.find(type)->second) {
            if (text.back() != '(') text += ',';
            text += field.type + ' ' + field.name;
        }
        return text + ')';
    }

    std::map<std::string, Fields, std::less<>> types_;
    std::map<std::string, Hash256> type_hashes_;
    std::size_t values_left_ = kMaxValues;
};

/// The domain's type where the message doesn't declare it: the members that are there.
Result<Fields> domain_fields(const json::object& domain) {
    static const Fields all{{"name", "string"},
                            {"version", "string"},
                            {"chainId", "uint256"},
                            {"verifyingContract", "address"},
                            {"salt", "bytes32"}};
    Fields present;
    for (const Field& field : all) {
        if (domain.contains(field.name)) present.push_back(field);
    }
    if (present.size() != domain.size()) return misfit();
    return present;
}

}  // namespace

Result<Hash256> typed_data_digest(const json::value& typed_data) {
    if (!typed_data.is_object()) return misfit();
    const json::object& object = typed_data.get_object();
    const json::value* types = object.if_contains("types");
    const json::value* domain = object.if_contains("domain");
    const json::value* message = object.if_contains("message");
    STOA_TRY(const std::string primary, text_in(object, "primaryType"));
    if (!types || !types->is_object() || !domain || !domain->is_object() || !message) {
        return misfit();
    }
    Encoder encoder;
    STOA_CHECK(encoder.read_types(types->get_object()));
    if (!encoder.knows("EIP712Domain")) {
        STOA_TRY(Fields fields, domain_fields(domain->get_object()));
        encoder.add_type("EIP712Domain", std::move(fields));
    }
    STOA_TRY(const Hash256 separator, encoder.hash_of("EIP712Domain", *domain));
    STOA_TRY(const Hash256 hash, encoder.hash_of(primary, *message));
    return typed_digest(separator, hash);
}

Result<Hash256> typed_data_struct_hash(const json::object& types, std::string_view type,
                                       const json::value& data) {
    Encoder encoder;
    STOA_CHECK(encoder.read_types(types));
    return encoder.hash_of(type, data);
}

}  // namespace stoa::eth
