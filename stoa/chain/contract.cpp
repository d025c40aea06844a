#include "stoa/chain/contract.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "stoa/base/hex.hpp"

namespace stoa::chain {
namespace {

using eth::abi::Kind;
using eth::abi::Type;
using eth::abi::Value;

constexpr std::size_t kShownBytes = 32;
constexpr std::size_t kShownItems = 8;

std::string_view text_at(const json::object& object, std::string_view name) {
    return object.at(name).as_string();
}

std::string parameters_text(const json::value& list);

/// `tuple[2]` with components → `(uint256 a,bool b)[2]`.
std::string parameter_text(const json::object& parameter) {
    const std::string_view type = text_at(parameter, "type");
    std::string text(type);
    if (type.starts_with("tuple")) {
        text = parameters_text(parameter.at("components")) + std::string(type.substr(5));
    }
    if (const auto* indexed = parameter.if_contains("indexed"); indexed && indexed->as_bool()) {
        text += " indexed";
    }
    if (const auto* name = parameter.if_contains("name"); name && !name->as_string().empty()) {
        text += " " + std::string(std::string_view(name->as_string()));
    }
    return text;
}

std::string parameters_text(const json::value& list) {
    std::string text;
    for (const auto& parameter : list.as_array()) {
        text += (text.empty() ? "(" : ",") + parameter_text(parameter.as_object());
    }
    return text.empty() ? "()" : text + ")";
}

std::string_view name_of(std::string_view declaration) {
    return declaration.substr(0, declaration.find('('));
}

std::string number_text(const Type& type, const Value& value) {
    const U256 number = value.as_number();
    if (type.kind == Kind::integer && (value.as_word().bytes[0] & 0x80) != 0) {
        const U256 all = ~U256(0);
        return "-" + to_decimal(U256(all - number) + 1);
    }
    return to_decimal(number);
}

std::string value_text(const Type& type, const Value& value) {
    switch (type.kind) {
        case Kind::unsigned_integer:
        case Kind::integer: return number_text(type, value);
        case Kind::address: return eth::to_checksum(value.as_address());
        case Kind::boolean: return value.as_bool() ? "true" : "false";
        case Kind::fixed_bytes: return to_hex(Bytes(value.as_word().bytes).first(type.size));
        case Kind::bytes: {
            const Bytes bytes = value.as_bytes();
            return to_hex(bytes.first(std::min(bytes.size(), kShownBytes))) +
                   (bytes.size() > kShownBytes ? "…" : "");
        }
        case Kind::text: return "\"" + value.as_text() + "\"";
        case Kind::array:
        case Kind::tuple: break;
    }
    std::string text = "[";
    const auto& items = value.items();
    for (std::size_t i = 0; i < std::min(items.size(), kShownItems); ++i) {
        const Type& member = type.kind == Kind::array ? type.members.front() : type.members[i];
        text += (i == 0 ? "" : ", ") + value_text(member, items[i]);
    }
    return text + (items.size() > kShownItems ? ", …]" : "]");
}

}  // namespace

const Value& Decoded::operator[](std::string_view parameter) const {
    for (std::size_t i = 0; i < parameters->members.size(); ++i) {
        if (parameters->members[i].name == parameter) return values.at(i);
    }
    throw std::out_of_range(name + " has no parameter " + std::string(parameter));
}

void Abi::declare(std::string_view declaration) {
    const auto space = declaration.find(' ');
    const std::string_view kind = declaration.substr(0, space);
    const std::string_view rest = declaration.substr(space + 1);
    const std::string name(name_of(rest));
    if (kind == "function") {
        functions_.insert_or_assign(name, eth::abi::Function(rest));
    } else if (kind == "event") {
        eth::abi::Event event(rest);
        events_.insert_or_assign(event.topic(), Named<eth::abi::Event>{name, event});
    } else if (kind == "error") {
        eth::abi::Function error(rest);
        errors_.insert_or_assign(error.selector(), Named<eth::abi::Function>{name, error});
    } else {
        throw std::runtime_error("not a declaration: " + std::string(declaration));
    }
}

Abi Abi::parse(const json::value& file) {
    Abi abi;
    for (const auto& value : file.as_array()) {
        const json::object& entry = value.as_object();
        const std::string kind(text_at(entry, "type"));
        if (kind != "function" && kind != "event" && kind != "error") continue;
        std::string declaration =
            kind + " " + std::string(text_at(entry, "name")) + parameters_text(entry.at("inputs"));
        if (const auto* outputs = entry.if_contains("outputs")) {
            if (!outputs->as_array().empty()) {
                declaration += " returns " + parameters_text(*outputs);
            }
        }
        abi.declare(declaration);
    }
    return abi;
}

Abi Abi::read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
        return parse(json::parse(text));
    } catch (const std::exception& why) {
        throw std::runtime_error(path.string() + " is no contract ABI: " + why.what());
    }
}

Abi Abi::read_folder(const std::filesystem::path& folder) {
    Abi all;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() == ".json") all.add(read(file.path()));
    }
    return all;
}

void Abi::add(const Abi& other) {
    for (const auto& [name, it] : other.functions_) functions_.insert_or_assign(name, it);
    events_.insert(other.events_.begin(), other.events_.end());
    errors_.insert(other.errors_.begin(), other.errors_.end());
}

const eth::abi::Function& Abi::function(std::string_view name) const {
    const auto found = functions_.find(name);
    if (found == functions_.end()) throw std::out_of_range("no function " + std::string(name));
    return found->second;
}

const eth::abi::Event& Abi::event(std::string_view name) const {
    for (const auto& [topic, event] : events_) {
        if (event.name == name) return event.it;
    }
    throw std::out_of_range("no event " + std::string(name));
}

bool Abi::has_error(std::string_view name) const {
    return std::ranges::any_of(errors_, [&](const auto& it) { return it.second.name == name; });
}

std::vector<std::string> Abi::error_names() const {
    std::vector<std::string> names;
    for (const auto& [selector, error] : errors_) names.push_back(error.name);
    return names;
}

std::optional<Decoded> Abi::decode(const Log& log) const {
    if (log.topics.empty()) return std::nullopt;
    const auto found = events_.find(log.topics.front());
    if (found == events_.end()) return std::nullopt;
    const auto& [name, event] = found->second;
    auto values = event.decode(log.topics, log.data);
    if (!values) return std::nullopt;
    return Decoded{name, &event.parameters(), *std::move(values)};
}

std::vector<Decoded> Abi::decode(std::span<const Log> logs, const eth::Address& contract,
                                 std::string_view event_name) const {
    std::vector<Decoded> found;
    for (const Log& log : logs) {
        if (log.address != contract) continue;
        auto decoded = decode(log);
        if (decoded && decoded->name == event_name) found.push_back(*std::move(decoded));
    }
    return found;
}

Revert Abi::explain(Bytes data) const {
    Revert revert;
    revert.data.assign(data.begin(), data.end());
    if (data.size() < 4) {
        revert.message = "the call reverted without saying why";
        return revert;
    }
    if (const auto reason = eth::abi::revert_reason(data)) {
        // Error(string) or Panic(uint256).
        revert.name = data[0] == 0x08 ? "Error" : "Panic";
        revert.message = *reason;
        return revert;
    }
    eth::abi::Selector selector;
    std::ranges::copy(data.first(4), selector.begin());
    const auto found = errors_.find(selector);
    if (found == errors_.end()) {
        revert.message = "the call reverted with " + to_hex(data.first(4));
        return revert;
    }
    const auto& [name, error] = found->second;
    revert.name = name;
    const auto values = error.decode_call(data);
    revert.message = values ? describe({name, &error.inputs(), *values}) : name;
    return revert;
}

bool is_revert(const RpcError& error) {
    // Geth and anvil say 3; others put it into words.
    return error.code == 3 || !error.data.empty() ||
           error.message.find("revert") != std::string::npos;
}

Task<tl::expected<std::vector<Value>, Revert>> read(Rpc& rpc, eth::Address contract,
                                                    const eth::abi::Function& function,
                                                    std::vector<Value> arguments, Tag tag) {
    Call request;
    request.to = contract;
    request.data = function.encode(arguments);
    const auto answer = co_await call(rpc, std::move(request), tag);
    if (!answer) {
        if (!is_revert(answer.error())) throw RpcFailure("eth_call: " + answer.error().message);
        co_return tl::unexpected(Abi{}.explain(answer.error().data));
    }
    auto values = function.decode_result(*answer);
    if (!values) {
        throw RpcFailure("the contract at " + eth::to_checksum(contract) +
                         " returned something else than its declaration says");
    }
    co_return *std::move(values);
}

Task<std::vector<Value>> must_read(Rpc& rpc, eth::Address contract,
                                   const eth::abi::Function& function, std::vector<Value> arguments,
                                   Tag tag) {
    auto values = co_await read(rpc, contract, function, std::move(arguments), tag);
    if (!values) {
        throw RpcFailure("a call of " + eth::to_checksum(contract) + ": " + values.error().message);
    }
    co_return *std::move(values);
}

std::string describe(const Decoded& decoded) {
    std::string text = decoded.name + "(";
    const auto& members = decoded.parameters->members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        text += (i == 0 ? "" : ", ") + (members[i].name.empty() ? "" : members[i].name + " ") +
                value_text(members[i], decoded.values[i]);
    }
    return text + ")";
}

}  // namespace stoa::chain
