#include "stoa/gateway/sign_in_desk.hpp"

#include <unistd.h>

#include <array>
#include <system_error>

#include "stoa/base/hex.hpp"

namespace stoa::gateway {
namespace {

std::string random_text() {
    std::array<std::uint8_t, 24> bytes;
    if (getentropy(bytes.data(), bytes.size()) != 0) {
        throw std::system_error(errno, std::generic_category(), "getentropy");
    }
    return to_hex_digits(bytes);
}

}  // namespace

void SignInDesk::forget_old() {
    const auto now = clock_.now();
    std::erase_if(nonces_, [&](const auto& entry) { return entry.second <= now; });
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires <= now; });
}

Result<SignInDesk::Nonce> SignInDesk::give_nonce() {
    if (nonces_.size() >= kMaxNonces) forget_old();
    if (nonces_.size() >= kMaxNonces) return fail(GatewayError::rate_limited);
    Nonce nonce{random_text(), clock_.now() + kNonceLife};
    nonces_.emplace(nonce.text, nonce.expires);
    return nonce;
}

Result<void> SignInDesk::check(const eth::SignInMessage& message, std::string_view authority,
                               std::uint64_t chain_id) {
    const auto now = clock_.now();
    if (message.domain != authority) return fail(GatewayError::wrong_domain);
    if (message.chain_id != chain_id) return fail(GatewayError::wrong_chain);
    if (message.expires && *message.expires <= now) return fail(GatewayError::expired);
    if (message.not_before && *message.not_before > now) return fail(GatewayError::expired);
    const auto nonce = nonces_.find(message.nonce);
    if (nonce == nonces_.end() || nonce->second <= now) return fail(GatewayError::nonce_unknown);
    nonces_.erase(nonce);
    return {};
}

std::string SignInDesk::open(const eth::Address& address) {
    if (sessions_.size() >= kMaxSessions) forget_old();
    if (sessions_.size() >= kMaxSessions) sessions_.erase(sessions_.begin());
    std::string token = random_text();
    sessions_.emplace(token, Session{address, clock_.now() + kSessionLife});
    return token;
}

std::optional<SignInDesk::Session> SignInDesk::find(const std::string& token) {
    const auto session = sessions_.find(token);
    if (session == sessions_.end() || session->second.expires <= clock_.now()) return std::nullopt;
    return session->second;
}

void SignInDesk::close(const std::string& token) {
    sessions_.erase(token);
}

}  // namespace stoa::gateway
