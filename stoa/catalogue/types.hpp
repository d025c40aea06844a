#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stoa/base/time.hpp"
#include "stoa/catalogue/facet.hpp"
#include "stoa/content/manifest.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/payment/price.hpp"

namespace stoa::catalogue {

// As in IModelRegistry.
enum class Kind { release, update, fix };
enum class Status { active, deprecated, withdrawn };
enum class Serving { open, listed, right_holders };

struct Version {
    std::uint32_t number = 0;
    Kind kind = Kind::release;
    Status status = Status::active;
    std::string reason;
    UnixTime time;
    Hash256 manifest;
    Hash256 weights;
    std::string cid;
    Hash256 transaction;
    std::optional<std::vector<content::ManifestFile>> files;  ///< Where the manifest is here.
    /// The least that a model built on it pays, of each 10,000; nothing: none may be.
    std::optional<std::uint32_t> derivative_bps;
};

struct Payee {
    eth::Address account;
    std::uint32_t share = 0;                ///< Of 1,000,000.
    std::optional<std::uint64_t> parent{};  ///< The model whose `payTo` this is.
};

/// A split through which money goes, and whose it is.
struct PaidSplit {
    eth::Address address;
    std::uint32_t level = 0;               ///< The most splits above it, from the first one on.
    std::optional<std::uint64_t> model;    ///< That is paid through it now, or was once.
    std::optional<std::uint64_t> service;  ///< Whose receiver it is.
    eth::Address registrant;               ///< Of the model.
    std::string slug;
    std::string title;
    std::vector<Payee> payees;
    std::vector<content::ManifestPayee> roles;  ///< As the model's creator says.
};

struct Parent {
    std::uint64_t model = 0;
    std::uint32_t version = 0;
    std::uint32_t bps = 0;
};

struct OfferPrice {
    eth::Address token;  ///< Zero: the native coin.
    Amount floor;
    Amount cap;
};

struct Offer {
    std::uint64_t id = 0;
    std::uint64_t model = 0;
    std::uint64_t service = 0;
    eth::Address seller;
    bool active = true;
    std::vector<OfferPrice> prices;
    std::int64_t period = 0;
    std::uint32_t calls = 0;
    std::uint32_t seats = 1;
    std::uint32_t rights = 0;
    std::uint32_t entitlement = 0;
    bool transferable = false;
    Hash256 terms;
};

/// Licences bought together.
struct SaleMade {
    std::int64_t time = 0;  ///< Unix seconds.
    std::uint32_t n = 1;
    eth::Address token;
    Amount amount;  ///< Of all `n`.
    U256 excess;    ///< After it, in 1e18 sales above the target; 0 where prices don't move.
    Hash256 transaction;
};

struct Licence {
    std::uint64_t id = 0;
    std::uint64_t offer = 0;
    std::uint64_t model = 0;
    std::string model_title;
    eth::Address holder;
    std::int64_t issued_at = 0;
    std::int64_t expires = 0;
    std::uint32_t remaining = 0;
    std::uint32_t calls = 0;
    std::uint32_t seats = 1;
    std::uint32_t rights = 0;
    Amount price_paid;
    eth::Address token;
    Hash256 terms;
    bool cancelled = false;
    bool renewable = false;
    Hash256 transaction;
};

struct Service {
    std::uint64_t id = 0;
    eth::Address provider;
    std::uint64_t model = 0;
    std::uint32_t version = 0;
    std::string endpoint;
    eth::Address receiver;
    eth::Address receiver_authorizer;
    eth::Address token;
    payment::Price price;  ///< In its first token, as it holds now.
    std::int64_t valid_until = 0;
    bool ended = false;
    std::vector<Payee> payees;
};

/// What a version's manifest says that its model can do; empty where it says nothing.
struct Abilities {
    content::ModelAbilities model;
    std::vector<std::string> domains;
    std::vector<std::string> formats;
    std::uint64_t weights_bytes = 0;
};

/// What lists show of a model.
struct Summary {
    std::uint64_t id = 0;
    std::string slug;
    eth::Address creator;  ///< Who registered it.
    eth::Address owner;
    std::string title;
    std::string summary;
    std::string task;
    std::vector<std::string> tags;
    std::string licence;
    Abilities abilities;
    std::uint32_t version = 0;  ///< The newest that isn't withdrawn, else the newest.
    Status status = Status::active;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    std::uint64_t sold = 0;
    std::optional<Service> service;  ///< The one whose price is shown.
    std::optional<Offer> offer;      ///< The cheapest active one.
    std::vector<std::uint64_t> equal_weights;
};

/// What a model's payees get from services.
struct Royalty {
    std::uint32_t call_bps = 0;  ///< Of each 10,000.
    eth::Address token;          ///< Of the least amounts; zero: there are none.
    Amount per_call;             ///< The least of a call …
    Amount per_million;          ///< … and of 1,000,000 tokens.
    std::int64_t effective = 0;  ///< Unix seconds.
};

struct Detail {
    Summary summary;
    std::string card;
    eth::Address pay_to;
    std::vector<Payee> payees;
    std::vector<Version> versions;
    std::vector<Offer> offers;
    std::vector<Service> services;
    std::vector<Parent> parents;
    Serving serving = Serving::open;
    Royalty royalty;
    std::optional<Royalty> next_royalty;  ///< Which holds later.
};

/// A call of this size stands for "a typical call".
inline constexpr payment::Usage kTypicalCall{500, 200};

enum class Sort { relevance, newest, price, popular };

/// Where a page ended, in the order of its sort.
struct Cursor {
    double key = 0;
    std::int64_t created = 0;
    std::uint64_t model = 0;
};

struct Query {
    std::string text{};
    /// One of the values of a facet, for each facet that is named.
    FacetValues filters{};
    std::optional<Sort> sort{};
    std::optional<Cursor> after{};
    std::size_t limit = 20;        ///< At most `kMaxPage`.
    std::vector<float> meaning{};  ///< Of `text`, where an embedding model is served.
};

inline constexpr std::size_t kMaxPage = 100;

struct FacetValue {
    std::string value;
    std::size_t count = 0;
};

struct Page {
    std::vector<Summary> items;
    std::optional<Cursor> next;
    std::size_t total = 0;
    /// Of what is found, at most 40 values each. A facet's own filter is left out of its counts:
    /// they say what choosing another value of it would find.
    std::array<std::vector<FacetValue>, kCountedFacets> facets;

    const std::vector<FacetValue>& of(Facet facet) const {
        return facets[static_cast<std::size_t>(facet)];
    }
};

/// A transaction that moved money of a channel.
struct Moved {
    std::string event;  ///< As the contract names it: Deposited, Claimed, Settled, …
    Hash256 transaction;
    std::uint64_t block = 0;
};

/// One event of the chain, for those who watch.
struct FeedItem {
    std::uint64_t block = 0;
    std::uint32_t index = 0;
    std::string kind;  ///< model, version, offer, licence, service, channel, split.
    std::string data;  ///< JSON.
};

}  // namespace stoa::catalogue
