#include "stoa/client/lineage.hpp"

#include <algorithm>
#include <set>

#include "stoa/client/contracts.hpp"

namespace stoa::client {

namespace json = boost::json;
using eth::abi::Value;
using market::kWhole;

namespace {

constexpr unsigned kVersionBits = 32;
constexpr std::uint64_t kWithdrawn = 2;  // of the contract's Status
constexpr std::size_t kMaxRole = 40;

/// `12.3456 %` of 123,456 millionths.
std::string percent(std::uint64_t millionths) {
    std::string rest = std::to_string(millionths % 10'000 + 10'000).substr(1);
    return std::to_string(millionths / 10'000) + '.' + rest + " %";
}

std::string text_in(const json::value& object, const char* key) {
    const json::value* value = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? printable(value->get_string()) : std::string{};
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}

std::string row(const std::string& indent, std::uint64_t whole, const std::string& who) {
    return indent + padded(percent(whole), 11) + "  " + who + '\n';
}

std::optional<std::uint32_t> number_in(std::string_view text) {
    const auto number = parse_decimal(text, kVersionBits);
    if (!number) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::string name_of(const Base& base) {
    return base.title + " (model " + to_decimal(base.model) + ", version " +
           std::to_string(base.version) + ')';
}

/// Of each base by itself.
void check(const Base& base, bool derivable, bool withdrawn) {
    if (withdrawn) {
        throw Failure("base_withdrawn", name_of(base) + " is withdrawn by its makers.",
                      "Name a version that isn't: --base MODEL@VERSION");
    }
    if (!derivable) {
        throw Failure("not_derivable", name_of(base) + " may not be built on: its terms say so.",
                      "Name a version that may, or ask its makers for one (stoa publish "
                      "--derivable).");
    }
    if (base.bps < base.least_bps) {
        throw Failure("base_underpaid",
                      name_of(base) + " asks for " + std::to_string(base.least_bps) +
                          " of each 10,000 that a model built on it earns, not " +
                          std::to_string(base.bps) + '.',
                      "Give it that: --base " + to_decimal(base.model) + '@' +
                          std::to_string(base.version) + ':' + std::to_string(base.least_bps));
    }
}

/// Of all of them together; `bases` are sorted.
void check_together(const std::vector<Base>& bases) {
    if (bases.size() > market::kMaxParents) {
        throw Failure("too_many_bases", "A model is built on 8 others at most.", "Leave some out.");
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bases.size(); ++i) {
        sum += bases[i].bps;
        if (i > 0 && bases[i - 1].model == bases[i].model) {
            throw Failure("base_twice", name_of(bases[i]) + " is named twice.",
                          "Name one version of each model.");
        }
    }
    if (sum > market::kMaxParentsBps) {
        throw Failure("bases_take_too_much",
                      "The base models would get " + percent(sum * (kWhole / market::kBps)) +
                          " of what the model earns; more than half is not allowed.",
                      "Build on fewer, or ask their makers for terms that leave you half.");
    }
}

}  // namespace

BaseOption parse_base(std::string_view text) {
    BaseOption option;
    const auto bad = [&] {
        return Failure("bad_base", "\"" + std::string(text) + "\" is no base model.",
                       "Write it as MODEL, MODEL@VERSION or MODEL@VERSION:BPS, such as "
                       "stories15m@1:1000.");
    };
    std::string_view rest = text;
    if (const auto colon = rest.rfind(':'); colon != rest.npos) {
        option.bps = number_in(rest.substr(colon + 1));
        if (!option.bps || *option.bps > market::kBps) throw bad();
        rest = rest.substr(0, colon);
    }
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        option.version = number_in(rest.substr(at + 1));
        if (!option.version || *option.version == 0) throw bad();
        rest = rest.substr(0, at);
    }
    if (rest.empty()) throw bad();
    option.model = std::string(rest);
    return option;
}

Task<std::vector<Base>> find_bases(Context& context, const Deployment& deployment,
                                   const std::vector<std::string>& options) {
    const eth::Address registry = deployment.contract("ModelRegistry");
    Chain chain{context.node, deployment.chain_id};
    std::vector<Base> bases;
    for (const std::string& text : options) {
        const BaseOption option = parse_base(text);
        const std::string target = "/api/models/" + io::percent_encode(option.model);
        const json::value detail = co_await context.node.get(target);
        Base base;
        base.model = value_or_failure(parse_decimal(detail.at("id").as_string()), text, "");
        base.title = text_in(detail, "title");
        base.version = option.version.value_or(detail.at("version").to_number<std::uint32_t>());
        std::vector<Value> id;
        id.emplace_back(base.model);
        const auto depth = co_await chain.read(registry, registry::kDepthOf, id);
        const auto pay_to = co_await chain.read(registry, registry::kPayTo, id);
        base.pay_to = pay_to.at(0).as_address();
        id.emplace_back(base.version);
        const auto read = co_await chain.read(registry, registry::kVersionOf, id);
        const Value& version = read.at(0);
        base.least_bps = static_cast<std::uint32_t>(version[4].as_u64());
        base.bps = option.bps.value_or(base.least_bps);
        check(base, version[3].as_bool(), version[2].as_u64() == kWithdrawn);
        if (depth.at(0).as_number() + 1 >= market::kMaxDepth) {
            throw Failure("too_deep", name_of(base) + " is itself the eighth above one another.",
                          "Build on one of the models that it is built on.");
        }
        base.royalties = co_await context.node.get(target + "/royalties");
        bases.push_back(std::move(base));
    }
    std::ranges::sort(bases, [](const Base& a, const Base& b) { return a.model < b.model; });
    check_together(bases);
    co_return bases;
}

Creators find_creators(const std::string& split, const std::vector<std::string>& payees,
                       const eth::Address& account) {
    Creators creators;
    const std::string fix = payees.empty() ? "Write it as 0xACCOUNT:70,0xACCOUNT:30."
                                           : "Write it as 0xACCOUNT:70 or 0xACCOUNT:70:ROLE.";
    std::string all = split;
    for (const std::string& text : payees) {
        const auto first = text.find(':');
        const auto second = first == text.npos ? text.npos : text.find(':', first + 1);
        all += (all.empty() ? "" : ",") + text.substr(0, second);
        if (second == text.npos) continue;
        const std::string role = text.substr(second + 1);
        if (role.empty() || role.size() > kMaxRole || printable(role) != role) {
            throw Failure("bad_role", "A role has 1 to 40 letters.", fix);
        }
        creators.roles.push_back({text.substr(0, first), role});
    }
    if (all.empty()) {
        creators.payees = {{account, kWhole}};
    } else {
        creators.payees =
            value_or_failure(market::parse_split(all), payees.empty() ? "--split" : "--payee", fix);
    }
    return creators;
}

std::string split_text(const json::value& royalties, std::string_view split, std::uint64_t whole,
                       const std::string& indent) {
    std::string text;
    for (const json::value& one : royalties.at("splits").as_array()) {
        if (one.at("address").as_string() != split) continue;
        for (const json::value& payee : one.at("payees").as_array()) {
            const std::uint64_t part =
                whole * payee.at("share").to_number<std::uint64_t>() / kWhole;
            const std::string account = text_in(payee, "account");
            if (payee.at("kind").as_string() == "account") {
                const std::string role = text_in(payee, "role");
                text += row(indent, part, account + (role.empty() ? "" : "  " + role));
                continue;
            }
            std::string name = "the split " + account;
            for (const json::value& below : royalties.at("splits").as_array()) {
                if (below.at("address").as_string() != account) continue;
                const std::string title = text_in(below, "title");
                if (!title.empty()) {
                    name = title + " (model " + text_in(below, "model") + ')';
                }
            }
            text += row(indent, part, name + ", which passes on:");
            text += split_text(royalties, account, part, indent + "    ");
        }
    }
    return text;
}

std::string waterfall_text(const Creators& creators, const std::vector<Base>& bases) {
    std::string text = "Of all that the model earns:\n";
    std::uint64_t rest = kWhole;
    for (const Base& base : bases) rest -= std::uint64_t{base.bps} * (kWhole / market::kBps);
    for (const market::Payee& payee : creators.payees) {
        std::string role;
        for (const auto& one : creators.roles) {
            const auto address = eth::parse_address_any_case(one.account);
            if (address && *address == payee.account) role = "  " + one.role;
        }
        text += row("  ", payee.share * rest / kWhole, eth::to_checksum(payee.account) + role);
    }
    for (const Base& base : bases) {
        const std::uint64_t part = std::uint64_t{base.bps} * (kWhole / market::kBps);
        text += row("  ", part, name_of(base) + ", which passes on:");
        text += split_text(base.royalties, eth::to_checksum(base.pay_to), part, "      ");
    }
    return text;
}

json::object waterfall_json(const Creators& creators, const std::vector<Base>& bases) {
    json::array payees;
    for (const market::Payee& payee : creators.payees) {
        payees.push_back(
            json::object{{"account", eth::to_checksum(payee.account)}, {"share", payee.share}});
    }
    json::array list;
    for (const Base& base : bases) {
        list.push_back(json::object{{"model", to_decimal(base.model)},
                                    {"version", base.version},
                                    {"bps", base.bps},
                                    {"leastBps", base.least_bps},
                                    {"title", base.title},
                                    {"payTo", eth::to_checksum(base.pay_to)}});
    }
    return {{"creators", std::move(payees)}, {"bases", std::move(list)}};
}

}  // namespace stoa::client
