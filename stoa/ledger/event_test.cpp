#include "stoa/ledger/event.hpp"

#include "stoa/ledger/fixture_test.hpp"

namespace stoa::ledger {
namespace {

Hash256 hash(std::uint8_t number) {
    Hash256 value;
    value.bytes.fill(number);
    return value;
}

std::vector<Event> one_of_each() {
    eth::Signature signature;
    signature.bytes.fill(9);
    ChainState state = holding(1000, 30);
    state.withdrawing = Amount{5};
    state.withdraw_requested_at = 1'800'000'001;
    state.refund_nonce = 3;
    const SignedDeposit deposit{Amount{77}, 1, 2, 12345, ByteVector(200, 7)};
    return {
        Opened{hash(1), test_config(1), Amount{4}, 1'800'000'000},
        Mirrored{hash(1), state},
        Reserved{hash(1), Amount{100}, signature, Amount{96}, hash(2), 5},
        Charged{hash(1), Amount{50}, 10, 20, 6},
        Released{hash(1)},
        DepositAccepted{hash(1), test_config(1), deposit, 8},
        DepositIncluded{hash(1), 12345, hash(3), 44},
        Lost{hash(1), Amount{1}, 9},
        Closed{hash(1), 10},
        RefundSigned{hash(1), U256(7), Amount{12}, 11},
        ExactSettled{hash(4), account(1), account(2), account(3), Amount{5}, hash(5), hash(6), 11},
        ExactServed{hash(4)},
        ExactBegun{hash(4), account(1), account(2), account(3), Amount{5}, hash(6), 11},
        Raised{hash(1), Amount{200}, signature, Amount{196}, 12},
        Limited{hash(1), Amount{50}, 1'800'000'000, 2, 13},
        ExactAbandoned{hash(4)}};
}

TEST(Event, OfEveryKindIsReadAsItWasWritten) {
    const auto events = one_of_each();
    ASSERT_EQ(events.size(), std::variant_size_v<Event>);
    for (const Event& event : events) EXPECT_TRUE(decode(encode(event)) == event) << event.index();
}

TEST(Event, KeepsTheBytesOfRecordsThatAreOnDisk) {
    EXPECT_EQ(encode(Released{hash(1)}), [] {
        ByteVector bytes(33, 1);
        bytes[0] = 4;
        return bytes;
    }());
    EXPECT_EQ(encode(Charged{hash(1), Amount{50}, 10, 20, 6}).size(), 1U + 32 + 32 + 8 + 8 + 8);
}

TEST(Event, ThatIsCutOffTooLongOrUnknownStopsTheReader) {
    for (const Event& event : one_of_each()) {
        ByteVector bytes = encode(event);
        bytes.push_back(0);
        EXPECT_THROW(decode(bytes), std::runtime_error);
        bytes.resize(bytes.size() - 2);
        EXPECT_THROW(decode(bytes), std::runtime_error);
    }
    EXPECT_THROW(decode({}), std::runtime_error);
    EXPECT_THROW(decode(ByteVector{200}), std::runtime_error);
}

TEST(Event, IsReadInItsOrderFromARowOfMany) {
    const auto events = one_of_each();
    const ByteVector row = encode_together(events);
    std::vector<Event> read;
    decode_together(row, [&](const Event& event) { read.push_back(event); });
    EXPECT_TRUE(read == events);
    EXPECT_EQ(encode_together(std::span(events).first(1)), encode(events.front()));
    const auto ignore = [](const Event&) {};
    for (const std::size_t missing : {1U, 33U, 34U, 35U}) {
        const auto size = row.size() - missing;
        const bool is_whole = missing == 35;  // The last event is 33 bytes behind two of length.
        if (is_whole) {
            EXPECT_NO_THROW(decode_together(Bytes(row).first(size), ignore));
        } else {
            EXPECT_THROW(decode_together(Bytes(row).first(size), ignore), std::runtime_error);
        }
    }
}

}  // namespace
}  // namespace stoa::ledger
