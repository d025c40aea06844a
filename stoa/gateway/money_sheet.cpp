#include "stoa/gateway/money_sheet.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

using eth::abi::Function;

const Function kBalanceOf{"balanceOf(address account) returns (uint256)"};
const Function kDue{"due(address token,address account) returns (uint256)"};
const Function kClaimed{"claimed(address token,address account) returns (uint256)"};

constexpr std::size_t kCallsAtOnce = 300;

json::object config_json(const payment::ChannelConfig& config) {
    return {{"payer", text(config.payer)},
            {"payerAuthorizer", text(config.payer_authorizer)},
            {"receiver", text(config.receiver)},
            {"receiverAuthorizer", text(config.receiver_authorizer)},
            {"token", text(config.token)},
            {"withdrawDelay", config.withdraw_delay_seconds},
            {"salt", to_hex(config.salt)}};
}

json::object channel_json(const ledger::ChannelId& id, const ledger::Channel& channel,
                          const std::optional<PaidService>& paid) {
    json::object object{{"channelId", to_hex(id)},
                        {"config", config_json(channel.config)},
                        {"balance", text(channel.chain.balance)},
                        {"charged", text(channel.charged)},
                        {"claimed", text(channel.chain.claimed)},
                        {"refundable", text(channel.refundable())},
                        {"withdrawRequestedAt", channel.chain.withdraw_requested_at},
                        {"withdrawAmount", text(channel.chain.withdrawing)},
                        {"refundNonce", to_decimal(channel.chain.refund_nonce)},
                        {"service", nullptr},
                        {"model", nullptr},
                        {"modelTitle", nullptr},
                        {"idleSince", channel.used_at}};
    if (paid) {
        object["service"] = text(paid->service);
        object["model"] = text(paid->model);
        object["modelTitle"] = paid->title;
    }
    return object;
}

/// One number each; nothing where the call fails, as at an address without code.
Task<std::vector<std::optional<U256>>> numbers(chain::Rpc& rpc, std::vector<chain::Call> calls) {
    std::vector<std::optional<U256>> results;
    for (std::size_t from = 0; from < calls.size(); from += kCallsAtOnce) {
        std::vector<chain::RpcCall> batch;
        for (std::size_t i = from; i < std::min(calls.size(), from + kCallsAtOnce); ++i) {
            json::array params;
            params.push_back(chain::write_call(calls[i]));
            params.emplace_back("latest");
            batch.push_back({"eth_call", std::move(params)});
        }
        for (const auto& answer : co_await rpc.batch(std::move(batch))) {
            std::optional<U256> number;
            if (answer) {
                const ByteVector bytes = chain::read_data(*answer);
                if (bytes.size() == 32) number = from_big_endian(bytes);
            }
            results.push_back(std::move(number));
        }
    }
    co_return results;
}

chain::Call call_of(const eth::Address& to, ByteVector data) {
    chain::Call call;
    call.to = to;
    call.data = std::move(data);
    return call;
}

void add_split(MoneySheet& sheet, const eth::Address& split, std::uint32_t share,
               const eth::Address& token, const U256& due, const U256& claimed) {
    MoneySums& sums = sheet.tokens[token];
    sums.claimed += Amount{claimed};
    if (due == 0) return;
    sums.claimable += Amount{due};
    MoneyItem item;
    item.kind = "split";
    item.token = token;
    item.amount = Amount{due};
    item.state = "claimable";
    item.where = split;
    item.why = "Your share of what this split has received. Anyone can send it to you.";
    item.extra = {{"split", text(split)}, {"share", share}, {"token", text(token)}};
    sheet.items.push_back(std::move(item));
}

std::string csv_text(std::string text) {
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

}  // namespace

void add_channel(MoneySheet& sheet, const ledger::ChannelId& id, const ledger::Channel& channel,
                 const std::optional<PaidService>& paid, const eth::Address& contract) {
    const bool leaving = channel.chain.withdraw_requested_at != 0;
    const auto delay = static_cast<std::int64_t>(channel.config.withdraw_delay_seconds);
    MoneySums& sums = sheet.tokens[channel.config.token];
    sums.locked += channel.refundable() + channel.unclaimed();
    sums.refundable += channel.refundable();
    sums.charged += channel.unclaimed();

    const std::string what = paid ? "\"" + paid->title + "\"" : "a service";
    MoneyItem item;
    item.kind = "channel";
    item.token = channel.config.token;
    item.where = contract;
    item.extra = channel_json(id, channel, paid);
    if (channel.chain.balance > channel.chain.claimed || channel.refundable() > Amount{}) {
        item.amount = channel.refundable();
        item.state = leaving ? "withdrawing" : "refundable";
        item.why = leaving
                       ? "You asked the contract for the rest of your session with " + what + "."
                       : "The unused rest of your session with " + what +
                             ". It comes back at once when you end the session.";
        if (leaving) item.until = channel.chain.withdraw_requested_at + delay;
        sheet.items.push_back(item);
    }
    if (channel.unclaimed() > Amount{}) {
        item.amount = channel.unclaimed();
        item.state = "charged";
        item.why = "Calls of " + what + " that you have had and that the node has not claimed yet.";
        item.until.reset();
        sheet.items.push_back(std::move(item));
    }
}

void add_purse_channel(MoneySheet& sheet, const ledger::ChannelId& id,
                       const ledger::Channel& channel, const std::optional<PaidService>& paid,
                       const eth::Address& contract, const eth::Address& owner) {
    const std::size_t first = sheet.items.size();
    add_channel(sheet, id, channel, paid, contract);
    for (std::size_t i = first; i < sheet.items.size(); ++i) {
        MoneyItem& item = sheet.items[i];
        item.extra["purse"] = text(channel.config.payer);
        item.extra["owner"] = text(owner);
        if (item.state == "refundable") item.why += " It goes back into your purse.";
    }
}

void add_purse(MoneySheet& sheet, const relay::PurseState& purse, const eth::Address& token) {
    const bool is_over = purse.leaving || !purse.exists;
    if (is_over && purse.balance == Amount{}) return;
    MoneySums& sums = sheet.tokens[token];
    sums.locked += purse.balance;
    sums.refundable += purse.balance;
    MoneyItem item;
    item.kind = "purse";
    item.token = token;
    item.amount = purse.balance;
    item.state = "refundable";
    item.where = purse.purse;
    item.why = purse.leaving
                   ? "The rest of your purse, which is on its way to you. Anyone can send it."
                   : "Your purse: the keys that you chose may set it aside for calls, within your "
                     "limits. You can take it back at any time.";
    item.extra = {{"purse", text(purse.purse)},
                  {"token", text(token)},
                  {"leaving", purse.leaving},
                  {"nonce", purse.nonce}};
    sheet.items.push_back(std::move(item));
}

Task<void> add_chain_side(MoneySheet& sheet, chain::Rpc& rpc, const chain::Deployment& deployment,
                          eth::Address account,
                          std::vector<std::pair<eth::Address, std::uint32_t>> splits) {
    std::vector<chain::Call> calls;
    for (const auto& token : deployment.tokens) {
        calls.push_back(call_of(token.address, kBalanceOf.encode({account})));
    }
    for (const auto& [split, share] : splits) {
        for (const auto& token : deployment.tokens) {
            calls.push_back(call_of(split, kDue.encode({token.address, account})));
            calls.push_back(call_of(split, kClaimed.encode({token.address, account})));
        }
    }
    const auto answers = co_await numbers(rpc, std::move(calls));
    std::size_t next = 0;
    for (const auto& token : deployment.tokens) {
        sheet.tokens[token.address].wallet = Amount{answers[next++].value_or(0)};
    }
    for (const auto& [split, share] : splits) {
        for (const auto& token : deployment.tokens) {
            const U256 due = answers[next++].value_or(0);
            const U256 claimed = answers[next++].value_or(0);
            add_split(sheet, split, share, token.address, due, claimed);
        }
    }
    sheet.native = co_await chain::native_balance(rpc, account);
}

json::object to_json(const MoneySheet& sheet, const chain::Deployment& deployment,
                     const eth::Address& account) {
    json::array tokens;
    for (const auto& [address, sums] : sheet.tokens) {
        const chain::Token* token = deployment.token(address);
        tokens.push_back(json::object{{"token", text(address)},
                                      {"symbol", token ? token->symbol : std::string("?")},
                                      {"decimals", token ? token->decimals : 0},
                                      {"wallet", text(sums.wallet)},
                                      {"locked", text(sums.locked)},
                                      {"charged", text(sums.charged)},
                                      {"refundable", text(sums.refundable)},
                                      {"claimable", text(sums.claimable)},
                                      {"claimed", text(sums.claimed)}});
    }
    json::array items;
    for (const auto& it : sheet.items) {
        json::object item{{"kind", it.kind},           {"token", text(it.token)},
                          {"amount", text(it.amount)}, {"state", it.state},
                          {"where", text(it.where)},   {"why", it.why},
                          {"until", nullptr}};
        if (it.until) item["until"] = *it.until;
        item[it.kind] = it.extra;
        items.push_back(std::move(item));
    }
    return {{"address", text(account)},
            {"tokens", std::move(tokens)},
            {"items", std::move(items)},
            {"native", to_decimal(sheet.native)}};
}

std::string to_csv(const MoneySheet& sheet) {
    std::string csv = "kind,token,amount,state,where,until,why\r\n";
    for (const auto& it : sheet.items) {
        csv += it.kind + "," + eth::to_checksum(it.token) + "," + to_decimal(it.amount) + "," +
               it.state + "," + eth::to_checksum(it.where) + "," +
               (it.until ? to_rfc3339(unix_time(*it.until)) : "") + "," + csv_text(it.why) + "\r\n";
    }
    return csv;
}

}  // namespace stoa::gateway
