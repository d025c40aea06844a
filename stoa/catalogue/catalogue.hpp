// What is on the market: tables derived from the logs of ModelRegistry, Market, Licences, Services
// and Splits, the manifests and legal texts that those name by hash, and the search over them.
// Derived tables can be dropped and followed again; manifests and texts are kept under their
// digests, so nobody can change them. One chain a database.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stoa/catalogue/docs.hpp"
#include "stoa/catalogue/error.hpp"
#include "stoa/catalogue/listing_index.hpp"
#include "stoa/catalogue/types.hpp"
#include "stoa/chain/deployment.hpp"
#include "stoa/chain/follower.hpp"
#include "stoa/db/database.hpp"
#include "stoa/payment/channel.hpp"

namespace stoa::catalogue {

inline constexpr std::size_t kMaxTermsBytes = 64 * 1024;
inline constexpr std::size_t kMaxPaidSplits = 64;
inline constexpr std::size_t kMaxPayers = 32;

class Catalogue final : public chain::LogSink {
  public:
    /// Makes its tables. `own_provider`: whose services are preferred where several serve a model.
    Catalogue(db::Database&, const chain::Deployment&, eth::Address own_provider = {});

    // chain::LogSink
    std::vector<eth::Address> contracts() const override;
    void apply(db::Session&, const chain::Header&, std::span<const chain::Log>) override;
    void undo(db::Session&, std::uint64_t keep) override;
    void wipe(db::Session&) override;
    void advanced(const chain::Heads&, std::optional<std::uint64_t> undone_to) override;

    /// Called on the event loop whenever the tables have changed.
    void on_change(std::function<void()>);

    /// Words, meaning, facets, sorted and counted from memory; see docs/decisions/0006.
    Task<Page> search(Query, UnixTime now);
    /// What search keeps in memory, once it has answered.
    std::size_t search_memory_bytes() const;
    Task<std::optional<Summary>> summary(std::uint64_t model, UnixTime now);
    Task<std::optional<Detail>> detail(std::uint64_t model, UnixTime now);
    Task<std::vector<Version>> versions(std::uint64_t model);
    Task<std::optional<Offer>> offer(std::uint64_t id);
    /// The newest, oldest first.
    Task<std::vector<SaleMade>> sales_of(std::uint64_t offer, std::size_t limit);
    Task<std::vector<Licence>> licences_of(eth::Address holder);
    /// Newest first; ended and expired ones included.
    Task<std::vector<Service>> services_of(eth::Address provider, UnixTime now);
    Task<std::vector<Service>> services_paid_to(eth::Address account, UnixTime now);
    Task<std::optional<Service>> service_of_receiver(eth::Address receiver, UnixTime now);

    /// Of `<registrant>/<slug>`, or of a slug that only one registrant uses.
    Task<std::optional<std::uint64_t>> model_named(std::string name);
    /// Active versions with these weights, oldest first: (model, version).
    Task<std::vector<std::pair<std::uint64_t, std::uint32_t>>> listings_of(Hash256 weights);
    /// Splits with a share for `account`: of models and made by hand.
    Task<std::vector<std::pair<eth::Address, std::uint32_t>>> splits_of(eth::Address account);

    // Of channels and splits, for `/api/money`.

    /// The newest event of each kind.
    Task<std::map<Hash256, std::vector<Moved>>> moves_of(std::vector<Hash256> channels);
    /// Every channel that `payer` ever opened, also with other nodes; the newest 1,000.
    Task<std::vector<std::pair<Hash256, payment::ChannelConfig>>> channels_of(eth::Address payer);
    /// The newest payment out of the channels' contract.
    Task<std::optional<Moved>> settled_to(eth::Address receiver, eth::Address token);
    /// (channel, transaction), newest first.
    Task<std::vector<std::pair<Hash256, Hash256>>> newest_claims();
    /// The transaction of the newest licence whose price went to this split.
    Task<std::optional<Hash256>> sale_paid_to(eth::Address split);
    Task<std::vector<Payee>> payees_of(eth::Address split);

    // Of royalties.

    Task<std::optional<eth::Address>> pay_to(std::uint64_t model);
    /// The first split and those that it pays, each before those that it pays; at most
    /// `kMaxPaidSplits`, the nearest. One that isn't known has no payees.
    Task<std::vector<PaidSplit>> splits_below(eth::Address first);
    /// Splits that pay this one: of services and of models built on it; the newest
    /// `kMaxPayers`.
    Task<std::vector<PaidSplit>> splits_above(eth::Address split);
    Task<std::optional<Service>> service(std::uint64_t id, UnixTime now);

    /// Stores bytes under their keccak256: digest_mismatch, not_listed, or why the manifest is
    /// none.
    Task<Result<void>> put_manifest(Hash256 digest, std::string bytes);
    Task<std::optional<std::string>> manifest(Hash256 digest);
    Task<Result<void>> put_terms(Hash256 digest, std::string text);
    Task<std::optional<std::string>> terms(Hash256 digest);

    /// Events behind `(block, index)`, at most `limit`.
    Task<std::vector<FeedItem>> feed_after(std::uint64_t block, std::int64_t index,
                                           std::size_t limit);
    Task<std::optional<FeedItem>> newest_event();

    /// Forgets the vectors that another embedding model made.
    Task<void> use_embedder(Hash256 weights);
    /// Models whose text has no vector yet, with that text: for the one who can embed it.
    Task<std::vector<std::pair<std::uint64_t, std::string>>> without_meaning(std::size_t limit);
    Task<void> set_meaning(std::uint64_t model, std::vector<float> vector);

  private:
    db::Database& database_;
    const chain::Deployment& deployment_;
    eth::Address own_provider_;
    std::map<eth::Address, std::string> names_;  ///< Of the contracts that it follows.
    Docs docs_;                                  ///< On the writer's thread.
    ListingIndex index_;
    std::atomic<std::uint64_t> finalized_ = 0;
    std::atomic<std::int64_t> time_ = 0;  ///< Of the newest block that was applied.
    std::vector<std::function<void()>> watchers_;
};

}  // namespace stoa::catalogue
