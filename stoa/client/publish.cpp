#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/lineage.hpp"
#include "stoa/client/listing.hpp"
#include "stoa/client/units.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::client {

namespace json = boost::json;
using eth::abi::Value;

namespace {

constexpr std::size_t kMaxTermsBytes = 64 * 1024;

enum class VersionKind : std::uint64_t { release, update, fix };

/// As the contract counts them.
std::uint64_t serving_of(const std::string& name) {
    return name == "listed" ? 1 : name == "right_holders" ? 2 : 0;
}

/// One publication: what has been done of it, and what stands on chain.
class Publication {
  public:
    Publication(Context& context, const Deployment& deployment, const keys::Signer& owner,
                Listing listing, Creators creators, const PublishOptions& options)
        : context_(context),
          deployment_(deployment),
          owner_(owner),
          listing_(std::move(listing)),
          creators_(std::move(creators)),
          options_(options),
          registry_(deployment.contract("ModelRegistry")),
          chain_(context.node, deployment.chain_id) {}

    /// Finds what stands on chain, checks what it is built on, and says who would be paid.
    Task<void> plan() {
        std::vector<Value> name;
        name.emplace_back(owner_.address());
        name.emplace_back(listing_.manifest.name);
        const auto found = co_await chain_.read(registry_, registry::kModelOf, name);
        model_ = found.at(0).as_number();
        bases_ = co_await find_bases(context_, deployment_, options_.bases);
        if (model_ != 0) {
            if (!bases_.empty()) co_await check_bases();
            co_return;
        }
        std::vector<market::ParentShare> parents;
        for (const Base& base : bases_) parents.push_back({base.pay_to, base.bps});
        value_or_failure(market::with_parents(creators_.payees, parents), "Who is paid",
                         "Makers and base models are 32 at most.");
        context_.out.remark(waterfall_text(creators_, bases_));
    }

    /// Registers the model, or its next version where the manifest is another one than before.
    Task<void> list() {
        if (model_ == 0) {
            co_await register_model();
        } else {
            co_await publish_version();
        }
    }

    Task<void> sell() {
        if (options_.price.empty()) co_return;
        const TokenInfo& token = deployment_.token(std::string_view{options_.token});
        LicenceTerms terms;
        terms.model = model_;
        terms.title = listing_.manifest.title;
        terms.token = token.address;
        terms.price = value_or_failure(parse_units(options_.price, token.decimals), "--price",
                                       "Write it as 1.50, in " + token.symbol + '.');
        terms.curve.cap = terms.price;
        terms.rights = value_or_failure(market::parse_rights(options_.rights), "--rights",
                                        "Join those you sell by commas.");
        if (!options_.terms.empty()) terms.text = read_input(options_.terms, kMaxTermsBytes);
        const bool new_model = made_model_;
        if (!new_model && co_await is_sold(terms)) co_return;
        context_.out.step("offering licences at " + options_.price + ' ' + token.symbol);
        OfferMade made = co_await create_offer(context_, deployment_, owner_, std::move(terms));
        offer_ = to_decimal(made.id);
        transactions_.emplace_back(to_hex(made.transaction));
        const std::string target = "/api/terms/" + to_hex(market::terms_digest(made.text));
        co_await upload(context_, target, std::move(made.text), "text/plain; charset=utf-8");
    }

    Task<void> give_manifest() {
        co_await upload(context_, "/api/manifests/" + to_hex(listing_.digest), listing_.canonical,
                        "application/json");
    }

    void report() {
        json::object out{
            {"model", to_decimal(model_)},
            {"version", version_},
            {"name", eth::to_checksum(owner_.address()) + '/' + listing_.manifest.name},
            {"changed", !transactions_.empty()},
            {"manifestDigest", to_hex(listing_.digest)},
            {"weightsDigest", to_hex(listing_.weights_digest)},
            {"cid", listing_.cid},
            {"transactions", transactions_}};
        if (made_model_ || options_.dry_run) out["waterfall"] = waterfall_json(creators_, bases_);
        if (options_.dry_run) {
            out["dryRun"] = true;
            context_.out.result(out, "Nothing was sent.");
            return;
        }
        out["offer"] = offer_.empty() ? json::value(nullptr) : json::value(offer_);
        const std::string at =
            " (model " + to_decimal(model_) + ", version " + std::to_string(version_) + ')';
        context_.out.result(out, transactions_.empty()
                                     ? listing_.manifest.title + " is listed already" + at
                                     : listing_.manifest.title + " is listed" + at);
    }

  private:
    Value version_value(VersionKind kind) const {
        std::vector<Value> version;
        version.emplace_back(static_cast<std::uint64_t>(kind));
        version.emplace_back(listing_.digest);
        version.emplace_back(listing_.weights_digest);
        version.emplace_back(listing_.cid);
        version.emplace_back(options_.derivable_bps >= 0);
        version.emplace_back(std::max(options_.derivable_bps, 0));
        return version;
    }

    /// What a listed model is built on never changes.
    Task<void> check_bases() {
        std::vector<Value> id;
        id.emplace_back(model_);
        const auto read = co_await chain_.read(registry_, registry::kParentsOf, id);
        const auto& parents = read.at(0).items();
        bool same = parents.size() == bases_.size();
        for (std::size_t i = 0; same && i < bases_.size(); ++i) {
            same = parents[i][0].as_number() == bases_[i].model &&
                   parents[i][1].as_u64() == bases_[i].version &&
                   parents[i][2].as_u64() == bases_[i].bps;
        }
        if (same) co_return;
        throw Failure("bases_fixed",
                      listing_.manifest.name + " is listed already, and built on other models.",
                      "What a model is built on is fixed when it is listed: leave --base away, or "
                      "list it under another name.");
    }

    Value royalty_value() const {
        std::vector<Value> royalty;
        royalty.emplace_back(options_.royalty_percent * 100);
        const bool none = options_.least_per_call.empty() && options_.least_per_million.empty();
        const TokenInfo& token = deployment_.token(std::string_view{options_.token});
        const auto least = [&](const std::string& text, const char* option) {
            if (text.empty()) return Amount{};
            return value_or_failure(parse_units(text, token.decimals), option,
                                    "Write it as 0.001, in " + token.symbol + '.');
        };
        royalty.emplace_back(none ? eth::kZeroAddress : token.address);
        royalty.emplace_back(least(options_.least_per_call, "--least-per-call"));
        royalty.emplace_back(least(options_.least_per_million, "--least-per-million"));
        return Value{std::move(royalty)};
    }

    Value parents_value() const {
        std::vector<Value> parents;
        for (const Base& base : bases_) {
            std::vector<Value> parent;
            parent.emplace_back(base.model);
            parent.emplace_back(base.version);
            parent.emplace_back(base.bps);
            parents.emplace_back(std::move(parent));
        }
        return Value{std::move(parents)};
    }

    Task<void> register_model() {
        std::vector<Value> payees;
        for (const market::Payee& payee : creators_.payees) {
            std::vector<Value> row;
            row.emplace_back(payee.account);
            row.emplace_back(payee.share);
            payees.emplace_back(std::move(row));
        }
        std::vector<Value> model;
        model.emplace_back(listing_.manifest.name);
        model.push_back(version_value(VersionKind::release));
        model.emplace_back(std::move(payees));
        model.push_back(parents_value());
        model.push_back(royalty_value());
        model.emplace_back(serving_of(options_.serving));
        model.emplace_back(deployment_.contract("Market"));
        std::vector<Value> arguments;
        arguments.emplace_back(std::move(model));
        context_.out.step("registering " + listing_.manifest.name);
        const Sent sent =
            co_await chain_.transact(owner_, registry_, registry::kRegister.encode(arguments));
        model_ = find_event(sent, registry_, registry::kModelRegistered).at(0).as_number();
        version_ = 1;
        made_model_ = true;
        transactions_.emplace_back(to_hex(sent.transaction));
    }

    Hash256 version_digest() const {
        static const auto type = eth::abi::parse_type("(bytes32,bytes32,string)").value();
        return eth::keccak256(eth::abi::encode(
            type, {listing_.digest, listing_.weights_digest, Value{listing_.cid}}));
    }

    Task<void> publish_version() {
        std::vector<Value> id;
        id.emplace_back(model_);
        const auto count = co_await chain_.read(registry_, registry::kVersionCount, id);
        version_ = static_cast<std::uint64_t>(count.at(0).as_u64());
        std::vector<Value> latest = id;
        latest.emplace_back(version_);
        const auto version = co_await chain_.read(registry_, registry::kVersionOf, latest);
        if (version.at(0)[0].as_word() == version_digest()) {
            say_terms_stay(version.at(0));
            co_return;
        }
        const auto kind = options_.version_kind == "fix" ? VersionKind::fix : VersionKind::update;
        id.push_back(version_value(kind));
        context_.out.step("publishing a new version of " + listing_.manifest.name);
        const Sent sent =
            co_await chain_.transact(owner_, registry_, registry::kPublish.encode(id));
        version_ = find_event(sent, registry_, registry::kVersionPublished).at(1).as_u64();
        transactions_.emplace_back(to_hex(sent.transaction));
    }

    void say_terms_stay(const Value& version) const {
        const bool derivable = version[3].as_bool();
        const bool wanted = options_.derivable_bps >= 0;
        const bool same =
            derivable == wanted &&
            (!wanted || version[4].as_u64() == static_cast<std::uint64_t>(options_.derivable_bps));
        if (same) return;
        context_.out.remark("On which terms others may build on version " +
                            std::to_string(version_) +
                            " is fixed; another version may have others.");
    }

    /// Whether an active offer of ours has this price already.
    Task<bool> is_sold(const LicenceTerms& terms) {
        json::value detail;
        try {
            detail = co_await context_.node.get("/api/models/" + to_decimal(model_));
        } catch (const Failure& failure) {
            if (failure.code() == "unreachable") throw;
            co_return false;
        }
        for (const json::value& offer : detail.at("offers").as_array()) {
            const auto& price = offer.at("price");
            const bool same =
                offer.at("active").as_bool() &&
                offer.at("seller").as_string() == eth::to_checksum(owner_.address()) &&
                price.at("token").as_string() == eth::to_checksum(terms.token) &&
                price.at("amount").as_string() == to_decimal(terms.price);
            if (!same) continue;
            offer_ = std::string{offer.at("id").as_string()};
            co_return true;
        }
        co_return false;
    }

    Context& context_;
    const Deployment& deployment_;
    const keys::Signer& owner_;
    Listing listing_;
    Creators creators_;
    std::vector<Base> bases_;
    const PublishOptions& options_;
    eth::Address registry_;
    Chain chain_;
    U256 model_;
    std::uint64_t version_ = 0;
    bool made_model_ = false;
    std::string offer_;
    json::array transactions_;
};

}  // namespace

Task<void> publish(Context& context, const PublishOptions& options) {
    const auto account = context.key_entry(options.key).address;
    Creators creators = find_creators(options.split, options.payees, account);
    Listing listing = read_listing(options.manifest, options.file, creators.roles);
    const Deployment& deployment = *co_await context.node.deployment();
    const auto owner = context.signer(options.key);
    Publication publication{context, deployment, *owner, std::move(listing), std::move(creators),
                            options};
    co_await publication.plan();
    if (!options.dry_run) {
        co_await publication.list();
        co_await publication.give_manifest();
        co_await publication.sell();
    }
    publication.report();
}

}  // namespace stoa::client
