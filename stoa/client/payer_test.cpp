#include "stoa/client/payer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "stoa/client/fake_node_test.hpp"
#include "stoa/client/paying_server.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::client {
namespace {

class Kept final : public Sink {
  public:
    Task<void> begin(const io::ClientResponse&) override { co_return; }
    Task<bool> piece(std::string_view bytes) override {
        text += bytes;
        co_return true;
    }
    std::string text;
};

class PayerTest : public testing::Test {
  protected:
    Outcome call() {
        PaidCall wanted;
        wanted.target = "/v1/completions";
        wanted.body = "{}";
        return user.finish(payer.call(wanted, kept));
    }

    Task<Session> no_fund(std::optional<Session>, Amount missing) {
        asked_for = missing;
        throw Failure("no_session", "no", "");
        co_return Session{};
    }

    TestUser user;
    Kept kept;
    Amount asked_for;
    Amount allowed{1000};
    Payer payer{user.context,
                user.deployment,
                user.wallet->address(),
                *user.session_key,
                [this](const payment::Requirements&, std::optional<Session> session,
                       Amount missing) { return no_fund(std::move(session), missing); },
                [this](const Amount& price) {
                    if (price > allowed) throw Failure("budget_used_up", "no", "");
                }};
};

TEST_F(PayerTest, PaysAndRemembersTheCharge) {
    const Outcome first = call();
    EXPECT_EQ(first.response.status, 200u);
    EXPECT_EQ(first.charged, Amount{7});
    EXPECT_EQ(kept.text, R"({"text":"Lily"})");
    EXPECT_EQ(user.remembered().charged, Amount{7});
    EXPECT_EQ(user.remembered().signed_max, Amount{100});
    EXPECT_EQ(call().charged, Amount{7});
    EXPECT_EQ(user.remembered().charged, Amount{14});
    EXPECT_EQ(user.fake.paid, 2);
    EXPECT_EQ(user.fake.unpaid, 2);
}

TEST_F(PayerTest, TakesTheChargeOfAStreamFromItsReceipt) {
    user.fake.streams = true;
    const Outcome outcome = call();
    EXPECT_TRUE(outcome.charge_known);
    EXPECT_EQ(outcome.charged, Amount{7});
    EXPECT_EQ(kept.text, "data: {\"n\":1}\n\ndata: [DONE]\n\n");
}

TEST_F(PayerTest, BelievesOnlyAReceiptOfTheServiceForThisCall) {
    const payment::ReceiptDomain domain{kTestChain};
    Session session;
    session.channel = user.remembered();
    session.channel.charged = Amount{7};
    session.channel.config.receiver_authorizer = user.session_key->address();
    session.chain_id = kTestChain;
    payment::SignedReceipt it;
    it.receipt.channel_id = session.channel.channel_id;
    it.receipt.charge = it.receipt.cumulative = Amount{7};
    it.receipt.output_hash = eth::keccak256("Lily");
    const auto sign = [&](const keys::Signer& signer) {
        const Hash256 root = payment::merkle_root(domain.leaf(it.receipt), it.path);
        it.signature = signer.sign_typed_digest(domain.root_digest(root));
    };
    sign(*user.session_key);
    EXPECT_FALSE(check_receipt(it, session, Amount{7}, "Lily"));
    EXPECT_EQ(check_receipt(it, session, Amount{7}, "Lilo"), "it is of another answer");
    EXPECT_EQ(check_receipt(it, session, Amount{8}, "Lily"), "it names another charge");
    it.receipt.channel_id.bytes[0] ^= 1;
    EXPECT_EQ(check_receipt(it, session, Amount{7}, "Lily"),
              "it is not signed by the service's key");
    sign(*user.session_key);
    EXPECT_EQ(check_receipt(it, session, Amount{7}, "Lily"), "it is of another session");
    sign(*user.wallet);
    EXPECT_EQ(check_receipt(it, session, Amount{7}, "Lily"),
              "it is not signed by the service's key");
}

TEST_F(PayerTest, CorrectsItselfAfterAChargeThatItDidNotSee) {
    user.fake.streams = true;
    user.fake.forgets_receipt = true;
    EXPECT_FALSE(call().charge_known);
    EXPECT_EQ(user.remembered().charged, Amount{});
    user.fake.forgets_receipt = false;
    EXPECT_EQ(call().charged, Amount{7});
    EXPECT_EQ(user.remembered().charged, Amount{14});
}

TEST_F(PayerTest, ComesBackToABusyChannel) {
    user.fake.busy = 2;
    EXPECT_EQ(call().charged, Amount{7});
    EXPECT_EQ(user.fake.paid, 1);
}

TEST_F(PayerTest, AsksForMoneyWhereTheSessionHasTooLittle) {
    Session session = user.context.sessions().list().at(0);
    session.channel.balance = Amount{60};
    user.context.sessions().save(session);
    EXPECT_THROW(call(), Failure);
    EXPECT_EQ(asked_for, Amount{40});
    EXPECT_EQ(user.fake.paid, 0);
}

TEST_F(PayerTest, SignsNothingAboveWhatIsAllowed) {
    allowed = Amount{99};
    EXPECT_THROW(call(), Failure);
    EXPECT_EQ(user.remembered().signed_max, Amount{});
}

TEST_F(PayerTest, UsesNoSessionOfAnotherWallet) {
    Session session = user.context.sessions().list().at(0);
    user.context.sessions().remove(session.channel.channel_id);
    session.channel = memory_of(*key_of("other"), *user.session_key, 1000);
    user.context.sessions().save(session);
    EXPECT_THROW(call(), Failure);
    EXPECT_EQ(asked_for, Amount{100});
}

TEST_F(PayerTest, PaysOutOfAChannelOfItsWalletsPurse) {
    Session session = user.context.sessions().list().at(0);
    user.context.sessions().remove(session.channel.channel_id);
    const auto purse = key_of("purse");
    session.channel = memory_of(*purse, *user.session_key, 1000);
    session.owner = key_of("other")->address();
    user.context.sessions().save(session);
    EXPECT_THROW(call(), Failure);
    EXPECT_EQ(asked_for, Amount{100});
    session.owner = user.wallet->address();
    user.context.sessions().save(session);
    const Outcome outcome = call();
    EXPECT_EQ(outcome.response.status, 200u);
    EXPECT_EQ(outcome.session->wallet(), user.wallet->address());
    EXPECT_EQ(outcome.session->channel.config.payer, purse->address());
}

TEST_F(PayerTest, LearnsFromTheChainThatItsMoneyWasTakenBackElsewhere) {
    user.fake.balance = Amount{60};
    EXPECT_THROW(call(), Failure);
    EXPECT_EQ(asked_for, Amount{40});
    EXPECT_EQ(user.remembered().balance, Amount{60});
    EXPECT_EQ(user.fake.paid, 0);
}

class PayingServerTest : public testing::Test {
  protected:
    io::Response ask(const std::string& token, io::Method method = io::Method::post,
                     const std::string& path = "/v1/completions") {
        io::Request request = request_of(token, method, path);
        return user.finish(server.handle(request));
    }

    static io::Request request_of(const std::string& token, io::Method method,
                                  const std::string& path) {
        io::Request request;
        request.method = method;
        request.target = path;
        request.path = path;
        request.headers.set("Authorization", "Bearer " + token);
        request.body = R"({"model":"fake"})";
        return request;
    }

    void expect_served_at_once(PayingServer& by, int count) {
        int served = 0;
        const auto one = [&]() -> Task<void> {
            io::Request request = request_of("sk-stoa-test", io::Method::post, "/v1/completions");
            const io::Response response = co_await by.handle(request);
            EXPECT_EQ(response.status, 200u) << text_of(response);
            ++served;
        };
        for (int i = 0; i < count; ++i) {
            boost::asio::co_spawn(user.loop, one(), boost::asio::detached);
        }
        while (served < count && user.loop.run_one() > 0) {
        }
        EXPECT_EQ(user.fake.paid, count);
        EXPECT_EQ(by.spent(), Amount{static_cast<std::uint64_t>(7 * count)});
        EXPECT_EQ(user.context.sessions().list().size(), 1U);
    }

    static std::string text_of(const io::Response& response) {
        return std::get<std::string>(response.body);
    }

    static PayingServer::Limits limits() {
        PayingServer::Limits out;
        out.budget = Amount{125};
        return out;
    }

    TestUser user;
    PayingServer server{user.context,   user.deployment, key_of("wallet"),        key_of("session"),
                        "sk-stoa-test", limits(),        user.loop.get_executor()};
};

TEST_F(PayingServerTest, PaysForWhoeverKnowsItsToken) {
    const io::Response response = ask("sk-stoa-test");
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(text_of(response), R"({"text":"Lily"})");
    EXPECT_EQ(server.spent(), Amount{7});
    EXPECT_EQ(ask("sk-stoa-test", io::Method::get, "/v1/models").status, 200u);
}

TEST_F(PayingServerTest, RefusesStrangersAndPrivateKeys) {
    EXPECT_EQ(ask("sk-stoa-tesT").status, 401u);
    EXPECT_EQ(ask("").status, 401u);
    const io::Response key = ask(std::string(64, '1'));
    EXPECT_EQ(key.status, 401u);
    EXPECT_THAT(text_of(key), testing::HasSubstr("private key"));
    EXPECT_EQ(ask("0x" + std::string(64, 'a')).status, 401u);
    EXPECT_EQ(user.fake.unpaid, 0);
}

TEST_F(PayingServerTest, StopsBeforeItsBudgetIsExceeded) {
    // Each costs 7, and may cost 100.
    for (int i = 0; i < 4; ++i) EXPECT_EQ(ask("sk-stoa-test").status, 200u);
    const io::Response refused = ask("sk-stoa-test");
    EXPECT_EQ(refused.status, 402u);
    EXPECT_THAT(text_of(refused), testing::HasSubstr("budget_used_up"));
    EXPECT_EQ(user.fake.paid, 4);
}

TEST_F(PayingServerTest, ServesCallsAtOnceOneAfterTheOtherFromASessionWithoutAPurse) {
    // The budget has the most that one of them can cost, not that of two.
    expect_served_at_once(server, 4);
}

TEST_F(PayingServerTest, ServesCallsAtOnceOnOneLaneWhereThePurseHasNothingForAnother) {
    user.deployment.contracts["Purses"] = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    TokenInfo& token = user.deployment.tokens.emplace_back();
    token.address = offer_of(0).asset;
    token.eip3009 = true;
    expect_served_at_once(server, 4);
    PayingServer::Limits wide;
    wide.budget = Amount{1000};
    PayingServer other{
        user.context, user.deployment,         key_of("wallet"), key_of("session"), "sk-stoa-test",
        wide,         user.loop.get_executor()};
    user.fake.paid = 0;
    expect_served_at_once(other, 6);
}

TEST_F(PayingServerTest, HasOnlyTheRoutesThatItPaysFor) {
    EXPECT_EQ(ask("sk-stoa-test", io::Method::post, "/api/relay").status, 404u);
    EXPECT_EQ(ask("sk-stoa-test", io::Method::get, "/v1/completions").status, 404u);
}

}  // namespace
}  // namespace stoa::client
