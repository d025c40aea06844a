// Streams that are begun with a little and paid on for.
#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/ledger/record.hpp"

namespace stoa::gateway::testing {
namespace {

// 10 a call, 1 a token in, 2 a token out; the prompt is 7 tokens, at most 2 + 10 + 5.
constexpr std::uint64_t kLeast = 10 + 17 + 2 * 32;
constexpr std::uint64_t kBound = 430;  // 10 + 17 + 2 · 200, to two digits.
constexpr std::uint64_t kWhole = 10 + 7 + 2 * 200;
const std::string kBody =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":200,)"
    R"("stream":true,"stream_options":{"include_usage":true}})";

class PaidTopUp : public PaidTest {
  protected:
    PaidTopUp() {
        engine->pieces.assign(200, "x");
        stoa_stream = "1";
        writer.heard = [this](std::string text) -> Task<void> {
            const std::string_view start = "event: stoa.voucher\ndata: ";
            if (!text.starts_with(start)) co_return;
            asks.push_back(json::parse(text.substr(start.size())).as_object());
            if (on_ask) co_await on_ask();
        };
    }

    Task<io::Response> pay_on(std::uint64_t total, std::uint8_t session = 2) {
        const payment::Voucher promised{channel, Amount{total}};
        const auto signature = signer(session).sign_typed_digest(channels.voucher_digest(promised));
        io::Request request;
        request.method = io::Method::post;
        request.target = request.path = "/x402/voucher";
        request.headers.set("Host", "localhost:1");
        request.body = json::serialize(json::object{{"channelId", to_hex(channel)},
                                                    {"maxClaimableAmount", std::to_string(total)},
                                                    {"signature", to_hex(signature)}});
        co_return co_await router->handle(request);
    }
    Task<void> refuse(unsigned status, const char* code, std::uint64_t total,
                      std::uint8_t session = 2) {
        const auto response = co_await pay_on(total, session);
        EXPECT_EQ(response.status, status) << text_of(response);
        EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
        EXPECT_EQ(json::parse(text_of(response)).at("code"),
                  json::string(std::string("invalid_batch_settlement_evm_") + code));
    }
    std::uint64_t asked_for() const { return std::stoull(text_at("required")); }
    std::string text_at(const char* field) const {
        return std::string(asks.back().at(field).as_string());
    }
    static std::size_t tokens(const std::string& text) {
        const std::string one = R"("content":"x")";
        std::size_t count = 0;
        for (auto at = text.find(one); at != std::string::npos; at = text.find(one, at + 1)) {
            ++count;
        }
        return count;
    }
    bool has(const std::string& text) const { return writer.text.find(text) != std::string::npos; }
    bool ended(const char* finish) const {
        return has(R"("finish_reason":")" + std::string(finish) + '"') &&
               writer.text.ends_with("data: [DONE]\n\n");
    }
    /// Of larger vouchers on the disk.
    std::vector<Amount> raised_on_disk() const {
        std::vector<Amount> totals;
        ledger::Record::read(folder / "ledger.sqlite", [&](const ledger::Event& event) {
            const auto* raised = std::get_if<ledger::Raised>(&event);
            if (raised) totals.push_back(raised->maximum);
        });
        return totals;
    }

    std::vector<json::object> asks;
    std::function<Task<void>()> on_ask;
};

TEST_F(PaidTopUp, NamesTheLeastAmountToWhoCanPayOn) {
    const auto offered = asked(post(kBody));
    EXPECT_EQ(offered.accepts.at(0).amount, Amount{kBound});
    EXPECT_EQ(offered.accepts.at(0).least_amount, Amount{kLeast});
    EXPECT_FALSE(offered.accepts.at(1).least_amount) << "what is paid once is paid whole";
    stoa_stream.clear();
    EXPECT_FALSE(asked(post(kBody)).accepts.at(0).least_amount);
    EXPECT_EQ(asked(post(kBody, voucher(kLeast, kLeast))).error,
              "No matching payment requirements");
    stoa_stream = "1";
    EXPECT_EQ(asked(post(kBody, voucher(kLeast - 1, kLeast - 1))).error,
              "No matching payment requirements");
    EXPECT_EQ(engine->calls, 0);
}

TEST_F(PaidTopUp, AsksBeforeTheMoneyIsUsedUpAndServesOn) {
    std::vector<std::uint64_t> totals;
    on_ask = [&]() -> Task<void> {
        const std::string accepted = text_at("accepted");
        EXPECT_EQ(accepted, std::to_string(totals.empty() ? kLeast : totals.back()));
        EXPECT_EQ(text_at("channelId"), to_hex(channel));
        totals.push_back(asked_for());
        const auto response = co_await pay_on(totals.back());
        EXPECT_EQ(response.status, 204U) << text_of(response);
        // Durable before it is said, and in force.
        EXPECT_EQ(raised_on_disk().back(), Amount{totals.back()});
        EXPECT_EQ(ledger->book().find(channel)->reservation->amount, Amount{totals.back()});
    };
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(totals, (std::vector<std::uint64_t>{155, 219, 283, 347, 411, kBound}));
    EXPECT_EQ(tokens(writer.text), 200U);
    EXPECT_TRUE(ended("stop")) << writer.text;
    EXPECT_EQ(charged(), kWhole);
    EXPECT_NE(writer.text.find(R"("chargedAmount":")" + std::to_string(kWhole)), std::string::npos);

    // The next call counts from there; and whoever asks again isn't asked for money again.
    const auto again = post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(text_of(again).find("stoa.voucher"), std::string::npos);
    EXPECT_NE(text_of(again).find("[DONE]"), std::string::npos);
    const auto next = asked(post(kBody, voucher(kBound + kLeast, kLeast)));
    EXPECT_EQ(next.accepts.at(0).channel_state->charged, Amount{kWhole});
    EXPECT_EQ(next.accepts.at(0).voucher_state->signed_max_claimable, Amount{kBound});
}

TEST_F(PaidTopUp, AsksOnceAtAQuarterAndEndsWithLengthAtWhatWasSigned) {
    post(kBody, voucher(kLeast, kLeast));
    ASSERT_EQ(asks.size(), 1U);
    // 10 + 7 + 2 · 26 leaves 22 of 91: the first time that it is a quarter or less.
    EXPECT_EQ(tokens(writer.text.substr(0, writer.text.find("stoa.voucher"))), 26U);
    EXPECT_EQ(tokens(writer.text), 37U);
    EXPECT_TRUE(ended("length"));
    EXPECT_NE(writer.text.find(R"("completion_tokens":37)"), std::string::npos);
    EXPECT_EQ(charged(), kLeast);
}

TEST_F(PaidTopUp, RefusesWhatIsNoLargerVoucherAndServesToItsLimit) {
    still.balance = 300;
    on_ask = [this]() -> Task<void> {
        co_await refuse(422, "voucher_signature", asked_for(), 7);
        co_await refuse(422, "cumulative_too_low", kLeast - 1);
        co_await refuse(422, "cumulative_too_low", asked_for() - 1);
        co_await refuse(422, "cumulative_exceeds_balance", 301);
        EXPECT_TRUE(raised_on_disk().empty());
        const auto repeated = co_await pay_on(kLeast);
        EXPECT_EQ(repeated.status, 204U) << "what is accepted is accepted";
        ledger::ChannelId other = channel;
        other.bytes[0] ^= 1;
        std::swap(channel, other);
        co_await refuse(404, "no_running_call", 155);
        std::swap(channel, other);
    };
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(asks.size(), 1U);
    EXPECT_TRUE(ended("length"));
    EXPECT_EQ(charged(), kLeast);
}

TEST_F(PaidTopUp, ServesNoFurtherThanTheSessionsLimitOfADay) {
    on_ask = [this]() -> Task<void> {
        payment::SessionLimits limits;
        limits.channel_id = channel;
        limits.per_day = Amount{asked_for() - 1};
        limits.expires = payment::kNeverExpires;
        co_await ledger->limit(limits);
        const auto refused = co_await pay_on(asked_for());
        EXPECT_EQ(refused.status, 403U);
        EXPECT_NE(text_of(refused).find("session_day_limit"), std::string::npos);
        EXPECT_TRUE(raised_on_disk().empty());
    };
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_TRUE(ended("length"));
    EXPECT_EQ(charged(), kLeast);
}

TEST_F(PaidTopUp, TakesTheSameVoucherTwiceAndNoneAfterTheEnd) {
    on_ask = [this]() -> Task<void> {
        const auto first = co_await pay_on(kBound);
        const auto second = co_await pay_on(kBound);
        EXPECT_EQ(first.status, 204U);
        EXPECT_EQ(second.status, 204U);
    };
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(raised_on_disk(), std::vector<Amount>{Amount{kBound}});
    EXPECT_EQ(charged(), kWhole);
    on_ask = nullptr;
    const auto late = [this]() -> Task<bool> {
        co_await refuse(404, "no_running_call", 2 * kBound);
        co_return true;
    };
    run(late());
}

TEST_F(PaidTopUp, GivesEverythingBackWhereTheEngineBreaks) {
    on_ask = [this]() -> Task<void> {
        const auto response = co_await pay_on(asked_for());
        EXPECT_EQ(response.status, 204U);
    };
    engine->fails = true;
    engine->fails_after = 60;
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(raised_on_disk().size(), 2U);
    EXPECT_EQ(charged(), 0U);
    engine->fails = false;
    engine->pieces.assign(3, "x");
    writer.text.clear();
    post(kBody, voucher(kLeast, kLeast));
    EXPECT_EQ(charged(), 10U + 7 + 6) << "the first voucher is good for another try";
}

TEST_F(PaidTopUp, AsksNothingOfWhoPaidForAll) {
    post(kBody, voucher(kBound, kBound));
    EXPECT_TRUE(asks.empty());
    EXPECT_EQ(tokens(writer.text), 200U);
    EXPECT_EQ(charged(), kWhole);
}

}  // namespace
}  // namespace stoa::gateway::testing
