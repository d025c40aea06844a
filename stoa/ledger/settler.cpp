#include "stoa/ledger/settler.hpp"

#include <algorithm>
#include <map>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/hex.hpp"

namespace stoa::ledger {
namespace {

using payment::PaymentError;

// An estimate against a node that lags sees `settle` return early, and is too low.
constexpr std::uint64_t kSettleGas = 250'000;

/// Only the contract's refusal says something about the rows; anything else waits for the chain.
void stop_unless_refused(const std::error_code& error) {
    if (error == PaymentError::rpc_read_failed || error == PaymentError::settlement_pending) {
        throw chain::RpcFailure(error.message());
    }
}

}  // namespace

Settler::Settler(Ledger& ledger, Mirror& mirror, chain::Sender& sender,
                 const keys::Signer& authorizer, payment::ChannelDomain domain,
                 const io::Clock& clock, boost::asio::any_io_executor executor,
                 SettlerConfig config, io::Log log)
    : ledger_(ledger),
      mirror_(mirror),
      sender_(sender),
      authorizer_(authorizer),
      domain_(std::move(domain)),
      clock_(clock),
      config_(std::move(config)),
      log_(std::move(log)),
      wake_(std::move(executor)) {
    mirror_.on_leaving([this](const ChannelId&) { kick(); });
}

void Settler::kick() {
    kicked_ = true;
    wake_.cancel();
}

Task<void> Settler::run() {
    co_await boost::asio::this_coro::throw_if_cancelled(true);
    for (;;) {
        co_await step();
        if (!std::exchange(kicked_, false)) {
            wake_.expires_after(config_.interval);
            co_await wake_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            kicked_ = false;
        }
    }
}

Task<void> Settler::step() {
    if (std::exchange(stepping_, true)) co_return;
    std::string why;
    try {
        co_await claim_leaving();
        for (const Account& account : due_accounts(false)) co_await claim_account(account);
        co_await refund_idle();
        co_await settle_rest();
    } catch (const chain::RpcFailure& failure) {
        why = failure.what();
    } catch (...) {
        stepping_ = false;
        throw;
    }
    if (!why.empty()) log_.warning("settlement waits for the chain", {{"why", why}});
    stepping_ = false;
}

Task<void> Settler::settle_everything() {
    co_await claim_leaving();
    for (const Account& account : due_accounts(true)) co_await claim_account(account);
    co_await settle_rest();
}

Task<void> Settler::settle_due() {
    std::string why;
    try {
        co_await claim_leaving();
        for (const Account& account : due_accounts(false)) co_await claim_account(account);
    } catch (const chain::RpcFailure& failure) {
        why = failure.what();
    }
    if (!why.empty()) log_.warning("what is due stays unclaimed", {{"why", why}});
}

/// What refunds claimed, and claims whose payment was interrupted.
Task<void> Settler::settle_rest() {
    if (std::exchange(is_first_round_, false)) {
        for (const auto& [id, channel] : ledger_.book().channels()) {
            if (is_ours(channel))
                unsettled_.insert({channel.config.receiver, channel.config.token});
        }
    }
    const std::vector<Account> rest(unsettled_.begin(), unsettled_.end());
    for (const Account& account : rest) co_await settle(account);
}

bool Settler::is_ours(const Channel& channel) const {
    return channel.config.receiver_authorizer == authorizer_.address();
}

std::optional<Claim> Settler::claim_of(const ChannelId& id, const Channel& channel) const {
    const Amount total = channel.claimable();
    if (!is_ours(channel) || !channel.signature || total <= channel.chain.claimed) {
        return std::nullopt;
    }
    if (const auto refused = refused_.find(id);
        refused != refused_.end() && refused->second == total) {
        return std::nullopt;
    }
    return Claim{channel.config, {id, channel.maximum}, *channel.signature, total};
}

std::vector<Claim> Settler::claims(const eth::Address& receiver, const eth::Address& token) const {
    std::vector<Claim> rows;
    for (const ChannelId& id : ledger_.book().of_receiver(receiver)) {
        const Channel& channel = *ledger_.book().find(id);
        if (channel.config.token != token || channel.chain.withdraw_requested_at != 0) continue;
        if (auto claim = claim_of(id, channel)) rows.push_back(*std::move(claim));
    }
    std::ranges::sort(rows, {}, [](const Claim& claim) { return claim.voucher.channel_id; });
    return rows;
}

std::vector<Settler::Account> Settler::due_accounts(bool everything) const {
    std::map<Account, Due> earnings;
    for (const auto& [id, channel] : ledger_.book().channels()) {
        const auto claim = claim_of(id, channel);
        if (!claim) continue;
        Due& due = earnings[{channel.config.receiver, channel.config.token}];
        due.earned += claim->total - channel.chain.claimed;
        due.oldest = due.oldest == 0 ? channel.used_at : std::min(due.oldest, channel.used_at);
    }
    const std::int64_t old = unix_seconds(clock_.now()) - config_.max_age.count();
    std::vector<Account> accounts;
    for (const auto& [account, due] : earnings) {
        if (everything || due.earned >= config_.threshold || due.oldest <= old) {
            accounts.push_back(account);
        }
    }
    return accounts;
}

/// Each alone: such a channel's money may be gone at any moment, and one bad row fails a batch.
Task<void> Settler::claim_leaving() {
    std::vector<Claim> rows;
    for (const auto& [id, channel] : ledger_.book().channels()) {
        if (channel.chain.withdraw_requested_at == 0) continue;
        if (auto claim = claim_of(id, channel)) rows.push_back(*std::move(claim));
    }
    for (const Claim& row : rows) {
        std::vector<Claim> one(1, row);
        if (co_await claim(std::move(one))) {
            const Account account{row.config.receiver, row.config.token};
            co_await settle(account);
        }
    }
}

Task<void> Settler::claim_account(Account account) {
    const std::vector<Claim> rows = claims(account.receiver, account.token);
    for (std::size_t first = 0; first < rows.size(); first += config_.max_rows) {
        const std::size_t last = std::min(rows.size(), first + config_.max_rows);
        std::vector<Claim> batch(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                 rows.begin() + static_cast<std::ptrdiff_t>(last));
        co_await claim(std::move(batch));
    }
    co_await settle(account);
}

ByteVector Settler::signed_claim(const std::vector<Claim>& rows) const {
    const Hash256 digest = domain_.claim_batch_digest(entries_of(rows));
    return claim_call(rows, authorizer_.sign_typed_digest(digest));
}

Task<bool> Settler::claim(std::vector<Claim> rows) {
    chain::Job job;
    job.id = "claim:" + to_hex(domain_.claim_batch_digest(entries_of(rows)));
    job.to = domain_.contract();
    job.data = signed_claim(rows);
    const auto brought = co_await bring(std::move(job), PaymentError::claim_simulation_failed,
                                        PaymentError::claim_transaction_failed);
    if (brought) {
        for (const Claim& row : rows) {
            refused_.erase(row.voucher.channel_id);
            co_await mirror_.refresh(row.voucher.channel_id);
        }
        co_return true;
    }
    stop_unless_refused(brought.error());
    if (rows.size() == 1) {
        const ChannelId& id = rows.front().voucher.channel_id;
        refused_.insert_or_assign(id, rows.front().total);
        log_.error("a claim is refused", {{"channel", to_hex(id)},
                                          {"total", to_decimal(rows.front().total)},
                                          {"why", brought.error().message()}});
        co_return false;
    }
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
    std::vector<Claim> rest(middle, rows.end());
    rows.erase(middle, rows.end());
    const bool first_half = co_await claim(std::move(rows));
    if (!co_await claim(std::move(rest))) co_return false;
    co_return first_half;
}

Task<void> Settler::settle(Account account) {
    unsettled_.insert(account);
    const auto settled = co_await settle_now(account.receiver, account.token);
    if (!settled && settled.error() != PaymentError::nothing_to_settle) {
        stop_unless_refused(settled.error());
        log_.error("a settlement is refused", {{"receiver", to_checksum(account.receiver)},
                                               {"why", settled.error().message()}});
    }
    unsettled_.erase(account);
}

Task<Result<Hash256>> Settler::settle_now(eth::Address receiver, eth::Address token) {
    const auto state = co_await mirror_.reader().receiver(receiver, token);
    if (state.claimed <= state.settled) co_return fail(PaymentError::nothing_to_settle);
    chain::Job job;
    // What was ever claimed names the wish: each payment is another one.
    job.id = "settle:" + to_hex(eth::struct_hash({}, {eth::word(receiver), eth::word(token),
                                                      eth::word(state.claimed)}));
    job.to = domain_.contract();
    job.data = settle_call(receiver, token);
    job.gas = kSettleGas;
    Hash256 transaction;
    const auto brought = co_await bring(std::move(job), PaymentError::settle_simulation_failed,
                                        PaymentError::settle_transaction_failed, &transaction);
    if (!brought) co_return fail(brought.error());
    co_return transaction;
}

Task<void> Settler::refund_idle() {
    const std::int64_t old = unix_seconds(clock_.now()) - config_.idle_refund.count();
    std::vector<ChannelId> idle;
    for (const auto& [id, channel] : ledger_.book().channels()) {
        if (!is_ours(channel) || channel.used_at > old) continue;
        if (channel.refundable() > Amount{}) idle.push_back(id);
    }
    for (const ChannelId& id : idle) {
        const auto turn = co_await ledger_.turns().take(id, std::chrono::milliseconds(0));
        if (!turn) continue;
        const auto refunded = co_await refund(*turn, std::nullopt);
        if (!refunded) {
            log_.warning("an idle channel's rest can't be returned",
                         {{"channel", to_hex(id)}, {"why", refunded.error().message()}});
        }
    }
}

/// Also claims what is owed: both or nothing.
chain::Job Settler::refund_job(const ChannelId& id, const Channel& channel,
                               const Amount& amount) const {
    const U256 nonce = channel.chain.refund_nonce;
    const Hash256 digest = domain_.refund_digest(id, nonce, amount);
    std::vector<ByteVector> calls;
    if (const auto claim = claim_of(id, channel)) {
        calls.push_back(signed_claim(std::vector<Claim>(1, *claim)));
    }
    calls.push_back(
        refund_call(channel.config, amount, nonce, authorizer_.sign_typed_digest(digest)));
    chain::Job job;
    job.id = "refund:" + to_hex(digest);
    job.to = domain_.contract();
    job.data = multicall(calls);
    return job;
}

Task<Result<Settler::Refunded>> Settler::refund(const Turns::Turn& turn,
                                                std::optional<Amount> asked) {
    const ChannelId id = turn.channel();
    try {
        co_await mirror_.refresh(id);
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::rpc_read_failed);
    }
    const Channel* channel = ledger_.book().find(id);
    if (!channel) co_return fail(PaymentError::missing_channel);
    const auto amount = payment::refund_amount(
        {channel->chain.balance, channel->chain.claimed, channel->charged}, asked);
    if (!amount) co_return fail(amount.error());
    if (!ledger_.may_refund(id, *channel, *amount)) co_return fail(PaymentError::not_safe_yet);

    chain::Job job = refund_job(id, *channel, *amount);
    const U256 nonce = channel->chain.refund_nonce;
    const Account account{channel->config.receiver, channel->config.token};
    Refunded done{{}, *amount};
    // Only what the contract takes now: a refund that fails must not lock the channel's money.
    try {
        const auto would = co_await sender_.simulate(job);
        if (!would) co_return fail(PaymentError::refund_simulation_failed);
    } catch (const chain::RpcFailure&) {
        co_return fail(PaymentError::rpc_read_failed);
    }
    co_await ledger_.refund_signed(id, nonce, *amount);
    const auto brought = co_await bring(std::move(job), PaymentError::refund_simulation_failed,
                                        PaymentError::refund_transaction_failed, &done.transaction);
    if (!brought) co_return fail(brought.error());
    unsettled_.insert(account);
    try {
        co_await mirror_.refresh(id);
    } catch (const chain::RpcFailure& failure) {
        // The money has moved; the follower's logs bring the new balance.
        log_.warning("a refunded channel can't be read", {{"why", failure.what()}});
    }
    co_return done;
}

Task<Result<void>> Settler::bring(chain::Job job, PaymentError simulation, PaymentError transaction,
                                  Hash256* hash) {
    const std::string id = job.id;
    bool sent = false;
    try {
        const auto submitted = co_await sender_.submit(std::move(job));
        if (!submitted) {
            log_.debug("the contract refuses", {{"job", id}, {"why", submitted.error().message}});
            co_return fail(simulation);
        }
        sent = true;
        const auto receipt = co_await sender_.wait(id, config_.deadline);
        if (!receipt) co_return fail(transaction);
        if (hash) *hash = receipt->transaction;
        co_return Result<void>{};
    } catch (const chain::RpcFailure& failure) {
        log_.warning("the chain doesn't answer", {{"job", id}, {"why", failure.what()}});
    }
    co_return fail(sent ? PaymentError::settlement_pending : PaymentError::rpc_read_failed);
}

}  // namespace stoa::ledger
