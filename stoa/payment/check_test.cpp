#include "stoa/payment/check.hpp"

#include <gtest/gtest.h>

#include "stoa/payment/vectors_test.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;
using enum PaymentError;

/// The vectors' voucher of 1000.
class VoucherCheck : public testing::Test {
  protected:
    ChannelDomain domain{kVectorChain};
    ChannelConfig config = vector_channel();
    Voucher voucher;
    eth::Signature signature;

    VoucherCheck() {
        for (const json::value& row : vectors().at("vouchers").as_array()) {
            if (row.at("maxClaimableAmount").as_string() != "1000") continue;
            if (hash_of(row.at("channelId")) != domain.channel_id(config)) continue;
            voucher = {hash_of(row.at("channelId")), Amount{1000}};
            signature = signature_of(row.at("signature"));
        }
    }

    std::error_code refusal(const ChannelState& state, int amount) const {
        const auto checked =
            check_voucher(domain, config, voucher, signature, state, Amount{amount});
        return checked ? std::error_code{} : checked.error();
    }
    static ChannelState state(int balance, int claimed, int charged) {
        return {Amount{balance}, Amount{claimed}, Amount{charged}};
    }
};

TEST_F(VoucherCheck, AcceptsThePromiseOfWhatWasChargedAndTheAmount) {
    EXPECT_EQ(refusal(state(1'000'000, 0, 0), 1000), std::error_code{});
    EXPECT_EQ(refusal(state(1000, 137, 274), 726), std::error_code{});
}

TEST_F(VoucherCheck, RefusesATotalThatIsNotExactlyChargedPlusAmount) {
    EXPECT_EQ(refusal(state(1'000'000, 0, 0), 999), cumulative_mismatch);
    EXPECT_EQ(refusal(state(1'000'000, 0, 0), 1001), cumulative_mismatch);
    EXPECT_EQ(refusal(state(1'000'000, 0, 137), 1000), cumulative_mismatch);
    EXPECT_EQ(refusal(state(1'000'000, 0, 1001), 0), cumulative_mismatch);
}

TEST_F(VoucherCheck, RefusesMoreThanTheChannelHolds) {
    EXPECT_EQ(refusal(state(999, 0, 0), 1000), cumulative_exceeds_balance);
}

TEST_F(VoucherCheck, RefusesNoMoreThanWhatIsClaimed) {
    EXPECT_EQ(refusal(state(1'000'000, 1000, 0), 1000), cumulative_below_claimed);
}

TEST_F(VoucherCheck, TellsNobodyWhatWasChargedWithoutTheSessionKey) {
    config.payer_authorizer.bytes[0] ^= 1;
    EXPECT_EQ(refusal(state(0, 0, 5), 7), voucher_signature);
}

TEST_F(VoucherCheck, RefusesAVoucherOfAnotherChain) {
    domain = ChannelDomain{kVectorChain + 1};
    EXPECT_EQ(refusal(state(1'000'000, 0, 0), 1000), voucher_signature);
}

TEST_F(VoucherCheck, AcceptsOnlySignaturesThatTheContractAccepts) {
    for (const json::value& row : vectors().at("invalidVoucherSignatures").as_array()) {
        const auto parsed = eth::parse_signature(row.at("signature").as_string());
        if (!parsed) continue;  // Refused as the payload is read.
        signature = *parsed;
        EXPECT_EQ(refusal(state(1'000'000, 0, 0), 1000), voucher_signature) << row.at("name");
    }
}

TEST_F(VoucherCheck, TakesARefundVoucherOnlyForExactlyWhatWasCharged) {
    const auto checked = [&](int charged) {
        return check_refund_voucher(domain, config, voucher, signature,
                                    state(1'000'000, 0, charged));
    };
    EXPECT_TRUE(checked(1000));
    EXPECT_EQ(checked(999).error(), cumulative_mismatch);
    EXPECT_EQ(checked(1001).error(), cumulative_mismatch);
    signature.bytes[64] ^= 7;
    EXPECT_EQ(checked(1000).error(), voucher_signature);
}

TEST(TopUpCheck, TakesWhatIsAskedForOrMoreWithinTheBalance) {
    const ChannelState state{Amount{1000}, Amount{100}, Amount{400}};
    const auto refusal = [&](int total, int required) {
        const auto checked = check_top_up({{}, Amount{total}}, state, Amount{required});
        return checked ? std::error_code{} : checked.error();
    };
    EXPECT_EQ(refusal(500, 500), std::error_code{});
    EXPECT_EQ(refusal(1000, 500), std::error_code{});
    EXPECT_EQ(refusal(499, 500), cumulative_too_low);
    EXPECT_EQ(refusal(1001, 500), cumulative_exceeds_balance);
    EXPECT_EQ(refusal(100, 50), cumulative_below_claimed);
}

TEST(ConfigCheck, RefusesAChannelOnOtherTerms) {
    const ChannelConfig good = vector_channel();
    const Terms terms{good.receiver, good.receiver_authorizer, good.token,
                      good.withdraw_delay_seconds};
    EXPECT_TRUE(check_config(good, terms));

    const auto refusal = [&](auto change) {
        ChannelConfig config = good;
        change(config);
        return check_config(config, terms).error();
    };
    using C = ChannelConfig;
    EXPECT_EQ(refusal([](C& c) { c.receiver.bytes[0] ^= 1; }), receiver_mismatch);
    EXPECT_EQ(refusal([](C& c) { c.receiver_authorizer.bytes[0] ^= 1; }),
              receiver_authorizer_mismatch);
    EXPECT_EQ(refusal([](C& c) { c.token.bytes[0] ^= 1; }), token_mismatch);
    EXPECT_EQ(refusal([](C& c) { c.withdraw_delay_seconds += 1; }), withdraw_delay_mismatch);
    EXPECT_EQ(refusal([](C& c) { c.withdraw_delay_seconds = 899; }), withdraw_delay_out_of_range);
    EXPECT_EQ(refusal([](C& c) { c.withdraw_delay_seconds = 2'592'001; }),
              withdraw_delay_out_of_range);
    EXPECT_EQ(refusal([](C& c) { c.payer_authorizer = eth::kZeroAddress; }), voucher_signature);
}

TEST(RefundAmount, IsAtMostWhatIsNotCharged) {
    const ChannelState state{Amount{1000}, Amount{100}, Amount{400}};
    EXPECT_EQ(refund_amount(state, std::nullopt).value(), Amount{600});
    EXPECT_EQ(refund_amount(state, Amount{600}).value(), Amount{600});
    EXPECT_EQ(refund_amount(state, Amount{601}).error(), refund_amount_invalid);
    EXPECT_EQ(refund_amount(state, Amount{0}).error(), refund_amount_invalid);
    const ChannelState empty{Amount{400}, Amount{400}, Amount{400}};
    EXPECT_EQ(refund_amount(empty, std::nullopt).error(), refund_no_balance);
}

TEST(Validity, LeavesSixSecondsForTheTransaction) {
    EXPECT_TRUE(check_validity(0, 1006, 1000));
    EXPECT_TRUE(check_validity(1000, 2000, 1000));
    EXPECT_EQ(check_validity(0, 1005, 1000).error(), authorization_valid_before);
    EXPECT_EQ(check_validity(1001, 2000, 1000).error(), authorization_valid_after);
}

}  // namespace
}  // namespace stoa::payment
