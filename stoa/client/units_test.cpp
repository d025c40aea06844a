#include "stoa/client/units.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

#include "stoa/client/fixture_test.hpp"
#include "stoa/client/output.hpp"
#include "stoa/client/receipt_filter.hpp"
#include "stoa/client/session_store.hpp"

namespace stoa::client {
namespace {

TEST(Units, AreReadAsPeopleWriteThem) {
    EXPECT_EQ(parse_units("1", 6), Amount{1'000'000});
    EXPECT_EQ(parse_units("1.5", 6), Amount{1'500'000});
    EXPECT_EQ(parse_units("0.000001", 6), Amount{1});
    EXPECT_EQ(parse_units("0", 6), Amount{});
    EXPECT_EQ(parse_units("7", 0), Amount{7});
}

TEST(Units, ThatTheTokenCannotSayAreRefused) {
    for (const char* text :
         {"", ".", ".5", "1.", "1.0000001", "-1", "1,5", "1e3", "01", "$1", "1 "}) {
        EXPECT_EQ(parse_units(text, 6).error(), FormatError::bad_decimal) << text;
    }
    EXPECT_EQ(parse_units("7.0", 0).error(), FormatError::bad_decimal);
    EXPECT_EQ(parse_units("400000000000000000000000000000000", 6).error(),
              FormatError::out_of_range);
}

TEST(Units, AreWrittenWithTwoPlacesOrAsManyAsTheyNeed) {
    EXPECT_EQ(format_units(Amount{1'500'000}, 6), "1.50");
    EXPECT_EQ(format_units(Amount{1}, 6), "0.000001");
    EXPECT_EQ(format_units(Amount{}, 6), "0.00");
    EXPECT_EQ(format_units(Amount{12}, 0), "12");
    EXPECT_EQ(format_units(Amount{15}, 1), "1.5");
}

RC_GTEST_PROP(Units, OfAnyAmountReadBack, (std::uint64_t number)) {
    const auto decimals = *rc::gen::inRange<unsigned>(0, 19);
    RC_ASSERT(parse_units(format_units(Amount{number}, decimals), decimals) == Amount{number});
}

TEST(Printable, TakesAwayWhatCommandsATerminal) {
    EXPECT_EQ(printable("a\x1b[31mb\r\x07\x7f"), "a?[31mb???");
    EXPECT_EQ(printable("ä\tb\n"), "ä\tb\n");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "?31m");
}

TEST(Output, IsOneJsonDocumentWhereThatIsAskedFor) {
    std::ostringstream results;
    std::ostringstream remarks;
    Output out{results, remarks, true, true};
    out.step("working");
    out.piece("half");
    out.remark("by the way");
    out.result({{"a", 1}}, "text");
    EXPECT_EQ(results.str(), "{\"a\":1}\n");
    EXPECT_EQ(remarks.str(), "");
    out.failure({"code", "what", "fix"});
    EXPECT_EQ(remarks.str(), R"({"error":{"code":"code","message":"what","fix":"fix"}})"
                             "\n");
}

TEST(Output, TellsPeopleWhatToDo) {
    std::ostringstream results;
    std::ostringstream remarks;
    Output out{results, remarks, false, false};
    out.step("working");
    out.result({{"a", 1}}, "text");
    out.failure({"code", "It broke.", "Mend it."});
    EXPECT_EQ(results.str(), "text\n");
    EXPECT_EQ(remarks.str(), "✗ It broke.\n  Mend it.\n");
}

Session session() {
    const auto wallet = key_of("wallet");
    const auto key = key_of("session");
    Session out;
    out.channel = memory_of(*wallet, *key, 1000);
    out.channel.charged = Amount{5};
    out.channel.signed_max = Amount{9};
    out.chain_id = kTestChain;
    out.model = "stories15m";
    out.node = "http://localhost:1";
    return out;
}

TEST(SessionStore, FindsAgainWhatItSaved) {
    const Folder folder;
    const SessionStore store{folder.path() / "sessions"};
    EXPECT_TRUE(store.list().empty());
    const Session saved = session();
    store.save(saved);
    ASSERT_EQ(store.list().size(), 1u);
    const auto found = store.find(saved.channel.channel_id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->channel, saved.channel);
    EXPECT_EQ(found->model, saved.model);
    EXPECT_EQ(found->node, saved.node);
    EXPECT_EQ(found->chain_id, saved.chain_id);
    store.remove(saved.channel.channel_id);
    EXPECT_FALSE(store.find(saved.channel.channel_id));
}

TEST(SessionStore, LeavesOutFilesOfAnotherForm) {
    EXPECT_FALSE(parse_session(""));
    EXPECT_FALSE(parse_session("{}"));
    EXPECT_FALSE(parse_session("[1]"));
    std::string text = to_text(session());
    text.replace(text.find("\"1000\""), 6, "\"-1\"");
    EXPECT_FALSE(parse_session(text));
}

const std::string kReceipt =
    R"({"success":true,"network":"eip155:713371","transaction":"","extra":{"channelState":)"
    R"({"channelId":"0x00000000000000000000000000000000000000000000000000000000000000aa",)"
    R"("balance":"10","totalClaimed":"0","withdrawRequestedAt":0,"refundNonce":"0",)"
    R"("chargedCumulativeAmount":"7"},"chargedAmount":"7"}})";

TEST(ReceiptFilter, KeepsTheReceiptAndPassesTheRestOnWhereverChunksEnd) {
    const std::string stream =
        "data: {\"a\":1}\n\nevent: stoa.receipt\ndata: " + kReceipt + "\n\ndata: [DONE]\n\n";
    for (std::size_t size = 1; size < stream.size(); size += 7) {
        ReceiptFilter filter;
        std::string passed;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            passed += filter.feed(std::string_view{stream}.substr(at, size));
        }
        EXPECT_EQ(passed, "data: {\"a\":1}\n\ndata: [DONE]\n\n");
        ASSERT_TRUE(filter.receipt());
        EXPECT_EQ(filter.receipt()->charged, Amount{7});
        EXPECT_EQ(filter.receipt()->channel_state->charged, Amount{7});
    }
}

TEST(ReceiptFilter, DropsAReceiptThatIsNone) {
    ReceiptFilter filter;
    EXPECT_EQ(filter.feed("event: stoa.receipt\ndata: {}\n\n"), "");
    EXPECT_FALSE(filter.receipt());
}

}  // namespace
}  // namespace stoa::client
