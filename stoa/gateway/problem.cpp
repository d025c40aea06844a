#include "stoa/gateway/problem.hpp"

#include <cctype>
#include <vector>

#include <boost/json.hpp>

#include "stoa/catalogue/error.hpp"
#include "stoa/content/error.hpp"
#include "stoa/payment/error.hpp"
#include "stoa/relay/error.hpp"

namespace stoa::gateway {
namespace {

namespace json = boost::json;

constexpr std::string_view kTypes = "https://stoa.example/problems/";

struct Row {
    std::error_code why;
    unsigned status;
    const char* fix;
};

std::vector<Row> gateway_rows() {
    using enum GatewayError;
    return {
        {unknown_route, 404, "The routes are listed at /docs and in /openapi.json."},
        {method_not_allowed, 405, "Use one of the methods in the Allow header."},
        {foreign_host, 421, "Use the address that the node printed when it started."},
        {foreign_origin, 403, "Open this node's own page, or call it from a program."},
        {body_too_large, 413, "Send less, or split it into several requests."},
        {malformed_json, 400, "Send one JSON object, encoded as UTF-8, nested less than 32 deep."},
        {missing_field, 400, "Add the field; /docs shows what the route takes."},
        {unknown_field, 400, "Leave the field out; /docs shows what the route takes."},
        {invalid_field, 400, "Correct the field; /docs shows what the route takes."},
        {unknown_model, 404, "Pick a name from /v1/models or an id from /api/models."},
        {unknown_offer, 404, "Pick an offer of a model: /api/models/{id} lists them."},
        {unknown_chain, 404, "Use the chainId that /api/deployment names."},
        {not_stored, 404, "Ask the creator to send it with PUT, or ask another node."},
        {not_signed_in, 401, "Sign in: GET /api/auth/nonce, then POST /api/auth/verify."},
        {nonce_unknown, 401, "Get a new nonce from /api/auth/nonce and sign a new message."},
        {wrong_domain, 401, "Sign in on the page of this node, and check its address."},
        {wrong_chain, 401, "Switch the wallet to the chain of /api/deployment and sign again."},
        {expired, 401, "Check the clock of your computer and sign a new message."},
        {wrong_signer, 401, "Choose the account in the wallet that the message names."},
        {no_faucet, 404, "Get the token on its own chain; /api/deployment names it."},
        {faucet_limit, 429, "Wait a day, or use another address."},
        {rate_limited, 429, "Wait as long as the Retry-After header says."},
        {transaction_failed, 422, "Read the reason, correct the request, and sign it again."},
        {chain_unavailable, 503, "Try again in a few seconds; nothing was charged."},
        {not_ready, 503, "Try again in a few seconds; /readyz says when it is ready."},
        {internal, 500, "Try again; if it stays, tell the node's operator the time of day."},
    };
}

/// Of what is stored under its digest.
std::vector<Row> content_rows() {
    using catalogue::CatalogueError;
    using content::ContentError;
    return {
        {CatalogueError::digest_mismatch, 422,
         "Send exactly the bytes whose keccak256 stands in the address."},
        {CatalogueError::manifest_not_listed, 409,
         "Publish the version on chain first, and repeat this a moment after its block."},
        {CatalogueError::terms_not_listed, 409,
         "Make the offer on chain first, and repeat this a moment after its block."},
        {CatalogueError::bad_text, 422, "Send UTF-8 text of at most 64 KiB."},
        {ContentError::bad_json, 422, "Send a JSON document in canonical form (RFC 8785)."},
        {ContentError::not_canonical, 422, "Send a JSON document in canonical form (RFC 8785)."},
        {ContentError::bad_manifest, 422,
         "Send an object of type ModelListing with a name; docs/reference/manifest.md shows one."},
        {ContentError::too_large, 413, "Keep manifests under 256 KiB and terms under 64 KiB."},
        {ContentError::bad_cid, 400, "Write a CIDv1 in base32; it begins with \"b\"."},
    };
}

/// Of what wallets sign and the node carries to the chain.
std::vector<Row> money_rows() {
    using payment::PaymentError;
    using relay::RelayError;
    return {
        {RelayError::wrong_chain, 422, "Sign for the chain and contracts of /api/deployment."},
        {RelayError::malformed, 422, "Read the offer again and sign a new order."},
        {RelayError::expired, 422, "Sign again; give it at least a minute."},
        {RelayError::bad_signature, 422, "Sign with the account that pays, on this chain."},
        {RelayError::stale_nonce, 409,
         "Read /api/money or /api/purse again and sign with the nonce of now."},
        {RelayError::would_revert, 422, "Read the reason, correct the request, and sign it again."},
        {RelayError::below_cost, 422, "Raise the fee or the amount; GET /api/relay has the costs."},
        {RelayError::quota, 429, "Wait until tomorrow (UTC), or send it yourself."},
        {RelayError::gas_budget, 503, "Wait until tomorrow (UTC), or send it yourself."},
        {RelayError::not_included, 504, "Send the same request again: it is carried only once."},
        {RelayError::nothing_left, 409, "Nothing is left to take out of this channel."},
        {RelayError::nothing_due, 409, "Everything is paid out. Come back after the next sale."},
        {RelayError::no_purse, 404,
         "POST /api/relay purse_fund opens one; GET /api/purse shows it."},
        {PaymentError::channel_busy, 409, "Wait for the running call to end, and try again."},
        {PaymentError::not_safe_yet, 409,
         "Ask again after the time in Retry-After; the chain then holds your deposit for good."},
        {PaymentError::session_expired, 403,
         "Set new limits with the payer's wallet (POST /api/sessions/limits), or open another "
         "session."},
        {PaymentError::session_day_limit, 403,
         "Wait until 00:00 UTC, ask for a shorter answer, or raise the limit with the payer's "
         "wallet: POST /api/sessions/limits."},
        {PaymentError::limits_nonce, 409, "Read the session's nonce in /api/money and sign anew."},
        {PaymentError::limits_signature, 403,
         "Sign Limits with the payer's wallet, on this chain; or with the session's key to "
         "tighten them."},
        {PaymentError::missing_channel, 404, "/api/money lists the channels of an address."},
        {PaymentError::no_running_call, 404, "Call again; the stream has ended meanwhile."},
        {PaymentError::voucher_signature, 422, "Sign with the session key of the channel."},
        {PaymentError::cumulative_too_low, 422, "Promise at least what stoa.voucher requires."},
        {PaymentError::cumulative_exceeds_balance, 422, "Promise less, or add to the channel."},
        {PaymentError::cumulative_below_claimed, 422, "Promise more than is claimed on chain."},
        {PaymentError::receiver_mismatch, 422,
         "Take receiver and receiverAuthorizer from a service of this node."},
        {PaymentError::receiver_authorizer_mismatch, 422,
         "Take receiver and receiverAuthorizer from a service of this node."},
        {PaymentError::token_mismatch, 422, "Pay in the token that the service names."},
        {PaymentError::withdraw_delay_mismatch, 422, "Set withdrawDelay to 3600."},
    };
}

const std::vector<Row>& table() {
    static const std::vector<Row> rows = [] {
        std::vector<Row> all = gateway_rows();
        for (const auto& more : {content_rows(), money_rows()}) {
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }();
    return rows;
}

/// "the body is …" → "The body is …"
std::string sentence(std::string text) {
    if (!text.empty()) {
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    }
    return text;
}

std::string type_of(std::string_view code) {
    std::string text(kTypes);
    for (const char c : code) text += c == '_' ? '-' : c;
    return text;
}

json::object openai_error(const Problem& problem) {
    json::object error;
    error["message"] = problem.detail;
    error["type"] = problem.status >= 500 ? "server_error" : "invalid_request_error";
    error["code"] = problem.code;
    error["param"] = problem.param.empty() ? json::value{} : json::value(problem.param);
    error["fix"] = problem.fix;
    return error;
}

}  // namespace

Problem problem_of(const std::error_code& why, std::string detail, std::string param) {
    Problem problem;
    problem.status = 400;
    problem.code = code_of(why);
    problem.title = sentence(why.message());
    problem.fix = "Correct the request; /docs shows what the route takes.";
    for (const Row& row : table()) {
        if (row.why == why) {
            problem.status = row.status;
            problem.fix = row.fix;
        }
    }
    problem.detail = detail.empty() ? problem.title + "." : std::move(detail);
    problem.param = std::move(param);
    return problem;
}

ProblemShape shape_for(std::string_view path) {
    if (path.starts_with("/v1/") || path.starts_with("/m/")) return ProblemShape::openai;
    return path.starts_with("/v2/") ? ProblemShape::open_inference : ProblemShape::document;
}

io::Response to_response(const Problem& problem, ProblemShape shape) {
    json::object body;
    if (shape == ProblemShape::openai || shape == ProblemShape::both) {
        body["error"] = openai_error(problem);
    }
    if (shape == ProblemShape::open_inference) body["error"] = problem.detail;
    if (shape != ProblemShape::openai) {
        body["type"] = type_of(problem.code);
        body["title"] = problem.title;
        body["status"] = problem.status;
        body["detail"] = problem.detail;
        body["fix"] = problem.fix;
        body["code"] = problem.code;
        if (!problem.param.empty()) body["param"] = problem.param;
    }
    auto response = io::text_response(
        problem.status, json::serialize(body),
        shape == ProblemShape::openai ? "application/json" : "application/problem+json");
    if (problem.retry_after) response.headers.set("Retry-After", *problem.retry_after);
    return response;
}

}  // namespace stoa::gateway
