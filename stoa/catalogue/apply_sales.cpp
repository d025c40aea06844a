#include "stoa/catalogue/apply.hpp"

namespace stoa::catalogue {
namespace {

void on_offer(const Change& c) {
    const auto& offer = c.values[3];
    const auto& terms = offer[4];
    c.session.run(
        "INSERT INTO offer (id, model, service, seller, active, period, calls, seats, rights, "
        "entitlement, transferable, terms) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
        number(c, 0), number(c, 1), terms[1].as_u64(), c.values[2].as_address(), terms[2].as_u64(),
        terms[3].as_u64(), terms[4].as_u64(), terms[5].as_u64(), terms[6].as_u64(),
        terms[8].as_bool(), terms[10].as_word());
    std::size_t position = 0;
    for (const auto& price : offer[0].items()) {
        c.session.run(
            "INSERT INTO offer_price (offer, position, token, floor, cap) VALUES (?, ?, ?, ?, ?)",
            number(c, 0), position++, price[0].as_address(), price[1].as_amount(),
            price[2].as_amount());
    }
}

void on_offer_active(const Change& c) {
    c.session.run("UPDATE offer SET active = ? WHERE id = ?", c.values[1].as_bool(), number(c, 0));
}

void on_purchased(const Change& c) {
    c.session.run("INSERT INTO sale (offer, block, number) VALUES (?, ?, ?)", number(c, 0),
                  c.header.id.number, c.log.index);
}

void on_issued(const Change& c) {
    c.session.run(
        "INSERT INTO licence (id, offer, holder, issued, expires, remaining, token, paid, "
        "cancelled, tx) VALUES (?1, ?2, ?3, ?4, ?5, "
        "coalesce((SELECT calls FROM offer WHERE id = ?2), 0), ?6, ?7, 0, ?8) "
        "ON CONFLICT (id) DO UPDATE SET offer = ?2, expires = ?5, "
        "remaining = excluded.remaining, token = ?6, paid = ?7",
        number(c, 0), number(c, 1), c.values[2].as_address(), c.header.time, number(c, 3),
        c.values[5].as_address(), c.values[6].as_amount(), c.log.transaction);
    c.session.run(
        "UPDATE model SET sold = sold + 1 WHERE id = (SELECT model FROM offer WHERE id = ?)",
        number(c, 1));
}

void on_renewed(const Change& c) {
    c.session.run("UPDATE licence SET expires = ? WHERE id = ?", number(c, 1), number(c, 0));
}

void on_cancelled(const Change& c) {
    c.session.run("UPDATE licence SET cancelled = 1 WHERE id = ?", number(c, 0));
}

/// Each count is the licence's number, and in the lowest 32 bits what is left of it.
void on_uses(const Change& c) {
    for (const auto& count : c.values[0].items()) {
        const U256 number = count.as_number();
        c.session.run("UPDATE licence SET remaining = ? WHERE id = ?",
                      static_cast<std::uint64_t>(number & 0xffff'ffffU),
                      static_cast<std::uint64_t>(number >> 32));
    }
}

void on_transfer(const Change& c) {
    // The transfer of a mint comes before the event that has the terms.
    c.session.run(
        "INSERT INTO licence (id, offer, holder, issued, expires, remaining, token, paid, "
        "cancelled, tx) VALUES (?1, 0, ?2, ?3, 0, 0, ?4, ?5, 0, ?6) "
        "ON CONFLICT (id) DO UPDATE SET holder = ?2",
        number(c, 2), c.values[1].as_address(), c.header.time, eth::kZeroAddress, Amount{},
        c.log.transaction);
}

}  // namespace

void add_sale_events(const AddEvent& add) {
    add("Market", "offer",
        "OfferCreated(uint256 indexed offer,uint256 indexed model,address indexed seller,"
        "((address token,uint96 floor,uint96 cap)[] prices,uint64 targetPerDay,"
        "uint64 sensitivity,uint16 maxCommissionBps,(uint256 model,uint256 service,uint40 period,"
        "uint32 calls,uint16 seats,uint32 rights,uint8 entitlement,uint32 entitledFor,"
        "bool transferable,bool restToService,bytes32 termsDigest) terms) terms)",
        on_offer);
    add("Market", "offer", "OfferActiveSet(uint256 indexed offer,bool active)", on_offer_active);
    add("Market", "licence",
        "Purchased(uint256 indexed offer,address indexed holder,address indexed payer,"
        "uint256 firstLicence,uint256 n,address token,uint256 amount,address payTo,bytes32 order,"
        "uint256 excess)",
        on_purchased);
    constexpr std::string_view contract = "Licences";
    add(contract, "licence",
        "LicenceIssued(uint256 indexed licence,uint256 indexed offer,address indexed holder,"
        "uint40 expires,uint32 version,address token,uint96 pricePaid)",
        on_issued);
    add(contract, "licence", "LicenceRenewed(uint256 indexed licence,uint40 expires,uint96 price)",
        on_renewed);
    add(contract, "licence", "RenewalCancelled(uint256 indexed licence)", on_cancelled);
    add(contract, "licence", "UsesRecorded(uint256[] counts)", on_uses);
    add(contract, "licence",
        "Transfer(address indexed from,address indexed to,uint256 indexed licence)", on_transfer);
}

}  // namespace stoa::catalogue
