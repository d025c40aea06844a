#include "stoa/client/paid_channel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stoa/client/fixture_test.hpp"
#include "stoa/payment/check.hpp"

namespace stoa::client {
namespace {

class PaidChannelTest : public testing::Test {
  protected:
    PaidChannel channel(std::uint64_t balance) {
        return PaidChannel{domain, *session_key, memory_of(*wallet, *session_key, balance)};
    }

    /// What a node would answer that has charged `charged` in total.
    payment::SettlementResponse answer(std::uint64_t charged) {
        payment::SettlementResponse response;
        response.channel_state.emplace();
        response.channel_state->channel_id = memory_of(*wallet, *session_key, 0).channel_id;
        response.channel_state->charged = Amount{charged};
        return response;
    }

    payment::Requirements corrective(std::uint64_t charged, std::uint64_t balance) {
        payment::Requirements offered = offer_of(100);
        offered.channel_state = answer(charged).channel_state;
        offered.channel_state->balance = Amount{balance};
        return offered;
    }

    std::unique_ptr<keys::Signer> wallet = key_of("wallet");
    std::unique_ptr<keys::Signer> session_key = key_of("session");
    payment::ChannelDomain domain{kTestChain};
};

TEST_F(PaidChannelTest, SignsWhatWasChargedAndThePriceOfOneCall) {
    PaidChannel paid = channel(1000);
    const auto payload = paid.pay(offer_of(100), "http://node/v1");
    const auto& voucher = std::get<payment::VoucherPayload>(payload.payload);
    EXPECT_EQ(voucher.voucher.max_claimable, Amount{100});
    EXPECT_TRUE(payment::check_voucher(domain, voucher.config, voucher.voucher, voucher.signature,
                                       {Amount{1000}, Amount{}, Amount{}}, Amount{100}));
    EXPECT_EQ(paid.memory().signed_max, Amount{100});
    EXPECT_EQ(payload.resource_url, "http://node/v1");
}

TEST_F(PaidChannelTest, BuildsTheNextVoucherOnTheTrueCharge) {
    PaidChannel paid = channel(1000);
    paid.pay(offer_of(100), "");
    EXPECT_EQ(paid.settle(answer(37)), Amount{37});
    const auto payload = paid.pay(offer_of(100), "");
    EXPECT_EQ(std::get<payment::VoucherPayload>(payload.payload).voucher.max_claimable,
              Amount{137});
}

TEST_F(PaidChannelTest, BelievesNoChargeThatItHasNotSignedFor) {
    PaidChannel paid = channel(1000);
    paid.pay(offer_of(100), "");
    EXPECT_EQ(paid.settle(answer(101)), std::nullopt);
    EXPECT_EQ(paid.memory().charged, Amount{});
    EXPECT_EQ(paid.settle(answer(100)), Amount{100});
    EXPECT_EQ(paid.settle(answer(99)), std::nullopt);
}

TEST_F(PaidChannelTest, IgnoresAnswersAboutAnotherChannelAndFailures) {
    PaidChannel paid = channel(1000);
    paid.pay(offer_of(100), "");
    auto other = answer(50);
    other.channel_state->channel_id.bytes[0] ^= 1;
    EXPECT_EQ(paid.settle(other), std::nullopt);
    auto failed = answer(50);
    failed.success = false;
    EXPECT_EQ(paid.settle(failed), std::nullopt);
}

TEST_F(PaidChannelTest, KnowsWhatIsMissing) {
    PaidChannel paid = channel(150);
    EXPECT_EQ(paid.missing(Amount{150}), Amount{});
    EXPECT_EQ(paid.missing(Amount{151}), Amount{1});
    paid.pay(offer_of(100), "");
    paid.settle(answer(100));
    EXPECT_EQ(paid.missing(Amount{100}), Amount{50});
    paid.deposited(Amount{50});
    EXPECT_EQ(paid.missing(Amount{100}), Amount{});
}

TEST_F(PaidChannelTest, PaysOnlyForTheServiceThatItWasOpenedFor) {
    const PaidChannel paid = channel(1000);
    EXPECT_TRUE(paid.pays(offer_of(1)));
    const auto differs = [&](auto change) {
        payment::Requirements offered = offer_of(1);
        change(offered);
        return !paid.pays(offered);
    };
    EXPECT_TRUE(differs([](auto& r) { r.pay_to.bytes[0] ^= 1; }));
    EXPECT_TRUE(differs([](auto& r) { r.asset.bytes[0] ^= 1; }));
    EXPECT_TRUE(differs([](auto& r) { r.network = "eip155:1"; }));
    EXPECT_TRUE(differs([](auto& r) { r.receiver_authorizer->bytes[0] ^= 1; }));
    EXPECT_TRUE(differs([](auto& r) { r.withdraw_delay_seconds = 900; }));
    EXPECT_TRUE(differs([](auto& r) { r.scheme = payment::Scheme::exact; }));
}

TEST_F(PaidChannelTest, CorrectsItselfWithinWhatItSigned) {
    PaidChannel paid = channel(1000);
    paid.pay(offer_of(100), "");
    EXPECT_FALSE(paid.correct(corrective(101, 1000)));
    EXPECT_FALSE(paid.correct(offer_of(100)));
    EXPECT_TRUE(paid.correct(corrective(80, 1000)));
    EXPECT_EQ(paid.memory().charged, Amount{80});
    EXPECT_TRUE(paid.correct(corrective(0, 1000)));  // the node has forgotten a charge
    EXPECT_EQ(paid.memory().charged, Amount{});
}

TEST_F(PaidChannelTest, BelievesItsOwnSignatureOfALargerTotalThatItForgot) {
    PaidChannel paid = channel(1000);
    auto offered = corrective(400, 1000);
    const payment::Voucher voucher{paid.memory().channel_id, Amount{500}};
    offered.voucher_state.emplace();
    offered.voucher_state->signed_max_claimable = voucher.max_claimable;
    offered.voucher_state->signature =
        key_of("stranger")->sign_typed_digest(domain.voucher_digest(voucher));
    EXPECT_FALSE(paid.correct(offered));
    offered.voucher_state->signature =
        session_key->sign_typed_digest(domain.voucher_digest(voucher));
    EXPECT_TRUE(paid.correct(offered));
    EXPECT_EQ(paid.memory().charged, Amount{400});
    EXPECT_EQ(paid.memory().signed_max, Amount{500});
}

TEST_F(PaidChannelTest, BelievesABalanceOnlyDownwards) {
    PaidChannel paid = channel(1000);
    paid.pay(offer_of(100), "");
    EXPECT_TRUE(paid.correct(corrective(10, 5000)));
    EXPECT_EQ(paid.memory().balance, Amount{1000});
    EXPECT_TRUE(paid.correct(corrective(20, 600)));
    EXPECT_EQ(paid.memory().balance, Amount{600});
}

RC_GTEST_FIXTURE_PROP(PaidChannelTest, NeverOwesMoreThanItSigned, ()) {
    PaidChannel paid = channel(10'000);
    for (int call = 0; call < 20; ++call) {
        const auto price = *rc::gen::inRange<std::uint64_t>(1, 400);
        if (paid.missing(Amount{price}) > Amount{}) break;
        const Amount before = paid.memory().charged;
        paid.pay(offer_of(price), "");
        const auto claimed = *rc::gen::inRange<std::uint64_t>(0, 12'000);
        paid.settle(answer(claimed));
        paid.correct(corrective(*rc::gen::inRange<std::uint64_t>(0, 12'000), 10'000));
        RC_ASSERT(paid.memory().charged <= paid.memory().signed_max);
        RC_ASSERT(paid.memory().signed_max <= paid.memory().balance);
        RC_ASSERT(before <= paid.memory().signed_max);
    }
}

TEST(ChannelOffer, IsTheFirstOfItsSchemeOnOurChain) {
    payment::PaymentRequired required;
    required.accepts = {offer_of(1), offer_of(2), offer_of(3)};
    required.accepts[0].scheme = payment::Scheme::exact;
    required.accepts[1].network = "eip155:1";
    EXPECT_EQ(channel_offer(required, "eip155:713371"), &required.accepts[2]);
    EXPECT_EQ(channel_offer(required, "eip155:5"), nullptr);
}

}  // namespace
}  // namespace stoa::client
