#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

class Checkup {
  public:
    explicit Checkup(Output& out) : out_(out) {}

    void good(const std::string& name, const std::string& what) { add(name, true, what, ""); }
    void bad(const std::string& name, const std::string& what, const std::string& fix) {
        add(name, false, what, fix);
    }
    void bad(const std::string& name, const Failure& failure) {
        add(name, false, failure.what(), failure.fix());
    }

    bool report() {
        out_.result({{"ok", ok_}, {"checks", checks_}}, text_);
        return ok_;
    }

  private:
    void add(const std::string& name, bool ok, const std::string& what, const std::string& fix) {
        ok_ = ok_ && ok;
        checks_.push_back({{"name", name}, {"ok", ok}, {"what", what}, {"fix", fix}});
        text_ += (ok ? "✓ " : "✗ ") + name + ": " + printable(what) + '\n';
        if (!fix.empty()) text_ += "  " + printable(fix) + '\n';
    }

    Output& out_;
    bool ok_ = true;
    json::array checks_;
    std::string text_;
};

Task<void> check_chain(Context& context, const Deployment& deployment, Checkup& checkup) {
    try {
        Chain chain{context.node, deployment.chain_id};
        json::array first;
        first.emplace_back("0x0");
        first.emplace_back(false);
        const json::value block = co_await chain.rpc("eth_getBlockByNumber", std::move(first));
        if (block.at("hash").as_string() == deployment.genesis_hash) {
            checkup.good("chain", deployment.name + ", id " + std::to_string(deployment.chain_id));
        } else {
            checkup.bad("chain", "Block 0 is not the one that the deployment names.",
                        "The node's RPC endpoint shows another chain of the same id.");
        }
        const std::string market = to_checksum(deployment.contract("Market"));
        json::array at;
        at.emplace_back(market);
        at.emplace_back("latest");
        const json::value code = co_await chain.rpc("eth_getCode", std::move(at));
        if (code.as_string().size() > 2) {
            checkup.good("market", market);
        } else {
            checkup.bad("market", "There is no contract at " + market + '.',
                        "The node's deployment isn't that of its chain.");
        }
    } catch (const Failure& failure) {
        checkup.bad("chain", failure);
    }
}

Task<void> check_key(Context& context, const std::string& name, Checkup& checkup) {
    try {
        const auto key = context.key_entry(name);
        const json::value money =
            co_await context.node.get("/api/money?address=" + to_checksum(key.address));
        std::string text;
        for (const json::value& row : money.at("tokens").as_array()) {
            const auto amount = parse_amount(row.at("wallet").as_string()).value_or(Amount{});
            text += ", " + format_units(amount, row.at("decimals").to_number<unsigned>()) + ' ' +
                    printable(row.at("symbol").as_string());
        }
        checkup.good("key", key.name + " " + to_checksum(key.address) + text);
    } catch (const Failure& failure) {
        checkup.bad("key", failure);
    }
}

}  // namespace

Task<void> doctor(Context& context, const std::string& key) {
    Checkup checkup{context.out};
    const Deployment* deployment = nullptr;
    try {
        co_await context.node.get_text("/healthz");
        deployment = co_await context.node.deployment();
        checkup.good("node", context.node.url());
    } catch (const Failure& failure) {
        checkup.bad("node", failure);
    }
    if (deployment) {
        co_await check_chain(context, *deployment, checkup);
        try {
            co_await context.node.get_text("/readyz");
            checkup.good("ready", "it follows the chain and answers");
        } catch (const Failure& failure) {
            checkup.bad("ready", failure);
        }
        if (!deployment->relay) {
            checkup.bad("relay", "The node carries no signatures to the chain.",
                        "Sessions and purchases need a node with a relay.");
        }
        co_await check_key(context, key, checkup);
    }
    if (!checkup.report()) {
        throw Failure("unwell", "Something is not as it should be.", "See the lines marked ✗.");
    }
}

}  // namespace stoa::client
