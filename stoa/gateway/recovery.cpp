#include "stoa/gateway/recovery.hpp"

#include <algorithm>
#include <map>

#include "stoa/base/hex.hpp"
#include "stoa/ledger/book.hpp"
#include "stoa/ledger/channels.hpp"
#include "stoa/ledger/record.hpp"

namespace stoa::gateway {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxRows = 50;

json::object call(const eth::Address& to, const ByteVector& data, std::string what) {
    return {{"to", eth::to_checksum(to)}, {"data", to_hex(data)}, {"what", std::move(what)}};
}

}  // namespace

json::object recovery_calls(const std::filesystem::path& file) {
    ledger::Book book;
    ledger::Record::read(file, [&](const ledger::Event& event) { book.apply(event); });
    std::map<std::pair<eth::Address, eth::Address>, std::vector<ledger::Claim>> owed;
    for (const auto& [id, channel] : book.channels()) {
        const Amount total = channel.claimable();
        if (!channel.signature || total <= channel.chain.claimed) continue;
        owed[{channel.config.receiver, channel.config.token}].push_back(
            {channel.config, {id, channel.maximum}, *channel.signature, total});
    }
    json::array calls;
    for (auto& [account, claims] : owed) {
        const auto& [receiver, token] = account;
        for (std::size_t first = 0; first < claims.size(); first += kMaxRows) {
            const auto begin = claims.begin() + static_cast<std::ptrdiff_t>(first);
            const std::size_t count = std::min(kMaxRows, claims.size() - first);
            const std::vector<ledger::Claim> rows(begin,
                                                  begin + static_cast<std::ptrdiff_t>(count));
            Amount amount;
            for (const auto& row : rows) {
                amount += row.total - book.find(row.voucher.channel_id)->chain.claimed;
            }
            json::object claim = call(receiver, ledger::receiver_claim_call(rows),
                                      "claimChannels, sent by the provider's wallet");
            claim["channels"] = count;
            claim["amount"] = to_decimal(amount);
            claim["token"] = eth::to_checksum(token);
            calls.push_back(std::move(claim));
        }
        calls.push_back(call(payment::kChannels, ledger::settle_call(receiver, token),
                             "settle: pays the receiver, sent by anyone"));
    }
    return {{"calls", std::move(calls)}};
}

}  // namespace stoa::gateway
