#include "stoa/client/listing.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <boost/json.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/content/canonical_json.hpp"
#include "stoa/content/gguf.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::client {

namespace {

constexpr int kMaxUploads = 60;
constexpr std::uint64_t kUpdates = 2;  // of the contract's Entitlement

/// A file of any size, read through the page cache.
class MappedFile {
  public:
    explicit MappedFile(const std::filesystem::path& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status {};
        if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
            if (file >= 0) ::close(file);
            throw Failure("unreadable_file", "Can't read " + path.string() + '.',
                          "Name the weights' file: --file PATH");
        }
        size_ = static_cast<std::size_t>(status.st_size);
        if (size_) bytes_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
        ::close(file);
        if (bytes_ == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), path.string());
        }
    }
    ~MappedFile() {
        if (size_) ::munmap(bytes_, size_);
    }
    MappedFile(const MappedFile&) = delete;

    Bytes bytes() const { return {static_cast<const std::uint8_t*>(bytes_), size_}; }

  private:
    void* bytes_ = nullptr;
    std::size_t size_ = 0;
};

boost::json::object& object_in(boost::json::object& parent, std::string_view name) {
    boost::json::value& value = parent[name];
    if (!value.is_object()) value.emplace_object();
    return value.get_object();
}

template <class T>
void add_missing(boost::json::object& to, std::string_view name, const T& value) {
    if (value != T{} && !to.contains(name)) to[name] = boost::json::value_from(value);
}

/// Adds what the weights' file says of itself and the manifest doesn't. What a manifest says holds,
/// and one that says all of it stays as it is.
void complete(boost::json::value& manifest, Bytes weights) {
    const auto found = content::read_gguf(weights);
    if (!found || !manifest.is_object()) return;
    boost::json::object& properties = object_in(manifest.get_object(), "properties");
    add_missing(properties, "contextLength", found->context);
    boost::json::object& config = object_in(object_in(properties, "model"), "config");
    add_missing(config, "architecture", found->architecture);
    add_missing(config, "quantization", found->quantisation);
    add_missing(config, "paramSize", found->parameters);
    boost::json::object& able = object_in(config, "capabilities");
    add_missing(able, "languages", found->languages);
    if (found->tools) add_missing(able, "toolUsage", *found->tools);
    if (able.empty()) config.erase("capabilities");
    const auto artifacts = properties.find("artifacts");
    if (artifacts == properties.end() || !artifacts->value().is_array()) return;
    for (auto& file : artifacts->value().get_array()) {
        if (!file.is_object()) continue;
        const auto* role = file.get_object().if_contains("role");
        if (role && role->is_string() && role->get_string() == "weights") {
            add_missing(file.get_object(), "format", std::string("gguf"));
        }
    }
}

/// The digest of the one file of weights that the manifest names.
Hash256 weights_of(const content::Manifest& manifest, const std::string& where) {
    const auto is_weights = [](const content::ManifestFile& file) {
        return file.role == "weights" && file.sha256;
    };
    if (std::ranges::count_if(manifest.files, is_weights) != 1) {
        throw Failure("no_weights", where + " doesn't name one file of weights.",
                      "Name it in properties.artifacts, with role \"weights\" and its sha256.");
    }
    return *std::ranges::find_if(manifest.files, is_weights)->sha256;
}

void set_payees(boost::json::value& manifest, const std::vector<content::ManifestPayee>& payees) {
    if (payees.empty() || !manifest.is_object()) return;
    boost::json::array list;
    for (const auto& payee : payees) {
        list.push_back(boost::json::object{{"account", payee.account}, {"role", payee.role}});
    }
    auto& properties = manifest.get_object()["properties"];
    if (!properties.is_object()) properties.emplace_object();
    properties.get_object()["payees"] = std::move(list);
}

std::string plain_terms(const LicenceTerms& terms) {
    std::string rights;
    for (const std::string_view name : market::names_of_rights(terms.rights)) {
        rights += (rights.empty() ? "" : ", ") + std::string{name};
    }
    return "Licence of the model \"" + terms.title +
           "\"\n\nThe holder of this licence may: " + rights +
           ".\nIt covers the version that was the latest when it was bought, and every "
           "fix and update of it.\nThe licence that the model's card names for its weights holds "
           "beside it.\nThe model comes as it is, without warranty.\n";
}

}  // namespace

Listing read_listing(const std::filesystem::path& manifest, const std::filesystem::path& weights,
                     const std::vector<content::ManifestPayee>& payees) {
    const std::string fix = "What a manifest must have: docs/reference/manifest.md";
    const std::string text = read_input(manifest, content::kMaxManifestBytes);
    auto json = value_or_failure(content::parse_json(text), manifest.string(), fix);
    set_payees(json, payees);
    Listing out;
    out.manifest = value_or_failure(content::parse_manifest(text), manifest.string(), fix);
    out.weights_digest = weights_of(out.manifest, manifest.string());
    if (!weights.empty()) {
        const MappedFile file(weights);
        if (content::sha256(file.bytes()) != out.weights_digest) {
            throw Failure(
                "digest_mismatch", weights.string() + " is not the file that the manifest names.",
                "Its SHA-256 must be " + stoa::to_hex_digits(out.weights_digest.bytes) + '.');
        }
        complete(json, file.bytes());
    }
    out.canonical = value_or_failure(content::canonical_json(json), manifest.string(), fix);
    out.manifest = value_or_failure(content::parse_manifest(out.canonical), manifest.string(), fix);
    out.digest = eth::keccak256(out.canonical);
    out.cid = content::to_text(content::raw_cid(as_bytes(out.canonical)));
    return out;
}

Task<OfferMade> create_offer(Context& context, const Deployment& deployment,
                             const keys::Signer& seller, LicenceTerms terms) {
    using eth::abi::Value;
    OfferMade made;
    made.text = terms.text.empty() ? plain_terms(terms) : terms.text;
    std::vector<Value> price;
    price.emplace_back(terms.token);
    price.emplace_back(terms.price);
    price.emplace_back(terms.curve.cap);
    std::vector<Value> prices;
    prices.emplace_back(std::move(price));
    std::vector<Value> sold;
    sold.emplace_back(terms.model);
    sold.emplace_back(0);  // no service: rights, not calls
    sold.emplace_back(terms.period_seconds);
    sold.emplace_back(0);
    sold.emplace_back(terms.seats);
    sold.emplace_back(terms.rights);
    sold.emplace_back(kUpdates);
    sold.emplace_back(0);  // updates for as long as the licence lasts
    sold.emplace_back(terms.seats == 1);
    sold.emplace_back(false);
    sold.emplace_back(market::terms_digest(made.text));
    std::vector<Value> offer;
    offer.emplace_back(std::move(prices));
    offer.emplace_back(terms.curve.target_per_day);
    offer.emplace_back(terms.curve.sensitivity);
    offer.emplace_back(0);
    offer.emplace_back(std::move(sold));
    std::vector<Value> arguments;
    arguments.emplace_back(std::move(offer));

    const eth::Address market = deployment.contract("Market");
    Chain chain{context.node, deployment.chain_id};
    const Sent sent =
        co_await chain.transact(seller, market, market_contract::kCreateOffer.encode(arguments));
    const auto event = find_event(sent, market, market_contract::kOfferCreated);
    made.id = event.at(0).as_number();
    made.transaction = sent.transaction;
    co_return made;
}

Task<void> upload(Context& context, std::string target, std::string body,
                  std::string content_type) {
    for (int attempt = 1;; ++attempt) {
        try {
            co_await context.node.put(target, body, content_type);
            co_return;
        } catch (const Failure& failure) {
            const bool unseen = failure.code().ends_with("_not_listed");
            if (!unseen || attempt == kMaxUploads) throw;
        }
        co_await io::sleep_for(std::chrono::seconds(1));
    }
}

}  // namespace stoa::client
