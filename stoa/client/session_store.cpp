#include "stoa/client/session_store.hpp"

#include <algorithm>

#include "stoa/io/file.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::size_t kMaxFileBytes = 64 * 1024;
constexpr unsigned kPrivate = 0600;

}  // namespace

std::string to_text(const Session& session) {
    const ChannelMemory& channel = session.channel;
    json::object out{{"channelId", to_hex(channel.channel_id)},
                     {"chainId", session.chain_id},
                     {"model", session.model},
                     {"node", session.node},
                     {"config", payment::to_json(channel.config)},
                     {"balance", to_decimal(channel.balance)},
                     {"charged", to_decimal(channel.charged)},
                     {"signedMax", to_decimal(channel.signed_max)}};
    if (session.owner) out["owner"] = eth::to_checksum(*session.owner);
    return json::serialize(out);
}

std::optional<Session> parse_session(std::string_view text) {
    json::error_code error;
    const json::value value = json::parse(text, error);
    if (error) return std::nullopt;
    bool failed = false;
    const payment::JsonReader in{&value, failed};
    Session out;
    out.channel.channel_id = in.hash("channelId");
    out.chain_id = in.number("chainId");
    out.model = in.text("model");
    out.node = in.text("node");
    out.channel.balance = in.amount("balance");
    out.channel.charged = in.amount("charged");
    out.channel.signed_max = in.amount("signedMax");
    if (in.has("owner")) out.owner = in.address("owner");
    const json::value* config = in.find("config");
    if (failed || !config) return std::nullopt;
    const auto parsed = payment::parse_channel_config(*config);
    if (!parsed) return std::nullopt;
    out.channel.config = *parsed;
    return out;
}

fs::path SessionStore::file_of(const Hash256& channel_id) const {
    return folder_ / (to_hex(channel_id) + ".json");
}

std::vector<Session> SessionStore::list() const {
    std::vector<Session> sessions;
    std::error_code no_folder;
    for (const auto& entry : fs::directory_iterator(folder_, no_folder)) {
        if (entry.path().extension() != ".json") continue;
        const auto text = io::read_file_if_there(entry.path(), kMaxFileBytes);
        if (auto session = text ? parse_session(*text) : std::nullopt) {
            sessions.push_back(*std::move(session));
        }
    }
    std::ranges::sort(sessions, {}, [](const Session& s) { return s.channel.channel_id; });
    return sessions;
}

std::optional<Session> SessionStore::find(const Hash256& channel_id) const {
    const auto text = io::read_file_if_there(file_of(channel_id), kMaxFileBytes);
    return text ? parse_session(*text) : std::nullopt;
}

void SessionStore::save(const Session& session) const {
    fs::create_directories(folder_);
    io::write_file_atomic(file_of(session.channel.channel_id), to_text(session), kPrivate);
}

void SessionStore::remove(const Hash256& channel_id) const {
    fs::remove(file_of(channel_id));
}

}  // namespace stoa::client
