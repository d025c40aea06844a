#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/catalogue/catalogue.hpp"
#include "stoa/catalogue/rows.hpp"
#include "stoa/payment/x402.hpp"

// Who moved what, by the events of Channels that the feed holds.

namespace stoa::catalogue {
namespace {

constexpr std::size_t kMostChannels = 1'000;
constexpr std::size_t kMostClaims = 500;

Hash256 hash_in(const db::Statement& row, int column) {
    return parse_hash(row.get<std::string>(column)).value();
}

Moved moved_in(const db::Statement& row) {
    return {row.get<std::string>(0), hash_in(row, 1), row.get<std::uint64_t>(2)};
}

}  // namespace

Task<std::map<Hash256, std::vector<Moved>>> Catalogue::moves_of(std::vector<Hash256> channels) {
    co_return co_await database_.read([&](db::Session& session) {
        std::map<Hash256, std::vector<Moved>> moves;
        for (const Hash256& channel : channels) {
            auto& list = moves[channel];
            for (auto rows = session.query("SELECT event, tx, max(block) FROM move WHERE channel = "
                                           "? GROUP BY event",
                                           to_hex(channel));
                 rows.step();) {
                list.push_back(moved_in(rows));
            }
        }
        return moves;
    });
}

Task<std::vector<std::pair<Hash256, payment::ChannelConfig>>> Catalogue::channels_of(
    eth::Address payer) {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<Hash256, payment::ChannelConfig>> channels;
        for (auto rows = session.query(
                 "SELECT f.data FROM move m JOIN feed f ON f.block = m.block AND f.number = "
                 "m.number WHERE m.payer = ? ORDER BY m.block DESC, m.number DESC LIMIT ?",
                 eth::to_checksum(payer), kMostChannels);
             rows.step();) {
            const auto data = boost::json::parse(rows.get<std::string>(0));
            const auto config = payment::parse_channel_config(data.at("config"));
            const auto id = parse_hash(data.at("channelId").as_string());
            if (config && id) channels.emplace_back(*id, *config);
        }
        return channels;
    });
}

Task<std::optional<Moved>> Catalogue::settled_to(eth::Address receiver, eth::Address token) {
    co_return co_await database_.read([&](db::Session& session) -> std::optional<Moved> {
        auto rows = session.query(
            "SELECT event, tx, block FROM move WHERE receiver = ? AND token = ? ORDER BY block "
            "DESC, number DESC LIMIT 1",
            eth::to_checksum(receiver), eth::to_checksum(token));
        if (!rows.step()) return std::nullopt;
        return moved_in(rows);
    });
}

Task<std::vector<std::pair<Hash256, Hash256>>> Catalogue::newest_claims() {
    co_return co_await database_.read([&](db::Session& session) {
        std::vector<std::pair<Hash256, Hash256>> claims;
        for (auto rows = session.query("SELECT channel, tx FROM move WHERE event = 'Claimed' ORDER "
                                       "BY block DESC, number DESC LIMIT ?",
                                       kMostClaims);
             rows.step();) {
            claims.emplace_back(hash_in(rows, 0), hash_in(rows, 1));
        }
        return claims;
    });
}

Task<std::optional<Hash256>> Catalogue::sale_paid_to(eth::Address split) {
    co_return co_await database_.read([&](db::Session& session) {
        return session.first<Hash256>(
            "SELECT l.tx FROM model m JOIN offer o ON o.model = m.id JOIN licence l ON l.offer = "
            "o.id WHERE m.pay_to = ? ORDER BY l.id DESC LIMIT 1",
            split);
    });
}

Task<std::vector<Payee>> Catalogue::payees_of(eth::Address split) {
    co_return co_await database_.read(
        [&](db::Session& session) { return catalogue::payees_of(session, split); });
}

}  // namespace stoa::catalogue
