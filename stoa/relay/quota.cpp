#include "stoa/relay/quota.hpp"

namespace stoa::relay {
namespace {

constexpr std::int64_t kKeptDays = 7;

constexpr const char* kSteps[] = {R"(
CREATE TABLE relay_carried (
    chain INTEGER NOT NULL, job TEXT NOT NULL, payer BLOB NOT NULL, day INTEGER NOT NULL,
    free INTEGER NOT NULL, wei BLOB NOT NULL, PRIMARY KEY (chain, job));
CREATE INDEX relay_carried_day ON relay_carried (chain, day, payer);
)"};

std::int64_t day_of(UnixTime time) {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

std::uint32_t used_by(db::Session& session, std::uint64_t chain, std::int64_t day,
                      const eth::Address& payer) {
    return session
        .first<std::uint32_t>(
            "SELECT count(*) FROM relay_carried WHERE chain = ? AND day = ? AND "
            "payer = ? AND free = 1",
            chain, day, payer)
        .value_or(0);
}

U256 wei_on(db::Session& session, std::uint64_t chain, std::int64_t day) {
    U256 sum = 0;
    for (auto rows =
             session.query("SELECT wei FROM relay_carried WHERE chain = ? AND day = ?", chain, day);
         rows.step();) {
        sum += rows.get<U256>(0);
    }
    return sum;
}

}  // namespace

Quota::Quota(db::Database& database, std::uint64_t chain_id, QuotaLimits limits)
    : database_(database), chain_id_(chain_id), limits_(std::move(limits)) {
    database_.write_now([](db::Session& session) { db::migrate(session, "relay", kSteps); });
}

Task<Result<void>> Quota::take(Take wanted, UnixTime now) {
    const std::int64_t day = day_of(now);
    co_return co_await database_.write([&](db::Session& session) -> Result<void> {
        if (session.first<std::int64_t>("SELECT day FROM relay_carried WHERE chain = ? AND job = ?",
                                        chain_id_, wanted.job)) {
            return {};
        }
        // What was opened must not keep anyone from leaving on the same day.
        const std::uint32_t most = limits_.free_per_day * (wanted.leaving ? 2 : 1);
        if (wanted.free && used_by(session, chain_id_, day, wanted.payer) >= most) {
            return fail(RelayError::quota);
        }
        const U256 before = wei_on(session, chain_id_, day);
        if (before > limits_.gas_budget_wei ||
            limits_.gas_budget_wei - before < wanted.at_most_wei) {
            return fail(RelayError::gas_budget);
        }
        session.run(
            "INSERT INTO relay_carried (chain, job, payer, day, free, wei) VALUES "
            "(?, ?, ?, ?, ?, ?)",
            chain_id_, wanted.job, wanted.payer, day, wanted.free, wanted.at_most_wei);
        session.run("DELETE FROM relay_carried WHERE chain = ? AND day < ?", chain_id_,
                    day - kKeptDays);
        return {};
    });
}

Task<void> Quota::give_back(std::string job) {
    co_await database_.write([&](db::Session& session) {
        session.run("DELETE FROM relay_carried WHERE chain = ? AND job = ?", chain_id_, job);
    });
}

Task<void> Quota::spent(std::string job, U256 wei) {
    co_await database_.write([&](db::Session& session) {
        session.run("UPDATE relay_carried SET wei = ? WHERE chain = ? AND job = ?", wei, chain_id_,
                    job);
    });
}

Task<std::uint32_t> Quota::left(eth::Address payer, UnixTime now) {
    const std::int64_t day = day_of(now);
    const auto used = co_await database_.read(
        [&](db::Session& session) { return used_by(session, chain_id_, day, payer); });
    co_return used >= limits_.free_per_day ? 0 : limits_.free_per_day - used;
}

}  // namespace stoa::relay
