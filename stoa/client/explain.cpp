#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/explain_events.hpp"
#include "stoa/client/holdings.hpp"
#include "stoa/client/units.hpp"
#include "stoa/payment/receipt.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

/// What is said, to people line by line, and to programs with the facts behind it.
struct Explained {
    Explained() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    std::string kind;
    std::vector<std::string> says;
    json::object facts;
};

std::string time_text(const U256& seconds) {
    return to_rfc3339(unix_time(static_cast<std::int64_t>(seconds)));
}

/// Rows of the user's money that are about `id`; none where we don't know who the user is.
Task<json::array> rows_about(Context& context, const ExplainOptions& options,
                             const std::string& id) {
    std::string owner = options.address;
    if (owner.empty()) {
        try {
            owner = to_checksum(context.key_entry(options.key).address);
        } catch (const Failure&) {
            if (!options.key.empty()) throw;
        }
    }
    json::array rows;
    if (owner.empty()) co_return rows;
    const json::value answer = co_await context.node.get("/api/money?address=" + owner);
    for (const json::value& item : items_of(answer)) {
        for (const char* part : {"channel", "transit"}) {
            const json::value* it = item.as_object().if_contains(part);
            if (it && text_in(*it, "channelId") == id) rows.push_back(item);
        }
    }
    co_return rows;
}

/// The receipt, if the node keeps it: what its signature commits to, worked out again.
Task<std::optional<Explained>> call(Context& context, const Deployment& deployment,
                                    const std::string& id) {
    io::ClientRequest request("/api/receipts/" + id);
    const io::ClientResponse response = co_await context.node.send(std::move(request));
    if (response.status != 200) co_return std::nullopt;
    const json::value answer = parse_answer(response.body);
    const auto receipt = payment::parse_receipt(answer);
    if (!receipt) throw Failure(receipt.error(), "The receipt", "Try `stoa doctor`.");
    const payment::ReceiptDomain domain(deployment.chain_id);
    const payment::Receipt& it = receipt->receipt;
    const bool is_it = to_hex(domain.leaf(it)) == id;
    const auto signer = payment::signer_of(domain, *receipt);
    const json::value told = co_await context.node.get("/.well-known/stoa");
    const json::value* keys = told.as_object().if_contains("receipts");
    const bool is_nodes =
        is_it && signer && keys && to_checksum(*signer) == text_in(*keys, "signer");
    Explained out;
    out.kind = "call";
    out.says.push_back("A call of service " + to_decimal(it.service) + ", charged at " +
                       time_text(it.time) + " for " + std::to_string(it.input_tokens) +
                       " tokens in and " + std::to_string(it.output_tokens) +
                       " out: " + amount_text(deployment, it.charge) + ".");
    out.says.push_back("With it, " + to_hex(it.channel_id) + " was charged " +
                       amount_text(deployment, it.cumulative) + " in total.");
    out.says.push_back(is_nodes
                           ? "The receipt is signed by this node: its numbers are what the "
                             "node answers for."
                           : "The receipt is NOT signed by this node's key: believe none of it.");
    out.says.push_back("What was charged is claimed on chain later; `stoa explain " +
                       to_hex(it.channel_id) + "` says how far that is.");
    out.facts = {{"receipt", answer}, {"signedByNode", is_nodes}};
    co_return out;
}

Task<std::optional<Explained>> transaction(Chain& chain, const Deployment& deployment,
                                           const std::string& id) {
    json::array parameters{id};
    json::array same = parameters;
    const json::value receipt =
        co_await chain.rpc("eth_getTransactionReceipt", std::move(parameters));
    const json::value sent = co_await chain.rpc("eth_getTransactionByHash", std::move(same));
    Explained out;
    out.kind = "transaction";
    if (!receipt.is_object() && !sent.is_object()) co_return std::nullopt;
    if (!receipt.is_object()) {
        out.says = {"The transaction is sent and in no block yet.",
                    "Nothing has moved. Wait; what the node sends, it sends again until it is in a "
                    "block."};
        out.facts = {{"state", "sent"}};
        co_return out;
    }
    const bool good = text_in(receipt, "status") == "0x1";
    out.facts = {{"state", good ? "included" : "reverted"}, {"block", receipt.at("blockNumber")}};
    if (!good) {
        out.says = {
            "The transaction is in a block and failed: it cost its sender gas, and moved "
            "nothing else.",
            "What it was for can be asked for again."};
        co_return out;
    }
    out.says.emplace_back("The transaction is in a block.");
    std::size_t others = 0;
    for (const json::value& log : receipt.at("logs").as_array()) {
        auto said = event_text(deployment, log);
        said ? out.says.push_back(*std::move(said)) : static_cast<void>(++others);
    }
    if (others > 0) out.says.push_back("Other events in it: " + std::to_string(others) + ".");
    co_return out;
}

std::string what_to_do(const Deployment& deployment, const Amount& leaving, const U256& since) {
    if (since == 0) {
        return "Its payer gets what is not charged by `stoa session close`, or without the node by "
               "the contract's initiateWithdraw and, after the delay, finalizeWithdraw.";
    }
    return "Its payer has asked the contract for " + amount_text(deployment, leaving) + " at " +
           time_text(since) +
           "; after the delay finalizeWithdraw pays what is not claimed by then.";
}

Task<std::optional<Explained>> channel(Context& context, Chain& chain, const Deployment& deployment,
                                       const ExplainOptions& options, const Hash256& id) {
    const auto contract = deployment.contract("Channels");
    const std::vector<eth::abi::Value> key(1, eth::abi::Value{id});
    const auto money = co_await chain.read(contract, channels::kChannels, key);
    const auto pending = co_await chain.read(contract, channels::kPendingWithdrawals, key);
    const Amount balance = money.at(0).as_amount();
    const Amount claimed = money.at(1).as_amount();
    const json::array rows = co_await rows_about(context, options, to_hex(id));
    if (balance == Amount{} && claimed == Amount{} && rows.empty()) co_return std::nullopt;
    Explained out;
    out.kind = "channel";
    out.says.push_back(
        "A session's channel. Of what was ever paid in and not given back, the contract counts " +
        amount_text(deployment, balance) + "; " + amount_text(deployment, claimed) +
        " of it is claimed and the provider's.");
    out.says.push_back(
        what_to_do(deployment, pending.at(0).as_amount(), pending.at(1).as_number()));
    for (const json::value& row : rows) {
        const auto token = eth::parse_address_any_case(row.at("token").as_string());
        std::string text = item_text(row, token ? deployment.token(*token).decimals : 0);
        text.pop_back();
        out.says.push_back(std::move(text));
    }
    if (rows.empty()) {
        out.says.emplace_back(
            "What is charged and not claimed yet, the node tells for its payer: "
            "add --address or --key.");
    }
    out.facts = {
        {"balance", to_decimal(balance)}, {"claimed", to_decimal(claimed)}, {"money", rows}};
    co_return out;
}

}  // namespace

Task<void> explain(Context& context, const ExplainOptions& options) {
    const Hash256 id =
        value_or_failure(parse_hash(options.id), options.id, "Write it as 0x and 64 digits.");
    const std::string text = to_hex(id);
    const Deployment& deployment = *co_await context.node.deployment();
    Chain chain(context.node, deployment.chain_id);
    auto found = co_await call(context, deployment, text);
    if (!found) found = co_await transaction(chain, deployment, text);
    if (!found) found = co_await channel(context, chain, deployment, options, id);
    if (!found) {
        throw Failure(
            "unknown_id", "Nothing here is known by " + text + '.',
            "A receipt is kept for the newest calls only; a transaction that nobody knows "
            "was never sent, was dropped, or is of another chain.");
    }
    std::string lines;
    json::array says;
    for (const std::string& line : found->says) {
        lines += line + '\n';
        says.emplace_back(line);
    }
    json::object result{{"kind", found->kind}, {"id", text}, {"says", std::move(says)}};
    for (auto& [name, fact] : found->facts) result[name] = fact;
    lines.pop_back();
    context.out.result(result, lines);
}

}  // namespace stoa::client
