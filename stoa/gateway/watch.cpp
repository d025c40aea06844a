#include "stoa/gateway/watch.hpp"

#include <csignal>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/gateway/chain_link.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/ledger/book.hpp"
#include "stoa/ledger/channel_reader.hpp"
#include "stoa/ledger/channels.hpp"
#include "stoa/ledger/record.hpp"

namespace stoa::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kRound{5};
constexpr std::chrono::seconds kAnswer{5};  // A node that lives takes a fraction of one.
constexpr unsigned kRoundsOfALivingNode = 60;
constexpr std::chrono::seconds kTransaction{90};
constexpr std::uint64_t kSettleGas = 250'000;  // As the settler's.

chain::HttpRpcConfig endpoints(const Config& config, const chain::Deployment& deployment) {
    chain::HttpRpcConfig http;
    http.pin = deployment.pin();
    http.urls = config.chain.rpc;
    if (!config.chain.embedded) return http;
    // The chain outlives the node that started it, and says where it is.
    std::uint16_t port = 0;
    std::ifstream(config.data / "chain" / "anvil.port") >> port;
    http.urls = {"http://127.0.0.1:" + std::to_string(port)};
    return http;
}

ledger::Book read_book(const std::filesystem::path& file) {
    ledger::Book book;
    ledger::Record::read(file, [&](const ledger::Event& event) { book.apply(event); });
    book.release_all();
    return book;
}

class Watcher {
  public:
    Watcher(Machine& machine, const Config& config)
        : machine_(machine),
          config_(config),
          keys_(NodeKeys::open(config.data / "keys")),
          deployment_(chain::read_deployment(config.chain.deployment)),
          rpc_(machine.client, machine.pool, endpoints(config, deployment_), machine.log),
          reader_(rpc_),
          domain_(deployment_.chain_id),
          database_(config.data / "watch.sqlite"),
          sender_(rpc_, database_, *keys_.sender, machine.clock, deployment_.chain_id, {},
                  machine.log) {}

    Task<void> run() {
        for (;;) {
            std::string why;
            try {
                co_await round();
            } catch (const std::exception& failure) {
                // Whatever it is, the next round may find it gone; a watcher that ends sees
                // nothing.
                why = failure.what();
            }
            if (!why.empty()) machine_.log.warning("a round of the watch failed", {{"why", why}});
            co_await io::sleep_for(kRound);
        }
    }

    Task<void> send() { co_await sender_.run(); }

  private:
    struct Leaving {
        ledger::Claim row;
        ledger::ChainState state;
    };

    /// A node that hangs still has its socket: what counts is that it answers.
    Task<bool> is_served() {
        io::ClientRequest request(io::unix_url(config_.data / "run" / "admin.sock", "/status"));
        request.deadline = kAnswer;
        try {
            co_await machine_.client.send(std::move(request));
            co_return true;
        } catch (const io::HttpFailure&) {
        }
        co_return false;
    }

    Task<void> round() {
        if (config_.chain.embedded) rpc_.set_urls(endpoints(config_, deployment_).urls);
        const bool served = co_await is_served();
        // Reading a long ledger is work, and a node that lives does all of this itself.
        if (served && rounds_++ % kRoundsOfALivingNode != 0) co_return;
        const auto leaving = co_await all_leaving();
        const auto head = co_await chain::header(rpc_, chain::Tag::latest);
        // The delay is counted by the chain, whose newest block may be old.
        const std::int64_t now = std::max(unix_seconds(machine_.clock.now()),
                                          head ? static_cast<std::int64_t>(head->time) : 0);
        for (const Leaving& each : leaving) {
            // A node that lives claims by itself, with the same account.
            if (served && !is_late(each, now)) continue;
            co_await claim(each);
        }
    }

    static bool is_late(const Leaving& each, std::int64_t now) {
        const auto half = static_cast<std::int64_t>(each.row.config.withdraw_delay_seconds / 2);
        return now >= each.state.withdraw_requested_at + half;
    }

    /// Of payers who ask for their money, whose calls are not all claimed.
    Task<std::vector<Leaving>> all_leaving() {
        const ledger::Book book = read_book(config_.data / "ledger.sqlite");
        std::vector<ledger::ChannelId> ids;
        for (const auto& [id, channel] : book.channels()) {
            const bool ours = channel.config.receiver_authorizer == keys_.authorizer->address();
            if (ours && channel.signature && channel.unclaimed() > Amount{}) ids.push_back(id);
        }
        const auto states = co_await reader_.states(ids);
        std::vector<Leaving> found;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const ledger::Channel& channel = *book.find(ids[i]);
            const Amount total = std::min(channel.charged, states[i].balance);
            if (states[i].withdraw_requested_at == 0 || total <= states[i].claimed) continue;
            found.push_back({{channel.config, {ids[i], channel.maximum}, *channel.signature, total},
                             states[i]});
        }
        co_return found;
    }

    /// Alone, as the settler claims from who leaves; then what is claimed is paid out.
    Task<void> claim(Leaving leaving) {
        const std::vector<ledger::Claim> rows(1, leaving.row);
        const Hash256 digest = domain_.claim_batch_digest(ledger::entries_of(rows));
        chain::Job job;
        job.id = "claim:" + to_hex(digest);
        job.to = domain_.contract();
        job.data = ledger::claim_call(rows, keys_.authorizer->sign_typed_digest(digest));
        const auto claimed = co_await sender_.send(std::move(job), kTransaction);
        const ledger::ChannelId id = leaving.row.voucher.channel_id;
        if (!claimed) {
            machine_.log.error("a claim is refused",
                               {{"channel", to_hex(id)}, {"why", claimed.error().message}});
            co_return;
        }
        machine_.log.info("claimed from a payer who leaves, in place of the node",
                          {{"channel", to_hex(id)}, {"total", to_decimal(leaving.row.total)}});
        co_await pay_out(leaving.row.config.receiver, leaving.row.config.token);
    }

    Task<void> pay_out(eth::Address receiver, eth::Address token) {
        const auto state = co_await reader_.receiver(receiver, token);
        if (state.claimed <= state.settled) co_return;
        chain::Job job;
        job.id = "settle:" + eth::to_checksum(receiver) + ":" + to_decimal(state.claimed);
        job.to = domain_.contract();
        job.data = ledger::settle_call(receiver, token);
        job.gas = kSettleGas;
        const auto settled = co_await sender_.send(std::move(job), kTransaction);
        if (settled) co_return;
        machine_.log.error("a settlement is refused", {{"receiver", eth::to_checksum(receiver)},
                                                       {"why", settled.error().message}});
    }

    Machine& machine_;
    const Config& config_;
    NodeKeys keys_;
    chain::Deployment deployment_;
    chain::HttpRpc rpc_;
    ledger::ChannelReader reader_;
    payment::ChannelDomain domain_;
    db::Database database_;
    chain::Sender sender_;
    unsigned rounds_ = 0;  ///< While the node lived.
};

void spawn(Machine& machine, Task<void> work, int& status) {
    asio::co_spawn(machine.loop, std::move(work), [&](std::exception_ptr thrown) {
        if (!thrown) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& failure) {
            machine.log.error("the watch ended", {{"why", failure.what()}});
        }
        status = 1;
        machine.loop.stop();
    });
}

}  // namespace

int run_watch(Config config) {
    Machine machine(config);
    int status = 0;
    Watcher watcher(machine, config);
    asio::signal_set signals(machine.loop, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { machine.loop.stop(); });
    spawn(machine, watcher.run(), status);
    spawn(machine, watcher.send(), status);
    machine.log.info("watching for the node of this data", {{"data", config.data.string()}});
    machine.loop.run();
    return status;
}

}  // namespace stoa::gateway
