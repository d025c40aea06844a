#pragma once

#include <boost/asio/io_context.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/client/fixture_test.hpp"
#include "stoa/client/payer.hpp"
#include "stoa/io/finish.hpp"
#include "stoa/io/http_server.hpp"
#include "stoa/payment/check.hpp"

namespace stoa::client {

/// A node of one service whose every call costs 7 of a maximum of 100, with the checks that a true
/// node makes of vouchers.
class FakeNode {
  public:
    explicit FakeNode(boost::asio::io_context& loop)
        : server_(loop.get_executor(), [this](io::Request& request) { return answer(request); }),
          url("http://127.0.0.1:" + std::to_string(server_.listen("127.0.0.1", 0))) {}

    // What it does wrong, or out of the ordinary.
    bool streams = false;
    bool forgets_receipt = false;
    int busy = 0;  ///< So many paid calls are told to come back.

    // What it saw.
    int unpaid = 0;
    int paid = 0;
    Amount charged;
    Amount balance{1000};

  private:
    Task<io::Response> answer(io::Request& request) {
        if (request.path.starts_with("/rpc/")) co_return chain();
        if (request.path == "/v1/models") co_return io::json_response(200, R"({"data":[]})");
        const auto header = request.headers.get(payment::kPaymentSignatureHeader);
        if (!header) {
            ++unpaid;
            co_return required("Payment required", std::nullopt);
        }
        const auto payment = payment::parse_payment_header(*header).value();
        const auto& voucher = std::get<payment::VoucherPayload>(payment.payload);
        const auto checked =
            payment::check_voucher(domain_, voucher.config, voucher.voucher, voucher.signature,
                                   {balance, Amount{}, charged}, payment.accepted.amount);
        if (!checked) co_return required(std::string{code_of(checked.error())}, voucher);
        if (busy > 0) {
            --busy;
            io::Response response{402};
            response.headers.set("Retry-After", "0");
            co_return response;
        }
        ++paid;
        charged += Amount{7};
        co_return serve(voucher);
    }

    /// Whatever is asked: the channel's balance, of which nothing is claimed.
    io::Response chain() const {
        const std::string words = stoa::to_hex(eth::word(balance)) + std::string(64, '0');
        return io::json_response(200, R"({"jsonrpc":"2.0","id":1,"result":")" + words + "\"}");
    }

    io::Response required(const std::string& error,
                          const std::optional<payment::VoucherPayload>& seen) const {
        payment::PaymentRequired message;
        message.error = error;
        message.accepts.push_back(offer_of(100));
        if (seen) {
            auto& state = message.accepts[0].channel_state.emplace();
            state.channel_id = seen->voucher.channel_id;
            state.balance = balance;
            state.charged = charged;
        }
        io::Response response{402};
        response.headers.set(payment::kPaymentRequiredHeader, payment::to_header(message));
        return response;
    }

    io::Response serve(const payment::VoucherPayload& voucher) const {
        payment::SettlementResponse settled;
        settled.network = payment::network_name(kTestChain);
        settled.charged = Amount{7};
        auto& state = settled.channel_state.emplace();
        state.channel_id = voucher.voucher.channel_id;
        state.balance = balance;
        state.charged = charged;
        if (!streams) {
            io::Response response = io::json_response(200, R"({"text":"Lily"})");
            response.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
            return response;
        }
        std::string text = "data: {\"n\":1}\n\n";
        if (!forgets_receipt) {
            const auto receipt = parse_base64(payment::to_header(settled), 1 << 16).value();
            text += "event: stoa.receipt\ndata: " + std::string{as_text(receipt)} + "\n\n";
        }
        text += "data: [DONE]\n\n";
        return io::text_response(200, text, "text/event-stream");
    }

    payment::ChannelDomain domain_{kTestChain};
    io::Server server_;

  public:
    const std::string url;
};

/// A user with a wallet, a session key and one session of 1000 for the service above.
struct TestUser {
    TestUser() : fake(loop), http(loop.get_executor()), node(http, fake.url) {
        deployment.chain_id = kTestChain;
        Session session;
        session.channel = memory_of(*wallet, *session_key, 1000);
        session.chain_id = kTestChain;
        session.model = "fake";
        session.node = fake.url;
        context.sessions().save(session);
    }

    template <class T>
    T finish(Task<T> work) {
        return io::finish(loop, std::move(work));
    }

    ChannelMemory remembered() const { return context.sessions().list().at(0).channel; }

    boost::asio::io_context loop{1};
    Folder folder;
    FakeNode fake;
    io::Client http;
    Node node;
    std::ostringstream results;
    std::ostringstream remarks;
    Output out{results, remarks, true, false};
    io::SystemClock clock;
    Context context{node, out, clock, folder.path()};
    Deployment deployment;
    std::unique_ptr<keys::Signer> wallet = key_of("wallet");
    std::unique_ptr<keys::Signer> session_key = key_of("session");
};

}  // namespace stoa::client
