#include "stoa/relay/purses.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/chain/signed_by.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/relay/order.hpp"

namespace stoa::relay {
namespace {

/// A policy has to be included before it ends: two slow blocks.
constexpr std::uint64_t kMiningSeconds = 6;
constexpr const char* kUnfit = "The policy doesn't fit the contract.";

const chain::Abi& events() {
    static const chain::Abi abi = [] {
        chain::Abi all;
        all.declare(
            "event Deposited(bytes32 indexed channelId,address indexed sender,uint128 amount,"
            "uint128 newBalance)");
        return all;
    }();
    return abi;
}

std::string wish_of(const char* kind, const eth::Address& to, const ByteVector& data) {
    ByteVector all(to.bytes.begin(), to.bytes.end());
    all.insert(all.end(), data.begin(), data.end());
    return std::string(kind) + ":" + to_hex(eth::keccak256(all));
}

}  // namespace

Purses::Purses(chain::Rpc& rpc, Carrier& carrier, const chain::Deployment& deployment,
               const io::Clock& clock)
    : rpc_(rpc),
      carrier_(carrier),
      deployment_(deployment),
      clock_(clock),
      reader_(rpc, deployment),
      channels_(deployment.chain_id, deployment.contract("Channels")) {}

Carried<void> Purses::check_expiry(const payment::PursePolicy& it) const {
    if (it.expires < static_cast<std::uint64_t>(unix_seconds(clock_.now())) + kMiningSeconds) {
        return refuse(RelayError::expired, "The policy has ended already.");
    }
    return {};
}

Task<Carried<PurseState>> Purses::owned(eth::Address owner, eth::Address token) {
    if (!reader_.is_here() || deployment_.token(token) == nullptr) {
        co_return refuse(RelayError::wrong_chain, "There are no purses of this token here.");
    }
    co_return co_await reader_.state(owner, token);
}

/// Whether the owner signed for the purse as it is now.
Task<Carried<void>> Purses::check_owner(eth::Address owner, PurseState state, DigestOf digest_of,
                                        ByteVector signature) {
    const payment::PurseDomain domain(deployment_.chain_id, state.purse);
    const Hash256 digest = digest_of(domain, state.nonce);
    const bool is_now = co_await chain::is_signed_by(rpc_, owner, digest, signature);
    if (is_now) co_return Carried<void>{};
    if (state.nonce > 0) {
        const Hash256 former = digest_of(domain, state.nonce - 1);
        const bool was = co_await chain::is_signed_by(rpc_, owner, former, signature);
        if (was) co_return refuse(RelayError::stale_nonce, "Another act of the owner came first.");
    }
    co_return refuse(RelayError::bad_signature, "It is not signed by the owner for this purse.");
}

/// Carries what is checked, and reads the purse after it.
Task<Carried<PurseDone>> Purses::act(Cargo cargo, eth::Address owner) {
    const eth::Address token = cargo.token;
    cargo.payer = owner;
    const auto receipt = co_await carrier_.carry(std::move(cargo));
    if (!receipt) co_return tl::unexpected(receipt.error());
    const PurseState after = co_await reader_.state(owner, token);
    co_return PurseDone{inclusion_of(*receipt), after.purse, after.balance};
}

Task<Carried<PurseDone>> Purses::fund(eth::Address owner, payment::PursePolicy policy,
                                      PurseFunding funding) {
    if (!payment::is_well_formed(policy)) co_return refuse(RelayError::malformed, kUnfit);
    const auto token = token_for(deployment_, carrier_.config(), policy.token, funding.value);
    if (!token) co_return tl::unexpected(token.error());
    const auto state = co_await owned(owner, policy.token);
    if (!state) co_return tl::unexpected(state.error());
    Cargo cargo;
    cargo.to = reader_.purses();
    cargo.data = fund_call(owner, policy, funding);
    cargo.wish = wish_of("purse_fund", cargo.to, cargo.data);
    cargo.token = policy.token;
    const bool is_sent = co_await carrier_.is_sent(cargo.wish);
    if (!is_sent) {
        auto right = check_expiry(policy);
        if (right) right = check_window(funding.valid_after, funding.valid_before, clock_.now());
        if (!right) co_return tl::unexpected(std::move(right.error()));
        const Hash256 separator = separator_of(**token, deployment_.chain_id);
        DigestOf digest_of = [&](const payment::PurseDomain& domain, const U256& nonce) {
            return payment::receive_authorization_digest(
                separator, {owner, state->purse, funding.value, funding.valid_after,
                            funding.valid_before, domain.set_policy_digest(policy, nonce)});
        };
        auto signed_by =
            co_await check_owner(owner, *state, std::move(digest_of), funding.signature);
        if (!signed_by) co_return tl::unexpected(std::move(signed_by.error()));
    }
    co_return co_await act(std::move(cargo), owner);
}

Task<Carried<PurseDone>> Purses::set_policy(eth::Address owner, payment::PursePolicy policy,
                                            ByteVector signature) {
    if (!payment::is_well_formed(policy)) co_return refuse(RelayError::malformed, kUnfit);
    const auto state = co_await owned(owner, policy.token);
    if (!state) co_return tl::unexpected(state.error());
    Cargo cargo;
    cargo.to = reader_.purses();
    cargo.data = set_policy_call(owner, policy, signature);
    cargo.wish = wish_of("purse_policy", cargo.to, cargo.data);
    cargo.token = policy.token;
    const bool is_sent = co_await carrier_.is_sent(cargo.wish);
    if (!is_sent) {
        auto right = check_expiry(policy);
        if (!right) co_return tl::unexpected(std::move(right.error()));
        DigestOf digest_of = [&](const payment::PurseDomain& domain, const U256& nonce) {
            return domain.set_policy_digest(policy, nonce);
        };
        auto signed_by = co_await check_owner(owner, *state, std::move(digest_of), signature);
        if (!signed_by) co_return tl::unexpected(std::move(signed_by.error()));
    }
    co_return co_await act(std::move(cargo), owner);
}

Task<Carried<PurseDone>> Purses::revoke(eth::Address owner, eth::Address token, eth::Address key,
                                        ByteVector signature) {
    const auto state = co_await owned(owner, token);
    if (!state) co_return tl::unexpected(state.error());
    if (!state->exists) co_return refuse(RelayError::no_purse);
    Cargo cargo;
    cargo.to = state->purse;
    cargo.data = revoke_call(key, signature);
    cargo.wish = wish_of("purse_revoke", cargo.to, cargo.data);
    cargo.token = token;
    const bool is_sent = co_await carrier_.is_sent(cargo.wish);
    if (!is_sent) {
        DigestOf digest_of = [&](const payment::PurseDomain& domain, const U256& nonce) {
            return domain.revoke_digest(key, nonce);
        };
        auto signed_by = co_await check_owner(owner, *state, std::move(digest_of), signature);
        if (!signed_by) co_return tl::unexpected(std::move(signed_by.error()));
    }
    co_return co_await act(std::move(cargo), owner);
}

Task<Carried<DepositDone>> Purses::spend(Spend it) {
    const payment::ChannelConfig& config = it.config;
    const auto token = token_for(deployment_, carrier_.config(), config.token, it.amount);
    if (!token) co_return tl::unexpected(token.error());
    const auto lane = payment::lane_of(config);
    if (!lane) {
        co_return refuse(RelayError::malformed,
                         "A purse's channels have a lane from 0 to 3 as their salt, and a delay "
                         "of 3600.");
    }
    const Hash256 channel_id = channels_.channel_id(config);
    const payment::PurseDomain domain(deployment_.chain_id, config.payer);
    const Hash256 digest = domain.spend_digest(channel_id, it.amount, it.nonce);
    const auto signature = payment::key_signature(it.signature);
    if (!signature || eth::recover(digest, *signature) != config.payer_authorizer) {
        co_return refuse(RelayError::bad_signature,
                         "The deposit is not signed by the channel's session key.");
    }
    const auto owner = co_await reader_.owner_of(config.payer, config.token);
    if (!owner) co_return refuse(RelayError::no_purse);
    Cargo cargo;
    cargo.wish = "purse_spend:" + to_hex(digest);
    cargo.to = channels_.contract();
    cargo.data = deposit_call(
        config, it.amount, config.payer,
        payment::spend_data(config.payer_authorizer, it.service, *lane, it.nonce, *signature));
    cargo.payer = *owner;
    cargo.token = config.token;
    const auto receipt = co_await carrier_.carry(std::move(cargo));
    if (!receipt) {
        Refusal why = receipt.error();
        if (why.revert == "BadSpendNonce") why.why = RelayError::stale_nonce;
        co_return tl::unexpected(std::move(why));
    }
    const auto deposited = event_of(*receipt, events(), channels_.contract(), "Deposited");
    co_return DepositDone{inclusion_of(*receipt), channel_id, deposited["newBalance"].as_amount()};
}

}  // namespace stoa::relay
