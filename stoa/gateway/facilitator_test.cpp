// The facilitator's checks; what reaches the chain is in test/system/facilitator.test.mjs.
#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/gateway/x402_routes.hpp"

namespace stoa::gateway::testing {
namespace {

class FacilitatorTest : public PaidTest {
  protected:
    FacilitatorTest() {
        shop.bytes.fill(0x33);
        shop_key.bytes.fill(0x34);
        settings.receivers = {shop};
        // Twice the most that a transaction can cost here: its gas and a quarter more.
        settings.gas_per_day = U256{2} * StillChain::kGas * 5 / 4 * StillChain::kGasPrice;
        facilitator =
            std::make_shared<Facilitator>(FacilitatorParts{*sender, ledger::ChannelReader(still),
                                                           deployment, channels, *database, clock},
                                          settings);
        x402.emplace(desk->parts(), facilitator);
        x402->add_to(*router);
        config.receiver = shop;
        config.receiver_authorizer = shop_key;
        config.withdraw_delay_seconds = 86'400;
        channel = channels.channel_id(config);
        wanted = payment::parse_payment_header(voucher(300, 300)).value().accepted;
        wanted.pay_to = shop;
        wanted.receiver_authorizer = shop_key;
        wanted.withdraw_delay_seconds = 86'400;
    }

    template <class Payload>
    json::value ask(const char* route, Payload payload) {
        payment::PaymentPayload payment;
        payment.accepted = wanted;
        payment.payload = std::move(payload);
        path = route;
        const auto response =
            post(json::serialize(json::object{{"x402Version", 2},
                                              {"paymentPayload", payment::to_json(payment)},
                                              {"paymentRequirements", payment::to_json(wanted)}}));
        EXPECT_EQ(response.status, 200U) << text_of(response);
        return json::parse(text_of(response));
    }
    payment::VoucherPayload promise(std::uint64_t total, std::uint8_t session = 2) const {
        payment::VoucherPayload payload;
        payload.config = config;
        payload.voucher = {channel, Amount{total}};
        payload.signature =
            signer(session).sign_typed_digest(channels.voucher_digest(payload.voucher));
        return payload;
    }
    std::string reason(const payment::VoucherPayload& payload) {
        const auto answer = ask("/x402/verify", payload);
        EXPECT_EQ(answer.at("isValid"), false);
        return std::string(answer.at("invalidReason").as_string())
            .substr(std::string("invalid_batch_settlement_evm_").size());
    }
    payment::SignedClaim row(std::uint64_t total, std::uint64_t claimed) const {
        const auto it = promise(total);
        return {it.config, it.voucher.max_claimable, it.signature, Amount{claimed}};
    }
    std::string failure(const json::value& answer) const {
        EXPECT_EQ(answer.at("success"), false);
        return std::string(answer.at("errorReason").as_string());
    }

    eth::Address shop;
    eth::Address shop_key;
    FacilitatorSettings settings;
    std::shared_ptr<Facilitator> facilitator;
    std::optional<X402Routes> x402;
    payment::Requirements wanted;
};

TEST_F(FacilitatorTest, SaysWhomItServes) {
    path = "/x402/supported";
    const auto answer = json::parse(text_of(send(io::Method::get, {})));
    EXPECT_EQ(answer.at("kinds").as_array().size(), 2U);
    EXPECT_EQ(answer.at("facilitator").at("receivers").at(0), json::string(eth::to_checksum(shop)));
    EXPECT_EQ(answer.at("facilitator").at("tokens").at(0),
              json::string(eth::to_checksum(deployment.tokens[0].address)));
}

TEST_F(FacilitatorTest, VerifiesVouchersOfListedReceivers) {
    const auto answer = ask("/x402/verify", promise(300));
    EXPECT_EQ(answer.at("isValid"), true) << json::serialize(answer);
    EXPECT_EQ(answer.at("extra").at("balance"), "1000000");
    EXPECT_EQ(ledger->book().find(channel), nullptr) << "its channels are not ours";
}

TEST_F(FacilitatorTest, SaysWhyAVoucherIsNotValid) {
    EXPECT_EQ(reason(promise(300, 7)), "voucher_signature");
    EXPECT_EQ(reason(promise(1'000'001)), "cumulative_exceeds_balance");
    wanted.receiver_authorizer = shop;
    EXPECT_EQ(reason(promise(300)), "receiver_authorizer_mismatch");
    wanted.receiver_authorizer = shop_key;
    wanted.withdraw_delay_seconds = 3600;
    EXPECT_EQ(reason(promise(300)), "withdraw_delay_mismatch");
    channel.bytes[0] ^= 1;
    EXPECT_EQ(reason(promise(300)), "channel_id_mismatch");
    still.balance = 0;
    wanted.withdraw_delay_seconds = 86'400;
    channel = channels.channel_id(config);
    EXPECT_EQ(reason(promise(300)), "channel_not_found");
}

TEST_F(FacilitatorTest, ServesNoOtherReceiverAndNoOtherToken) {
    config.receiver.bytes[0] ^= 1;
    channel = channels.channel_id(config);
    EXPECT_EQ(reason(promise(300)), "receiver_mismatch");
    config.receiver = shop;
    config.token.bytes[0] ^= 1;
    channel = channels.channel_id(config);
    EXPECT_EQ(reason(promise(300)), "token_mismatch");
    EXPECT_EQ(failure(ask("/x402/settle", payment::SettlePayload{config.payer, wanted.asset})),
              "invalid_batch_settlement_evm_receiver_mismatch");
    EXPECT_EQ(failure(ask("/x402/settle", payment::SettlePayload{shop, config.token})),
              "invalid_batch_settlement_evm_token_mismatch");
}

TEST_F(FacilitatorTest, SignsForNobody) {
    payment::ClaimPayload claim;
    claim.claims = {row(300, 200)};
    EXPECT_EQ(failure(ask("/x402/settle", claim)),
              "invalid_batch_settlement_evm_authorizer_not_configured");
    payment::RefundPayload refund;
    static_cast<payment::VoucherPayload&>(refund) = promise(300);
    refund.amount = Amount{5};
    EXPECT_EQ(failure(ask("/x402/settle", refund)),
              "invalid_batch_settlement_evm_authorizer_not_configured");
}

TEST_F(FacilitatorTest, ChecksEachRowOfAClaimBeforeItAsksTheChain) {
    payment::ClaimPayload claim;
    claim.authorized.emplace();
    claim.claims = {row(300, 200), row(300, 301)};
    EXPECT_EQ(failure(ask("/x402/settle", claim)),
              "invalid_batch_settlement_evm_charge_exceeds_signed_cumulative");
    claim.claims[1] = row(300, 200);
    claim.claims[1].signature.bytes[4] ^= 1;
    EXPECT_EQ(failure(ask("/x402/settle", claim)),
              "invalid_batch_settlement_evm_voucher_signature");
    claim.claims[1] = row(300, 200);
    claim.claims[1].config.receiver.bytes[4] ^= 1;
    EXPECT_EQ(failure(ask("/x402/settle", claim)),
              "invalid_batch_settlement_evm_receiver_mismatch");
    claim.claims.pop_back();
    EXPECT_EQ(failure(ask("/x402/settle", claim)), "invalid_batch_settlement_evm_rpc_read_failed")
        << "a chain that does not answer is asked at last";
}

TEST_F(FacilitatorTest, SendsForTheGasOfADayAndGoesOnTheNext) {
    still.takes_transactions = true;
    std::vector<payment::ClaimPayload> claims(4);
    for (std::uint64_t i = 0; i < claims.size(); ++i) {
        claims[i].authorized.emplace();
        claims[i].claims = {row(300 + i, 200 + i)};
    }
    // What was spent counts, not what could have been: so there is room for a second one.
    const auto first = ask("/x402/settle", claims[0]);
    EXPECT_EQ(first.at("success"), true) << json::serialize(first);
    EXPECT_EQ(ask("/x402/settle", claims[1]).at("success"), true);
    EXPECT_EQ(failure(ask("/x402/settle", claims[2])), "facilitator_limit");
    EXPECT_EQ(still.sent, 2U);
    EXPECT_EQ(ask("/x402/settle", claims[0]).at("transaction"), first.at("transaction"))
        << "what was sent is found again";
    // 1,800,000,000 is eight in the morning (UTC).
    clock.advance(std::chrono::hours(16) - std::chrono::seconds(1));
    EXPECT_EQ(failure(ask("/x402/settle", claims[2])), "facilitator_limit");
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(ask("/x402/settle", claims[2]).at("success"), true);
    EXPECT_EQ(still.sent, 3U);
}

}  // namespace
}  // namespace stoa::gateway::testing
