#include "stoa/client/deposit.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

/// How long the node may take to carry a deposit.
constexpr std::uint64_t kValidSeconds = 3600;

Failure unknown_payee() {
    return {"unknown_payee",
            "The node wants to be paid at an account that the chain does not know as a service's.",
            "Nothing was signed. Use another node for this model: its creators would get nothing."};
}

}  // namespace

Task<U256> service_of(Chain& chain, const Deployment& deployment,
                      const payment::Requirements& offered) {
    const eth::Address services = deployment.contract("Services");
    std::vector<eth::abi::Value> receiver;
    receiver.emplace_back(offered.pay_to);
    const auto id = co_await chain.read(services, services::kServiceOfReceiver, receiver);
    if (id.at(0).as_number() == 0) throw unknown_payee();
    const auto service = co_await chain.read(services, services::kServiceOf, id);
    if (service.at(0)[7].as_address() != offered.receiver_authorizer) throw unknown_payee();
    co_return id.at(0).as_number();
}

Task<Amount> channel_balance(Chain& chain, Hash256 channel_id) {
    std::vector<eth::abi::Value> id;
    id.emplace_back(channel_id);
    const auto state = co_await chain.read(payment::kChannels, channels::kChannels, id);
    co_return state.at(0).as_amount();
}

Task<void> have_funds(Context& context, const Deployment& deployment, eth::Address owner,
                      const TokenInfo& token, Amount amount) {
    Chain chain{context.node, deployment.chain_id};
    std::vector<eth::abi::Value> holder;
    holder.emplace_back(owner);
    auto balance = co_await chain.read(token.address, token::kBalanceOf, holder);
    if (balance.at(0).as_amount() < amount && deployment.faucet) {
        context.out.step("asking the faucet for test money");
        json::object request;
        request["address"] = to_checksum(owner);
        co_await context.node.post("/api/faucet", std::move(request));
        balance = co_await chain.read(token.address, token::kBalanceOf, holder);
    }
    const Amount has = balance.at(0).as_amount();
    if (has >= amount) co_return;
    throw Failure(
        "insufficient_balance",
        to_checksum(owner) + " has " + format_units(has, token.decimals) + ' ' + token.symbol + '.',
        "Send it more, or deposit less: --deposit " + format_units(has, token.decimals));
}

Task<Session> Depositor::open(const payment::Requirements& offered, const std::string& model,
                              const eth::Address& session_key, const Amount& amount) {
    const TokenInfo& token = deployment_.token(offered.asset);
    const Amount least = std::max(offered.min_deposit.value_or(Amount{}), offered.amount);
    if (amount < least) {
        throw Failure(
            "deposit_too_small",
            "A session with this service begins at " + format_units(least, token.decimals) + ' ' +
                token.symbol + '.',
            "Deposit at least that much: --deposit " + format_units(least, token.decimals));
    }
    co_await service_of(chain_, deployment_, offered);
    Session session;
    payment::ChannelConfig& config = session.channel.config;
    config.payer = wallet_.address();
    config.payer_authorizer = session_key;
    config.receiver = offered.pay_to;
    config.receiver_authorizer = offered.receiver_authorizer.value_or(eth::kZeroAddress);
    config.token = offered.asset;
    config.withdraw_delay_seconds = offered.withdraw_delay_seconds.value_or(0);
    config.salt = random_hash();
    session.channel.channel_id = domain_.channel_id(config);
    session.chain_id = deployment_.chain_id;
    session.model = model;
    session.node = context_.node.url();
    co_return co_await carry(std::move(session), amount);
}

Task<Session> Depositor::top_up(Session session, const Amount& amount) {
    co_return co_await carry(std::move(session), amount);
}

Task<Session> Depositor::carry(Session session, const Amount& amount) {
    const TokenInfo& token = deployment_.token(session.channel.config.token);
    co_await have_funds(context_, deployment_, wallet_.address(), token, amount);
    const U256 salt = from_big_endian(random_hash().bytes);
    payment::TokenAuthorization message;
    message.from = wallet_.address();
    message.to = payment::kErc3009Collector;
    message.value = amount;
    message.valid_before = context_.now() + kValidSeconds;
    message.nonce = payment::deposit_nonce(session.channel.channel_id, salt);
    const Hash256 separator =
        eth::domain_separator({token.name, token.version, deployment_.chain_id, token.address});
    const auto signature =
        wallet_.sign_typed_digest(payment::receive_authorization_digest(separator, message));

    json::object authorization;
    authorization["validAfter"] = std::to_string(message.valid_after);
    authorization["validBefore"] = std::to_string(message.valid_before);
    authorization["salt"] = stoa::to_hex(to_big_endian(salt));
    authorization["signature"] = eth::to_hex(signature);
    json::object deposit;
    deposit["amount"] = to_decimal(amount);
    deposit["authorization"].emplace_object()["erc3009Authorization"] = std::move(authorization);
    json::object request;
    request["kind"] = "deposit";
    request["channelConfig"] = payment::to_json(session.channel.config);
    request["deposit"] = std::move(deposit);

    // Known here before the money moves, so that a program that ends now finds its session again.
    context_.sessions().save(session);
    context_.out.step("depositing " + format_units(amount, token.decimals) + ' ' + token.symbol);
    co_await context_.node.post("/api/relay", std::move(request));
    session.channel.balance = co_await channel_balance(chain_, session.channel.channel_id);
    context_.sessions().save(session);
    co_return session;
}

Task<payment::Requirements> typical_offer(Context& context, const Deployment& deployment,
                                          const std::string& model) {
    io::ClientRequest request;
    request.url = "/m/" + io::percent_encode(model) + "/v1/chat/completions";
    const auto response = co_await context.node.send(std::move(request));
    const auto header = response.headers.get(payment::kPaymentRequiredHeader);
    if (!header) throw failure_of(response.status, response.body);
    const auto required = payment::parse_payment_required_header(*header);
    const auto* offered =
        required ? channel_offer(*required, payment::network_name(deployment.chain_id)) : nullptr;
    if (!offered) {
        throw Failure("no_channel_offer", "The node takes no sessions for " + model + " now.",
                      "Try later, or another node with --node URL.");
    }
    co_return *offered;
}

}  // namespace stoa::client
