#include "stoa/catalogue/catalogue.hpp"

#include "stoa/catalogue/events.hpp"
#include "stoa/catalogue/schema.hpp"

namespace stoa::catalogue {

Catalogue::Catalogue(db::Database& database, const chain::Deployment& deployment,
                     eth::Address own_provider)
    : database_(database),
      deployment_(deployment),
      own_provider_(own_provider),
      docs_(deployment, own_provider),
      index_(deployment, own_provider) {
    for (const char* name :
         {"ModelRegistry", "Market", "Licences", "Services", "Splits", "Channels"}) {
        names_.emplace(deployment.contract(name), name);
    }
    database_.write_now([this](db::Session& session) {
        create_tables(session);
        docs_.refresh(session, {});
    });
    database_.read_now([this](db::Session& session) { index_.catch_up(session, {}); });
}

std::vector<eth::Address> Catalogue::contracts() const {
    std::vector<eth::Address> all;
    for (const auto& [address, name] : names_) all.push_back(address);
    return all;
}

void Catalogue::apply(db::Session& session, const chain::Header& header,
                      std::span<const chain::Log> logs) {
    make_final(session, finalized_);
    begin_block(session, header.id.number);
    for (const chain::Log& log : logs) {
        const auto name = names_.find(log.address);
        if (name == names_.end()) continue;
        const KnownEvent* known = find_event(name->second, log);
        if (!known) continue;
        const auto values = known->event.decode(log.topics, log.data);
        if (!values) continue;
        const Change change{session, header, log, *values};
        if (known->apply) known->apply(change);
        session.run("INSERT INTO feed (block, number, kind, data) VALUES (?, ?, ?, ?)",
                    header.id.number, log.index, known->kind,
                    to_json(*known, deployment_.chain_id, change));
        if (known->kind == "channel") add_move(session, header.id.number, log.index);
    }
    time_ = static_cast<std::int64_t>(header.time);
    docs_.refresh(session, unix_time(time_));
}

void Catalogue::undo(db::Session& session, std::uint64_t keep) {
    undo_above(session, keep);
    docs_.refresh(session, unix_time(time_));
}

void Catalogue::wipe(db::Session& session) {
    finalized_ = 0;
    empty_tables(session);
    Docs::remove_all(session);
}

void Catalogue::advanced(const chain::Heads& heads, std::optional<std::uint64_t>) {
    finalized_ = heads.finalized;
    for (const auto& watcher : watchers_) watcher();
}

void Catalogue::on_change(std::function<void()> watcher) {
    watchers_.push_back(std::move(watcher));
}

}  // namespace stoa::catalogue
