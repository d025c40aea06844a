#include "stoa/catalogue/facts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "stoa/catalogue/rows.hpp"

namespace stoa::catalogue {
namespace {

void add_all(FacetValues& values, Facet facet, const std::vector<std::string>& names) {
    for (const std::string& name : names) values.emplace_back(facet, name);
}

std::string_view standing_of(Status status) {
    switch (status) {
        case Status::active: return "active";
        case Status::deprecated: return "deprecated";
        case Status::withdrawn: return "withdrawn";
    }
    return "active";
}

std::string_view terms_of(const Offer& offer) {
    if (offer.calls > 0) return "calls";
    return offer.period > 0 ? "period" : "perpetual";
}

void add_terms(FacetValues& values, const std::vector<Offer>& offers) {
    for (const Offer& offer : offers) {
        const std::pair value{Facet::terms, std::string(terms_of(offer))};
        if (offer.active && std::ranges::find(values, value) == values.end()) {
            values.push_back(value);
        }
    }
}

/// When the services' ends and announced prices change what is shown.
std::int64_t next_change(db::Session& session, std::uint64_t model,
                         const std::vector<Service>& services, std::int64_t now) {
    std::int64_t next = kForever;
    for (const Service& service : services) {
        if (!service.ended && service.valid_until > now) {
            next = std::min(next, service.valid_until);
        }
    }
    const auto price = session.first<std::int64_t>(
        "SELECT p.effective FROM pricing p JOIN service s ON s.id = p.service WHERE s.model = ? "
        "AND p.effective > ? ORDER BY p.effective LIMIT 1",
        model, now);
    return std::min(next, price.value_or(kForever));
}

void add_price(Facts& facts, const Service& service, const chain::Deployment& deployment) {
    const chain::Token* token = deployment.token(service.token);
    const auto cost = payment::cost(service.price, kTypicalCall);
    const double units = cost.units.convert_to<double>();
    facts.price = units / std::pow(10.0, token ? token->decimals : 0);
    facts.values.emplace_back(Facet::served, "true");
    // Of a token that this node doesn't know, nobody can say what a unit is worth.
    if (token) facts.values.emplace_back(Facet::price, std::string(price_band(*facts.price)));
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : "\t") + word;
    return all;
}

std::vector<std::string> parted(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\t'), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::string truth(const std::optional<bool>& value) {
    if (!value) return "";
    return *value ? "yes" : "no";
}

std::optional<bool> parse_truth(std::string_view text) {
    if (text.empty()) return std::nullopt;
    return text == "yes";
}

std::uint64_t parse_number(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

FacetValues values_of(const content::Manifest& manifest) {
    FacetValues values;
    const auto& able = manifest.abilities;
    values.emplace_back(Facet::task, manifest.task);
    add_all(values, Facet::domain, manifest.domains);
    values.emplace_back(Facet::licence, manifest.licence);
    add_all(values, Facet::language, able.languages);
    if (const auto bytes = manifest.weights_bytes()) {
        values.emplace_back(Facet::size, std::string(size_band(bytes)));
    }
    add_all(values, Facet::format, manifest.formats());
    add_all(values, Facet::capability, able.offers);
    if (able.tools.value_or(false)) values.emplace_back(Facet::capability, "tools");
    if (able.reasoning.value_or(false)) values.emplace_back(Facet::capability, "reasoning");
    for (const std::string& type : able.inputs) {
        if (type != "text") values.emplace_back(Facet::capability, type + "-input");
    }
    for (const std::string& type : able.outputs) {
        if (type != "text") values.emplace_back(Facet::capability, type + "-output");
    }
    add_all(values, Facet::tag, manifest.tags);
    return values;
}

std::optional<Facts> facts_of(db::Session& session, std::uint64_t model,
                              const chain::Deployment& deployment, const eth::Address& own,
                              UnixTime now) {
    const auto row = session.first<std::int64_t, std::uint64_t, eth::Address, std::string>(
        "SELECT m.created, m.sold, m.registrant, d.facets FROM model m "
        "JOIN doc d ON d.model = m.id WHERE m.id = ?",
        model);
    if (!row) return std::nullopt;
    Facts facts;
    facts.created = std::get<0>(*row);
    facts.sold = std::get<1>(*row);
    facts.values = parse_lines(std::get<3>(*row));
    facts.values.emplace_back(Facet::creator, eth::to_lower_hex(std::get<2>(*row)));
    const auto status = session.first<int>(
        "SELECT status FROM version WHERE model = ? ORDER BY status = 2, number DESC LIMIT 1",
        model);
    if (status) {
        facts.values.emplace_back(Facet::standing,
                                  std::string(standing_of(static_cast<Status>(*status))));
    }
    add_terms(facts.values, offers_of(session, model));
    auto services = services_of_model(session, model, now);
    facts.until = next_change(session, model, services, unix_seconds(now));
    if (const auto shown = shown_service(std::move(services), own, now)) {
        add_price(facts, *shown, deployment);
    }
    return facts;
}

Abilities abilities_of(const content::Manifest& manifest) {
    Abilities it;
    it.model = manifest.abilities;
    it.domains = manifest.domains;
    it.formats = manifest.formats();
    it.weights_bytes = manifest.weights_bytes();
    return it;
}

std::string to_text(const Abilities& it) {
    std::string text;
    for (const std::string& field :
         {joined(it.domains), joined(it.formats), std::to_string(it.weights_bytes),
          joined(it.model.offers), joined(it.model.inputs), joined(it.model.outputs),
          joined(it.model.languages), truth(it.model.tools), truth(it.model.reasoning),
          std::to_string(it.model.context), it.model.quantisation, it.model.precision,
          it.model.parameters, it.model.architecture}) {
        for (const char c : field) text += c == '\n' ? ' ' : c;
        text += '\n';
    }
    return text;
}

Abilities parse_abilities(std::string_view text) {
    std::vector<std::string_view> fields;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        fields.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    fields.resize(14);
    Abilities it;
    it.domains = parted(fields[0]);
    it.formats = parted(fields[1]);
    it.weights_bytes = parse_number(fields[2]);
    it.model.offers = parted(fields[3]);
    it.model.inputs = parted(fields[4]);
    it.model.outputs = parted(fields[5]);
    it.model.languages = parted(fields[6]);
    it.model.tools = parse_truth(fields[7]);
    it.model.reasoning = parse_truth(fields[8]);
    it.model.context = parse_number(fields[9]);
    it.model.quantisation = fields[10];
    it.model.precision = fields[11];
    it.model.parameters = fields[12];
    it.model.architecture = fields[13];
    return it;
}

}  // namespace stoa::catalogue
