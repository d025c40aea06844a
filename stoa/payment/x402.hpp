// Messages of x402 version 2 (specs of x402-foundation/x402): what a node asks (PaymentRequired),
// what a buyer answers (PaymentPayload) and what came of it (SettlementResponse). On HTTP each is
// a header of base64 of JSON; facilitators take the same objects in bodies.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json/fwd.hpp>

#include "stoa/payment/channel.hpp"
#include "stoa/payment/error.hpp"

namespace stoa::payment {

inline constexpr const char* kPaymentRequiredHeader = "PAYMENT-REQUIRED";
inline constexpr const char* kPaymentSignatureHeader = "PAYMENT-SIGNATURE";
inline constexpr const char* kPaymentResponseHeader = "PAYMENT-RESPONSE";

inline constexpr std::size_t kMaxPaymentBytes = 16 * 1024;  ///< Of the JSON in a header.
inline constexpr std::size_t kMaxJsonDepth = 12;
inline constexpr std::size_t kMaxClaims = 100;
inline constexpr std::size_t kMaxWalletSignatureBytes = 4096;  ///< Contract wallets sign at length.

enum class Scheme { batch_settlement, exact };

/// `eip155:1337`, as CAIP-2 writes a chain.
std::string network_name(std::uint64_t chain_id);
std::optional<std::uint64_t> network_chain_id(std::string_view);

/// What a channel holds, as the node sees it: `channelState` on the wire.
struct ChannelSnapshot {
    Hash256 channel_id;
    Amount balance;
    Amount total_claimed;
    std::uint64_t withdraw_requested_at = 0;  ///< Unix seconds; 0 is none.
    U256 refund_nonce;
    std::optional<Amount> charged;  ///< Facilitators, who only know the chain, leave it out.
};

/// The buyer's own last voucher, by which it recognises a node that knows more than itself.
struct VoucherSnapshot {
    Amount signed_max_claimable;
    eth::Signature signature;
};

/// One way to pay: an entry of `accepts`, echoed by the buyer as `accepted`.
struct Requirements {
    Scheme scheme = Scheme::batch_settlement;
    std::string network;
    Amount amount;  ///< The most that this call costs.
    eth::Address asset;
    eth::Address pay_to;
    std::uint64_t max_timeout_seconds = 0;
    std::string token_name;  ///< Of the token's EIP-712 domain.
    std::string token_version;
    /// Of batch_settlement only, as the rest.
    std::optional<eth::Address> receiver_authorizer;
    std::optional<std::uint64_t> withdraw_delay_seconds;
    std::optional<Amount> min_deposit;
    /// The least that a stream may be begun with whose buyer pays on while it reads; ours.
    std::optional<Amount> least_amount;
    /// In a corrective answer only.
    std::optional<ChannelSnapshot> channel_state;
    std::optional<VoucherSnapshot> voucher_state;
    /// Of exact: "upfront" where the payment is settled before the answer.
    std::optional<std::string> payment_flow;
};

struct Resource {
    std::string url;
    std::string description;
    std::string mime_type;
};

struct PaymentRequired {
    std::string error = "Payment required";  ///< Or the code of a refusal.
    Resource resource;
    std::vector<Requirements> accepts;  ///< Parsed: those of schemes that we know.
};

/// A voucher for this call; the channel is open.
struct VoucherPayload {
    ChannelConfig config;
    Voucher voucher;
    eth::Signature signature;
};

/// A voucher and what opens or refills its channel.
struct DepositPayload : VoucherPayload {
    Amount deposit;
    std::uint64_t valid_after = 0;   ///< Unix seconds.
    std::uint64_t valid_before = 0;  ///< Unix seconds.
    U256 salt;
    ByteVector authorization_signature;
};

/// A row of a claim: `total_claimed` of what the voucher promises is earned.
struct SignedClaim {
    ChannelConfig config;
    Amount max_claimable;
    eth::Signature signature;
    Amount total_claimed;
};

/// A voucher of exactly what was charged.
struct RefundPayload : VoucherPayload {
    std::optional<Amount> amount;  ///< None is everything.

    /// What a server adds for its facilitator, signed by the channel's receiverAuthorizer.
    struct Completed {
        U256 nonce;
        eth::Signature authorized;
        std::vector<SignedClaim> claims;
        std::optional<eth::Signature> claims_authorized;
    };
    std::optional<Completed> completed{};
};

struct ExactPayload {
    TokenAuthorization authorization;
    ByteVector signature;
};

/// To a facilitator only.
struct ClaimPayload {
    std::vector<SignedClaim> claims;
    std::optional<eth::Signature> authorized{};  ///< By the channels' receiverAuthorizer.
};

/// To a facilitator only.
struct SettlePayload {
    eth::Address receiver;
    eth::Address token;
};

struct PaymentPayload {
    Requirements accepted;
    std::string resource_url;
    std::variant<VoucherPayload, DepositPayload, RefundPayload, ExactPayload, ClaimPayload,
                 SettlePayload>
        payload;
};

/// What a payment header came to.
struct SettlementResponse {
    bool success = true;
    std::optional<std::string> error_reason;  ///< A code.
    std::optional<std::string> error_message;
    std::optional<eth::Address> payer;
    std::optional<Hash256> transaction;
    std::string network;
    std::optional<Amount> amount;  ///< Deposited, refunded or paid out; never the charge.
    std::optional<ChannelSnapshot> channel_state;
    std::optional<Amount> charged;  ///< For this call.
};

boost::json::object to_json(const ChannelSnapshot&);
boost::json::object to_json(const ChannelConfig&);
boost::json::object to_json(const Requirements&);
boost::json::object to_json(const PaymentRequired&);
boost::json::object to_json(const PaymentPayload&);
boost::json::object to_json(const SettlementResponse&);

/// The header's text.
std::string to_header(const PaymentRequired&);
std::string to_header(const PaymentPayload&);
std::string to_header(const SettlementResponse&);

/// Parsers of untrusted text: invalid_payload (also for amounts of 128 bits and more),
/// invalid_version, unsupported_scheme, and from a payload payload_type, channel_id_invalid,
/// voucher_signature, erc3009_authorization_required, missing_eip712_domain, refund_payload.
/// Unknown members are ignored, as x402 wants of its extensions.
Result<PaymentPayload> parse_payment(const boost::json::value&);
Result<PaymentPayload> parse_payment_header(std::string_view);
Result<ChannelConfig> parse_channel_config(const boost::json::value&);
Result<Requirements> parse_requirements(const boost::json::value&);
Result<PaymentRequired> parse_payment_required_header(std::string_view);
Result<SettlementResponse> parse_settlement_response_header(std::string_view);

/// Whether a buyer accepted what was offered; the amount is for the caller to judge, who knows
/// what was quoted before.
bool accepts(const Requirements& accepted, const Requirements& offered);

}  // namespace stoa::payment
