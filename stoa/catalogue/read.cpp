#include <algorithm>
#include <tuple>

#include "stoa/base/hex.hpp"
#include "stoa/catalogue/catalogue.hpp"
#include "stoa/catalogue/rows.hpp"

namespace stoa::catalogue {
namespace {

std::vector<Service> services_where(db::Session& session, std::string_view sql,
                                    const eth::Address& account, UnixTime now) {
    std::vector<std::uint64_t> ids;
    for (auto rows = session.query(sql, account); rows.step();) {
        ids.push_back(rows.get<std::uint64_t>(0));
    }
    std::vector<Service> services;
    for (const std::uint64_t id : ids) services.push_back(service_of(session, id, now).value());
    return services;
}

Detail read_detail(db::Session& session, Summary summary, UnixTime now) {
    Detail detail;
    const std::uint64_t model = summary.id;
    detail.summary = std::move(summary);
    auto rows = session.query(
        "SELECT m.pay_to, m.serving, d.card FROM model m JOIN doc d ON d.model = m.id "
        "WHERE m.id = ?",
        model);
    if (rows.step()) {
        detail.pay_to = rows.get<std::optional<eth::Address>>(0).value_or(eth::kZeroAddress);
        detail.serving = rows.get<Serving>(1);
        detail.card = rows.get<std::string>(2);
    }
    std::tie(detail.royalty, detail.next_royalty) = royalty_of(session, model, now);
    detail.payees = payees_of(session, detail.pay_to);
    detail.versions = versions_of(session, model);
    detail.offers = offers_of(session, model);
    for (Service& service : services_of_model(session, model, now)) {
        if (is_live(service, now)) detail.services.push_back(std::move(service));
    }
    for (auto parents = session.query(
             "SELECT parent, version, bps FROM parent WHERE model = ? ORDER BY parent", model);
         parents.step();) {
        detail.parents.push_back({parents.get<std::uint64_t>(0), parents.get<std::uint32_t>(1),
                                  parents.get<std::uint32_t>(2)});
    }
    return detail;
}

}  // namespace

Task<std::optional<Summary>> Catalogue::summary(std::uint64_t model, UnixTime now) {
    co_return co_await database_.read(
        [&](db::Session& session) { return summary_of(session, model, own_provider_, now); });
}

Task<std::optional<Detail>> Catalogue::detail(std::uint64_t model, UnixTime now) {
    co_return co_await database_.read([&](db::Session& session) -> std::optional<Detail> {
        auto summary = summary_of(session, model, own_provider_, now);
        if (!summary) return std::nullopt;
        return read_detail(session, std::move(*summary), now);
    });
}

Task<std::vector<Version>> Catalogue::versions(std::uint64_t model) {
    co_return co_await database_.read(
        [&](db::Session& session) { return versions_of(session, model); });
}

Task<std::optional<Offer>> Catalogue::offer(std::uint64_t id) {
    co_return co_await database_.read([&](db::Session& session) { return offer_of(session, id); });
}

Task<std::vector<SaleMade>> Catalogue::sales_of(std::uint64_t offer, std::size_t limit) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<SaleMade> sales;
        for (auto rows = session.query(
                 "SELECT json_extract(data, '$.time'), json_extract(data, '$.n'), "
                 "json_extract(data, '$.token'), json_extract(data, '$.amount'), "
                 "json_extract(data, '$.excess'), json_extract(data, '$.transaction') FROM sale s "
                 "JOIN feed f ON f.block = s.block AND f.number = s.number WHERE s.offer = ? "
                 "ORDER BY s.block DESC, s.number DESC LIMIT ?",
                 offer, static_cast<std::int64_t>(limit));
             rows.step();) {
            SaleMade it;
            it.time = rows.get<std::int64_t>(0);
            it.n = static_cast<std::uint32_t>(parse_decimal(rows.get<std::string>(1), 32).value());
            it.token = eth::parse_address(rows.get<std::string>(2)).value();
            it.amount = parse_amount(rows.get<std::string>(3)).value();
            it.excess = parse_decimal(rows.get<std::string>(4)).value();
            it.transaction = parse_hash(rows.get<std::string>(5)).value();
            sales.push_back(std::move(it));
        }
        std::ranges::reverse(sales);
        return sales;
    });
}

Task<std::vector<Licence>> Catalogue::licences_of(eth::Address holder) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<Licence> licences;
        for (auto rows = session.query(
                 "SELECT l.id, l.offer, o.model, d.title, l.holder, l.issued, l.expires, "
                 "l.remaining, o.calls, o.seats, o.rights, l.paid, l.token, o.terms, l.cancelled, "
                 "o.active AND o.period > 0, l.tx FROM licence l JOIN offer o ON o.id = l.offer "
                 "JOIN doc d ON d.model = o.model WHERE l.holder = ? ORDER BY l.id DESC LIMIT 1000",
                 holder);
             rows.step();) {
            Licence it;
            it.id = rows.get<std::uint64_t>(0);
            it.offer = rows.get<std::uint64_t>(1);
            it.model = rows.get<std::uint64_t>(2);
            it.model_title = rows.get<std::string>(3);
            it.holder = rows.get<eth::Address>(4);
            it.issued_at = rows.get<std::int64_t>(5);
            it.expires = rows.get<std::int64_t>(6);
            it.remaining = rows.get<std::uint32_t>(7);
            it.calls = rows.get<std::uint32_t>(8);
            it.seats = rows.get<std::uint32_t>(9);
            it.rights = rows.get<std::uint32_t>(10);
            it.price_paid = rows.get<Amount>(11);
            it.token = rows.get<eth::Address>(12);
            it.terms = rows.get<Hash256>(13);
            it.cancelled = rows.get<bool>(14);
            it.renewable = rows.get<bool>(15) && !it.cancelled;
            it.transaction = rows.get<Hash256>(16);
            licences.push_back(std::move(it));
        }
        return licences;
    });
}

Task<std::vector<Service>> Catalogue::services_of(eth::Address provider, UnixTime now) {
    co_return co_await database_.read([&](db::Session& session) {
        return services_where(session, "SELECT id FROM service WHERE provider = ? ORDER BY id DESC",
                              provider, now);
    });
}

Task<std::vector<Service>> Catalogue::services_paid_to(eth::Address account, UnixTime now) {
    co_return co_await database_.read([&](db::Session& session) {
        return services_where(session,
                              "SELECT s.id FROM service s JOIN payee p ON p.split = s.receiver "
                              "WHERE p.account = ? ORDER BY s.id DESC LIMIT 1000",
                              account, now);
    });
}

Task<std::optional<Service>> Catalogue::service_of_receiver(eth::Address receiver, UnixTime now) {
    co_return co_await database_.read([&](db::Session& session) -> std::optional<Service> {
        const auto id =
            session.first<std::uint64_t>("SELECT id FROM service WHERE receiver = ?", receiver);
        if (!id) return std::nullopt;
        return service_of(session, *id, now);
    });
}

Task<std::optional<std::uint64_t>> Catalogue::model_named(std::string name) {
    co_return co_await database_.read([&](db::Session& session) -> std::optional<std::uint64_t> {
        const std::size_t slash = name.find('/');
        if (slash != name.npos) {
            const auto registrant = eth::parse_address_any_case(name.substr(0, slash));
            if (!registrant) return std::nullopt;
            return session.first<std::uint64_t>(
                "SELECT id FROM model WHERE slug = ? AND registrant = ?", name.substr(slash + 1),
                *registrant);
        }
        auto rows = session.query("SELECT id FROM model WHERE slug = ? LIMIT 2", name);
        if (!rows.step()) return std::nullopt;
        const auto id = rows.get<std::uint64_t>(0);
        if (rows.step()) return std::nullopt;
        return id;
    });
}

Task<std::vector<std::pair<std::uint64_t, std::uint32_t>>> Catalogue::listings_of(Hash256 weights) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> listings;
        for (auto rows =
                 session.query("SELECT model, number FROM version WHERE weights = ? AND status = 0 "
                               "ORDER BY model, number DESC LIMIT 100",
                               weights);
             rows.step();) {
            listings.emplace_back(rows.get<std::uint64_t>(0), rows.get<std::uint32_t>(1));
        }
        return listings;
    });
}

Task<std::vector<std::pair<eth::Address, std::uint32_t>>> Catalogue::splits_of(
    eth::Address account) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<eth::Address, std::uint32_t>> splits;
        for (auto rows = session.query(
                 "SELECT split, share FROM payee WHERE account = ? ORDER BY rowid LIMIT 1000",
                 account);
             rows.step();) {
            splits.emplace_back(rows.get<eth::Address>(0), rows.get<std::uint32_t>(1));
        }
        return splits;
    });
}

Task<std::vector<FeedItem>> Catalogue::feed_after(std::uint64_t block, std::int64_t index,
                                                  std::size_t limit) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<FeedItem> items;
        for (auto rows =
                 session.query("SELECT block, number, kind, data FROM feed WHERE block > ?1 "
                               "OR (block = ?1 AND number > ?2) ORDER BY block, number LIMIT ?3",
                               block, index, limit);
             rows.step();) {
            items.push_back({rows.get<std::uint64_t>(0), rows.get<std::uint32_t>(1),
                             rows.get<std::string>(2), rows.get<std::string>(3)});
        }
        return items;
    });
}

Task<std::optional<FeedItem>> Catalogue::newest_event() {
    co_return co_await database_.read([&](db::Session& session) -> std::optional<FeedItem> {
        auto rows = session.query(
            "SELECT block, number, kind, data FROM feed ORDER BY block DESC, number DESC LIMIT 1");
        if (!rows.step()) return std::nullopt;
        return FeedItem{rows.get<std::uint64_t>(0), rows.get<std::uint32_t>(1),
                        rows.get<std::string>(2), rows.get<std::string>(3)};
    });
}

}  // namespace stoa::catalogue
