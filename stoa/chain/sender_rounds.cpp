#include <algorithm>

#include "stoa/chain/sender_parts.hpp"
#include "stoa/io/deadline.hpp"

namespace stoa::chain {
namespace {

constexpr std::size_t kMaxCallsInRound = 400;
/// Rounds in a row that find a nonce used and no receipt, before that is believed.
constexpr unsigned kRoundsToBelieve = 3;
/// Final where a chain does not say what is.
constexpr std::uint64_t kDeepBlocks = 256;
/// A job that nobody could broadcast is tried again after this.
constexpr std::chrono::seconds kBroadcastAgain{2};

}  // namespace

Task<void> Sender::step() {
    co_await load();
    if (stepping_) co_return;
    stepping_ = true;
    struct Done {
        bool& flag;
        ~Done() { flag = false; }
    } on_exit{stepping_};
    if (recall_) co_await recall();
    if (live_.empty()) co_return;
    const Round round = co_await observe();
    std::vector<std::uint64_t> nonces;
    for (const auto& [nonce, job] : live_) nonces.push_back(nonce);
    for (const auto nonce : nonces) {
        const auto found = live_.find(nonce);
        if (found == live_.end() || !round.receipts.contains(found->second->id())) continue;
        co_await settle(*found->second, round);
    }
    chain_nonce_ = round.nonce;
}

Task<Sender::Round> Sender::observe() {
    std::vector<RpcCall> calls;
    calls.push_back(
        {"eth_getTransactionCount", two(json::string(eth::to_lower_hex(address())), "latest")});
    calls.push_back({"eth_getBlockByNumber", two("latest", false)});
    calls.push_back({"eth_getBlockByNumber", two("finalized", false)});
    std::vector<std::string> asked;
    for (const auto& [nonce, job] : live_) {
        if (calls.size() + job->stored.attempts.size() > kMaxCallsInRound) break;
        for (const auto& attempt : job->stored.attempts) {
            calls.push_back({"eth_getTransactionReceipt", one(json::string(to_hex(attempt.hash)))});
            asked.push_back(job->id());
        }
    }
    const auto answers = co_await rpc_.batch(std::move(calls));

    Round round;
    round.nonce = read_number(must(answers[0], "eth_getTransactionCount"));
    round.head = read_header(must(answers[1], "eth_getBlockByNumber")).id.number;
    if (answers[2] && !answers[2]->is_null()) {
        round.finalized = read_header(*answers[2]).id.number;
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto& value = must(answers[i + 3], "eth_getTransactionReceipt");
        auto& receipt = round.receipts[asked[i]];
        if (!value.is_null()) receipt = read_receipt(value);
    }
    head_ = round.head;
    // Final blocks are gone: a development chain was taken back. What they held is sent again.
    if (round.nonce < finished_nonces_) {
        log_.warning("the chain has forgotten transactions", {{"from nonce", round.nonce}});
        finished_nonces_ = round.nonce;
        co_await database_.write(
            [&](db::Session& session) { store_->reopen_from(session, round.nonce); });
        co_await recall();
    }
    co_return round;
}

Task<void> Sender::settle(Live& job, const Round& round) {
    const auto& receipt = round.receipts.at(job.id());
    StoredJob& stored = job.stored;
    if (!receipt) {
        if (stored.block) {
            stored.block.reset();
            stored.included.reset();
            stored.state = JobState::waiting;
            job.accepted = false;
            log_.info("a transaction was taken back", {{"job", job.id()}});
            co_await save(stored, false);
        }
        co_await push(job, round);
        co_return;
    }
    job.misses = 0;
    const bool is_new = stored.block != receipt->block;
    stored.block = receipt->block;
    stored.included = receipt->transaction;
    stored.state = receipt->success ? JobState::included : JobState::reverted;
    const bool final = receipt->block.number <= round.finalized ||
                       receipt->block.number + kDeepBlocks <= round.head;
    if (!is_new && !final) co_return;
    co_await save(stored, final);
    if (final) {
        finished_nonces_ = std::max(finished_nonces_, stored.nonce + 1);
        live_.erase(stored.nonce);
    }
}

/// A copy: the event loop may change the job while the writer's thread reads it.
Task<void> Sender::save(StoredJob stored, bool final) {
    co_await database_.write(
        [&](db::Session& session) { store_->set_state(session, stored, final); });
}

Task<void> Sender::push(Live& job, const Round& round) {
    // Judged by the nonce of the round before: within one, a block may come between the answers.
    if (job.stored.nonce < chain_nonce_ && job.stored.nonce < round.nonce) {
        if (++job.misses >= kRoundsToBelieve) co_await displaced(job);
        co_return;
    }
    job.misses = 0;
    const auto now = clock_.steady();
    if (now - job.offered_at >= config_.replace_after) {
        co_await replace(job);
    } else if (!job.accepted && now - job.tried_at >= kBroadcastAgain) {
        job.tried_at = now;
        job.accepted = co_await broadcast(job);
    }
}

Task<void> Sender::replace(Live& job) {
    StoredJob& stored = job.stored;
    const Fees last = stored.attempts.back().fees;
    const Fees now = co_await fees();
    const auto raised = [&](const U256& fee) {
        return U256(fee + fee * config_.bump_percent / 100 + 1);
    };
    const Fees next{std::max(raised(last.max_fee), now.max_fee),
                    std::max(raised(last.tip), now.tip)};
    job.offered_at = job.tried_at = clock_.steady();
    if (next.max_fee <= config_.max_fee) {
        const Attempt attempt = sign_attempt(signer_, chain_id_, stored, next);
        const std::string id = job.id();
        co_await database_.write(
            [&](db::Session& session) { store_->add_attempt(session, id, attempt); });
        stored.attempts.push_back(attempt);
        log_.info("a transaction is offered for more", {{"job", job.id()}});
    }
    job.accepted = co_await broadcast(job);
}

/// Somebody else used the account: the nonce is gone, and none of our attempts has it.
Task<void> Sender::displaced(Live& job) {
    const auto gas = co_await simulate(job.stored.job);
    const std::uint64_t old_nonce = job.stored.nonce;
    if (!gas) {
        job.stored.state = JobState::reverted;
        log_.warning("a transaction lost its nonce and would revert now",
                     {{"job", job.id()}, {"why", gas.error().message}});
        co_await save(job.stored, true);
        live_.erase(old_nonce);
        co_return;
    }
    const auto used = co_await nonce(rpc_, address(), Tag::latest);  // As in `load`.
    const Fees offer = co_await fees();
    auto moved = std::make_unique<Live>();
    const StoredJob stored = job.stored;
    moved->stored = co_await database_.write([&](db::Session& session) {
        StoredJob fresh = stored;
        fresh.nonce = store_->take_nonce(session, used);
        fresh.attempts = {sign_attempt(signer_, chain_id_, fresh, offer)};
        store_->move(session, fresh);
        return fresh;
    });
    moved->offered_at = moved->tried_at = clock_.steady();
    log_.warning("a transaction lost its nonce and has a new one", {{"job", moved->id()}});
    live_.erase(old_nonce);
    Live& kept = *live_.insert_or_assign(moved->stored.nonce, std::move(moved)).first->second;
    kept.accepted = co_await broadcast(kept);
}

Task<void> Sender::run() {
    auto pause = config_.poll;
    for (;;) {
        try {
            co_await step();
            pause = config_.poll;
        } catch (const RpcFailure& failure) {
            pause = std::min<std::chrono::milliseconds>(pause * 2, std::chrono::seconds(15));
            log_.warning("the chain does not answer about transactions", {{"why", failure.what()}});
        }
        co_await io::sleep_for(pause);
    }
}

}  // namespace stoa::chain
