#include "stoa/catalogue/apply.hpp"

namespace stoa::catalogue {
namespace {

void on_registered(const Change& c) {
    c.session.run(
        "INSERT INTO model (id, slug, registrant, owner, pay_to, serving, call_bps, created, "
        "updated, sold, tx) VALUES (?1, ?2, ?3, ?3, NULL, 0, 0, ?4, ?4, 0, ?5) "
        "ON CONFLICT (id) DO UPDATE SET slug = ?2, registrant = ?3",
        number(c, 0), clean_text(c.values[2].as_text()), c.values[1].as_address(), c.header.time,
        c.log.transaction);
}

void on_version(const Change& c) {
    c.session.run(
        "INSERT INTO version (model, number, kind, status, reason, time, manifest, weights, cid, "
        "tx) VALUES (?, ?, ?, 0, '', ?, ?, ?, ?, ?)",
        number(c, 0), number(c, 1), number(c, 3), c.header.time, c.values[4].as_word(),
        c.values[2].as_word(), clean_text(c.values[5].as_text()), c.log.transaction);
    if (c.values[6].as_bool()) {
        c.session.run("INSERT INTO derivable (block, model, number, bps) VALUES (?, ?, ?, ?)",
                      c.header.id.number, number(c, 0), number(c, 1), number(c, 7));
    }
    c.session.run("UPDATE model SET updated = ? WHERE id = ?", c.header.time, number(c, 0));
}

void on_status(const Change& c) {
    c.session.run("UPDATE version SET status = ?, reason = ? WHERE model = ? AND number = ?",
                  number(c, 2), clean_text(c.values[3].as_text()), number(c, 0), number(c, 1));
    c.session.run("UPDATE model SET updated = ? WHERE id = ?", c.header.time, number(c, 0));
}

void on_parent(const Change& c) {
    c.session.run("INSERT INTO parent (model, parent, version, bps) VALUES (?, ?, ?, ?)",
                  number(c, 0), number(c, 1), number(c, 2), number(c, 3));
}

void on_pay_to(const Change& c) {
    c.session.run("UPDATE model SET pay_to = ? WHERE id = ?", c.values[1].as_address(),
                  number(c, 0));
    c.session.run("INSERT INTO paid_through (block, split, model) VALUES (?, ?, ?)",
                  c.header.id.number, eth::to_lower_hex(c.values[1].as_address()), number(c, 0));
    set_payees(c, c.values[1].as_address(), c.values[2]);
}

void on_royalty(const Change& c) {
    const auto& royalty = c.values[1];
    c.session.run(
        "INSERT INTO royalty (block, time, model, effective, bps, token, per_call, per_million) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        c.header.id.number, c.header.time, number(c, 0), number(c, 2), royalty[0].as_u64(),
        eth::to_lower_hex(royalty[1].as_address()), to_decimal(royalty[2].as_number()),
        to_decimal(royalty[3].as_number()));
}

void on_serving(const Change& c) {
    c.session.run("UPDATE model SET serving = ? WHERE id = ?", number(c, 1), number(c, 0));
}

void on_transfer(const Change& c) {
    // The transfer of a mint comes before the event that names the model.
    c.session.run(
        "INSERT INTO model (id, slug, registrant, owner, pay_to, serving, call_bps, created, "
        "updated, sold, tx) VALUES (?1, '', ?2, ?2, NULL, 0, 0, ?3, ?3, 0, ?4) "
        "ON CONFLICT (id) DO UPDATE SET owner = ?2",
        number(c, 2), c.values[1].as_address(), c.header.time, c.log.transaction);
}

}  // namespace

void set_payees(const Change& c, const eth::Address& split, const eth::abi::Value& payees) {
    c.session.run("DELETE FROM payee WHERE split = ?", split);
    std::size_t position = 0;
    for (const auto& payee : payees.items()) {
        c.session.run("INSERT INTO payee (split, position, account, share) VALUES (?, ?, ?, ?)",
                      split, position++, payee[0].as_address(), payee[1].as_u64());
    }
}

void add_registry_events(const AddEvent& add) {
    constexpr std::string_view contract = "ModelRegistry";
    add(contract, "model",
        "ModelRegistered(uint256 indexed model,address indexed registrant,string slug)",
        on_registered);
    add(contract, "version",
        "VersionPublished(uint256 indexed model,uint32 indexed version,"
        "bytes32 indexed weightsDigest,uint8 kind,bytes32 manifestDigest,string cid,"
        "bool derivable,uint16 derivativeBps)",
        on_version);
    add(contract, "version",
        "StatusSet(uint256 indexed model,uint32 indexed version,uint8 status,string reason)",
        on_status);
    add(contract, "model",
        "ParentDeclared(uint256 indexed model,uint256 indexed parent,uint32 parentVersion,"
        "uint16 bps)",
        on_parent);
    add(contract, "model",
        "PayToSet(uint256 indexed model,address indexed payTo,"
        "(address account,uint32 share)[] payees)",
        on_pay_to);
    add(contract, "model",
        "RoyaltySet(uint256 indexed model,(uint16 callBps,address token,uint96 perCall,"
        "uint128 perMillion) royalty,uint64 effectiveAt)",
        on_royalty);
    add(contract, "model", "ServingSet(uint256 indexed model,uint8 serving)", on_serving);
    add(contract, "model",
        "Transfer(address indexed from,address indexed to,uint256 indexed model)", on_transfer);
    add(contract, "model", "MarketChosen(uint256 indexed model,address indexed market)", nullptr);
}

}  // namespace stoa::catalogue
