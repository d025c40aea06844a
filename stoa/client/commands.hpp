#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoa/client/context.hpp"

namespace stoa::client {

/// Amounts in options are as people write them, in the token's whole units: `1.50`.

struct PublishOptions {
    std::filesystem::path manifest;  ///< docs/reference/manifest.md
    std::filesystem::path file;      ///< The weights; hashed, never sent.
    std::string price;               ///< Of a licence; empty offers none.
    std::string split;               ///< `0xA…:50,0xB…:30`; empty pays the key's account alone.
    std::uint64_t royalty_percent = 50;  ///< What the payees get of each paid call.
    std::string key;
    std::string token;  ///< Symbol or address; the node's first where empty.
    std::string rights = "download,run";
    std::filesystem::path terms;          ///< The licence's legal text; a plain one where empty.
    std::string version_kind = "update";  ///< Or `fix`, where the model is listed already.
    std::vector<std::string> bases;       ///< `MODEL[@VERSION][:BPS]` that it is built on.
    std::vector<std::string> payees;      ///< `ADDRESS:SHARE[:ROLE]`, instead of `split`.
    int derivable_bps = -1;  ///< What a model built on this version must pay; negative: none may.
    std::string least_per_call;     ///< That its payees must get of a call, whoever serves it.
    std::string least_per_million;  ///< The same of a million tokens.
    std::string serving = "open";   ///< Or `listed`, `right_holders`.
    bool dry_run = false;           ///< Says what it would do.
};
/// Registers the model (or its new version), sells licences of it, and gives the node manifest and
/// terms. What is there already stays as it is, so that it may be run again.
Task<void> publish(Context&, const PublishOptions&);

/// How a price moves with demand; all empty: it does not.
struct CurveOptions {
    std::string up_to;          ///< The cap; the price itself is the floor.
    std::string per_day;        ///< As many sales leave the price where it is.
    std::string doubles_after;  ///< So many sales more, and it costs twice as much.
};
struct OfferOptions {
    std::string model;
    std::string price;
    CurveOptions curve;
    std::string key;
    std::string token;
    std::string rights = "download,run";
    std::filesystem::path terms;
    std::uint64_t period_days = 0;  ///< 0 is for ever.
    std::uint64_t seats = 1;
};
Task<void> offer(Context&, const OfferOptions&);

struct RepriceOptions {
    std::string offer;
    std::string price;
    CurveOptions curve;
    std::string key;
};
Task<void> reprice(Context&, const RepriceOptions&);

struct BuyOptions {
    std::string model;  ///< Its first active offer is bought …
    std::string offer;  ///< … unless this names one.
    std::string key;
    std::string max_price;  ///< The price of now where empty.
    std::uint64_t n = 1;
};
Task<void> buy(Context&, const BuyOptions&);

struct OwnerOptions {
    std::string key;
    std::string address;  ///< Instead of a key of ours.
};
Task<void> licence(Context&, const OwnerOptions&);
Task<void> money(Context&, const OwnerOptions&);

struct ExplainOptions {
    std::string id;  ///< Of a channel, a transaction or a receipt: 0x and 64 digits.
    std::string key;
    std::string address;  ///< Whose money is looked at, instead of a key of ours.
};
/// Says in plain words what became of it, and what can be done.
Task<void> explain(Context&, const ExplainOptions&);

struct SessionOptions {
    std::string model;
    std::string key;
    std::string deposit = "1.00";
    bool no_purse = false;  ///< A signature of the wallet for this model alone.
};
Task<void> session_open(Context&, const SessionOptions&);
Task<void> session_status(Context&, const SessionOptions&);
/// Gives back what is left, of one model or of all, by the wallet's signature.
Task<void> session_close(Context&, const SessionOptions&);

struct PurseOptions {
    std::string key;
    std::string owner;        ///< Instead of a key of ours; to look only.
    std::string session_key;  ///< Instead of this machine's.
    std::string token;        ///< Symbol or address; the node's first where empty.
    std::string amount;
    // Of `fund`: what stays as it was where empty, `any` for no limit.
    std::string total;
    std::string per_day;
    std::string per_model;
    std::vector<std::string> only;  ///< Models.
    std::uint64_t days = 0;
};
Task<void> purse_status(Context&, const PurseOptions&);
/// Puts money in, or with 0 only sets the limits, by one signature of the wallet.
Task<void> purse_fund(Context&, const PurseOptions&);
Task<void> purse_revoke(Context&, const PurseOptions&);
/// Brings everything to the wallet; run again, it goes on.
Task<void> purse_exit(Context&, const PurseOptions&);

struct LimitsOptions {
    std::string model;  ///< This session only; else all.
    std::string key;
    std::string per_day;     ///< What may be charged of a day; "none"; unchanged where empty.
    std::int64_t days = -1;  ///< Until the key is refused; unchanged where negative.
};
/// Shows the limits that the node keeps, or sets them by the wallet's signature.
Task<void> session_limits(Context&, const LimitsOptions&);
/// From now on the node refuses the session's key.
Task<void> session_revoke(Context&, const LimitsOptions&);

struct CallOptions {
    std::string model;
    std::string key;
    std::string owner;    ///< Of the purse that pays, where its key is elsewhere.
    std::string prompt;   ///< From standard input where empty.
    std::string deposit;  ///< Opens a session of so much where there is none.
    std::uint64_t max_tokens = 0;
    double temperature = 0.2;  ///< Small models lose the thread at the API's own default, 1.
};
Task<void> chat(Context&, const CallOptions&);
Task<void> embed(Context&, const CallOptions&);

struct ProxyOptions {
    std::string key;
    std::string owner;    ///< Of the purse that pays, where its key is elsewhere.
    std::string budget;   ///< The most that this run spends.
    std::string deposit;  ///< Of a new session; a quarter of the budget where empty.
    unsigned short port = 0;
};
/// Serves until it is cancelled.
Task<void> proxy(Context&, const ProxyOptions&);

struct RoyaltyOptions {
    std::string model;
    std::string amount;   ///< Of a sale to look at, as 5.00.
    std::string service;  ///< A call of it is sold instead of a licence.
    std::string token;    ///< Symbol or address; the node's first where empty.
};
/// Who earns what of a model, through every level.
Task<void> royalties(Context&, const RoyaltyOptions&);

struct ClaimOptions {
    std::filesystem::path socket;  ///< Looked for in and above the data folder where empty.
    std::string model;             ///< Then its payees are paid, through every level.
    std::string token;
    std::string key;       ///< Of the account that pays the gas …
    bool own_gas = false;  ///< … where the node shall not.
};
/// The node's operator has it claim and pay out; anyone has a model's payees paid.
Task<void> claim(Context&, const ClaimOptions&);

Task<void> doctor(Context&, const std::string& key);

struct KeyImportOptions {
    std::string name;
    std::filesystem::path mnemonic_file;
    std::filesystem::path keystore_file;
    std::filesystem::path password_file;  ///< Of the keystore file; asked for where empty.
    unsigned index = 0;
    std::string path;  ///< BIP-32; instead of `index`.
};
void key_new(Context&, const std::string& name);
void key_import(Context&, const KeyImportOptions&);
void key_list(Context&);

}  // namespace stoa::client
