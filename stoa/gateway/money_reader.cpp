#include "stoa/gateway/money_reader.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

using eth::abi::Function;

const Function kBalanceOf{"balanceOf(address account) returns (uint256)"};
const Function kPurseOf{"purseOf(address owner,address token) returns (address)"};
const Function kLeaving{"leaving() returns (bool)"};
const Function kPurseNonce{"nonce() returns (uint256)"};

constexpr std::size_t kCallsAtOnce = 300;

/// `nonce` is nothing where no purse stands yet.
void describe_purse(MoneyItem& item, bool leaving, const std::optional<U256>& nonce) {
    item.state = "refundable";
    item.why = leaving ? "The rest of your purse, which is on its way to you. Anyone can send it."
                       : "Your purse: the keys that you chose may set it aside for calls, within "
                         "your limits. You can take it back at any time.";
    item.how = "Empty the purse with one signature of your wallet; without the node: its exit().";
    item.stays = nonce && !leaving;
    item.extra = {{"purse", text(item.where)},
                  {"token", text(item.token)},
                  {"leaving", leaving},
                  {"nonce", static_cast<std::uint64_t>(nonce.value_or(0))}};
}

}  // namespace

Task<std::vector<std::optional<U256>>> numbers_at(chain::Rpc& rpc, std::uint64_t block,
                                                  std::vector<chain::Call> calls) {
    std::vector<std::optional<U256>> results;
    for (std::size_t from = 0; from < calls.size(); from += kCallsAtOnce) {
        std::vector<chain::RpcCall> batch;
        for (std::size_t i = from; i < std::min(calls.size(), from + kCallsAtOnce); ++i) {
            json::array params;
            params.push_back(chain::write_call(calls[i]));
            params.emplace_back(chain::to_quantity(block));
            batch.push_back({"eth_call", std::move(params)});
        }
        const auto answers = co_await rpc.batch(std::move(batch));
        for (const auto& answer : answers) {
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

Task<MoneySheet> MoneyReader::read(bool all) {
    for (const auto& token : parts_.deployment.tokens) sheet_.show(token.address);
    at_ = co_await parts_.channels.blocks();
    co_await read_transit();
    const auto mine = co_await owners();
    co_await add_wallets(mine);
    for (const Owner& owner : mine) co_await add_channels(owner);
    co_await add_payee();
    co_await add_provider(all);
    auto coins = co_await chain::native_balance(parts_.rpc, account_);
    sheet_.set_native(std::move(coins));
    co_return std::move(sheet_);
}

/// Those that are in a block by now are no news: the sender looks only now and then.
Task<void> MoneyReader::read_transit() {
    const auto waiting = co_await parts_.sender.waiting();
    if (waiting.empty()) co_return;
    std::vector<chain::RpcCall> calls;
    for (const auto& sent : waiting) {
        json::array params;
        params.emplace_back(to_hex(sent.transaction));
        calls.push_back({"eth_getTransactionReceipt", std::move(params)});
    }
    const std::size_t most = std::min(calls.size(), chain::kMaxBatch);
    calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(most), calls.end());
    const auto receipts = co_await parts_.rpc.batch(std::move(calls));
    for (std::size_t i = 0; i < most; ++i) {
        const auto& receipt = receipts.at(i);
        if (receipt && !receipt->is_null() &&
            chain::read_receipt(*receipt).block.number <= at_.now.number) {
            continue;
        }
        for (auto& move : ledger::moves_of(parts_.domain, waiting[i].data)) {
            transit_.push_back({waiting[i].transaction, std::move(move)});
        }
    }
}

/// The account and its purses.
Task<std::vector<MoneyReader::Owner>> MoneyReader::owners() {
    std::vector<Owner> all(1);
    all.front().address = account_;
    const auto purses = parts_.deployment.contracts.find("Purses");
    if (purses == parts_.deployment.contracts.end()) co_return all;
    std::vector<chain::Call> calls;
    for (const auto& token : parts_.deployment.tokens) {
        calls.push_back(call_of(purses->second, kPurseOf.encode({account_, token.address})));
    }
    const auto answers = co_await numbers_at(parts_.rpc, at_.now.number, std::move(calls));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i]) continue;
        Owner purse;
        const auto word = to_big_endian(*answers[i]);
        std::copy(word.begin() + 12, word.end(), purse.address.bytes.begin());
        purse.is_purse = true;
        purse.token = parts_.deployment.tokens[i].address;
        all.push_back(std::move(purse));
    }
    co_return all;
}

Task<void> MoneyReader::add_wallets(const std::vector<Owner>& owners) {
    struct Asked {
        Owner owner;
        eth::Address token;
    };
    std::vector<Asked> asked;
    std::vector<chain::Call> calls;
    for (const Owner& owner : owners) {
        for (const auto& token : parts_.deployment.tokens) {
            if (owner.is_purse && owner.token != token.address) continue;
            asked.push_back({owner, token.address});
            calls.push_back(call_of(token.address, kBalanceOf.encode({owner.address})));
            if (!owner.is_purse) continue;
            calls.push_back(call_of(owner.address, kLeaving.encode({})));
            calls.push_back(call_of(owner.address, kPurseNonce.encode({})));
        }
    }
    const auto answers = co_await numbers_at(parts_.rpc, at_.now.number, std::move(calls));
    std::size_t next = 0;
    for (const auto& [owner, token] : asked) {
        MoneyItem item;
        item.kind = owner.is_purse ? "purse" : "wallet";
        item.id = item.kind + ":" + eth::to_checksum(owner.address) + ":" + eth::to_checksum(token);
        item.side = "buyer";
        item.token = token;
        item.where = owner.address;
        item.amount = Amount{answers[next++].value_or(0)};
        if (owner.is_purse) {
            const bool leaving = answers[next++].value_or(0) != 0;
            const auto nonce = answers[next++];
            describe_purse(item, leaving, nonce);
        } else {
            item.state = "free";
            item.why = "In your wallet.";
            item.how = "It is yours to send.";
            item.stays = true;
        }
        add_deposits(owner, token, item.amount);
        sheet_.add(std::move(item));
    }
}

/// Taken from what is held until it is in a block.
void MoneyReader::add_deposits(const Owner& owner, const eth::Address& token, Amount& held) {
    for (const Transit& sent : transit_) {
        const auto* deposit = std::get_if<ledger::DepositMove>(&sent.move);
        if (!deposit || deposit->config.payer != owner.address || deposit->config.token != token) {
            continue;
        }
        MoneyItem item;
        item.amount = std::min(held, deposit->amount);
        held -= item.amount;
        item.id = "deposit:" + to_hex(sent.transaction) + ":" + to_hex(deposit->channel);
        item.kind = "transit";
        item.side = "buyer";
        item.token = token;
        item.state = "transit";
        item.where = owner.address;
        item.why = "On its way into a session: the transaction is sent and in no block yet.";
        item.how = "Wait for its block. Should it fail, the money stays where it is.";
        item.transaction = sent.transaction;
        item.extra = {{"action", "deposit"},
                      {"channelId", to_hex(deposit->channel)},
                      {"to", text(parts_.channels.contract())}};
        sheet_.add(std::move(item));
    }
}

ChannelTransit MoneyReader::transit_of(const ledger::ChannelId& id,
                                       const ledger::ChainState& chain) const {
    ChannelTransit all;
    for (const Transit& sent : transit_) {
        if (const auto* claim = std::get_if<ledger::ClaimMove>(&sent.move)) {
            if (claim->channel != id || claim->total <= all.claim) continue;
            all.claim = claim->total;
            all.claim_transaction = sent.transaction;
        } else if (const auto* refund = std::get_if<ledger::RefundMove>(&sent.move)) {
            if (refund->channel != id || refund->nonce < chain.refund_nonce) continue;
            all.refund += refund->amount;
            all.refund_transaction = sent.transaction;
        }
    }
    return all;
}

std::optional<Hash256> MoneyReader::settling(const eth::Address& receiver,
                                             const eth::Address& token) const {
    for (const Transit& sent : transit_) {
        const auto* settle = std::get_if<ledger::SettleMove>(&sent.move);
        if (settle && settle->receiver == receiver && settle->token == token) {
            return sent.transaction;
        }
    }
    return std::nullopt;
}

}  // namespace stoa::gateway
