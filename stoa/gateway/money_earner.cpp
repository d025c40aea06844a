#include <algorithm>
#include <functional>

#include "stoa/base/hex.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/money_parts.hpp"

namespace stoa::gateway {
namespace {

using eth::abi::Function;

const Function kBalanceOf{"balanceOf(address account) returns (uint256)"};
const Function kDue{"due(address token,address account) returns (uint256)"};
const Function kClaimed{"claimed(address token,address account) returns (uint256)"};

/// Channels of one receiver that are read anew; of more the mirror's state is good enough.
constexpr std::size_t kReadAnew = 500;
/// Their rows where not all are asked for; the rest is one.
constexpr std::size_t kMostRows = 200;
constexpr std::size_t kMostComing = 200;
constexpr int kDeepest = 4;

std::string key_of(const eth::Address& receiver, const eth::Address& token) {
    return eth::to_checksum(receiver) + ":" + eth::to_checksum(token);
}

}  // namespace

Amount share_of(const Amount& amount, const U256& parts) {
    return Amount{U256{amount.units * parts / kWhole}};
}

Task<void> MoneyReader::add_provider(bool all) {
    const auto services = co_await parts_.catalogue.services_of(account_, parts_.clock.now());
    std::set<eth::Address> seen;
    for (const auto& service : services) {
        if (!seen.insert(service.receiver).second) continue;
        for (const auto& token : parts_.deployment.tokens) {
            co_await add_charges(service, token.address, all);
            co_await add_claimed(service, token.address);
            Split split{service.receiver, 0, service.payees};
            co_await add_shares(std::move(split), token.address, true);
        }
    }
}

/// Charged and not claimed, the largest first.
Task<void> MoneyReader::add_charges(const catalogue::Service& service, const eth::Address& token,
                                    bool all) {
    const auto& book = parts_.ledger.book();
    std::vector<ledger::ChannelId> ids;
    for (const auto& id : book.of_receiver(service.receiver)) {
        const ledger::Channel& channel = *book.find(id);
        if (channel.config.token == token && channel.unclaimed() > Amount{}) ids.push_back(id);
    }
    std::ranges::sort(ids, std::greater{}, [&](const ledger::ChannelId& id) {
        return std::pair(book.find(id)->unclaimed(), id);
    });
    std::vector<ledger::ChainState> anew;
    if (ids.size() <= kReadAnew) anew = co_await parts_.channels.states(ids, at_);
    MoneyItem row;
    row.kind = "receiver";
    row.side = "provider";
    row.token = token;
    row.state = "charged";
    row.where = parts_.channels.contract();
    row.how = "The node claims it when that is worth the gas, or at once: stoa claim.";
    Amount others;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const ledger::Channel* channel = book.find(ids[i]);
        if (!channel) continue;
        const ledger::ChainState& chain = i < anew.size() ? anew[i] : channel->chain;
        const ChannelTransit transit = transit_of(ids[i], chain);
        const ChannelParts parts = parts_of(channel, chain, transit);
        if (!all && i >= kMostRows) {
            others += parts.charged + parts.claiming;
            continue;
        }
        row.id = "charged:" + to_hex(ids[i]);
        row.amount = parts.charged;
        row.why = "Earned by calls of one session, and not claimed yet.";
        row.extra = {{"channelId", to_hex(ids[i])},
                     {"payer", text(channel->config.payer)},
                     {"receiver", text(service.receiver)},
                     {"service", text(service.id)},
                     {"since", channel->used_at}};
        sheet_.add(row);
        MoneyItem claiming = claiming_row(ids[i], token, parts.claiming, transit, row.where);
        claiming.side = "provider";
        sheet_.add(std::move(claiming));
    }
    row.id = "charged:" + key_of(service.receiver, token) + ":others";
    row.amount = others;
    row.why = "Earned by calls of further sessions, and not claimed yet.";
    row.extra = {{"receiver", text(service.receiver)}, {"service", text(service.id)}};
    sheet_.add(std::move(row));
}

/// In the contract, of nobody's channel any more and not paid out yet.
Task<void> MoneyReader::add_claimed(const catalogue::Service& service, const eth::Address& token) {
    const auto state = co_await parts_.channels.receiver(service.receiver, token, at_.now.number);
    MoneyItem row;
    row.id = "claimed:" + key_of(service.receiver, token);
    row.kind = "receiver";
    row.side = "provider";
    row.token = token;
    row.amount = state.claimed - std::min(state.claimed, state.settled);
    if (row.amount == Amount{}) co_return;
    row.state = "claimed";
    row.where = parts_.channels.contract();
    row.why = "Claimed, and not yet paid out to those who share it.";
    row.how = "The node pays it out; or anyone calls settle(receiver, token) of the contract.";
    row.extra = {{"receiver", text(service.receiver)}, {"service", text(service.id)}};
    if (const auto transaction = settling(service.receiver, token)) {
        row.state = "transit";
        row.why = "Being paid out: the transaction is sent and in no block yet.";
        row.how = "Wait for its block.";
        row.transaction = transaction;
    } else {
        const auto claims = co_await parts_.catalogue.newest_claims();
        for (const auto& [channel, hash] : claims) {
            const auto* known = parts_.ledger.book().find(channel);
            if (!known || known->config.receiver != service.receiver) continue;
            row.transaction = hash;
            break;
        }
    }
    sheet_.add(std::move(row));
}

Task<void> MoneyReader::add_payee() {
    const auto splits = co_await parts_.catalogue.splits_of(account_);
    for (const auto& [address, share] : splits) {
        Split split{address, share, {}};
        split.payees = co_await parts_.catalogue.payees_of(address);
        for (const auto& token : parts_.deployment.tokens) {
            Split one = split;
            co_await add_shares(std::move(one), token.address, false);
            co_await add_coming(address, token.address, U256{share}, 0);
        }
    }
}

/// What is in a split: each payee's due, and what rounding leaves.
Task<void> MoneyReader::add_shares(Split split, const eth::Address& token, bool is_provider) {
    std::vector<chain::Call> calls;
    for (const auto& payee : split.payees) {
        calls.push_back(call_of(split.address, kDue.encode({token, payee.account})));
    }
    calls.push_back(call_of(split.address, kClaimed.encode({token, account_})));
    calls.push_back(call_of(token, kBalanceOf.encode({split.address})));
    const auto answers = co_await numbers_at(parts_.rpc, at_.now.number, std::move(calls));
    const std::size_t count = split.payees.size();
    if (!is_provider) sheet_.add_drawn(token, Amount{answers[count].value_or(0)});
    Amount rounding{answers[count + 1].value_or(0)};
    if (rounding == Amount{}) co_return;
    auto paid_in = co_await parts_.catalogue.sale_paid_to(split.address);
    const auto settled = co_await parts_.catalogue.settled_to(split.address, token);
    if (settled) paid_in = settled->transaction;
    MoneyItem row;
    row.kind = "split";
    row.token = token;
    row.state = "claimable";
    row.where = split.address;
    row.transaction = paid_in;
    for (std::size_t i = 0; i < count; ++i) {
        if (!answers[i]) co_return;  // It doesn't stand yet.
        const auto& [account, share, parent] = split.payees[i];
        const bool mine = account == account_;
        row.amount = Amount{*answers[i]};
        rounding -= std::min(rounding, row.amount);
        if (!mine && !is_provider) continue;
        row.id = "due:" + key_of(split.address, token) + ":" + eth::to_checksum(account);
        row.side = mine ? "payee" : "provider";
        row.why = mine ? "Your share of what this split has received. Anyone can send it to you."
                       : "The share of another payee of your service, for it to draw.";
        row.how = mine
                      ? "Draw it on the money page; or call claim(token, account) of the split."
                      : "Its payee draws it, or anyone for it: claim(token, account) of the split.";
        row.extra = {{"split", text(split.address)},
                     {"share", share},
                     {"token", text(token)},
                     {"payee", text(account)}};
        sheet_.add(row);
    }
    row.id = "rounding:" + key_of(split.address, token);
    row.side = is_provider ? "provider" : "payee";
    row.state = "rest";
    row.amount = rounding;
    row.why = "What rounding down the shares leaves; it waits for the next payment.";
    row.how = "It is shared with the next payment.";
    row.extra = {{"split", text(split.address)}, {"token", text(token)}};
    sheet_.add(std::move(row));
}

Amount MoneyReader::charged_of(const eth::Address& receiver, const eth::Address& token) const {
    Amount sum;
    const auto& book = parts_.ledger.book();
    for (const auto& id : book.of_receiver(receiver)) {
        const ledger::Channel& channel = *book.find(id);
        if (channel.config.token != token || channel.claimable() <= channel.chain.claimed) continue;
        sum += channel.claimable() - channel.chain.claimed;
    }
    return sum;
}

/// What will reach a split of the account's later; `parts` of it are the account's. All of it
/// stands in other rows, too, and is counted there.
Task<void> MoneyReader::add_coming(eth::Address split, const eth::Address& token, U256 parts,
                                   int depth) {
    if (depth > kDeepest || coming_ >= kMostComing) co_return;
    MoneyItem row;
    row.side = "payee";
    row.token = token;
    row.where = parts_.channels.contract();
    const auto add = [&](std::string kind, std::string state, const Amount& whole,
                         std::string part_of, std::string why, std::string how) {
        row.kind = std::move(kind);
        row.state = std::move(state);
        row.amount = share_of(whole, parts);
        row.part_of = std::move(part_of);
        row.id = "coming:" + row.part_of + ":" + eth::to_checksum(account_);
        row.why = std::move(why);
        row.how = std::move(how);
        row.extra = {{"receiver", text(split)}, {"split", text(split)}, {"token", text(token)}};
        if (row.amount > Amount{}) ++coming_;
        sheet_.add(row);
    };
    const auto service = co_await parts_.catalogue.service_of_receiver(split, parts_.clock.now());
    if (service) {
        const Amount charged = charged_of(split, token);
        add("receiver", "charged", charged, "charged:" + key_of(split, token),
            "Your share of calls that are charged and not claimed yet.",
            "The provider's node claims it when that is worth the gas.");
        const auto state = co_await parts_.channels.receiver(split, token, at_.now.number);
        const Amount unpaid = state.claimed - std::min(state.claimed, state.settled);
        add("receiver", "claimed", unpaid, "claimed:" + key_of(split, token),
            "Your share of what is claimed and not paid out to the split yet.",
            "The node pays it out; or anyone calls settle(receiver, token) of the contract.");
    }
    const auto above = co_await parts_.catalogue.splits_of(split);
    for (const auto& [parent, share] : above) {
        std::vector<chain::Call> calls;
        calls.push_back(call_of(parent, kDue.encode({token, split})));
        const auto due = co_await numbers_at(parts_.rpc, at_.now.number, std::move(calls));
        row.where = parent;
        add("split", "coming", Amount{due[0].value_or(0)},
            "due:" + key_of(parent, token) + ":" + eth::to_checksum(split),
            "Your share of what another split owes to this one.",
            "Anyone calls claim(token, account) of that split, for the split that you share.");
        row.where = parts_.channels.contract();
        U256 of_parent = parts * share / kWhole;
        co_await add_coming(parent, token, std::move(of_parent), depth + 1);
    }
}

}  // namespace stoa::gateway
