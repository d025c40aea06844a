#pragma once

#include <span>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/gateway/money_sheet.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/ledger/channel_reader.hpp"
#include "stoa/ledger/channels.hpp"
#include "stoa/ledger/ledger.hpp"

namespace stoa::gateway {

struct MoneyParts {
    const ledger::Ledger& ledger;
    ledger::ChannelReader channels;
    catalogue::Catalogue& catalogue;
    const chain::Deployment& deployment;
    chain::Rpc& rpc;
    chain::Sender& sender;
    payment::ChannelDomain domain;
    const io::Clock& clock;
};

/// Numbers of the chain's at one block: each is the answer of a call, nothing where it fails, as
/// at an address without code.
Task<std::vector<std::optional<U256>>> numbers_at(chain::Rpc&, std::uint64_t block,
                                                  std::vector<chain::Call>);
chain::Call call_of(const eth::Address& to, ByteVector data);

/// A move of a transaction of ours that is in no block yet.
struct Transit {
    Hash256 transaction;
    ledger::ChannelMove move;
};

/// What is claimed or refunded of a channel, and in no block yet.
struct ChannelTransit {
    Amount claim;   ///< The total that is claimed; zero: none.
    Amount refund;  ///< At most.
    Hash256 claim_transaction;
    Hash256 refund_transaction;
};

/// Fills the sheet of one account, all of it at one block of the chain.
class MoneyReader {
  public:
    MoneyReader(MoneyParts parts, const eth::Address& account)
        : parts_(std::move(parts)), account_(account), sheet_(account) {}

    /// `all`: a row for each channel of a provider, however many.
    Task<MoneySheet> read(bool all);

  private:
    struct Owner {
        eth::Address address;
        bool is_purse = false;
        eth::Address token{};  ///< Of a purse.
    };
    struct Split {
        Split(const eth::Address& at, std::uint32_t part, std::vector<catalogue::Payee> all)
            : address(at), share(part), payees(std::move(all)) {}

        eth::Address address;
        std::uint32_t share = 0;
        std::vector<catalogue::Payee> payees;
    };
    struct ChannelFacts;

    Task<void> read_transit();
    Task<std::vector<Owner>> owners();

    Task<void> add_wallets(const std::vector<Owner>&);
    void add_deposits(const Owner&, const eth::Address& token, Amount& held);
    Task<void> add_channels(const Owner&);
    void add_channel(const ChannelFacts&);

    Task<void> add_provider(bool all);
    Task<void> add_charges(const catalogue::Service&, const eth::Address& token, bool all);
    Task<void> add_claimed(const catalogue::Service&, const eth::Address& token);

    Task<void> add_payee();
    Task<void> add_shares(Split, const eth::Address& token, bool is_provider);
    Task<void> add_coming(eth::Address split, const eth::Address& token, U256 parts, int depth);

    ChannelTransit transit_of(const ledger::ChannelId&, const ledger::ChainState&) const;
    std::optional<Hash256> settling(const eth::Address& receiver, const eth::Address& token) const;
    Amount charged_of(const eth::Address& receiver, const eth::Address& token) const;

    MoneyParts parts_;
    eth::Address account_;
    MoneySheet sheet_;
    ledger::ChannelReader::Blocks at_;
    std::vector<Transit> transit_;
    std::size_t coming_ = 0;
};

}  // namespace stoa::gateway
