// What docs/explanation/payments.md promises of one channel, tried against the paid routes.
#include <boost/asio/detached.hpp>

#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/io/http_client.hpp"
#include "stoa/io/http_server.hpp"
#include "stoa/payment/check.hpp"

namespace stoa::gateway::testing {
namespace {

// 10 a call, 3 + 10 + 5 for the prompt at most, 2 a token out.
constexpr std::uint64_t kAmount = 68;
constexpr std::uint64_t kServed = 10;
constexpr unsigned kClients = 64;

std::string body_of(const std::string& three_letters) {
    return R"({"model":"parrot","messages":[{"role":"user","content":")" + three_letters +
           R"("}],"max_tokens":20})";
}

class PaidProof : public PaidTest {
  protected:
    PaidProof() { engine->pieces.assign(500, "x"); }  // Each call costs all that was signed for it.

    payment::PaymentPayload signed_call(std::uint64_t total) const {
        return payment::parse_payment_header(voucher(total, kAmount)).value();
    }
    void expect_refused(const payment::PaymentPayload& payment) {
        const auto response = post(body_of("abc"), payment::to_header(payment));
        EXPECT_EQ(response.status, 402U) << text_of(response);
        EXPECT_EQ(engine->calls, 0);
        EXPECT_EQ(ledger->book().find(channel), nullptr);
    }

    /// Signs and sends until it is told that the deposit is spent; believes any correction.
    Task<void> buy_all(unsigned number) {
        std::uint64_t known = 0;
        for (unsigned call = 0;;) {
            const char letters[] = {static_cast<char>('0' + number % 64 / 8),
                                    static_cast<char>('0' + number % 8),
                                    static_cast<char>('a' + call)};
            io::ClientRequest request(url, io::Method::post, body_of(std::string(letters, 3)));
            request.headers.set("Content-Type", "application/json");
            request.headers.set(payment::kPaymentSignatureHeader,
                                voucher(known + kAmount, kAmount));
            const auto answer = co_await client->send(std::move(request));
            if (answer.status == 200) {
                ++served_calls;
                ++call;
                known += kAmount;
                continue;
            }
            const auto required =
                payment::parse_payment_required_header(
                    answer.headers.get(payment::kPaymentRequiredHeader).value_or(""))
                    .value();
            if (required.error == "invalid_batch_settlement_evm_cumulative_exceeds_balance") break;
            const auto& state = required.accepts.at(0).channel_state;
            if (state) known = static_cast<std::uint64_t>(state->charged->units);
        }
        if (++refused_clients == kClients) loop.stop();
    }

    std::string url;
    std::unique_ptr<io::Client> client;
    std::uint64_t served_calls = 0;
    unsigned refused_clients = 0;
};

TEST_F(PaidProof, ServesExactlyTheDepositToSixtyFourClientsOfOneChannel) {
    still.balance = kServed * kAmount;
    io::Server server(loop.get_executor(), [this](io::Request& request) {
        request.headers.set("Host", "localhost:1");  // The site's name; the port is the system's.
        return router->handle(request);
    });
    const auto port = server.listen("127.0.0.1", 0);
    url = "http://127.0.0.1:" + std::to_string(port) + path;
    client = std::make_unique<io::Client>(loop.get_executor());
    std::exception_ptr thrown;
    for (unsigned number = 0; number < kClients; ++number) {
        boost::asio::co_spawn(loop, buy_all(number), [&](std::exception_ptr failure) {
            if (!failure) return;
            thrown = failure;
            loop.stop();
        });
    }
    loop.run();
    client.reset();
    if (thrown) std::rethrow_exception(thrown);
    EXPECT_EQ(refused_clients, kClients);
    EXPECT_EQ(served_calls, kServed);
    EXPECT_EQ(static_cast<std::uint64_t>(engine->calls), kServed);
    EXPECT_EQ(charged(), still.balance);
}

TEST_F(PaidProof, RefusesAVoucherWithAnyBitChanged) {
    const payment::PaymentPayload good = signed_call(kAmount);
    const auto& call = std::get<payment::VoucherPayload>(good.payload);
    ASSERT_TRUE(payment::check_signature(channels, config, call.voucher, call.signature));
    const auto expect_bad = [&](const payment::Voucher& voucher, const eth::Signature& signature) {
        const auto checked = payment::check_signature(channels, config, voucher, signature);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error(), payment::PaymentError::voucher_signature);
    };
    for (unsigned bit = 0; bit < 8 * sizeof call.signature.bytes; ++bit) {
        eth::Signature signature = call.signature;
        signature.bytes.at(bit / 8) ^= static_cast<std::uint8_t>(1U << (bit % 8));
        expect_bad(call.voucher, signature);
    }
    for (unsigned bit = 0; bit < 256; ++bit) {
        payment::Voucher voucher = call.voucher;
        voucher.channel_id.bytes.at(bit / 8) ^= static_cast<std::uint8_t>(1U << (bit % 8));
        expect_bad(voucher, call.signature);
    }
    for (unsigned bit = 0; bit < payment::kAmountBits; ++bit) {
        payment::Voucher voucher = call.voucher;
        voucher.max_claimable.units = voucher.max_claimable.units ^ (U256{1} << bit);
        expect_bad(voucher, call.signature);
    }
}

TEST_F(PaidProof, ServesNothingForAVoucherWithAnyByteChanged) {
    const payment::PaymentPayload good = signed_call(kAmount);
    for (std::size_t i = 0; i < sizeof(eth::Signature); ++i) {
        payment::PaymentPayload changed = good;
        std::get<payment::VoucherPayload>(changed.payload).signature.bytes.at(i) ^= 0x10;
        expect_refused(changed);
    }
    for (std::size_t i = 0; i < 32; ++i) {
        payment::PaymentPayload changed = good;
        std::get<payment::VoucherPayload>(changed.payload).voucher.channel_id.bytes.at(i) ^= 0x10;
        expect_refused(changed);
    }
    for (unsigned byte = 0; byte < payment::kAmountBits / 8 - 1; ++byte) {
        payment::PaymentPayload changed = good;
        auto& total = std::get<payment::VoucherPayload>(changed.payload).voucher.max_claimable;
        total.units = total.units ^ (U256{0x10} << (8 * byte));
        expect_refused(changed);
    }
    paid(post(body_of("abc"), payment::to_header(good)));
}

TEST_F(PaidProof, RefusesAVoucherOfAnotherChain) {
    const auto there = std::get<payment::VoucherPayload>(signed_call(kAmount).payload);
    deployment.chain_id = kChain + 1;
    channels = payment::ChannelDomain(kChain + 1);
    payment::PaymentPayload here = signed_call(kAmount);
    auto& call = std::get<payment::VoucherPayload>(here.payload);

    call = there;
    EXPECT_EQ(asked(post(body_of("abc"), payment::to_header(here))).error,
              "invalid_batch_settlement_evm_channel_id_mismatch");
    call.voucher.channel_id = channel = channels.channel_id(config);
    EXPECT_EQ(asked(post(body_of("abc"), payment::to_header(here))).error,
              "invalid_batch_settlement_evm_voucher_signature");
    EXPECT_EQ(engine->calls, 0);
    paid(post(body_of("abc"), voucher(kAmount, kAmount)));
}

}  // namespace
}  // namespace stoa::gateway::testing
