#include "stoa/client/payer.hpp"

#include <algorithm>
#include <charconv>

#include "stoa/client/deposit.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::client {

using payment::Requirements;

namespace {

constexpr int kMaxAttempts = 6;
constexpr int kMaxResends = 2;
constexpr std::chrono::seconds kMaxRetryAfter{10};
constexpr std::chrono::minutes kIdle{5};

std::optional<payment::PaymentRequired> required_of(const io::ClientResponse& response) {
    const auto header = response.headers.get(payment::kPaymentRequiredHeader);
    const auto parsed = header ? payment::parse_payment_required_header(*header)
                               : fail(payment::PaymentError::invalid_payload);
    if (!parsed) return std::nullopt;
    return *parsed;
}

bool is_about_balance(const payment::PaymentRequired& required) {
    using enum payment::PaymentError;
    return required.error == code_of(make_error_code(cumulative_exceeds_balance)) ||
           required.error == code_of(make_error_code(channel_not_found));
}

std::optional<std::chrono::seconds> retry_after(const io::ClientResponse& response) {
    const auto text = response.headers.get("Retry-After");
    unsigned seconds = 0;
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc{}) {
        return std::nullopt;
    }
    return std::min<std::chrono::seconds>(std::chrono::seconds{seconds}, kMaxRetryAfter);
}

}  // namespace

struct Payer::Attempt {
    io::ClientResponse response;
    std::optional<payment::SettlementResponse> settlement;
    std::optional<payment::SignedReceipt> receipt;
    bool is_stream = false;
    bool begun = false;
    bool broken = false;  ///< The connection ended within a 2xx answer.

    bool ok() const { return response.status / 100 == 2; }
};

std::optional<std::string> check_receipt(const payment::SignedReceipt& it, const Session& session,
                                         const Amount& charged, std::string_view output) {
    const auto& channel = session.channel;
    const payment::ReceiptDomain domain{session.chain_id};
    if (payment::signer_of(domain, it) != channel.config.receiver_authorizer) {
        return "it is not signed by the service's key";
    }
    if (it.receipt.channel_id != channel.channel_id) return "it is of another session";
    if (it.receipt.charge != charged || it.receipt.cumulative != channel.charged) {
        return "it names another charge";
    }
    if (it.receipt.output_hash != eth::keccak256(output)) return "it is of another answer";
    return std::nullopt;
}

Payer::Payer(Context& context, const Deployment& deployment, const eth::Address& wallet,
             const keys::Signer& session_key, Fund fund, Allow allow, Usable usable)
    : context_(context),
      domain_(deployment.chain_id),
      wallet_(wallet),
      session_key_(session_key),
      fund_(std::move(fund)),
      allow_(std::move(allow)),
      usable_(std::move(usable)) {}

std::optional<Session> Payer::session_for(const Requirements& offered) const {
    std::optional<Session> best;
    bool is_enough = false;
    for (Session& session : context_.sessions().list()) {
        const auto& config = session.channel.config;
        if (session.chain_id != domain_.chain_id() || session.wallet() != wallet_ ||
            config.payer_authorizer != session_key_.address() ||
            session.channel.channel_id != domain_.channel_id(config)) {
            continue;
        }
        const PaidChannel channel{domain_, session_key_, session.channel};
        if (!channel.pays(offered) || (usable_ && !usable_(session))) continue;
        const bool carries = channel.missing(offered.amount) == Amount{};
        if (best && (is_enough || !carries)) continue;
        best = std::move(session);
        is_enough = carries;
    }
    return best;
}

Task<Session> Payer::funded(const Requirements& offered) {
    std::optional<Session> session = session_for(offered);
    Amount missing = offered.amount;
    if (session) {
        missing = PaidChannel{domain_, session_key_, session->channel}.missing(offered.amount);
        if (missing == Amount{}) co_return *std::move(session);
    }
    co_return co_await fund_(offered, std::move(session), missing);
}

Task<Payer::Attempt> Payer::attempt(const PaidCall& call, const std::string& payment, Sink& sink) {
    Attempt out;
    ReceiptFilter filter;
    io::ClientRequest request;
    request.method = io::Method::post;
    request.url = context_.node.url() + call.target;
    request.headers = {{"Content-Type", "application/json"}, {"Stoa-Stream", "1"}};
    if (!payment.empty()) request.headers.set(payment::kPaymentSignatureHeader, payment);
    request.body = call.body;
    request.deadline = kIdle;
    const auto on_head = [&](const io::ClientResponse& head) -> Task<bool> {
        out.response.status = head.status;
        out.response.headers = head.headers;
        if (!out.ok()) co_return true;
        out.is_stream =
            head.headers.get("Content-Type").value_or("").starts_with("text/event-stream");
        out.begun = true;
        co_await sink.begin(head);
        co_return true;
    };
    const auto on_chunk = [&](std::string_view chunk) -> Task<bool> {
        // A named text: the sink's coroutine may outlive a temporary.
        const std::string filtered = out.is_stream ? filter.feed(chunk) : std::string{chunk};
        co_return filtered.empty() || co_await sink.piece(filtered);
    };
    try {
        auto response =
            co_await context_.node.http().stream(std::move(request), on_head, on_chunk, kIdle);
        out.response = std::move(response);
    } catch (const io::HttpFailure&) {
        if (!out.begun) throw;
        out.broken = true;
    }
    out.settlement = filter.receipt();
    out.receipt = filter.proof();
    if (const auto header = out.response.headers.get(payment::kPaymentResponseHeader);
        header && !out.settlement) {
        const auto parsed = payment::parse_settlement_response_header(*header);
        if (parsed) out.settlement = *parsed;
    }
    co_return out;
}

/// The node answers a call that it has already charged from memory, so a lost answer may be asked
/// for again under the same voucher.
Task<Payer::Attempt> Payer::attempt_again(const PaidCall& call, const std::string& payment,
                                          Sink& sink) {
    for (int resend = 0;; ++resend) {
        std::optional<io::HttpFailure> lost;
        try {
            co_return co_await attempt(call, payment, sink);
        } catch (const io::HttpFailure& failure) {
            lost = failure;
        }
        if (resend == kMaxResends || lost->kind() == io::HttpFailure::Kind::bad_url ||
            lost->kind() == io::HttpFailure::Kind::unresolved) {
            throw unreachable(*lost, context_.node.url());
        }
        co_await io::sleep_for(std::chrono::milliseconds(200 << resend));
    }
}

void Payer::book(const Attempt& attempt, PaidChannel& channel, Outcome& outcome) {
    const auto charge = attempt.settlement ? channel.settle(*attempt.settlement) : std::nullopt;
    // A stream's header is written before its charge is known; its receipt comes last.
    outcome.charge_known = charge.has_value() && !attempt.broken;
    outcome.charged = charge.value_or(Amount{});
    outcome.receipt = attempt.receipt;
}

/// Whether another try makes sense, after what the answer said.
Task<bool> Payer::recover(const Attempt& attempt, const Requirements& offered,
                          PaidChannel& channel) {
    if (const auto required = required_of(attempt.response)) {
        const auto* entry = channel_offer(*required, offered.network);
        if (entry && channel.correct(*entry)) co_return true;
        if (is_about_balance(*required)) {
            // It may have been taken back by another program of this wallet; the chain says so.
            Chain chain{context_.node, domain_.chain_id()};
            const Amount now = co_await channel_balance(chain, channel.memory().channel_id);
            if (now < channel.memory().balance) {
                channel.set_balance(now);
                co_return true;
            }
        }
    }
    if (const auto wait = retry_after(attempt.response)) {
        co_await io::sleep_for(*wait);
        co_return true;
    }
    co_return false;
}

Task<Outcome> Payer::call(const PaidCall& call, Sink& sink) {
    Outcome outcome;
    Attempt unpaid = co_await attempt_again(call, "", sink);
    outcome.response = unpaid.response;
    if (unpaid.response.status != 402) co_return outcome;

    const auto required = required_of(unpaid.response);
    const auto network = payment::network_name(domain_.chain_id());
    const Requirements* offered = required ? channel_offer(*required, network) : nullptr;
    if (!offered) {
        throw Failure("no_channel_offer", "The node takes no sessions for this model now.",
                      "Try later, or another node with --node URL.");
    }
    if (allow_) allow_(offered->amount);
    for (int attempts = 0; attempts < kMaxAttempts; ++attempts) {
        Session session = co_await funded(*offered);
        PaidChannel channel{domain_, session_key_, session.channel};
        const auto payload = channel.pay(*offered, context_.node.url() + call.target);
        session.channel = channel.memory();
        context_.sessions().save(session);  // before the node can have the voucher

        Attempt paid = co_await attempt_again(call, payment::to_header(payload), sink);
        bool again = false;
        if (paid.ok()) {
            book(paid, channel, outcome);
        } else {
            again = co_await recover(paid, *offered, channel);
        }
        session.channel = channel.memory();
        context_.sessions().save(session);
        outcome.session = session;
        outcome.response = std::move(paid.response);
        if (!again) co_return outcome;
    }
    co_return outcome;
}

}  // namespace stoa::client
