#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/chain/signed_by.hpp"
#include "stoa/relay/purses.hpp"

namespace stoa::relay {
namespace {

/// Of one exit: each finds the purse or a channel changed, and all count against the quota.
constexpr int kMaxCloses = 64;

const chain::Abi& events() {
    static const chain::Abi abi = [] {
        chain::Abi all;
        all.declare("event Withdrawn(address indexed token,uint256 amount)");
        return all;
    }();
    return abi;
}

bool holds_money(const ChannelNow& it) {
    return it.balance > it.claimed;
}

}  // namespace

/// What an exit could still do.
struct Purses::Work {
    Work() = default;  // not an aggregate: see PurseExit

    std::vector<payment::ChannelConfig> due;  ///< For `close`, which would change them now.
    std::vector<Hash256> waiting;
    bool has_rest = false;  ///< There is money in the purse itself.
};

Task<Carried<PurseExit>> Purses::begin_exit(eth::Address owner, eth::Address token,
                                            ByteVector signature) {
    const auto state = co_await owned(owner, token);
    if (!state) co_return tl::unexpected(state.error());
    if (!state->exists) co_return refuse(RelayError::no_purse);
    const payment::PurseDomain domain(deployment_.chain_id, state->purse);
    PurseExit it;
    it.owner = owner;
    it.token = token;
    it.purse = state->purse;
    // The exit that is under way has the nonce before; its signature asks for the rest of it.
    std::vector<U256> nonces;
    if (state->leaving && state->nonce > 0) nonces.emplace_back(state->nonce - 1);
    nonces.emplace_back(state->nonce);
    bool is_owners = false;
    for (const U256& nonce : nonces) {
        it.digest = domain.exit_digest(nonce);
        is_owners = co_await chain::is_signed_by(rpc_, owner, it.digest, signature);
        if (is_owners) break;
    }
    if (!is_owners) {
        DigestOf digest_of = [](const payment::PurseDomain& of, const U256& nonce) {
            return of.exit_digest(nonce);
        };
        const auto why = co_await check_owner(owner, *state, std::move(digest_of), signature);
        if (!why) co_return tl::unexpected(why.error());
    }
    Cargo cargo;
    cargo.wish = "purse_exit:" + to_hex(it.digest);
    cargo.to = it.purse;
    cargo.data = exit_call(signature);
    cargo.is_leaving = true;
    cargo.payer = owner;
    cargo.token = token;
    const bool is_sent = co_await carrier_.is_sent(cargo.wish);
    if (is_sent || !state->leaving) {
        const auto receipt = co_await carrier_.carry(std::move(cargo));
        if (!receipt) co_return tl::unexpected(receipt.error());
        it.inclusion = inclusion_of(*receipt);
    }
    co_return it;
}

Task<Purses::Work> Purses::work_left(PurseExit exit, std::vector<payment::ChannelConfig> configs) {
    Work work;
    std::vector<Hash256> ids;
    for (const auto& config : configs) ids.push_back(channels_.channel_id(config));
    const auto channels = co_await reader_.channels(ids);
    const std::uint64_t chain_time = co_await reader_.time();
    const auto now = std::max(chain_time, static_cast<std::uint64_t>(unix_seconds(clock_.now())));
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const std::uint64_t since = channels[i].withdraw_requested_at;
        const bool is_due = since == 0 ? holds_money(channels[i])
                                       : since + configs[i].withdraw_delay_seconds <= now;
        if (holds_money(channels[i])) work.waiting.push_back(ids[i]);
        if (is_due && work.due.size() < kMaxClosed) work.due.push_back(configs[i]);
    }
    const PurseState state = co_await reader_.state(exit.owner, exit.token);
    work.has_rest = state.balance > Amount{};
    co_return work;
}

/// Carries one `close`, or finds it, and adds what it sent home.
Task<Carried<void>> Purses::add_closed(PurseClosed& closed, PurseExit exit, Cargo cargo) {
    cargo.to = exit.purse;
    cargo.is_leaving = true;
    cargo.payer = exit.owner;
    cargo.token = exit.token;
    const auto receipt = co_await carrier_.carry(std::move(cargo));
    if (!receipt) co_return tl::unexpected(receipt.error());
    closed.inclusion = inclusion_of(*receipt);
    for (const auto& sent : events().decode(receipt->logs, exit.purse, "Withdrawn")) {
        if (sent["token"].as_address() == exit.token) closed.amount += sent["amount"].as_amount();
    }
    co_return Carried<void>{};
}

Task<Carried<PurseClosed>> Purses::finish_exit(PurseExit exit,
                                               std::vector<payment::ChannelConfig> configs) {
    PurseClosed closed;
    // Numbered, so that whoever comes after a crash finds each of them and begins none twice.
    for (int number = 1; number <= kMaxCloses; ++number) {
        Cargo cargo;
        cargo.wish = "purse_close:" + to_hex(exit.digest) + ":" + std::to_string(number);
        const bool is_sent = co_await carrier_.is_sent(cargo.wish);
        if (!is_sent) {
            Work work = co_await work_left(exit, configs);
            closed.waiting = std::move(work.waiting);
            if (work.due.empty() && !work.has_rest) co_return closed;
            cargo.data = close_call(work.due);
        }
        auto added = co_await add_closed(closed, exit, std::move(cargo));
        if (!added) co_return tl::unexpected(std::move(added.error()));
    }
    co_return closed;
}

}  // namespace stoa::relay
