#include "stoa/ledger/channels.hpp"

#include <fstream>
#include <sstream>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/ledger/fixture_test.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::ledger {
namespace {

namespace json = boost::json;

/// What a chain accepted from the npm client's encoder.
const json::value& vectors() {
    static const json::value all = [] {
        std::ifstream file(STOA_SOURCE_DIR "/test/vectors/payments/x402_batch_settlement.json");
        std::ostringstream text;
        text << file.rdbuf();
        return json::parse(text.str());
    }();
    return all;
}

eth::Signature signature_of(const json::value& value) {
    return eth::parse_signature(value.as_string()).value();
}
Amount amount_of(const json::value& value) {
    return parse_amount(value.as_string()).value();
}
std::string_view calldata(const char* name) {
    return vectors().at("calldata").at(name).as_string();
}
payment::ChannelConfig config() {
    return payment::parse_channel_config(vectors().at("channels").at(0).at("config")).value();
}

/// The one row of the first batch; its voucher is the session's of 1137.
std::vector<Claim> one_claim() {
    const json::value& entry = vectors().at("claimBatches").at(0).at("entries").at(0);
    Claim claim;
    claim.config = config();
    claim.voucher = {parse_hash(entry.at("channelId").as_string()).value(),
                     amount_of(entry.at("maxClaimableAmount"))};
    claim.signature = signature_of(vectors()
                                       .at("headers")
                                       .at("voucherSignature")
                                       .at("json")
                                       .at("payload")
                                       .at("voucher")
                                       .at("signature"));
    claim.total = amount_of(entry.at("totalClaimed"));
    return {claim};
}

ByteVector first_claim_call() {
    return claim_call(one_claim(),
                      signature_of(vectors().at("claimBatches").at(0).at("signature")));
}

ByteVector refund() {
    const json::value& it = vectors().at("refund");
    return refund_call(config(), amount_of(it.at("message").at("amount")),
                       amount_of(it.at("message").at("nonce")).units,
                       signature_of(it.at("signature")));
}

TEST(Channels, AreCalledAsTheNpmClientCallsThem) {
    const json::value& deposit = vectors().at("eip3009Deposit");
    const SignedDeposit signed_deposit{
        amount_of(deposit.at("message").at("value")), 0, 1'800'003'600,
        from_big_endian(parse_hash(deposit.at("salt").as_string()).value().bytes),
        parse_hex(deposit.at("signature").as_string(), 65).value()};
    EXPECT_EQ(to_hex(deposit_call(config(), signed_deposit)), calldata("deposit"));
    EXPECT_EQ(to_hex(settle_call(config().receiver, config().token)), calldata("settle"));
    EXPECT_EQ(to_hex(refund()), calldata("refundWithSignature"));
    EXPECT_EQ(to_hex(first_claim_call()),
              vectors().at("claimBatches").at(0).at("calldata").as_string());
    EXPECT_EQ(to_hex(multicall({first_claim_call(), refund()})),
              calldata("multicallClaimAndRefund"));
}

TEST(Channels, TellWhatTheirCallDataMoves) {
    const payment::ChannelDomain domain{
        vectors().at("channels").at(0).at("chainId").to_number<std::uint64_t>()};
    const auto moves = moves_of(domain, multicall({first_claim_call(), refund()}));
    ASSERT_EQ(moves.size(), 2U);
    const auto& claim = std::get<ClaimMove>(moves[0]);
    EXPECT_EQ(claim.channel, one_claim()[0].voucher.channel_id);
    EXPECT_EQ(claim.config, config());
    EXPECT_EQ(claim.total, one_claim()[0].total);
    const auto& refunded = std::get<RefundMove>(moves[1]);
    EXPECT_EQ(refunded.channel, claim.channel);
    EXPECT_EQ(refunded.amount, amount_of(vectors().at("refund").at("message").at("amount")));
    const auto settled = moves_of(domain, settle_call(config().receiver, config().token));
    EXPECT_EQ(std::get<SettleMove>(settled.at(0)).receiver, config().receiver);
    const SignedDeposit deposit{Amount{7}, 0, 1, 2, ByteVector(65, 1)};
    const auto deposited = moves_of(domain, deposit_call(config(), deposit));
    EXPECT_EQ(std::get<DepositMove>(deposited.at(0)).amount, Amount{7});
    EXPECT_TRUE(moves_of(domain, multicall({multicall({refund()})})).empty());
    EXPECT_TRUE(moves_of(domain, ByteVector{1, 2, 3, 4}).empty());
}

TEST(Channels, NameTheirChannelInEveryLogButSettled) {
    const auto log = [](const char* name) {
        chain::Log it;
        it.topics = {parse_hash(vectors().at("topics").at(name).as_string()).value(),
                     test_channel(1)};
        return it;
    };
    EXPECT_EQ(channel_of(log("Deposited")), test_channel(1));
    EXPECT_EQ(channel_of(log("Claimed")), test_channel(1));
    EXPECT_EQ(channel_of(log("Refunded")), test_channel(1));
    EXPECT_EQ(channel_of(log("WithdrawInitiated")), test_channel(1));
    EXPECT_EQ(channel_of(log("WithdrawFinalized")), test_channel(1));
    EXPECT_EQ(channel_of(log("Settled")), std::nullopt);
    EXPECT_EQ(channel_of(chain::Log{}), std::nullopt);
}

}  // namespace
}  // namespace stoa::ledger
