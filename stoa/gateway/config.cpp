#include "stoa/gateway/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "stoa/chain/deployment.hpp"

namespace stoa::gateway {
namespace {

/// One table of the file; every getter removes its key, so what is left is unknown.
class Section {
  public:
    Section(toml::table table, std::string name, std::filesystem::path folder)
        : table_(std::move(table)), name_(std::move(name)), folder_(std::move(folder)) {}

    std::optional<std::string> text(std::string_view key) {
        const auto* node = table_.get(key);
        if (!node) return std::nullopt;
        const auto value = node->value_exact<std::string>();
        if (!value) wrong(key, "text in quotes");
        table_.erase(key);
        return value;
    }

    std::string needed(std::string_view key) {
        auto value = text(key);
        if (!value) throw ConfigError("\"" + full(key) + "\" is missing");
        return *std::move(value);
    }

    std::filesystem::path path(std::string_view key) {
        const auto value = text(key);
        return value ? (folder_ / *value).lexically_normal() : std::filesystem::path{};
    }

    std::optional<std::int64_t> number(std::string_view key) {
        const auto* node = table_.get(key);
        if (!node) return std::nullopt;
        const auto value = node->value_exact<std::int64_t>();
        if (!value) wrong(key, "a whole number");
        table_.erase(key);
        return value;
    }

    Amount amount(std::string_view key) {
        const auto value = text(key);
        if (!value) return Amount{};
        const auto parsed = parse_amount(*value, 128);
        if (!parsed) wrong(key, "an amount in the token's smallest unit, as decimal text");
        return *parsed;
    }

    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> values;
        const auto* node = table_.get(key);
        if (!node) return values;
        if (!node->is_array()) wrong(key, "a list of texts");
        for (const auto& item : *node->as_array()) {
            const auto value = item.value_exact<std::string>();
            if (!value) wrong(key, "a list of texts");
            values.push_back(*value);
        }
        table_.erase(key);
        return values;
    }

    bool has(std::string_view key) const { return table_.contains(key); }

    std::vector<std::string> keys() const {
        std::vector<std::string> names;
        for (const auto& [key, value] : table_) names.emplace_back(key.str());
        return names;
    }

    toml::table table(std::string_view key) {
        toml::table found;
        if (const auto* node = table_.get(key)) {
            if (!node->is_table()) wrong(key, "a table");
            found = *node->as_table();
        }
        table_.erase(key);
        return found;
    }

    std::vector<toml::table> tables(std::string_view key) {
        std::vector<toml::table> found;
        const auto* node = table_.get(key);
        if (!node) return found;
        if (!node->is_array()) wrong(key, "[[tables]]");
        for (const auto& item : *node->as_array()) {
            if (!item.is_table()) wrong(key, "[[tables]]");
            found.push_back(*item.as_table());
        }
        table_.erase(key);
        return found;
    }

    void nothing_left() const {
        if (table_.empty()) return;
        throw ConfigError("nothing is called \"" + full(table_.begin()->first.str()) + "\"");
    }

    [[noreturn]] void wrong(std::string_view key, std::string_view expected) const {
        throw ConfigError("\"" + full(key) + "\" must be " + std::string(expected));
    }

  private:
    std::string full(std::string_view key) const {
        return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
    }

    toml::table table_;
    std::string name_;
    std::filesystem::path folder_;
};

ChainConfig chain_of(Section section) {
    ChainConfig chain;
    const std::string mode = section.text("mode").value_or("embedded");
    if (mode != "embedded" && mode != "rpc") section.wrong("mode", "\"embedded\" or \"rpc\"");
    chain.embedded = mode == "embedded";
    chain.anvil = section.path("anvil");
    chain.genesis = section.path("genesis");
    chain.deployment = section.path("deployment");
    chain.rpc = section.texts("rpc");
    if (!chain.embedded && chain.rpc.empty()) section.wrong("rpc", "a list of one or more URLs");
    section.nothing_left();
    return chain;
}

RelaySettings relay_of(Section section, const std::filesystem::path& folder) {
    RelaySettings relay;
    if (const auto free = section.number("free_per_day")) {
        if (*free < 0 || *free > 1'000'000) {
            section.wrong("free_per_day", "a number from 0 to 1000000");
        }
        relay.free_per_day = static_cast<std::uint32_t>(*free);
    }
    Section rates(section.table("tokens_per_coin"), "relay.tokens_per_coin", folder);
    for (const auto& symbol : rates.keys()) {
        relay.tokens_per_coin[symbol] = rates.amount(symbol);
        if (relay.tokens_per_coin[symbol] == Amount{}) rates.wrong(symbol, "more than 0");
    }
    section.nothing_left();
    return relay;
}

FacilitatorSettings facilitator_of(Section section) {
    FacilitatorSettings it;
    for (const std::string& text : section.texts("receivers")) {
        const auto receiver = eth::parse_address(text);
        if (!receiver || *receiver == eth::kZeroAddress) {
            section.wrong(
                "receivers",
                "a list of addresses, 0x and 40 hex digits with their right checksum; \"" + text +
                    "\" is none");
        }
        if (std::ranges::find(it.receivers, *receiver) != it.receivers.end()) {
            section.wrong("receivers", "a list without repetitions; " + text + " is there twice");
        }
        it.receivers.push_back(*receiver);
    }
    const bool has_more = !section.keys().empty();
    it.tokens = section.texts("tokens");
    if (const auto most = section.number("per_day")) {
        if (*most < 1 || *most > 1'000'000) section.wrong("per_day", "a number from 1 to 1000000");
        it.per_day = static_cast<std::uint32_t>(*most);
    }
    if (section.has("gas_per_day")) {
        it.gas_per_day = section.amount("gas_per_day").units;
        if (it.gas_per_day == 0) section.wrong("gas_per_day", "more than 0 wei, as decimal text");
    }
    section.nothing_left();
    if (has_more && it.receivers.empty()) {
        section.wrong("receivers", "a list of the addresses that it is for; without one it is off");
    }
    return it;
}

ModelConfig model_of(Section section) {
    ModelConfig model;
    model.alias = section.needed("alias");
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    if (model.alias.empty() || model.alias.size() > 64 ||
        !std::ranges::all_of(model.alias, is_plain)) {
        section.wrong("alias", "1 to 64 of a-z 0-9 . _ -");
    }
    const std::string engine = section.needed("engine");
    if (engine != "llama" && engine != "onnx") section.wrong("engine", "\"llama\" or \"onnx\"");
    model.backend = engine == "llama" ? inference::Backend::llama : inference::Backend::onnx;
    model.file = section.path("file");
    model.manifest = section.path("manifest");
    model.price.per_call = section.amount("per_call");
    model.price.per_million_input = section.amount("per_million_input");
    model.price.per_million_output = section.amount("per_million_output");
    section.nothing_left();
    return model;
}

io::LogLevel level_of(Section& section) {
    const std::string name = section.text("log").value_or("info");
    constexpr std::array<std::pair<std::string_view, io::LogLevel>, 5> kLevels{{
        {"debug", io::LogLevel::debug},
        {"info", io::LogLevel::info},
        {"warning", io::LogLevel::warning},
        {"error", io::LogLevel::error},
        {"off", io::LogLevel::off},
    }};
    for (const auto& [text, level] : kLevels) {
        if (name == text) return level;
    }
    section.wrong("log", "\"debug\", \"info\", \"warning\", \"error\" or \"off\"");
}

void must_be_tokens(const std::vector<std::string>& symbols,
                    const std::filesystem::path& deployment) {
    if (symbols.empty()) return;
    const auto tokens = chain::read_deployment(deployment).tokens;
    for (const std::string& symbol : symbols) {
        if (std::ranges::find(tokens, symbol, &chain::Token::symbol) != tokens.end()) continue;
        throw ConfigError("\"facilitator.tokens\": " + deployment.string() +
                          " has no token called \"" + symbol + "\"");
    }
}

void must_be_file(const std::filesystem::path& file, const std::string& setting) {
    if (file.empty()) throw ConfigError("\"" + setting + "\" is missing");
    if (!std::filesystem::is_regular_file(file)) {
        throw ConfigError("\"" + setting + "\": there is no file " + file.string());
    }
}

}  // namespace

Config read_config(const std::filesystem::path& file) {
    toml::table table;
    try {
        table = toml::parse_file(file.string());
    } catch (const toml::parse_error& error) {
        throw ConfigError(file.string() + ", line " + std::to_string(error.source().begin.line) +
                          ": " + std::string(error.description()));
    }
    const auto folder = std::filesystem::absolute(file).parent_path();
    Section section(std::move(table), "", folder);
    Config config;
    config.data = section.path("data");
    config.host = section.text("host").value_or(config.host);
    if (const auto port = section.number("port")) {
        if (*port < 0 || *port > 65'535) section.wrong("port", "a number from 0 to 65535");
        config.port = static_cast<unsigned short>(*port);
    }
    config.public_url = section.text("public_url").value_or("");
    if (const auto payout = section.text("payout")) {
        const auto address = eth::parse_address(*payout);
        if (!address || *address == eth::kZeroAddress) {
            section.wrong("payout", "the address of a wallet, 0x and 40 digits");
        }
        config.payout = *address;
    }
    config.dapp = section.path("dapp");
    config.worker = section.path("worker");
    config.openapi = section.path("openapi");
    config.abi = section.path("abi");
    config.log_level = level_of(section);
    const std::string format = section.text("log_format").value_or("text");
    if (format != "text" && format != "json") section.wrong("log_format", "\"text\" or \"json\"");
    config.log_format = format == "text" ? io::LogFormat::text : io::LogFormat::json;
    config.chain = chain_of(Section(section.table("chain"), "chain", folder));
    config.relay = relay_of(Section(section.table("relay"), "relay", folder), folder);
    config.facilitator =
        facilitator_of(Section(section.table("facilitator"), "facilitator", folder));
    for (auto& model : section.tables("models")) {
        config.models.push_back(model_of(Section(std::move(model), "models", folder)));
    }
    section.nothing_left();
    return config;
}

void check(const Config& config) {
    if (config.data.empty()) throw ConfigError("\"data\" is missing: a folder for all state");
    must_be_file(config.chain.deployment, "chain.deployment");
    if (config.chain.embedded) {
        must_be_file(config.chain.anvil, "chain.anvil");
        must_be_file(config.chain.genesis, "chain.genesis");
    }
    must_be_tokens(config.facilitator.tokens, config.chain.deployment);
    must_be_file(config.dapp / "index.html", "dapp");
    must_be_file(config.openapi, "openapi");
    must_be_file(config.abi / "Channels.json", "abi");
    for (const auto& model : config.models) {
        must_be_file(model.file, "models.file");
        must_be_file(config.worker, "worker");
    }
}

}  // namespace stoa::gateway
