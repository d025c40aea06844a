#include <algorithm>
#include <map>
#include <set>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/catalogue/rows.hpp"

// Who is paid through whom: splits are followed from one to the next by their payees.

namespace stoa::catalogue {
namespace {

std::vector<content::ManifestPayee> roles_of(db::Session& session, std::uint64_t model) {
    const auto bytes = session.first<ByteVector>(
        "SELECT m.bytes FROM version v JOIN manifest m ON m.digest = v.manifest "
        "WHERE v.model = ? ORDER BY v.status = 2, v.number DESC LIMIT 1",
        model);
    if (!bytes) return {};
    auto manifest = content::parse_manifest(as_text(*bytes));
    return manifest ? std::move(manifest->payees) : std::vector<content::ManifestPayee>{};
}

bool is_split_here(db::Session& session, const eth::Address& address) {
    return session.first<int>("SELECT 1 FROM payee WHERE split = ? LIMIT 1", address).has_value();
}

PaidSplit paid_split(db::Session& session, const eth::Address& address) {
    PaidSplit split;
    split.address = address;
    split.payees = payees_of(session, address);
    split.model = session.first<std::uint64_t>(
        "SELECT model FROM paid_through WHERE split = ? LIMIT 1", eth::to_lower_hex(address));
    split.service =
        session.first<std::uint64_t>("SELECT id FROM service WHERE receiver = ?", address);
    const auto model = split.model ? split.model
                                   : session.first<std::uint64_t>(
                                         "SELECT model FROM service WHERE receiver = ?", address);
    if (!model) return split;
    auto rows = session.query(
        "SELECT m.registrant, m.slug, d.title FROM model m JOIN doc d ON d.model = m.id WHERE "
        "m.id = ?",
        *model);
    if (!rows.step()) return split;
    split.registrant = rows.get<eth::Address>(0);
    split.slug = rows.get<std::string>(1);
    split.title = rows.get<std::string>(2);
    if (split.model) split.roles = roles_of(session, *model);
    return split;
}

/// Each before those that it pays, and its level: the longest way from the first one decides.
/// Splits have their payees in their own address, so that no way leads back to one.
std::vector<PaidSplit> in_order(std::map<eth::Address, PaidSplit> splits,
                                const eth::Address& first) {
    std::map<eth::Address, std::size_t> payers;
    for (const auto& [address, split] : splits) {
        for (const Payee& payee : split.payees) ++payers[payee.account];
    }
    std::vector<PaidSplit> ordered;
    std::vector<eth::Address> ready{first};
    for (std::size_t next = 0; next < ready.size(); ++next) {
        PaidSplit& split = splits.at(ready[next]);
        for (const Payee& payee : split.payees) {
            const auto paid = splits.find(payee.account);
            if (paid == splits.end()) continue;
            paid->second.level = std::max(paid->second.level, split.level + 1);
            if (--payers[payee.account] == 0) ready.push_back(payee.account);
        }
        ordered.push_back(split);
    }
    return ordered;
}

}  // namespace

/// As the registry: what is set takes the place of what was announced and doesn't hold yet.
std::pair<Royalty, std::optional<Royalty>> royalty_of(db::Session& session, std::uint64_t model,
                                                      UnixTime now) {
    Royalty holds;
    std::optional<Royalty> next;
    for (auto rows = session.query(
             "SELECT time, effective, bps, token, per_call, per_million FROM royalty WHERE model = "
             "? ORDER BY rowid",
             model);
         rows.step();) {
        const auto time = rows.get<std::int64_t>(0);
        Royalty set;
        set.effective = rows.get<std::int64_t>(1);
        set.call_bps = rows.get<std::uint32_t>(2);
        set.token = eth::parse_address_any_case(rows.get<std::string>(3)).value();
        set.per_call = parse_amount(rows.get<std::string>(4)).value();
        set.per_million = parse_amount(rows.get<std::string>(5)).value();
        if (next && next->effective <= time) holds = *next;
        next.reset();
        if (set.effective <= time) {
            holds = std::move(set);
        } else {
            next = std::move(set);
        }
    }
    if (next && next->effective <= unix_seconds(now)) {
        holds = *next;
        next.reset();
    }
    return {holds, next};
}

Task<std::vector<PaidSplit>> Catalogue::splits_below(eth::Address first) {
    co_return co_await database_.read([&](db::Session& session) {
        std::map<eth::Address, PaidSplit> splits;
        std::set<eth::Address> seen;
        std::vector<eth::Address> waiting{first};
        for (std::size_t next = 0; next < waiting.size(); ++next) {
            if (!seen.insert(waiting[next]).second) continue;
            // Most payees are people.
            const bool is_split = next == 0 || is_split_here(session, waiting[next]);
            if (!is_split) continue;
            if (splits.size() == kMaxPaidSplits) break;
            PaidSplit split = paid_split(session, waiting[next]);
            for (const Payee& payee : split.payees) waiting.push_back(payee.account);
            splits.emplace(split.address, std::move(split));
        }
        return in_order(std::move(splits), first);
    });
}

Task<std::vector<PaidSplit>> Catalogue::splits_above(eth::Address split) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<eth::Address> addresses;
        for (auto rows = session.query(
                 "SELECT split FROM payee WHERE account = ? ORDER BY rowid DESC LIMIT ?", split,
                 kMaxPayers);
             rows.step();) {
            addresses.push_back(rows.get<eth::Address>(0));
        }
        std::vector<PaidSplit> splits;
        for (const auto& address : addresses) splits.push_back(paid_split(session, address));
        return splits;
    });
}

Task<std::optional<eth::Address>> Catalogue::pay_to(std::uint64_t model) {
    co_return co_await database_.read([&](db::Session& session) {
        return session.first<eth::Address>(
            "SELECT pay_to FROM model WHERE id = ? AND pay_to IS NOT NULL", model);
    });
}

Task<std::optional<Service>> Catalogue::service(std::uint64_t id, UnixTime now) {
    co_return co_await database_.read(
        [&](db::Session& session) { return service_of(session, id, now); });
}

}  // namespace stoa::catalogue
