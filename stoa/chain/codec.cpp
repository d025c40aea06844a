#include "stoa/chain/codec.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "stoa/base/hex.hpp"
#include "stoa/chain/rpc.hpp"

namespace stoa::chain {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDataBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxTopics = 4;

[[noreturn]] void not_understood(const char* what) {
    throw RpcFailure(std::string("the endpoint's answer is not ") + what);
}

std::string_view text_of_value(const json::value& value) {
    if (!value.is_string()) not_understood("text where text is due");
    return value.get_string();
}

const json::value& field(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    if (found == nullptr) throw RpcFailure("the endpoint's answer lacks " + std::string(name));
    return *found;
}

const json::object& object_of(const json::value& value) {
    if (!value.is_object()) not_understood("an object");
    return value.get_object();
}

const json::array& array_of(const json::value& value) {
    if (!value.is_array()) not_understood("a list");
    return value.get_array();
}

template <class Number>
Number narrow(std::uint64_t number) {
    if (number > std::numeric_limits<Number>::max()) not_understood("in range");
    return static_cast<Number>(number);
}

}  // namespace

std::string to_quantity(std::uint64_t number) {
    char digits[18] = {'0', 'x'};
    const auto [end, error] = std::to_chars(digits + 2, std::end(digits), number, 16);
    return {digits, end};
}

std::string to_quantity(const U256& number) {
    const auto bytes = to_big_endian(number);
    const std::string digits = to_hex_digits(bytes);
    const auto first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return "0x" + digits.substr(first);
}

std::string_view to_text(Tag tag) {
    switch (tag) {
        case Tag::earliest: return "earliest";
        case Tag::finalized: return "finalized";
        case Tag::safe: return "safe";
        case Tag::latest: return "latest";
        case Tag::pending: return "pending";
    }
    return "latest";
}

std::uint64_t read_number(const json::value& value) {
    const std::string_view text = text_of_value(value);
    if (!text.starts_with("0x")) not_understood("a quantity");
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + 2, end, number, 16);
    if (error != std::errc{} || stopped != end) not_understood("a quantity");
    return number;
}

U256 read_u256(const json::value& value) {
    const std::string_view text = text_of_value(value);
    if (!text.starts_with("0x") || text.size() < 3 || text.size() > 66) {
        not_understood("a quantity");
    }
    std::string digits(64, '0');
    std::ranges::copy(text.substr(2), digits.end() - static_cast<std::ptrdiff_t>(text.size() - 2));
    std::array<std::uint8_t, 32> bytes{};
    if (!parse_hex_digits_into(digits, bytes)) not_understood("a quantity");
    return from_big_endian(bytes);
}

Hash256 read_hash(const json::value& value) {
    Hash256 hash;
    if (!parse_hex_into(text_of_value(value), hash.bytes)) not_understood("a hash");
    return hash;
}

eth::Address read_address(const json::value& value) {
    eth::Address address;
    if (!parse_hex_into(text_of_value(value), address.bytes)) not_understood("an address");
    return address;
}

ByteVector read_data(const json::value& value) {
    auto data = parse_hex(text_of_value(value), kMaxDataBytes);
    if (!data) not_understood("data");
    return *std::move(data);
}

Header read_header(const json::value& value) {
    const json::object& block = object_of(value);
    Header header;
    header.id = {read_number(field(block, "number")), read_hash(field(block, "hash"))};
    header.parent = read_hash(field(block, "parentHash"));
    header.time = read_number(field(block, "timestamp"));
    if (const auto* fee = block.if_contains("baseFeePerGas"); fee != nullptr && !fee->is_null()) {
        header.base_fee = read_u256(*fee);
    }
    if (!parse_hex_into(text_of_value(field(block, "logsBloom")), header.bloom)) {
        not_understood("a bloom filter");
    }
    return header;
}

Log read_log(const json::value& value) {
    const json::object& entry = object_of(value);
    Log log;
    log.address = read_address(field(entry, "address"));
    const json::array& topics = array_of(field(entry, "topics"));
    if (topics.size() > kMaxTopics) not_understood("a log");
    for (const auto& topic : topics) log.topics.push_back(read_hash(topic));
    log.data = read_data(field(entry, "data"));
    log.block = {read_number(field(entry, "blockNumber")), read_hash(field(entry, "blockHash"))};
    log.transaction = read_hash(field(entry, "transactionHash"));
    log.index = narrow<std::uint32_t>(read_number(field(entry, "logIndex")));
    return log;
}

Receipt read_receipt(const json::value& value) {
    const json::object& entry = object_of(value);
    Receipt receipt;
    receipt.transaction = read_hash(field(entry, "transactionHash"));
    receipt.block = {read_number(field(entry, "blockNumber")),
                     read_hash(field(entry, "blockHash"))};
    receipt.success = read_number(field(entry, "status")) == 1;
    receipt.gas_used = read_u256(field(entry, "gasUsed"));
    if (const auto* price = entry.if_contains("effectiveGasPrice")) {
        receipt.gas_price = read_u256(*price);
    }
    if (const auto* created = entry.if_contains("contractAddress");
        created != nullptr && !created->is_null()) {
        receipt.created = read_address(*created);
    }
    for (const auto& log : array_of(field(entry, "logs"))) receipt.logs.push_back(read_log(log));
    return receipt;
}

json::object write_call(const Call& call) {
    json::object out{{"to", to_hex(call.to.bytes)}, {"data", to_hex(call.data)}};
    if (call.from) out["from"] = to_hex(call.from->bytes);
    if (call.value != 0) out["value"] = to_quantity(call.value);
    if (call.gas) out["gas"] = to_quantity(*call.gas);
    return out;
}

}  // namespace stoa::chain
