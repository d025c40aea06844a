#include "stoa/client/paying_server.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "stoa/client/purse.hpp"
#include "stoa/client/units.hpp"
#include "stoa/client/wallet_payer.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

io::Response refusal(unsigned status, const std::string& code, const std::string& message,
                     const std::string& fix) {
    json::object error{{"message", fix.empty() ? message : message + ' ' + fix},
                       {"type", status == 401 ? "authentication_error" : "stoa_error"},
                       {"code", code},
                       {"param", nullptr},
                       {"fix", fix}};
    return io::json_response(status, json::serialize(json::object{{"error", std::move(error)}}));
}

io::Response refusal(unsigned status, const Failure& failure) {
    return refusal(status, failure.code(), failure.what(), failure.fix());
}

/// In a time that doesn't depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(a[i]) ^ static_cast<unsigned>(b[i]);
    }
    return difference == 0;
}

bool looks_like_private_key(std::string_view token) {
    if (token.starts_with("0x")) token.remove_prefix(2);
    return token.size() == 64 && token.find_first_not_of("0123456789abcdefABCDEF") == token.npos;
}

Task<void> pump(std::shared_ptr<Pipe> pipe, io::Writer& writer) {
    while (const auto bytes = co_await pipe->next()) {
        if (!co_await writer.write(*bytes)) break;
    }
    pipe->close();
}

struct Leave {
    explicit Leave(Turnstile& it) : door(it) {}
    ~Leave() { door.leave(); }
    Leave(const Leave&) = delete;
    Turnstile& door;
};

constexpr const char* kBudget = "budget_used_up";
constexpr std::string_view kPaidRoutes[] = {"/v1/chat/completions", "/v1/completions",
                                            "/v1/embeddings"};

}  // namespace

/// The part of the budget that one running call may use up.
struct PayingServer::Reservation {
    explicit Reservation(PayingServer& owner) : server(owner) {}
    ~Reservation() { release(); }
    Reservation(const Reservation&) = delete;

    void take(const Amount& wanted) {
        const Limits& limits = server.limits_;
        if (server.spent_ + server.reserved_ + wanted > limits.budget) {
            throw Failure(kBudget, "This call may cost more than is left of the proxy's budget.",
                          "Start `stoa proxy` again with a larger --budget, or ask for fewer "
                          "tokens (max_tokens).");
        }
        price += wanted;
        server.reserved_ += wanted;
    }
    void release() {
        server.reserved_ -= price;
        price = Amount{};
    }

    PayingServer& server;
    Amount price;
};

PayingServer::PayingServer(Context& context, const Deployment& deployment,
                           std::unique_ptr<keys::Signer> wallet,
                           std::unique_ptr<keys::Signer> session_key, std::string token,
                           Limits limits, boost::asio::any_io_executor executor)
    : context_(context),
      deployment_(deployment),
      wallet_(std::move(wallet)),
      session_key_(std::move(session_key)),
      token_(std::move(token)),
      limits_(std::move(limits)),
      executor_(std::move(executor)),
      purse_door_(executor_) {
    if (wallet_) limits_.owner = wallet_->address();
}

std::optional<io::Response> PayingServer::refuse_stranger(const io::Request& request) const {
    std::string_view token = request.headers.get("Authorization").value_or("");
    if (token.starts_with("Bearer ")) token.remove_prefix(7);
    if (looks_like_private_key(token)) {
        return refusal(401, "private_key_refused",
                       "This looks like a private key, which no program may be given.",
                       "Use the OPENAI_API_KEY that `stoa proxy` printed. If the key was real, "
                       "move its funds: it has been in a program's settings.");
    }
    if (same_secret(token, token_)) return std::nullopt;
    return refusal(401, "wrong_token", "The API key is not the one of this proxy.",
                   "Use the OPENAI_API_KEY that `stoa proxy` printed when it started.");
}

Task<io::Response> PayingServer::handle(io::Request& request) {
    if (auto refused = refuse_stranger(request)) co_return *std::move(refused);
    const bool paid = std::ranges::find(kPaidRoutes, request.path) != std::end(kPaidRoutes);
    try {
        if (request.method == io::Method::get && request.path.starts_with("/v1/models")) {
            co_return co_await forward(request);
        }
        if (request.method == io::Method::post && paid) co_return co_await pay(request);
    } catch (const Failure& failure) {
        co_return refusal(502, failure);
    }
    co_return refusal(404, "unknown_route", "The proxy has no such route.",
                      "It serves /v1/models, /v1/chat/completions, /v1/completions and "
                      "/v1/embeddings.");
}

Task<io::Response> PayingServer::forward(const io::Request& request) {
    io::ClientRequest upstream;
    upstream.url = request.target;
    auto answer = co_await context_.node.send(std::move(upstream));
    co_return io::json_response(answer.status, std::move(answer.body));
}

Task<io::Response> PayingServer::pay(const io::Request& request) {
    json::error_code error;
    const json::value body = json::parse(request.body, error);
    const json::value* model =
        !error && body.is_object() ? body.get_object().if_contains("model") : nullptr;
    if (!model || !model->is_string()) {
        co_return refusal(400, "malformed_json", "The body is not JSON with a \"model\".",
                          "Name the model as /v1/models does.");
    }
    PaidCall call;
    call.target = request.path;
    call.body = request.body;
    const auto pipe = std::make_shared<Pipe>(executor_);
    boost::asio::co_spawn(executor_, run(std::move(call), std::string{model->get_string()}, pipe),
                          boost::asio::detached);
    io::Response response = co_await pipe->head();
    if (pipe->refused()) co_return response;
    const auto type = response.headers.get("Content-Type").value_or("");
    if (type.starts_with("text/event-stream")) {
        response.body = io::Stream{[pipe](io::Writer& writer) { return pump(pipe, writer); }};
        co_return response;
    }
    std::string whole;
    while (const auto bytes = co_await pipe->next()) whole += *bytes;
    response.body = std::move(whole);
    co_return response;
}

Task<void> PayingServer::run(PaidCall call, std::string model, std::shared_ptr<Pipe> pipe) {
    std::optional<io::Response> refused;
    // One call at a time for each channel: the next voucher builds on what this one cost.
    Lanes& lanes = lanes_of(model);
    LaneSet wanted = first_lanes(lanes);
    while (!wanted.empty()) {
        const unsigned lane = co_await lanes.enter(wanted);
        wanted = LaneSet{};
        try {
            refused = co_await run_on(lane, call, model, *pipe);
        } catch (const OtherLane& other) {
            wanted = other.lanes;
        } catch (const Failure& failure) {
            refused = refusal(failure.code() == kBudget ? 402 : 502, failure);
            wanted = lanes_to_wait_for(failure, lanes, lane);
        } catch (const std::exception& failure) {
            refused = refusal(500, "proxy_failed", failure.what(), "Try again.");
        }
        lanes.leave(lane);
    }
    co_await pipe->finish(std::move(refused));
}

Task<std::optional<io::Response>> PayingServer::run_on(unsigned lane, const PaidCall& call,
                                                       const std::string& model, Pipe& pipe) {
    Reservation reservation{*this};
    const auto pay_in = [&](const payment::Requirements& offered, std::optional<Session> session,
                            Amount missing) {
        return fund(lane, offered, model, std::move(session), std::move(missing));
    };
    const auto allow = [&](const Amount& price) { reservation.take(price); };
    const auto usable = [&](const Session& session) { return session.lane() == lane; };
    Payer payer{context_, deployment_, owner(), *session_key_, pay_in, allow, usable};
    const Outcome outcome = co_await payer.call(call, pipe);
    std::optional<io::Response> refused;
    if (outcome.response.status / 100 != 2) {
        refused = io::json_response(outcome.response.status, outcome.response.body);
        if (outcome.response.status == 402) {
            refused = refusal(402, "payment_refused", "The node did not take the payment.",
                              "Try again; `stoa session status` shows the session.");
        }
    } else {
        spent_ += outcome.charge_known ? outcome.charged : reservation.price;
    }
    co_return refused;
}

Task<Session> PayingServer::fund(unsigned lane, const payment::Requirements& offered,
                                 const std::string& model, std::optional<Session> session,
                                 Amount missing) {
    if (session && co_await has_enough(context_, deployment_, *session, offered.amount)) {
        co_return *std::move(session);
    }
    const Amount left = limits_.budget - spent_;
    if (Purse::is_possible(deployment_, deployment_.token(offered.asset))) {
        const Amount needed = session && session->owner ? missing : offered.amount;
        co_return co_await from_purse(lane, offered, model, needed, left);
    }
    if (lane > 0) {
        lanes_of(model).close(1);
        throw OtherLane{LaneSet::of(0)};
    }
    Amount amount = std::max({missing, limits_.deposit, offered.min_deposit.value_or(Amount{})});
    amount = std::max(std::min(amount, left), missing);
    Depositor depositor{context_, deployment_, wallet()};
    if (session) co_return co_await depositor.top_up(*std::move(session), amount);
    co_return co_await depositor.open(offered, model, session_key_->address(), amount);
}

/// Only the first lane asks the wallet, and before that what the others hold is used up.
Task<Session> PayingServer::from_purse(unsigned lane, const payment::Requirements& offered,
                                       const std::string& model, Amount needed, Amount left) {
    // One at a time: what one call puts in may be enough for the next.
    co_await purse_door_.enter();
    const Leave leave{purse_door_};
    Purse purse{context_, deployment_, deployment_.token(offered.asset), owner()};
    PurseWish wish;
    wish.lane = lane;
    wish.needed = needed;
    wish.slice = std::min(limits_.deposit, left);
    if (lane > 0) wish.slice = quarter_of(wish.slice);
    std::function<const keys::Signer&()> open_wallet = [this]() -> const keys::Signer& {
        return wallet();
    };
    std::optional<Session> locked;
    std::optional<Failure> refused;
    try {
        locked = co_await purse.provide(offered, model, *session_key_, wish, open_wallet);
    } catch (const Failure& failure) {
        refused = failure;
    }
    if (locked) co_return *std::move(locked);
    if (const LaneSet rich = rich_lanes(lane, offered); !rich.empty()) throw OtherLane{rich};
    if (lane > 0) {
        lanes_of(model).close(lane);
        throw OtherLane{LaneSet::of(0)};
    }
    if (refused) throw *refused;
    // All of the run at once, so that the wallet signs once.
    if (wallet_) wish.refill = left;
    locked = co_await purse.provide(offered, model, *session_key_, wish, open_wallet);
    if (locked) co_return *std::move(locked);
    throw Failure("purse_empty", "The purse has too little for this call.",
                  "Fill it where its key is: stoa purse fund 5.00 --session-key " +
                      to_checksum(session_key_->address()));
}

/// The other lanes that hold what the call can cost.
LaneSet PayingServer::rich_lanes(unsigned but, const payment::Requirements& offered) const {
    LaneSet lanes;
    for (unsigned lane = 0; lane < Lanes::kCount; ++lane) {
        const auto is_its = [&](const Session& it) { return it.owner && it.lane() == lane; };
        const Payer payer{context_, deployment_, owner(), *session_key_, {}, {}, is_its};
        const auto session = payer.session_for(offered);
        if (lane != but && session && session->channel.left() >= offered.amount) lanes.add(lane);
    }
    return lanes;
}

const keys::Signer& PayingServer::wallet() const {
    if (wallet_) return *wallet_;
    throw Failure("no_purses", "Without a wallet here, only a purse can pay.",
                  "This chain has none of this token: start `stoa proxy` with a --key.");
}

/// Without purses a model has one channel.
LaneSet PayingServer::first_lanes(const Lanes& lanes) const {
    const bool has_purses = std::ranges::any_of(deployment_.tokens, [&](const TokenInfo& token) {
        return Purse::is_possible(deployment_, token);
    });
    return has_purses ? lanes.usable() : LaneSet::of(0);
}

/// What running calls set aside of the budget is more than they cost: then there may be enough.
LaneSet PayingServer::lanes_to_wait_for(const Failure& failure, const Lanes& lanes,
                                        unsigned own) const {
    LaneSet others;
    if (failure.code() == kBudget) others = lanes.taken();
    others.remove(own);
    return others;
}

Lanes& PayingServer::lanes_of(const std::string& model) {
    return lanes_.try_emplace(model, executor_).first->second;
}

}  // namespace stoa::client
