#include "stoa/client/purse.hpp"
#include "stoa/io/file.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxLimitsBytes = 16 * 1024;
constexpr unsigned kPrivate = 0600;

constexpr std::uint64_t kDaySeconds = 24 * 3600;

}  // namespace

payment::PursePolicy policy_for(const PurseStatus& status, const eth::Address& key,
                                const eth::Address& token, const Amount& more,
                                const PurseLimits& limits, std::uint64_t now) {
    const PurseStatus::Key before = status.key.value_or(PurseStatus::Key{});
    const Amount spent_today =
        before.cap_per_day > before.left_today ? before.cap_per_day - before.left_today : Amount{};
    const Amount all = status.balance + more;
    payment::PursePolicy it;
    it.key = key;
    it.token = token;
    it.cap = limits.total.value_or(all);
    it.cap_per_day = limits.per_day.value_or(spent_today + all);
    it.cap_per_service = limits.per_service.value_or(before.cap_per_service + all);
    it.expires = now + limits.days * kDaySeconds;
    it.services = limits.services;
    return it;
}

std::filesystem::path Purse::limits_file(const eth::Address& key) const {
    return context_.data / "purses" /
           (to_lower_hex(owner_) + "-" + to_lower_hex(token_.address) + "-" + to_lower_hex(key) +
            ".json");
}

PurseLimits Purse::limits(const eth::Address& key) const {
    PurseLimits it;
    const auto text = io::read_file_if_there(limits_file(key), kMaxLimitsBytes);
    if (!text) return it;
    const json::value value = parse_answer(*text);
    bool failed = false;
    const payment::JsonReader in{&value, failed};
    it.days = in.number("days");
    if (in.has("total")) it.total = in.amount("total");
    if (in.has("perDay")) it.per_day = in.amount("perDay");
    if (in.has("perService")) it.per_service = in.amount("perService");
    const auto* services = in.find("services");
    if (services && services->is_array()) {
        for (const json::value& id : services->get_array()) {
            it.services.push_back(parse_decimal(id.as_string()).value());
        }
    }
    if (failed) {
        throw Failure("bad_limits",
                      "The purse's limits in " + limits_file(key).string() + " can't be read.",
                      "Set them again: stoa purse fund, with the limits that you want.");
    }
    return it;
}

void Purse::keep(const eth::Address& key, const PurseLimits& it) const {
    json::object out;
    out["days"] = it.days;
    if (it.total) out["total"] = to_decimal(*it.total);
    if (it.per_day) out["perDay"] = to_decimal(*it.per_day);
    if (it.per_service) out["perService"] = to_decimal(*it.per_service);
    json::array services;
    for (const U256& id : it.services) services.emplace_back(to_decimal(id));
    out["services"] = std::move(services);
    std::filesystem::create_directories(limits_file(key).parent_path());
    io::write_file_atomic(limits_file(key), json::serialize(out), kPrivate);
}

}  // namespace stoa::client
