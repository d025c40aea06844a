// How long a node takes to know its money again: a ledger of many channels and calls is opened, in
// the state in which a kill leaves it.
#include <chrono>

#include <boost/asio/io_context.hpp>

#include "stoa/ledger/ledger.hpp"

#include "bench/figure.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kChannels = 100'000;
constexpr std::size_t kCharges = 1'000'000;
constexpr std::size_t kTogether = 10'000;

Hash256 numbered(std::size_t number) {
    Hash256 hash;
    std::uint64_t word = number;
    for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
        if (i % 8 == 0) word = (word + 1) * 0x9e3779b97f4a7c15u;
        hash.bytes[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
    }
    return hash;
}

ledger::Event opened(std::size_t channel) {
    ledger::Opened event;
    event.channel = numbered(channel);
    for (std::size_t i = 0; i < 20; ++i) {
        event.config.payer.bytes[i] = event.config.payer_authorizer.bytes[i] =
            event.channel.bytes[i];
    }
    event.config.receiver.bytes.fill(3);
    event.time = 1'800'000'000;
    return event;
}

ledger::Event mirrored(std::size_t channel) {
    ledger::Mirrored event;
    event.channel = numbered(channel);
    event.state.balance = event.state.safe_balance = Amount{1'000'000};
    return event;
}

ledger::Event reserved(std::size_t channel, std::size_t round) {
    ledger::Reserved event;
    event.channel = numbered(channel);
    event.maximum = Amount{23 * round + 67};
    event.amount = Amount{67};
    event.request = event.channel;
    event.time = 1'800'000'000;
    return event;
}

ledger::Event charged(std::size_t channel, std::size_t round) {
    ledger::Charged event;
    event.channel = numbered(channel);
    event.charged = Amount{23 * (round + 1)};
    event.input_tokens = 7;
    event.output_tokens = 3;
    event.time = 1'800'000'000;
    return event;
}

/// Each call leaves two records, 2,200,000 in all, each in a row of its own: calls that came one by
/// one. What came together shares rows, and is faster to read.
void write_history(const std::filesystem::path& file) {
    { const ledger::Record creates_it(file); }
    db::Database database(file, {.synchronous = db::Synchronous::normal});
    for (std::size_t first = 0; first < kChannels + kCharges; first += kTogether) {
        database.write_now([first](db::Session& session) {
            const auto add = [&](const ledger::Event& event) {
                session.run("INSERT INTO event (body) VALUES (?)", ledger::encode(event));
            };
            for (std::size_t i = first; i < first + kTogether; ++i) {
                const bool opens = i < kChannels;
                const std::size_t channel = i % kChannels;
                const std::size_t round = i / kChannels;
                add(opens ? opened(channel) : reserved(channel, round - 1));
                add(opens ? mirrored(channel) : charged(channel, round - 1));
            }
        });
    }
}

}  // namespace

std::vector<Figure> restart() {
    const Folder folder;
    const auto file = folder.path() / "ledger.sqlite";
    write_history(file);
    boost::asio::io_context loop(1);
    const io::SystemClock clock;
    const auto began = std::chrono::steady_clock::now();
    const ledger::Ledger ledger(loop.get_executor(), clock, {.file = file}, nullptr);
    const auto took = std::chrono::steady_clock::now() - began;
    const auto* channel = ledger.book().find(numbered(1));
    if (ledger.book().channels().size() != kChannels || !channel ||
        channel->charged != Amount{23 * kCharges / kChannels}) {
        throw std::runtime_error("the ledger does not know what it was told");
    }
    return {{"restart with 1M charges",
             std::chrono::duration<double>(took).count(),
             "s",
             Bound::at_most,
             2,
             "",
             {}}};
}

}  // namespace stoa::bench
