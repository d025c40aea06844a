#include "stoa/gateway/paid_purchase.hpp"

namespace stoa::gateway {

ChannelPurchase::~ChannelPurchase() {
    // Calls that the end of the node breaks off are released by its next start.
    if (open_ && !turn_.is_orphan()) ledger_.release_later(std::move(turn_));
}

payment::SettlementResponse ChannelPurchase::response(const Amount& charged) const {
    const ledger::ChannelId& id = turn_.channel();
    const ledger::Channel* channel = ledger_.book().find(id);
    payment::SettlementResponse out;
    out.network = network_;
    out.charged = charged;
    if (channel) {
        out.payer = channel->config.payer;
        out.channel_state = ledger_.snapshot_of(id, *channel);
    }
    if (deposit_) {
        out.transaction = deposit_->transaction;
        out.amount = deposit_->amount;
    }
    return out;
}

std::optional<payment::SettlementResponse> ChannelPurchase::early() const {
    if (!deposit_) return std::nullopt;
    return response(Amount{});
}

Task<payment::SettlementResponse> ChannelPurchase::charge(Amount amount, payment::Usage usage) {
    co_await ledger_.charge(turn_.channel(), amount, usage);
    open_ = false;
    co_return response(amount);
}

Task<void> ChannelPurchase::release() {
    co_await ledger_.release(turn_.channel());
    open_ = false;
}

payment::SettlementResponse ExactPurchase::response() const {
    payment::SettlementResponse out;
    out.network = network_;
    out.payer = settled_.payer;
    out.transaction = settled_.transaction;
    return out;
}

Task<payment::SettlementResponse> ExactPurchase::charge(Amount, payment::Usage) {
    co_await ledger_.exact_served(settled_.payment);
    co_return response();
}

Task<void> ExactPurchase::release() {
    co_return;
}

}  // namespace stoa::gateway
