#include "stoa/chain/sender.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/chain/sender_parts.hpp"
#include "stoa/io/deadline.hpp"

namespace stoa::chain {
namespace {

constexpr std::size_t kMaxIdChars = 128;
/// Nodes word it differently: "already known", "known transaction", "already imported".
bool is_known(const RpcError& error) {
    return error.message.find("already") != std::string::npos ||
           error.message.find("known transaction") != std::string::npos;
}

Call call_of(const Job& job, const eth::Address& from) {
    return {from, job.to, job.data, job.value, job.gas};
}

}  // namespace

Sender::Sender(Rpc& rpc, db::Database& database, const keys::Signer& signer, const io::Clock& clock,
               std::uint64_t chain_id, SenderConfig config, io::Log log)
    : rpc_(rpc),
      database_(database),
      signer_(signer),
      clock_(clock),
      chain_id_(chain_id),
      config_(std::move(config)),
      log_(std::move(log)),
      store_(std::make_unique<Store>(chain_id, signer.address())) {
    STOA_ASSERT(config_.bump_percent >= 10 && config_.confirmations >= 1);
    if (!config_.errors) config_.errors = std::make_shared<Abi>();
}

Sender::~Sender() = default;

eth::Address Sender::address() const {
    return signer_.address();
}

Task<void> Sender::load() {
    if (loaded_) co_return;
    const auto genesis = co_await header(rpc_, std::uint64_t{0});
    if (!genesis) throw RpcFailure("the chain has no block 0");
    // Of transactions that an earlier database knew and this one doesn't, or that another process
    // sends with the same key. Those that are in no block don't count: should they be dropped, ours
    // would wait behind them for ever.
    const auto used = co_await nonce(rpc_, address(), Tag::latest);
    finished_nonces_ = co_await database_.write([&](db::Session& session) {
        store_->open(session, genesis->id.hash, used);
        return store_->finished_nonces(session);
    });
    co_await recall();
    loaded_ = true;
}

Task<void> Sender::recall() {
    recall_ = false;
    auto jobs = co_await database_.read(
        [this](db::Session& session) { return store_->unfinished(session); });
    for (auto& stored : jobs) {
        if (stored.attempts.empty() || live_.contains(stored.nonce)) continue;
        auto job = std::make_unique<Live>();
        job->stored = std::move(stored);
        job->offered_at = job->tried_at = clock_.steady();
        live_.emplace(job->stored.nonce, std::move(job));
    }
}

Sender::Live* Sender::live(const std::string& id) {
    for (auto& [nonce, job] : live_) {
        if (job->id() == id) return job.get();
    }
    return nullptr;
}

Task<Fees> Sender::fees() {
    std::vector<RpcCall> calls;
    calls.push_back({"eth_getBlockByNumber", two("latest", false)});
    calls.push_back({"eth_maxPriorityFeePerGas", {}});
    const auto answers = co_await rpc_.batch(std::move(calls));
    const U256 base = read_header(must(answers[0], "eth_getBlockByNumber")).base_fee;
    Fees fees;
    // Not every chain has the method; a gwei is what nodes fall back to.
    fees.tip = answers[1] ? read_u256(*answers[1]) : U256(1'000'000'000);
    fees.tip = std::min(fees.tip, config_.max_fee);
    // Twice the base fee: six full blocks in a row do not make it too little.
    const U256 cap = config_.max_fee;
    fees.max_fee = base > cap ? cap : std::min(cap, U256(base * 2 + fees.tip));
    co_return fees;
}

Task<tl::expected<std::uint64_t, Revert>> Sender::simulate(const Job& job) {
    const Call request = call_of(job, address());
    const auto gas = co_await estimate_gas(rpc_, request);
    if (gas) co_return *gas;
    if (!is_revert(gas.error())) throw RpcFailure("eth_estimateGas: " + gas.error().message);
    co_return tl::unexpected(config_.errors->explain(gas.error().data));
}

Task<tl::expected<Hash256, Revert>> Sender::submit(Job job) {
    STOA_ASSERT(!job.id.empty() && job.id.size() <= kMaxIdChars);
    co_await load();
    if (const auto known = co_await status(job.id)) co_return known->transaction;
    const auto gas = co_await simulate(job);
    if (!gas) co_return tl::unexpected(gas.error());
    const Fees offer = co_await fees();

    StoredJob stored;
    stored.gas = job.gas.value_or(*gas + *gas / 4);
    stored.job = std::move(job);
    // Should this task be cancelled in between, the next round finds the job in the database.
    struct Recall {
        bool& flag;
        ~Recall() { flag = true; }
    } on_exit{recall_};
    const StoredJob draft = std::move(stored);
    stored = co_await database_.write([&](db::Session& session) {
        if (auto known = store_->find(session, draft.job.id)) return *std::move(known);
        StoredJob fresh = draft;
        fresh.nonce = store_->take_nonce(session, 0);
        fresh.attempts.push_back(sign_attempt(signer_, chain_id_, fresh, offer));
        store_->insert(session, fresh);
        return fresh;
    });
    const Hash256 hash = stored.attempts.back().hash;
    auto& kept = live_[stored.nonce];
    if (!kept) {
        kept = std::make_unique<Live>();
        kept->stored = std::move(stored);
        kept->offered_at = kept->tried_at = clock_.steady();
        const std::uint64_t nonce = kept->stored.nonce;
        const bool accepted = co_await broadcast(*kept);
        if (const auto found = live_.find(nonce); found != live_.end()) {
            found->second->accepted = accepted;
        }
    }
    co_return hash;
}

Task<bool> Sender::broadcast(const Live& job) {
    const std::string id = job.id();
    const std::string raw = to_hex(job.stored.attempts.back().raw);
    try {
        const auto answer = co_await rpc_.call("eth_sendRawTransaction", one(json::string(raw)));
        if (answer || is_known(answer.error())) co_return true;
        log_.warning("a transaction was not taken", {{"job", id}, {"why", answer.error().message}});
    } catch (const RpcFailure& failure) {
        log_.warning("a transaction could not be sent", {{"job", id}, {"why", failure.what()}});
    }
    co_return false;
}

Task<tl::expected<Receipt, Revert>> Sender::wait(std::string id, std::chrono::seconds deadline) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        co_await step();
        const auto now = co_await status(id);
        if (!now) throw std::out_of_range("no such job: " + id);
        if (now->block && head_ + 1 >= now->block->number + config_.confirmations) {
            if (auto found = co_await receipt(rpc_, now->transaction)) {
                if (found->success) co_return *std::move(found);
                auto why = co_await revert_of(id, *found);
                if (!why) why.emplace();
                co_return tl::unexpected(*std::move(why));
            }
        } else if (now->state == JobState::reverted) {
            co_return tl::unexpected(Revert{"", "another transaction took its place", {}});
        }
        if (std::chrono::steady_clock::now() >= until) {
            throw RpcFailure("transaction " + to_hex(now->transaction) + " is not included yet");
        }
        co_await io::sleep_for(config_.poll);
    }
}

Task<std::optional<Revert>> Sender::revert_of(const std::string& id, const Receipt& receipt) {
    const auto stored =
        co_await database_.read([&](db::Session& session) { return store_->find(session, id); });
    if (!stored) co_return std::nullopt;
    Call again = call_of(stored->job, address());
    again.gas = stored->gas;
    const auto before = to_quantity(receipt.block.number - 1);
    const auto answer =
        co_await rpc_.call("eth_call", two(write_call(again), json::string(before)));
    if (answer || answer.error().data.empty()) {
        // Not what happens now: it failed for what stood before it in its block, or for its gas.
        co_return Revert{"", "the transaction reverted", {}};
    }
    co_return config_.errors->explain(answer.error().data);
}

Task<tl::expected<Receipt, Revert>> Sender::send(Job job, std::chrono::seconds deadline) {
    const std::string id = job.id;
    auto submitted = co_await submit(std::move(job));
    if (!submitted) co_return tl::unexpected(std::move(submitted.error()));
    co_return co_await wait(id, deadline);
}

Task<std::optional<JobStatus>> Sender::status(std::string id) {
    co_await load();
    std::optional<StoredJob> found;
    if (const Live* job = live(id)) {
        found = job->stored;
    } else {
        found = co_await database_.read(
            [&](db::Session& session) { return store_->find(session, id); });
    }
    if (!found) co_return std::nullopt;
    JobStatus status;
    status.state = found->state;
    status.block = found->block;
    if (found->included) {
        status.transaction = *found->included;
    } else if (!found->attempts.empty()) {
        status.transaction = found->attempts.back().hash;
    }
    co_return status;
}

Task<std::vector<Sender::Waiting>> Sender::waiting() {
    co_await load();
    std::vector<Waiting> all;
    for (const auto& [nonce, job] : live_) {
        const StoredJob& stored = job->stored;
        if (stored.state != JobState::waiting || stored.attempts.empty()) continue;
        all.push_back({stored.attempts.back().hash, stored.job.to, stored.job.data});
    }
    co_return all;
}

Task<void> Sender::rewound(std::uint64_t keep) {
    co_await load();
    co_await database_.write([&](db::Session& session) { store_->reopen_above(session, keep); });
    for (auto& [nonce, job] : live_) {
        if (!job->stored.block || job->stored.block->number <= keep) continue;
        job->stored.block.reset();
        job->stored.included.reset();
        job->stored.state = JobState::waiting;
        job->accepted = false;
    }
    co_await recall();
}

}  // namespace stoa::chain
