#include "stoa/gateway/money_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace stoa::gateway {
namespace {

struct Sums {
    Amount held;
    Amount unclaimed;
    Amount lost;
};

double whole(const Amount& amount, unsigned decimals) {
    return amount.units.convert_to<double>() / std::pow(10.0, decimals);
}

}  // namespace

void measure_money(io::Metrics& metrics, const ledger::Ledger& ledger, const chain::Sender& sender,
                   const chain::Deployment& deployment, UnixTime now) {
    std::map<eth::Address, Sums> sums;
    for (const auto& token : deployment.tokens) sums[token.address];
    std::int64_t oldest = 0;
    std::size_t leaving = 0;
    for (const auto& [id, channel] : ledger.book().channels()) {
        Sums& of_token = sums[channel.config.token];
        of_token.held += channel.chain.balance - std::min(channel.chain.balance, channel.charged);
        of_token.unclaimed += channel.unclaimed();
        of_token.lost += channel.lost;
        if (channel.chain.withdraw_requested_at != 0) ++leaving;
        if (channel.unclaimed() == Amount{}) continue;
        oldest = oldest == 0 ? channel.used_at : std::min(oldest, channel.used_at);
    }
    const double age = oldest == 0 ? 0 : static_cast<double>(unix_seconds(now) - oldest);
    metrics.gauge("stoa_ledger_channels", "Channels in the ledger.")
        .set(static_cast<double>(ledger.book().channels().size()));
    metrics.gauge("stoa_ledger_leaving", "Channels whose payer asked the contract for its money.")
        .set(static_cast<double>(leaving));
    metrics
        .gauge("stoa_ledger_oldest_unclaimed_seconds", "Since the oldest charge not claimed yet.")
        .set(age);
    metrics.gauge("stoa_sender_unfinished", "Transactions of the node that are not final yet.")
        .set(static_cast<double>(sender.unfinished()));
    for (const auto& [address, of_token] : sums) {
        const chain::Token* token = deployment.token(address);
        if (!token) continue;
        const io::Labels labels{{"token", token->symbol}};
        metrics.gauge("stoa_ledger_held", "Payers' money that is not charged.", labels)
            .set(whole(of_token.held, token->decimals));
        metrics.gauge("stoa_ledger_unclaimed", "Earned and not claimed yet.", labels)
            .set(whole(of_token.unclaimed, token->decimals));
        metrics.gauge("stoa_ledger_lost", "Earned, and taken back by reorganisations.", labels)
            .set(whole(of_token.lost, token->decimals));
    }
}

}  // namespace stoa::gateway
