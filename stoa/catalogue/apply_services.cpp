#include "stoa/catalogue/apply.hpp"

namespace stoa::catalogue {
namespace {

void on_offered(const Change& c) {
    c.session.run(
        "INSERT INTO service (id, model, version, provider, receiver, authorizer, valid_until, "
        "endpoint, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        number(c, 0), number(c, 1), number(c, 3), c.values[2].as_address(),
        c.values[4].as_address(), c.values[5].as_address(), number(c, 6),
        clean_text(c.values[7].as_text()));
    set_payees(c, c.values[4].as_address(), c.values[8]);
}

void on_pricing(const Change& c) {
    // New prices take the place of those that were announced and do not hold yet.
    c.session.run("DELETE FROM pricing WHERE service = ? AND effective > ?", number(c, 0),
                  c.header.time);
    c.session.run("DELETE FROM pricing WHERE service = ? AND effective = ?", number(c, 0),
                  number(c, 2));
    std::size_t position = 0;
    for (const auto& price : c.values[1].items()) {
        c.session.run(
            "INSERT INTO pricing (service, effective, position, token, per_call, per_input, "
            "per_output) VALUES (?, ?, ?, ?, ?, ?, ?)",
            number(c, 0), number(c, 2), position++, price[0].as_address(), price[1].as_amount(),
            price[2].as_amount(), price[3].as_amount());
    }
}

void on_endpoint(const Change& c) {
    c.session.run("UPDATE service SET endpoint = ? WHERE id = ?", clean_text(c.values[1].as_text()),
                  number(c, 0));
}

void on_ended(const Change& c) {
    c.session.run("UPDATE service SET ended = 1 WHERE id = ?", number(c, 0));
}

void on_split(const Change& c) {
    set_payees(c, c.values[0].as_address(), c.values[2]);
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// The length of the UTF-8 character at `at`, or 0.
std::size_t character_length(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x20 || lead == 0x7f ? 0
                               : lead < 0x80               ? 1
                               : lead < 0xc2               ? 0
                               : lead < 0xe0               ? 2
                               : lead < 0xf0               ? 3
                               : lead < 0xf5               ? 4
                                                           : 0;
    if (at + length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[at + i])) return 0;
    }
    if (length == 3) {
        const auto second = static_cast<unsigned char>(text[at + 1]);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0)) return 0;
    }
    if (length == 4) {
        const auto second = static_cast<unsigned char>(text[at + 1]);
        if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) return 0;
    }
    return length;
}

}  // namespace

std::string clean_text(std::string_view text) {
    std::string clean;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = character_length(text, at);
        if (length == 0) {
            clean += '?';
            ++at;
        } else {
            clean += text.substr(at, length);
            at += length;
        }
    }
    return clean;
}

void add_service_events(const AddEvent& add) {
    constexpr std::string_view contract = "Services";
    add(contract, "service",
        "ServiceOffered(uint256 indexed service,uint256 indexed model,address indexed provider,"
        "uint32 version,address receiver,address receiverAuthorizer,uint40 validUntil,"
        "string endpoint,(address account,uint32 share)[] payees)",
        on_offered);
    add(contract, "service",
        "PricingSet(uint256 indexed service,(address token,uint96 perCall,"
        "uint128 perMillionInput,uint128 perMillionOutput)[] pricing,uint64 effectiveAt)",
        on_pricing);
    add(contract, "service", "EndpointSet(uint256 indexed service,string endpoint)", on_endpoint);
    add(contract, "service", "ServiceEnded(uint256 indexed service)", on_ended);
    add("Splits", "split",
        "SplitCreated(address indexed split,bytes32 indexed salt,"
        "(address account,uint32 share)[] payees)",
        on_split);
}

void add_channel_events(const AddEvent& add) {
    constexpr std::string_view contract = "Channels";
    constexpr std::string_view kind = "channel";
    add(contract, kind,
        "ChannelCreated(bytes32 indexed channelId,(address payer,address payerAuthorizer,"
        "address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,"
        "bytes32 salt) config)",
        nullptr);
    add(contract, kind,
        "Deposited(bytes32 indexed channelId,address indexed sender,uint128 amount,"
        "uint128 newBalance)",
        nullptr);
    add(contract, kind,
        "Claimed(bytes32 indexed channelId,address indexed sender,uint128 claimAmount,"
        "uint128 newTotalClaimed)",
        nullptr);
    add(contract, kind,
        "Settled(address indexed receiver,address indexed token,address indexed sender,"
        "uint128 amount)",
        nullptr);
    add(contract, kind, "Refunded(bytes32 indexed channelId,address indexed sender,uint128 amount)",
        nullptr);
    add(contract, kind,
        "WithdrawInitiated(bytes32 indexed channelId,uint128 amount,uint40 finalizeAfter)",
        nullptr);
    add(contract, kind,
        "WithdrawFinalized(bytes32 indexed channelId,address indexed sender,uint128 amount)",
        nullptr);
}

}  // namespace stoa::catalogue
