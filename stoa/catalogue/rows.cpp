#include "stoa/catalogue/rows.hpp"

#include <algorithm>

#include "stoa/catalogue/facts.hpp"

namespace stoa::catalogue {
namespace {

constexpr std::string_view kOffer =
    "SELECT id, model, service, seller, active, period, calls, seats, rights, entitlement, "
    "transferable, terms FROM offer ";

Offer read_offer(const db::Statement& row) {
    Offer offer;
    offer.id = row.get<std::uint64_t>(0);
    offer.model = row.get<std::uint64_t>(1);
    offer.service = row.get<std::uint64_t>(2);
    offer.seller = row.get<eth::Address>(3);
    offer.active = row.get<bool>(4);
    offer.period = row.get<std::int64_t>(5);
    offer.calls = row.get<std::uint32_t>(6);
    offer.seats = row.get<std::uint32_t>(7);
    offer.rights = row.get<std::uint32_t>(8);
    offer.entitlement = row.get<std::uint32_t>(9);
    offer.transferable = row.get<bool>(10);
    offer.terms = row.get<Hash256>(11);
    return offer;
}

void add_prices(db::Session& session, Offer& offer) {
    for (auto rows = session.query(
             "SELECT token, floor, cap FROM offer_price WHERE offer = ? ORDER BY position",
             offer.id);
         rows.step();) {
        offer.prices.push_back(
            {rows.get<eth::Address>(0), rows.get<Amount>(1), rows.get<Amount>(2)});
    }
}

void add_pricing(db::Session& session, Service& service, UnixTime now) {
    auto rows = session.query(
        "SELECT token, per_call, per_input, per_output FROM pricing WHERE service = ? "
        "AND effective <= ? ORDER BY effective DESC, position LIMIT 1",
        service.id, now);
    if (!rows.step()) return;
    service.token = rows.get<eth::Address>(0);
    service.price = {rows.get<Amount>(1), rows.get<Amount>(2), rows.get<Amount>(3)};
}

constexpr std::string_view kService =
    "SELECT id, provider, model, version, endpoint, receiver, authorizer, valid_until, ended "
    "FROM service ";

Service read_service(const db::Statement& row) {
    Service service;
    service.id = row.get<std::uint64_t>(0);
    service.provider = row.get<eth::Address>(1);
    service.model = row.get<std::uint64_t>(2);
    service.version = row.get<std::uint32_t>(3);
    service.endpoint = row.get<std::string>(4);
    service.receiver = row.get<eth::Address>(5);
    service.receiver_authorizer = row.get<eth::Address>(6);
    service.valid_until = row.get<std::int64_t>(7);
    service.ended = row.get<bool>(8);
    return service;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<std::uint64_t> equal_weights(db::Session& session, std::uint64_t model,
                                         std::uint32_t version) {
    std::vector<std::uint64_t> models;
    for (auto rows =
             session.query("SELECT DISTINCT other.model FROM version mine JOIN version other "
                           "ON other.weights = mine.weights AND other.model <> mine.model "
                           "WHERE mine.model = ? AND mine.number = ? ORDER BY other.model LIMIT 20",
                           model, version);
         rows.step();) {
        models.push_back(rows.get<std::uint64_t>(0));
    }
    return models;
}

std::optional<Offer> cheapest(std::vector<Offer> offers) {
    std::erase_if(offers, [](const Offer& offer) { return !offer.active || offer.prices.empty(); });
    const auto it = std::ranges::min_element(offers, [](const Offer& a, const Offer& b) {
        return a.prices[0].floor < b.prices[0].floor;
    });
    if (it == offers.end()) return std::nullopt;
    return *it;
}

}  // namespace

std::vector<Version> versions_of(db::Session& session, std::uint64_t model) {
    std::vector<Version> versions;
    for (auto rows = session.query(
             "SELECT v.number, v.kind, v.status, v.reason, v.time, v.manifest, v.weights, v.cid, "
             "v.tx, m.bytes, (SELECT bps FROM derivable d WHERE d.model = v.model AND d.number = "
             "v.number) FROM version v LEFT JOIN manifest m ON m.digest = v.manifest "
             "WHERE v.model = ? ORDER BY v.number DESC",
             model);
         rows.step();) {
        Version version;
        version.number = rows.get<std::uint32_t>(0);
        version.kind = rows.get<Kind>(1);
        version.status = rows.get<Status>(2);
        version.reason = rows.get<std::string>(3);
        version.time = rows.get<UnixTime>(4);
        version.manifest = rows.get<Hash256>(5);
        version.weights = rows.get<Hash256>(6);
        version.cid = rows.get<std::string>(7);
        version.transaction = rows.get<Hash256>(8);
        version.derivative_bps = rows.get<std::optional<std::uint32_t>>(10);
        if (!rows.is_null(9)) {
            auto manifest = content::parse_manifest(as_text(rows.get<Bytes>(9)));
            if (manifest) version.files = std::move(manifest->files);
        }
        versions.push_back(std::move(version));
    }
    return versions;
}

std::vector<Payee> payees_of(db::Session& session, const eth::Address& split) {
    std::vector<Payee> payees;
    for (auto rows = session.query(
             "SELECT p.account, p.share, (SELECT model FROM paid_through WHERE split = '0x' || "
             "lower(hex(p.account)) LIMIT 1) FROM payee p WHERE p.split = ? ORDER BY p.position",
             split);
         rows.step();) {
        payees.push_back({rows.get<eth::Address>(0), rows.get<std::uint32_t>(1),
                          rows.get<std::optional<std::uint64_t>>(2)});
    }
    return payees;
}

std::optional<Offer> offer_of(db::Session& session, std::uint64_t id) {
    static const std::string sql = std::string(kOffer) + "WHERE id = ?";
    auto rows = session.query(sql, id);
    if (!rows.step()) return std::nullopt;
    Offer offer = read_offer(rows);
    add_prices(session, offer);
    return offer;
}

std::vector<Offer> offers_of(db::Session& session, std::uint64_t model) {
    static const std::string sql = std::string(kOffer) + "WHERE model = ? ORDER BY id";
    std::vector<Offer> offers;
    for (auto rows = session.query(sql, model); rows.step();) offers.push_back(read_offer(rows));
    for (Offer& offer : offers) add_prices(session, offer);
    return offers;
}

std::optional<Service> service_of(db::Session& session, std::uint64_t id, UnixTime now) {
    static const std::string sql = std::string(kService) + "WHERE id = ?";
    auto rows = session.query(sql, id);
    if (!rows.step()) return std::nullopt;
    Service service = read_service(rows);
    add_pricing(session, service, now);
    service.payees = payees_of(session, service.receiver);
    return service;
}

std::vector<Service> services_of_model(db::Session& session, std::uint64_t model, UnixTime now) {
    static const std::string sql = std::string(kService) + "WHERE model = ? ORDER BY id DESC";
    std::vector<Service> services;
    for (auto rows = session.query(sql, model); rows.step();) {
        services.push_back(read_service(rows));
    }
    for (Service& service : services) {
        add_pricing(session, service, now);
        service.payees = payees_of(session, service.receiver);
    }
    return services;
}

bool is_live(const Service& service, UnixTime now) {
    return !service.ended && service.valid_until > unix_seconds(now) &&
           service.token != eth::kZeroAddress;
}

std::optional<Service> shown_service(std::vector<Service> services, const eth::Address& own,
                                     UnixTime now) {
    std::erase_if(services, [&](const Service& service) { return !is_live(service, now); });
    const auto ours = std::ranges::find(services, own, &Service::provider);
    if (ours != services.end()) return *ours;
    const auto it = std::ranges::min_element(services, [](const Service& a, const Service& b) {
        return payment::cost(a.price, kTypicalCall) < payment::cost(b.price, kTypicalCall);
    });
    if (it == services.end()) return std::nullopt;
    return *it;
}

std::optional<Summary> summary_of(db::Session& session, std::uint64_t model,
                                  const eth::Address& own, UnixTime now) {
    auto rows = session.query(
        "SELECT m.slug, m.registrant, m.owner, m.created, m.updated, m.sold, d.title, d.summary, "
        "d.task, d.tags, d.licence, d.abilities FROM model m JOIN doc d ON d.model = m.id WHERE "
        "m.id = ?",
        model);
    if (!rows.step()) return std::nullopt;
    Summary summary;
    summary.id = model;
    summary.slug = rows.get<std::string>(0);
    summary.creator = rows.get<eth::Address>(1);
    summary.owner = rows.get<eth::Address>(2);
    summary.created_at = rows.get<std::int64_t>(3);
    summary.updated_at = rows.get<std::int64_t>(4);
    summary.sold = rows.get<std::uint64_t>(5);
    summary.title = rows.get<std::string>(6);
    summary.summary = rows.get<std::string>(7);
    summary.task = rows.get<std::string>(8);
    summary.tags = split_lines(rows.get<std::string_view>(9));
    summary.licence = rows.get<std::string>(10);
    summary.abilities = parse_abilities(rows.get<std::string_view>(11));
    const auto newest = session.first<std::uint32_t, int>(
        "SELECT number, status FROM version WHERE model = ? "
        "ORDER BY status = 2, number DESC LIMIT 1",
        model);
    if (newest) {
        summary.version = std::get<0>(*newest);
        summary.status = static_cast<Status>(std::get<1>(*newest));
        summary.equal_weights = equal_weights(session, model, summary.version);
    }
    summary.service = shown_service(services_of_model(session, model, now), own, now);
    summary.offer = cheapest(offers_of(session, model));
    return summary;
}

}  // namespace stoa::catalogue
