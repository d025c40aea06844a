#include "stoa/gateway/fields.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"

namespace stoa::gateway {

OrProblem<Fields> Fields::parse(std::string_view body) {
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    // In one block of memory, which goes with the last of its values.
    const auto memory = json::make_shared_resource<json::monotonic_resource>(body.size() + 1024);
    json::value value = json::parse(body, failed, memory, options);
    if (failed) return refuse(GatewayError::malformed_json, "The body: " + failed.message() + ".");
    if (!value.is_object()) {
        return refuse(GatewayError::malformed_json, "The body must be a JSON object.");
    }
    return Fields(std::move(value.as_object()));
}

std::string Fields::full(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

tl::unexpected<Problem> Fields::invalid(std::string_view name, std::string_view expected) const {
    return refuse(GatewayError::invalid_field,
                  "\"" + full(name) + "\" must be " + std::string(expected) + ".", full(name));
}

OrProblem<void> Fields::only(std::initializer_list<std::string_view> known) const {
    for (const auto& field : object_) {
        const std::string_view name = field.key();
        if (std::ranges::find(known, name) != known.end()) continue;
        return refuse(GatewayError::unknown_field, "Nothing here is called \"" + full(name) + "\".",
                      full(name));
    }
    return {};
}

OrProblem<const json::value*> Fields::at(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value) return value;
    return refuse(GatewayError::missing_field, "\"" + full(name) + "\" is missing.", full(name));
}

OrProblem<std::string> Fields::text(std::string_view name) const {
    STOA_TRY(const auto* value, at(name));
    if (!value->is_string()) return invalid(name, "text");
    return std::string(value->as_string());
}

OrProblem<eth::Address> Fields::address(std::string_view name) const {
    STOA_TRY(const auto written, text(name));
    const auto address = eth::parse_address(written);
    if (!address) return invalid(name, "an address: 0x and 40 hex digits, with a right checksum");
    return *address;
}

OrProblem<Hash256> Fields::hash(std::string_view name) const {
    STOA_TRY(const auto written, text(name));
    const auto hash = parse_hash(written);
    if (!hash) return invalid(name, "0x and 64 hex digits");
    return *hash;
}

OrProblem<U256> Fields::number(std::string_view name) const {
    STOA_TRY(const auto* value, at(name));
    if (const auto* whole = value->if_int64(); whole && *whole >= 0) return U256(*whole);
    if (const auto* whole = value->if_uint64()) return U256(*whole);
    if (value->is_string()) {
        if (const auto number = parse_decimal(value->as_string())) return *number;
    }
    return invalid(name, "a whole number, in decimal digits");
}

OrProblem<ByteVector> Fields::bytes(std::string_view name, std::size_t max_bytes) const {
    STOA_TRY(const auto written, text(name));
    auto bytes = parse_hex(written, max_bytes);
    if (!bytes) {
        return invalid(name, "0x and at most " + std::to_string(max_bytes) + " bytes in hex");
    }
    return *std::move(bytes);
}

OrProblem<Fields> Fields::object(std::string_view name) const {
    STOA_TRY(const auto* value, at(name));
    if (!value->is_object()) return invalid(name, "an object");
    return Fields(value->as_object(), full(name));
}

}  // namespace stoa::gateway
