#include "stoa/client/paid_channel.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"

namespace stoa::client {

using payment::Requirements;

PaidChannel::PaidChannel(const payment::ChannelDomain& domain, const keys::Signer& session_key,
                         ChannelMemory memory)
    : domain_(domain), session_key_(session_key), memory_(std::move(memory)) {
    STOA_ASSERT(memory_.config.payer_authorizer == session_key_.address());
    STOA_ASSERT(memory_.channel_id == domain_.channel_id(memory_.config));
}

bool PaidChannel::pays(const Requirements& offered) const {
    const payment::ChannelConfig& config = memory_.config;
    return offered.scheme == payment::Scheme::batch_settlement &&
           offered.network == payment::network_name(domain_.chain_id()) &&
           offered.pay_to == config.receiver && offered.asset == config.token &&
           offered.receiver_authorizer == config.receiver_authorizer &&
           offered.withdraw_delay_seconds == config.withdraw_delay_seconds;
}

Amount PaidChannel::missing(const Amount& price) const {
    const Amount needed = memory_.charged + price;
    return needed > memory_.balance ? needed - memory_.balance : Amount{};
}

payment::PaymentPayload PaidChannel::pay(const Requirements& offered, const std::string& url) {
    STOA_ASSERT(pays(offered) && missing(offered.amount) == Amount{});
    const payment::Voucher voucher{memory_.channel_id, memory_.charged + offered.amount};
    memory_.signed_max = std::max(memory_.signed_max, voucher.max_claimable);
    payment::PaymentPayload payload;
    payload.accepted = offered;
    payload.accepted.channel_state.reset();
    payload.accepted.voucher_state.reset();
    payload.resource_url = url;
    payload.payload = payment::VoucherPayload{
        memory_.config, voucher, session_key_.sign_typed_digest(domain_.voucher_digest(voucher))};
    return payload;
}

std::optional<Amount> PaidChannel::settle(const payment::SettlementResponse& response) {
    const auto& state = response.channel_state;
    if (!response.success || !state || state->channel_id != memory_.channel_id) return std::nullopt;
    const Amount total = state->charged.value_or(memory_.charged);
    if (total < memory_.charged || total > memory_.signed_max) return std::nullopt;
    const Amount charge = total - memory_.charged;
    memory_.charged = total;
    return charge;
}

bool PaidChannel::correct(const Requirements& offered) {
    const auto& state = offered.channel_state;
    if (!pays(offered) || !state || state->channel_id != memory_.channel_id) return false;
    const Amount charged = state->charged.value_or(state->total_claimed);
    Amount agreed = memory_.signed_max;
    if (const auto& shown = offered.voucher_state) {
        const payment::Voucher voucher{memory_.channel_id, shown->signed_max_claimable};
        const bool ours = eth::recover(domain_.voucher_digest(voucher), shown->signature) ==
                          session_key_.address();
        if (ours) agreed = std::max(agreed, voucher.max_claimable);
    }
    if (charged > agreed || charged == memory_.charged) return false;
    memory_.charged = charged;
    memory_.signed_max = agreed;
    // The balance can only be believed downwards: a larger one would be checked by nobody.
    memory_.balance = std::min(memory_.balance, state->balance);
    return true;
}

const Requirements* channel_offer(const payment::PaymentRequired& required,
                                  std::string_view network) {
    const auto found = std::ranges::find_if(required.accepts, [&](const Requirements& entry) {
        return entry.scheme == payment::Scheme::batch_settlement && entry.network == network;
    });
    return found == required.accepts.end() ? nullptr : &*found;
}

}  // namespace stoa::client
