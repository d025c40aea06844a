#include "stoa/gateway/sign_in_routes.hpp"

#include "stoa/chain/signed_by.hpp"
#include "stoa/eth/signature.hpp"
#include "stoa/gateway/fields.hpp"

namespace stoa::gateway {
namespace {

constexpr std::string_view kCookie = "stoa_session=";

std::string token_of(const Request& request) {
    const auto header = request.headers.get("cookie").value_or("");
    const auto at = header.find(kCookie);
    if (at == std::string_view::npos) return {};
    const auto rest = header.substr(at + kCookie.size());
    return std::string(rest.substr(0, rest.find(';')));
}

io::Response session_response(const SignInDesk::Session& session) {
    return io::json_response(200, json::serialize(json::object{
                                      {"address", eth::to_checksum(session.address)},
                                      {"expiresAt", unix_seconds(session.expires)},
                                  }));
}

}  // namespace

void SignInRoutes::add_to(Router& router) {
    authority_ = router.site().authority();
    secure_ = router.site().is_secure();
    router.add("GET", "/api/auth/nonce", [this](Request&) { return nonce(); });
    router.add("POST", "/api/auth/verify", [this](Request& request) { return verify(request); });
    router.add("GET", "/api/auth/session", [this](Request& request) { return session(request); });
    router.add("DELETE", "/api/auth/session",
               [this](Request& request) { return sign_out(request); });
}

Task<Answer> SignInRoutes::nonce() {
    const auto nonce = desk_.give_nonce();
    if (!nonce) co_return refuse(nonce.error());
    auto response = io::json_response(
        200, json::serialize(json::object{{"nonce", nonce->text},
                                          {"expiresAt", unix_seconds(nonce->expires)}}));
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Task<Answer> SignInRoutes::verify(Request& request) {
    const auto fields = Fields::parse(request.body);
    if (!fields) co_return tl::unexpected(fields.error());
    if (const auto known = fields->only({"message", "signature"}); !known) {
        co_return tl::unexpected(known.error());
    }
    const auto text = fields->text("message");
    if (!text) co_return tl::unexpected(text.error());
    auto signature = fields->bytes("signature", chain::kMaxAccountSignatureBytes);
    if (!signature) co_return tl::unexpected(signature.error());

    const auto message = eth::parse_sign_in(*text);
    if (!message) {
        co_return refuse(GatewayError::invalid_field,
                         "\"message\" is not a sign-in message of EIP-4361.", "message");
    }
    if (const auto right = desk_.check(*message, authority_, chain_id_); !right) {
        co_return refuse(right.error());
    }
    const bool is_signed = co_await chain::is_signed_by(
        rpc_, message->address, eth::personal_digest(*text), *std::move(signature));
    if (!is_signed) {
        co_return refuse(GatewayError::wrong_signer);
    }
    const std::string token = desk_.open(message->address);
    auto response = session_response(*desk_.find(token));
    response.headers.set("Set-Cookie", std::string(kCookie) + token +
                                           "; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400" +
                                           (secure_ ? "; Secure" : ""));
    co_return response;
}

Task<Answer> SignInRoutes::session(Request& request) {
    const auto session = desk_.find(token_of(request));
    if (!session) co_return refuse(GatewayError::not_signed_in);
    co_return session_response(*session);
}

Task<Answer> SignInRoutes::sign_out(Request& request) {
    desk_.close(token_of(request));
    io::Response response(204);
    response.headers.set("Set-Cookie", std::string(kCookie) + "; Path=/; HttpOnly; Max-Age=0");
    co_return response;
}

}  // namespace stoa::gateway
