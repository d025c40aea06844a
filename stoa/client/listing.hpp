#pragma once

#include "stoa/client/context.hpp"
#include "stoa/content/manifest.hpp"

namespace stoa::client {

/// A manifest in its canonical form, with the names that the chain knows it by.
struct Listing {
    content::Manifest manifest;
    std::string canonical;
    Hash256 digest;
    std::string cid;
    Hash256 weights_digest;
};

/// Reads manifest and weights, and checks one against the other; `payees`, where there are any,
/// become the manifest's, and what a GGUF file says of itself and the manifest doesn't is added to
/// it. Throws `Failure`.
Listing read_listing(const std::filesystem::path& manifest, const std::filesystem::path& weights,
                     const std::vector<content::ManifestPayee>& payees);

/// What moves a price above its floor.
struct PriceCurve {
    PriceCurve() = default;

    Amount cap;             ///< The floor itself where the price is fixed; then the rest is 0.
    Amount target_per_day;  ///< In billionths of a sale.
    Amount sensitivity;     ///< In billionths of a sale.
};

/// What a licence gives, as the seller says it.
struct LicenceTerms {
    LicenceTerms() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    U256 model;
    std::string title;
    Amount price;
    PriceCurve curve;
    eth::Address token;
    std::uint32_t rights = 0;
    std::uint64_t period_seconds = 0;  ///< 0 is for ever.
    std::uint64_t seats = 1;
    std::string text;  ///< The legal text; a plain one where empty.
};

struct OfferMade {
    U256 id;
    Hash256 transaction;
    std::string text;  ///< The legal text, whose digest is on chain.
};

/// Puts an offer on chain.
Task<OfferMade> create_offer(Context&, const Deployment&, const keys::Signer& seller,
                             LicenceTerms terms);

/// Gives the node a text that the chain names by its digest. A node that hasn't seen that block
/// yet is asked again for up to a minute.
Task<void> upload(Context&, std::string target, std::string body, std::string content_type);

}  // namespace stoa::client
