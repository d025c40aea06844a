#include "stoa/chain/follower.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/assert.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/chain/chain_check.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain {
namespace {

constexpr std::uint64_t kForkWindow = 64;
/// Near the head logs are asked for by block hash (EIP-234), so that no reorg can mix two views;
/// farther back by ranges, where a wrong hash is found by the check.
constexpr std::size_t kBlocksByHash = 16;

RpcCall block_call(std::string which) {
    json::array params;
    params.emplace_back(std::move(which));
    params.emplace_back(false);
    return {"eth_getBlockByNumber", std::move(params)};
}

RpcCall logs_call(json::object filter, std::span<const eth::Address> contracts) {
    json::array addresses;
    for (const auto& contract : contracts) addresses.emplace_back(eth::to_lower_hex(contract));
    filter["address"] = std::move(addresses);
    json::array params;
    params.emplace_back(std::move(filter));
    return {"eth_getLogs", std::move(params)};
}

std::vector<Log> read_logs(const RpcResult<json::value>& answer) {
    if (!answer) throw RpcFailure("eth_getLogs: " + answer.error().message);
    if (!answer->is_array()) throw RpcFailure("the endpoint's logs are not a list");
    std::vector<Log> logs;
    logs.reserve(answer->get_array().size());
    for (const auto& entry : answer->get_array()) logs.push_back(read_log(entry));
    return logs;
}

Header read_block(const RpcResult<json::value>& answer) {
    if (!answer) throw RpcFailure("eth_getBlockByNumber: " + answer.error().message);
    if (answer->is_null()) throw RpcFailure("the endpoint has taken back a block");
    return read_header(*answer);
}

std::vector<eth::Address> contracts_of(const std::vector<LogSink*>& sinks) {
    std::vector<eth::Address> all;
    for (const LogSink* sink : sinks) {
        for (const auto& contract : sink->contracts()) all.push_back(contract);
    }
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    return all;
}

/// Of everything that the derived tables depend on besides the chain.
Hash256 plan_of(std::span<const eth::Address> contracts, std::uint64_t start_block) {
    ByteVector bytes;
    for (const auto& contract : contracts) {
        bytes.insert(bytes.end(), contract.bytes.begin(), contract.bytes.end());
    }
    const std::string start = to_quantity(start_block);
    bytes.insert(bytes.end(), start.begin(), start.end());
    return eth::keccak256(bytes);
}

}  // namespace

/// What the endpoint says of the present.
struct Follower::View {
    Header head;
    Hash256 genesis;
    std::uint64_t safe = 0;
    std::uint64_t finalized = 0;
    std::optional<Header> ours;  ///< Its block at the height of our head.
};

/// Consecutive blocks and the logs in them.
struct Follower::Range {
    std::vector<Header> headers;
    std::vector<Log> logs;
};

Follower::Follower(Rpc& rpc, db::Database& database, io::Pool& pool, std::uint64_t chain_id,
                   std::vector<LogSink*> sinks, FollowerConfig config, io::Log log)
    : rpc_(rpc),
      database_(database),
      pool_(pool),
      store_(chain_id, config.kept_hashes),
      sinks_(std::move(sinks)),
      config_(config),
      log_(std::move(log)),
      contracts_(contracts_of(sinks_)),
      blocks_at_once_(std::min<std::uint64_t>(32, config.max_blocks_at_once)) {
    STOA_ASSERT(config.max_blocks_at_once > 0 && config.max_blocks_at_once <= kMaxBatch &&
                config.kept_hashes >= kForkWindow);
    for (const LogSink* sink : sinks_) {
        const auto wanted = sink->contracts();
        wanted_.emplace_back(wanted.begin(), wanted.end());
    }
}

Task<bool> Follower::step() {
    if (!loaded_) {
        head_ = co_await database_.write([this](db::Session& session) {
            BlockStore::migrate(session);
            return store_.head(session);
        });
        loaded_ = true;
    }
    const View view = co_await look();
    co_await check_origin(view.genesis);
    std::optional<std::uint64_t> undo_to;
    BlockId parent = head_.value_or(BlockId{});
    if (head_ && (!view.ours || view.ours->id != *head_)) {
        const auto fork = co_await fork_with(view);
        if (!fork) {
            log_.warning("the chain has another past than can be undone: reading it again");
            co_await start_over(view.genesis);
            co_return true;
        }
        log_.info(
            "blocks were taken back",
            {{"chain head", view.head.id.number}, {"from", head_->number}, {"to", fork->number}});
        undo_to = fork->number;
        parent = *fork;
    }
    const bool started = head_.has_value();
    Range range = co_await fetch(started ? std::optional(parent) : std::nullopt, view);
    const bool more =
        !range.headers.empty() && range.headers.back().id.number < view.head.id.number;
    bool too_deep = false;
    try {
        if (!range.headers.empty() || undo_to) co_await commit(std::move(range), undo_to, parent);
    } catch (const CannotUndo& failure) {
        log_.warning("the chain has another past than can be undone: reading it again",
                     {{"why", failure.what()}});
        too_deep = true;
    }
    if (too_deep) {
        co_await start_over(view.genesis);
        co_return true;
    }
    at_head_ = !more;
    if (head_) publish(view, undo_to);
    co_return more;
}

Task<Follower::View> Follower::look() {
    std::vector<RpcCall> calls;
    calls.push_back(block_call("latest"));
    calls.push_back(block_call("0x0"));
    calls.push_back(block_call("safe"));
    calls.push_back(block_call("finalized"));
    if (head_) calls.push_back(block_call(to_quantity(head_->number)));
    const auto answers = co_await rpc_.batch(std::move(calls));

    View view;
    view.head = read_block(answers[0]);
    view.genesis = read_block(answers[1]).id.hash;
    // Chains without these names finalize nothing that we could rely on.
    const auto number_of = [&](const RpcResult<json::value>& answer) {
        if (!answer || answer->is_null()) return std::uint64_t{0};
        return std::min(read_header(*answer).id.number, view.head.id.number);
    };
    view.safe = number_of(answers[2]);
    view.finalized = std::min(number_of(answers[3]), view.safe);
    if (head_) {
        if (!answers[4]) throw RpcFailure("eth_getBlockByNumber: " + answers[4].error().message);
        if (!answers[4]->is_null()) view.ours = read_header(*answers[4]);
    }
    co_return view;
}

Task<void> Follower::check_origin(Hash256 genesis) {
    if (genesis_ == genesis) co_return;
    const BlockStore::Origin now{genesis, plan_of(contracts_, config_.start_block)};
    const auto before =
        co_await database_.read([this](db::Session& session) { return store_.origin(session); });
    if (before != now) {
        if (before) log_.warning("another chain or other contracts than before: reading it again");
        co_await start_over(genesis);
    }
    genesis_ = genesis;
}

Task<std::optional<BlockId>> Follower::fork_with(const View& view) {
    std::uint64_t last = std::min(head_->number, view.head.id.number);
    for (;;) {
        const auto ours = co_await database_.read(
            [&](db::Session& session) { return store_.newest(session, last, kForkWindow); });
        if (ours.empty()) co_return std::nullopt;
        std::vector<RpcCall> calls;
        for (const BlockId& block : ours) calls.push_back(block_call(to_quantity(block.number)));
        const auto answers = co_await rpc_.batch(std::move(calls));
        for (std::size_t i = 0; i < ours.size(); ++i) {
            if (answers[i] && !answers[i]->is_null() && read_header(*answers[i]).id == ours[i]) {
                co_return ours[i];
            }
        }
        if (ours.back().number == 0) co_return std::nullopt;
        last = ours.back().number - 1;
    }
}

Task<Follower::Range> Follower::fetch(std::optional<BlockId> parent, const View& view) {
    Range range;
    const std::uint64_t first = parent ? parent->number + 1 : config_.start_block;
    const std::uint64_t newest = view.head.id.number;
    if (first > newest) co_return range;
    const std::uint64_t last = std::min(newest, first + blocks_at_once_ - 1);
    range.headers = co_await headers(first, last);
    if (!parent) parent = BlockId{first - 1, range.headers.front().parent};
    check_continues(*parent, range.headers);
    try {
        range.logs = co_await logs(range.headers);
    } catch (const RpcFailure&) {
        // Maybe more logs than the endpoint gives at once.
        blocks_at_once_ = std::max<std::uint64_t>(1, blocks_at_once_ / 4);
        throw;
    }
    adapt(range.headers.size(), range.logs.size());
    co_return range;
}

Task<std::vector<Header>> Follower::headers(std::uint64_t first, std::uint64_t last) {
    std::vector<RpcCall> calls;
    for (auto number = first; number <= last; ++number) {
        calls.push_back(block_call(to_quantity(number)));
    }
    const auto answers = co_await rpc_.batch(std::move(calls));
    std::vector<Header> headers;
    headers.reserve(answers.size());
    for (const auto& answer : answers) headers.push_back(read_block(answer));
    co_return headers;
}

Task<std::vector<Log>> Follower::logs(std::span<const Header> headers) {
    if (contracts_.empty()) co_return std::vector<Log>{};
    if (headers.size() <= kBlocksByHash) co_return co_await logs_by_hash(headers);
    std::vector<RpcCall> calls;
    calls.push_back(logs_call({{"fromBlock", to_quantity(headers.front().id.number)},
                               {"toBlock", to_quantity(headers.back().id.number)}},
                              contracts_));
    const auto answers = co_await rpc_.batch(std::move(calls));
    auto logs = co_await io::on(pool_, [&] {
        auto read = read_logs(answers.front());
        check_logs(headers, read, contracts_);
        return read;
    });
    // An endpoint whose index lags leaves logs out of ranges: the blocks themselves say where.
    const auto doubtful = suspiciously_empty(headers, logs, contracts_);
    if (!doubtful.empty()) {
        std::vector<Header> again;
        for (const auto& header : headers) {
            if (std::ranges::find(doubtful, header.id) != doubtful.end()) again.push_back(header);
        }
        const auto found = co_await logs_by_hash(again);
        logs.insert(logs.end(), found.begin(), found.end());
        std::ranges::stable_sort(logs, {}, [](const Log& log) { return log.block.number; });
    }
    co_return logs;
}

Task<std::vector<Log>> Follower::logs_by_hash(std::span<const Header> headers) {
    std::vector<Log> logs;
    std::vector<RpcCall> calls;
    for (const auto& header : headers) {
        calls.push_back(logs_call({{"blockHash", to_hex(header.id.hash)}}, contracts_));
    }
    const auto answers = co_await rpc_.batch(std::move(calls));
    for (const auto& answer : answers) {
        for (auto& log : read_logs(answer)) logs.push_back(std::move(log));
    }
    check_logs(headers, logs, contracts_);
    co_return logs;
}

Task<void> Follower::commit(Range range, std::optional<std::uint64_t> undo_to, BlockId parent) {
    co_await database_.write([&](db::Session& session) {
        if (undo_to) {
            for (LogSink* sink : sinks_) sink->undo(session, *undo_to);
            store_.drop_above(session, *undo_to);
        }
        for (std::size_t i = 0; i < sinks_.size(); ++i) {
            apply(session, range, *sinks_[i], wanted_[i]);
        }
        store_.append(session, range.headers);
    });
    head_ = range.headers.empty() ? parent : range.headers.back().id;
    if (!range.headers.empty()) head_header_ = range.headers.back();
}

void Follower::apply(db::Session& session, const Range& range, LogSink& sink,
                     const std::set<eth::Address>& wanted) {
    std::vector<Log> of_block;
    auto log = range.logs.begin();
    for (const auto& header : range.headers) {
        of_block.clear();
        for (; log != range.logs.end() && log->block == header.id; ++log) {
            if (wanted.contains(log->address)) of_block.push_back(*log);
        }
        if (!of_block.empty()) sink.apply(session, header, of_block);
    }
}

Task<void> Follower::start_over(Hash256 genesis) {
    co_await database_.write([&](db::Session& session) {
        for (LogSink* sink : sinks_) sink->wipe(session);
        store_.start(session, {genesis, plan_of(contracts_, config_.start_block)});
    });
    head_.reset();
    heads_.reset();
    genesis_ = genesis;
    at_head_ = false;
}

void Follower::publish(const View& view, std::optional<std::uint64_t> undone_to) {
    if (view.ours && view.ours->id == *head_) head_header_ = *view.ours;
    if (head_header_.id != *head_) head_header_.id = *head_;
    Heads now{head_header_, std::min(view.safe, head_->number),
              std::min(view.finalized, head_->number)};
    const bool same = heads_ && heads_->head.id == now.head.id && heads_->safe == now.safe &&
                      heads_->finalized == now.finalized;
    heads_ = now;
    if (same && !undone_to) return;
    for (LogSink* sink : sinks_) sink->advanced(*heads_, undone_to);
}

void Follower::adapt(std::size_t blocks, std::size_t log_count) {
    const double per_block = static_cast<double>(log_count) / static_cast<double>(blocks);
    const double fits = static_cast<double>(config_.logs_at_once) / std::max(per_block, 1.0);
    const auto target = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(fits));
    blocks_at_once_ = std::min({target, blocks_at_once_ * 2, config_.max_blocks_at_once});
}

Task<void> Follower::run() {
    timer_.emplace(co_await boost::asio::this_coro::executor);
    auto pause = config_.poll;
    for (;;) {
        bool more = false;
        try {
            more = co_await step();
            pause = config_.poll;
        } catch (const RpcFailure& failure) {
            pause = std::min(pause * 2, config_.max_backoff);
            log_.warning("the chain could not be followed", {{"why", failure.what()}});
        }
        if (more) continue;
        // A kick that came during the round is one for now.
        if (kicked_) {
            kicked_ = false;
            continue;
        }
        timer_->expires_after(pause);
        boost::system::error_code cut_short;
        co_await timer_->async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, cut_short));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
        kicked_ = false;
    }
}

void Follower::kick() {
    kicked_ = true;
    if (timer_) timer_->cancel();
}

}  // namespace stoa::chain
