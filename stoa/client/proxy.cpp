#include <csignal>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/paying_server.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace {

constexpr std::chrono::seconds kGrace{5};

/// What a budget is divided into when sessions are opened: room for several models.
constexpr unsigned kSessionsPerBudget = 4;

PayingServer::Limits limits_of(const ProxyOptions& options, const TokenInfo& token) {
    const std::string fix = "Write it as 1.50, in " + token.symbol + '.';
    PayingServer::Limits limits;
    limits.budget = value_or_failure(parse_units(options.budget, token.decimals), "--budget", fix);
    limits.deposit =
        options.deposit.empty()
            ? Amount{U256{limits.budget.units / kSessionsPerBudget}}
            : value_or_failure(parse_units(options.deposit, token.decimals), "--deposit", fix);
    return limits;
}

}  // namespace

Task<void> proxy(Context& context, const ProxyOptions& options) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{});
    const std::string secret = "sk-stoa-" + to_hex_digits(random_hash().bytes);
    PayingServer::Limits limits = limits_of(options, token);
    limits.owner = owner_of(context, options.key, options.owner);
    PayingServer payer{context,
                       deployment,
                       options.owner.empty() ? context.signer(options.key) : nullptr,
                       context.session_key(),
                       secret,
                       limits,
                       executor};
    io::Server server{executor, [&](io::Request& request) { return payer.handle(request); }};
    const unsigned short port = server.listen("127.0.0.1", options.port);

    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/v1";
    context.out.result({{"OPENAI_BASE_URL", url}, {"OPENAI_API_KEY", secret}},
                       "export OPENAI_BASE_URL=" + url + "\nexport OPENAI_API_KEY=" + secret);
    context.out.remark("  It pays at most " + options.budget + ' ' + token.symbol +
                       " and ends with Ctrl-C.");

    boost::asio::signal_set signals{executor, SIGINT, SIGTERM};
    co_await signals.async_wait(boost::asio::use_awaitable);
    co_await server.stop(kGrace);
    context.out.remark("  " + format_units(payer.spent(), token.decimals) + ' ' + token.symbol +
                       " spent. What is left comes back: stoa purse exit, or stoa session close");
}

}  // namespace stoa::client
