#include "stoa/gateway/paid_top_up.hpp"

#include <boost/json.hpp>

#include "stoa/base/assert.hpp"
#include "stoa/base/hex.hpp"

namespace stoa::gateway {

using payment::PaymentError;

Amount TopUps::Call::required() const {
    const Amount most = charged + bound;
    const Amount next = total + step;
    return total < most ? std::min(next, most) : next;
}

TopUps::Running::Running(std::shared_ptr<Calls> all, const ledger::ChannelId& channel,
                         std::shared_ptr<Call> call)
    : all_(std::move(all)), channel_(channel), call_(std::move(call)) {
    all_->insert_or_assign(channel_, call_);
}

TopUps::Running::~Running() {
    call_->raised = nullptr;
    const auto found = all_->find(channel_);
    if (found != all_->end() && found->second == call_) all_->erase(found);
}

std::string TopUps::Running::event(std::chrono::milliseconds deadline) const {
    return "event: stoa.voucher\ndata: " +
           boost::json::serialize(
               boost::json::object{{"channelId", to_hex(channel_)},
                                   {"accepted", to_decimal(call_->total)},
                                   {"required", to_decimal(call_->required())},
                                   {"deadlineMs", std::int64_t{deadline.count()}}}) +
           "\n\n";
}

std::unique_ptr<TopUps::Running> TopUps::open(const ledger::ChannelId& id, const Amount& bound,
                                              const Amount& step,
                                              std::function<void(const Amount&)> raised) {
    const ledger::Channel* channel = ledger_.book().find(id);
    STOA_ASSERT(channel && channel->reservation);
    auto call = std::make_shared<Call>(
        Call{channel->charged, bound, step, channel->maximum, std::move(raised)});
    return std::unique_ptr<Running>(new Running(calls_, id, std::move(call)));
}

Task<Result<void>> TopUps::take(payment::Voucher voucher, eth::Signature signature) {
    const ledger::ChannelId id = voucher.channel_id;
    const ledger::Channel* channel = ledger_.book().find(id);
    if (!channel) co_return fail(PaymentError::no_running_call);
    // Before anything that depends on the channel: a stranger learns nothing of it.
    const auto by_buyer = payment::check_signature(channels_, channel->config, voucher, signature);
    if (!by_buyer) co_return by_buyer;
    const auto found = calls_->find(id);
    if (found == calls_->end() || !channel->reservation) {
        co_return fail(PaymentError::no_running_call);
    }
    const Amount total = voucher.max_claimable;
    if (total == channel->maximum) co_return Result<void>{};
    const auto call = found->second;
    if (total != call->total) {
        const auto state = ledger_.state_of(id, *channel);
        const auto larger = payment::check_top_up(voucher, state, call->required());
        if (!larger) co_return larger;
        const auto allowed = ledger_.check_limits(id, total - call->charged);
        if (!allowed) co_return allowed;
        call->total = total;
    }
    co_await ledger_.raise(voucher, signature);
    if (call->raised) call->raised(total - call->charged);
    co_return Result<void>{};
}

}  // namespace stoa::gateway
