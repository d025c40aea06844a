#include "stoa/ledger/book.hpp"

#include <algorithm>
#include <stdexcept>

#include "stoa/eth/eip712.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::ledger {
namespace {

/// Of what was earned, what is not there to claim.
Amount missing(const Channel& channel) {
    return channel.charged > channel.chain.balance ? channel.charged - channel.chain.balance
                                                   : Amount{};
}

Hash256 deposit_key(const ChannelId& channel, const U256& salt) {
    return eth::struct_hash(channel, {eth::word(salt)});
}

}  // namespace

void Book::apply(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
}

const Channel* Book::find(const ChannelId& id) const {
    const auto found = channels_.find(id);
    return found == channels_.end() ? nullptr : &found->second;
}

const std::unordered_set<ChannelId>& Book::of_payer(const eth::Address& payer) const {
    return under(by_payer_, payer);
}

const std::unordered_set<ChannelId>& Book::of_receiver(const eth::Address& receiver) const {
    return under(by_receiver_, receiver);
}

const PendingDeposit* Book::deposit(const ChannelId& channel, const U256& salt) const {
    const auto found = deposits_.find(deposit_key(channel, salt));
    return found == deposits_.end() ? nullptr : &found->second;
}

std::vector<PendingDeposit> Book::deposits() const {
    std::vector<PendingDeposit> all;
    all.reserve(deposits_.size());
    for (const auto& [key, deposit] : deposits_) all.push_back(deposit);
    return all;
}

void Book::finalized(std::uint64_t block) {
    std::erase_if(deposits_, [&](const auto& entry) {
        return entry.second.transaction && entry.second.block <= block;
    });
}

const ExactSettled* Book::owed(const Hash256& payment) const {
    const auto found = owed_.find(payment);
    return found == owed_.end() ? nullptr : &found->second;
}

const ExactBegun* Book::begun(const Hash256& payment) const {
    const auto found = begun_.find(payment);
    return found == begun_.end() ? nullptr : &found->second;
}

std::vector<ExactBegun> Book::all_begun() const {
    std::vector<ExactBegun> all;
    all.reserve(begun_.size());
    for (const auto& [payment, begun] : begun_) all.push_back(begun);
    return all;
}

void Book::release_all() {
    for (auto& [id, channel] : channels_) channel.reservation.reset();
}

Channel& Book::at(const ChannelId& id) {
    const auto found = channels_.find(id);
    if (found == channels_.end()) {
        throw std::runtime_error("the ledger's record names a channel that it never opened");
    }
    return found->second;
}

void Book::on(const Opened& e) {
    const auto [entry, fresh] = channels_.try_emplace(e.channel);
    if (!fresh) throw std::runtime_error("the ledger's record opens a channel twice");
    entry->second.config = e.config;
    entry->second.charged = e.charged;
    entry->second.opened_at = entry->second.used_at = e.time;
    by_payer_[e.config.payer].insert(e.channel);
    by_receiver_[e.config.receiver].insert(e.channel);
}

void Book::on(const Mirrored& e) {
    Channel& channel = at(e.channel);
    channel.chain = e.state;
    channel.lost = missing(channel);
}

void Book::on(const Reserved& e) {
    Channel& channel = at(e.channel);
    channel.maximum = e.maximum;
    channel.signature = e.signature;
    channel.reservation = e;
    channel.used_at = e.time;
}

void Book::on(const Charged& e) {
    Channel& channel = at(e.channel);
    const std::int64_t day = e.time / kSecondsOfADay;
    // Charges only grow; a channel that is opened again begins with what the chain says.
    const Amount charge = e.charged > channel.charged ? e.charged - channel.charged : Amount{};
    channel.charged_that_day = channel.charged_on(day) + charge;
    channel.day = day;
    channel.charged = e.charged;
    channel.lost = missing(channel);
    channel.reservation.reset();
    channel.used_at = e.time;
}

void Book::on(const Released& e) {
    at(e.channel).reservation.reset();
}

void Book::on(const DepositAccepted& e) {
    deposits_.insert_or_assign(deposit_key(e.channel, e.deposit.salt),
                               PendingDeposit{e.channel, e.config, e.deposit, std::nullopt, 0});
}

void Book::on(const DepositIncluded& e) {
    const auto found = deposits_.find(deposit_key(e.channel, e.salt));
    if (found == deposits_.end()) return;
    found->second.transaction = e.transaction;
    found->second.block = e.block;
}

/// Says when; how much follows from the rest, also of calls that ran while it was written.
void Book::on(const Lost&) {}

void Book::on(const Closed& e) {
    const Channel& channel = at(e.channel);
    drop(by_payer_, channel.config.payer, e.channel);
    drop(by_receiver_, channel.config.receiver, e.channel);
    channels_.erase(e.channel);
}

void Book::on(const ExactSettled& e) {
    owed_.insert_or_assign(e.payment, e);
    begun_.erase(e.payment);
}

void Book::on(const ExactServed& e) {
    owed_.erase(e.payment);
}

void Book::on(const ExactBegun& e) {
    begun_.insert_or_assign(e.payment, e);
}

void Book::on(const ExactAbandoned& e) {
    begun_.erase(e.payment);
}

void Book::on(const RefundSigned& e) {
    auto& newest = at(e.channel).refund;
    if (!newest || newest->nonce != e.nonce || newest->amount < e.amount) newest = e;
}

void Book::on(const Raised& e) {
    Channel& channel = at(e.channel);
    if (!channel.reservation) {
        throw std::runtime_error("the ledger's record raises a reservation that is not there");
    }
    channel.maximum = e.maximum;
    channel.signature = e.signature;
    channel.reservation->maximum = e.maximum;
    channel.reservation->signature = e.signature;
    channel.reservation->amount = e.amount;
    channel.used_at = e.time;
}

void Book::on(const Limited& e) {
    limits_.insert_or_assign(e.channel, Limits{e.per_day, e.expires, e.nonce + 1});
}

Limits Book::limits(const ChannelId& id) const {
    const auto found = limits_.find(id);
    return found == limits_.end() ? Limits{} : found->second;
}

const std::unordered_set<ChannelId>& Book::under(const Index& index, const eth::Address& key) {
    static const std::unordered_set<ChannelId> none;
    const auto found = index.find(key);
    return found == index.end() ? none : found->second;
}

void Book::drop(Index& index, const eth::Address& key, const ChannelId& id) {
    const auto found = index.find(key);
    found->second.erase(id);
    if (found->second.empty()) index.erase(found);
}

}  // namespace stoa::ledger
