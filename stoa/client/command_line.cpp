#include "stoa/client/command_line.hpp"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <list>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/client/commands.hpp"
#include "stoa/io/finish.hpp"

namespace stoa::client {

namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultNode = "http://localhost:8420";

struct Globals {
    std::string node = kDefaultNode;
    fs::path data;
    bool as_json = false;
};

using Command = std::function<Task<void>(Context&)>;

fs::path default_data() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config && *config) return fs::path{config} / "stoa";
    const char* home = std::getenv("HOME");
    return (home && *home ? fs::path{home} : fs::current_path()) / ".config" / "stoa";
}

/// The commands and their options; what was chosen is `chosen()` after parsing.
class Commands {
  public:
    explicit Commands(CLI::App& app) : app_(app) {
        add_creators();
        add_buyers();
        add_royalties();
        add_sessions();
        add_purse();
        add_calls();
        add_keys();
        add_operators();
    }

    const Command& chosen() const { return chosen_; }

  private:
    /// `options` lives as long as this does.
    template <class Options>
    Options& keep() {
        auto owned = std::make_shared<Options>();
        Options& options = *owned;
        kept_.push_back(std::move(owned));
        return options;
    }

    template <class Options>
    CLI::App* add(CLI::App& parent, const char* name, const char* what, Options& options,
                  Task<void> (*function)(Context&, const Options&)) {
        CLI::App* command = parent.add_subcommand(name, what);
        command->callback([this, &options, function] {
            chosen_ = [&options, function](Context& context) { return function(context, options); };
        });
        return command;
    }

    void add_key(CLI::App* command, std::string& key) {
        command->add_option("--key", key, "The key that signs, by its name in `stoa key list`");
    }

    void add_creators() {
        auto& publish_options = keep<PublishOptions>();
        auto* p =
            add(app_, "publish", "List a model, or its new version", publish_options, publish);
        p->add_option("manifest", publish_options.manifest, "Its manifest (JSON)")->required();
        p->add_option("--file", publish_options.file, "The weights, to be checked; never sent");
        p->add_option("--price", publish_options.price, "Sell licences at this price, as 5.00");
        auto* split =
            p->add_option("--split", publish_options.split,
                          "Who is paid, as 0xACCOUNT:70,0xACCOUNT:30; else the key's account");
        p->add_option("--payee", publish_options.payees,
                      "The same one by one (repeat it), as 0xACCOUNT:70:author")
            ->allow_extra_args(false)
            ->excludes(split);
        add_lineage(p, publish_options);
        p->add_option("--royalty", publish_options.royalty_percent,
                      "What they get of each paid call, in percent")
            ->capture_default_str()
            ->check(CLI::Range(0, 100));
        p->add_option("--token", publish_options.token, "What is paid in; else the node's first");
        p->add_option("--rights", publish_options.rights, "Of a licence, by commas");
        p->add_option("--terms", publish_options.terms, "The licence's legal text");
        p->add_option("--kind", publish_options.version_kind, "Of a new version")
            ->check(CLI::IsMember({"update", "fix"}));
        add_key(p, publish_options.key);

        auto& offer_options = keep<OfferOptions>();
        auto* o = add(app_, "offer", "Sell licences of a model of yours", offer_options, offer);
        o->add_option("model", offer_options.model, "Its number or name")->required();
        o->add_option("--price", offer_options.price, "As 5.00")->required();
        add_curve(o, offer_options.curve);
        o->add_option("--token", offer_options.token, "What is paid in; else the node's first");
        o->add_option("--rights", offer_options.rights, "By commas");
        o->add_option("--terms", offer_options.terms, "The licence's legal text");
        o->add_option("--days", offer_options.period_days, "How long it holds; else for ever");
        o->add_option("--seats", offer_options.seats, "Accounts that may use it at once");
        add_key(o, offer_options.key);

        auto& reprice_options = keep<RepriceOptions>();
        auto* r = add(app_, "reprice", "Announce another price of an offer of yours",
                      reprice_options, reprice);
        r->add_option("offer", reprice_options.offer, "Its number")->required();
        r->add_option("--price", reprice_options.price, "As 5.00")->required();
        add_curve(r, reprice_options.curve);
        add_key(r, reprice_options.key);
    }

    void add_curve(CLI::App* o, CurveOptions& options) {
        o->add_option("--up-to", options.up_to, "The highest that demand may drive the price");
        o->add_option("--per-day", options.per_day, "So many sales a day leave it where it is");
        o->add_option("--doubles-after", options.doubles_after,
                      "So many sales more and it is twice as high");
    }

    void add_lineage(CLI::App* p, PublishOptions& options) {
        p->add_option("--base", options.bases,
                      "A model that it is built on (repeat it), as NAME, NAME@2 or NAME@2:1000: "
                      "so much of each 10,000 goes to those who made it; else what it asks for")
            ->allow_extra_args(false);
        p->add_option("--derivable", options.derivable_bps,
                      "Others may build on this version for so much of each 10,000 they earn")
            ->check(CLI::Range(0, 5'000));
        p->add_option("--least-per-call", options.least_per_call,
                      "That its payees must get of a call, whoever serves it, as 0.001");
        p->add_option("--least-per-million", options.least_per_million,
                      "The same of 1,000,000 tokens");
        p->add_option("--serving", options.serving, "Who may serve it")
            ->check(CLI::IsMember({"open", "listed", "right_holders"}))
            ->capture_default_str();
        p->add_flag("--dry-run", options.dry_run, "Say who would be paid what, and send nothing");
    }

    void add_buyers() {
        auto& buy_options = keep<BuyOptions>();
        auto* b = add(app_, "buy", "Buy a licence, with one signature", buy_options, buy);
        b->add_option("model", buy_options.model, "The model's number or name");
        b->add_option("--offer", buy_options.offer, "This offer, instead of the model's first");
        b->add_option("--max-price", buy_options.max_price, "The most to pay; else today's price");
        b->add_option("-n", buy_options.n, "How many")->check(CLI::Range(1, 32));
        add_key(b, buy_options.key);

        auto& licence_options = keep<OwnerOptions>();
        auto* l = add(app_, "licence", "The licences that you hold", licence_options, licence);
        l->add_option("--address", licence_options.address, "Those of this address");
        add_key(l, licence_options.key);

        auto& money_options = keep<OwnerOptions>();
        auto* m =
            add(app_, "money", "Every unit of yours: where, why, until when", money_options, money);
        m->add_option("--address", money_options.address, "That of this address");
        add_key(m, money_options.key);

        auto& explain_options = keep<ExplainOptions>();
        auto* x = add(app_, "explain", "What became of a session, a transaction or a call",
                      explain_options, explain);
        x->add_option("id", explain_options.id, "Of its channel, transaction or receipt")
            ->required();
        x->add_option("--address", explain_options.address, "Whose session it is");
        add_key(x, explain_options.key);
    }

    void add_royalties() {
        auto& options = keep<RoyaltyOptions>();
        auto* r = add(app_, "royalties", "Who earns what of a model, through every level", options,
                      royalties);
        r->add_option("model", options.model, "Its number or name")->required();
        r->add_option("--amount", options.amount, "What a sale of so much gives each, as 5.00");
        r->add_option("--service", options.service,
                      "The sale is of calls of this service, not of a licence");
        r->add_option("--token", options.token, "What is paid in; else the node's first");
    }

    void add_sessions() {
        CLI::App* session = app_.add_subcommand("session", "Money set aside for calls of a model");
        session->require_subcommand(1);
        auto& open_options = keep<SessionOptions>();
        auto* open =
            add(*session, "open", "One signature, then calls without", open_options, session_open);
        open->add_option("model", open_options.model, "As in /v1/models")->required();
        open->add_option("--deposit", open_options.deposit,
                         "As 1.00, into your purse where that has too little; the rest comes back");
        open->add_flag("--no-purse", open_options.no_purse, "All of it for this model alone");
        add_key(open, open_options.key);
        auto& status_options = keep<SessionOptions>();
        add_key(add(*session, "status", "What is left", status_options, session_status),
                status_options.key);
        auto& close_options = keep<SessionOptions>();
        auto* close = add(*session, "close", "Get back what is left", close_options, session_close);
        close->add_option("model", close_options.model, "This one only; else all");
        add_key(close, close_options.key);
        add_limits(*session);
    }

    void add_limits(CLI::App& session) {
        auto& limits_options = keep<LimitsOptions>();
        auto* limits = add(session, "limits", "What the node allows a session's key",
                           limits_options, session_limits);
        limits->add_option("model", limits_options.model, "This one only; else all");
        limits->add_option("--per-day", limits_options.per_day, "The most of a day, as 0.50; none");
        limits->add_option("--days", limits_options.days, "Until the key is refused")
            ->check(CLI::Range(0, 36'500));
        add_key(limits, limits_options.key);
        auto& revoke_options = keep<LimitsOptions>();
        auto* revoke = add(session, "revoke", "Have the node refuse a session's key at once",
                           revoke_options, session_revoke);
        revoke->add_option("model", revoke_options.model, "This one only; else all");
        add_key(revoke, revoke_options.key);
    }

    void add_purse() {
        CLI::App* purse = app_.add_subcommand("purse", "Money that pays every model");
        purse->require_subcommand(1);
        const auto options_of = [&](const char* name, const char* what,
                                    Task<void> (*function)(Context&, const PurseOptions&)) {
            auto& options = keep<PurseOptions>();
            CLI::App* command = add(*purse, name, what, options, function);
            command->add_option("--token", options.token, "What is in it; else the node's first");
            add_key(command, options.key);
            return std::pair<CLI::App*, PurseOptions*>{command, &options};
        };
        const auto [status, shown] = options_of("status", "What it holds and allows", purse_status);
        status->add_option("--owner", shown->owner, "Whose, where its key is elsewhere");
        status->add_option("--session-key", shown->session_key, "Else this machine's");
        const auto [fund, filled] =
            options_of("fund", "Fill it, or with 0 set the limits, by one signature", purse_fund);
        fund->add_option("amount", filled->amount, "As 5.00; the unused rest comes back")
            ->required();
        fund->add_option("--session-key", filled->session_key, "That may pay; else this machine's");
        fund->add_option("--total", filled->total,
                         "The most that it sets aside from now on, or any");
        fund->add_option("--per-day", filled->per_day, "The most on one day (UTC), or any");
        fund->add_option("--per-model", filled->per_model, "The most for one model, ever, or any");
        fund->add_option("--only", filled->only, "A model that it may pay (repeat it), or any")
            ->allow_extra_args(false);
        fund->add_option("--days", filled->days, "How long it may; else 30")
            ->check(CLI::Range(1, 3650));
        const auto [revoke, ended] = options_of("revoke", "End a session key", purse_revoke);
        revoke->add_option("session-key", ended->session_key, "Else this machine's");
        options_of("exit", "End all session keys and take everything back", purse_exit);
    }

    void add_calls() {
        auto& chat_options = keep<CallOptions>();
        auto* c = add(app_, "chat", "Ask a model", chat_options, chat);
        c->add_option("model", chat_options.model, "As in /v1/models")->required();
        c->add_option("prompt", chat_options.prompt, "Read from standard input where missing");
        c->add_option("--max-tokens", chat_options.max_tokens, "The longest answer");
        c->add_option("--temperature", chat_options.temperature, "0 is the likeliest answer")
            ->capture_default_str()
            ->check(CLI::Range(0.0, 2.0));
        c->add_option("--deposit", chat_options.deposit,
                      "Fill the purse with this where it is short");
        c->add_option("--owner", chat_options.owner,
                      "Whose purse pays, where its key is elsewhere");
        add_key(c, chat_options.key);

        auto& embed_options = keep<CallOptions>();
        auto* e = add(app_, "embed", "A text as a vector", embed_options, embed);
        e->add_option("model", embed_options.model, "As in /v1/models")->required();
        e->add_option("text", embed_options.prompt, "Read from standard input where missing");
        e->add_option("--deposit", embed_options.deposit,
                      "Fill the purse with this where it is short");
        e->add_option("--owner", embed_options.owner,
                      "Whose purse pays, where its key is elsewhere");
        add_key(e, embed_options.key);

        auto& proxy_options = keep<ProxyOptions>();
        auto* p =
            add(app_, "proxy", "OpenAI's API on this machine, paid for", proxy_options, proxy);
        p->add_option("--budget", proxy_options.budget, "The most it spends, as 1.00");
        p->add_option("--deposit", proxy_options.deposit, "Of each session; else a quarter of it");
        p->add_option("--port", proxy_options.port, "Else one that is free");
        p->add_option("--owner", proxy_options.owner,
                      "Whose purse pays, where its key is elsewhere");
        add_key(p, proxy_options.key);
    }

    /// Commands that wait for nothing, as those that do.
    template <class Function>
    void choose(Function function) {
        chosen_ = [function](Context& context) -> Task<void> {
            return immediate(function, context);
        };
    }
    template <class Function>
    static Task<void> immediate(Function function, Context& context) {
        function(context);
        co_return;
    }

    void add_keys() {
        CLI::App* key = app_.add_subcommand("key", "Your keys, in encrypted files");
        key->require_subcommand(1);
        auto& name = keep<std::string>();
        CLI::App* make = key->add_subcommand("new", "Make one");
        make->add_option("name", name, "a-z, 0-9, - and _")->required();
        make->callback([this, &name] { choose([&name](Context& c) { key_new(c, name); }); });

        auto& options = keep<KeyImportOptions>();
        CLI::App* take_over = key->add_subcommand("import", "Take one over from a wallet");
        take_over->add_option("name", options.name, "a-z, 0-9, - and _")->required();
        auto* phrase = take_over->add_option("--mnemonic-file", options.mnemonic_file,
                                             "The recovery phrase; asked for where missing");
        take_over->add_option("--index", options.index, "Of the account in the phrase");
        take_over->add_option("--path", options.path, "BIP-32 path, instead of --index");
        take_over->add_option("--keystore-file", options.keystore_file, "Web3 keystore, version 3")
            ->excludes(phrase);
        take_over->add_option("--password-file", options.password_file,
                              "Of the keystore; asked for where missing");
        take_over->callback(
            [this, &options] { choose([&options](Context& c) { key_import(c, options); }); });

        CLI::App* list = key->add_subcommand("list", "Names and addresses");
        list->callback([this] { choose([](Context& c) { key_list(c); }); });
    }

    void add_operators() {
        auto& claim_options = keep<ClaimOptions>();
        auto* c = add(app_, "claim", "Pay out what waits: of your node, or of a model through all",
                      claim_options, claim);
        c->add_option(
            "model", claim_options.model,
            "Pay all who share in this model, through every level; else your node claims");
        c->add_option("--socket", claim_options.socket, "The node's admin socket");
        c->add_option("--token", claim_options.token, "Of a model; else the node's first");
        c->add_flag("--own-gas", claim_options.own_gas,
                    "Send the transaction yourself instead of asking the node to");
        add_key(c, claim_options.key);
        auto& key = keep<std::string>();
        add_key(add(app_, "doctor", "Look for what is wrong", key, doctor), key);
    }

    CLI::App& app_;
    std::list<std::shared_ptr<void>> kept_;
    Command chosen_;
};

/// Runs a command to its end on an event loop of its own.
void execute(const Command& command, const Globals& globals, Output& out) {
    boost::asio::io_context loop{1};
    io::SystemClock clock;
    io::Client http{loop.get_executor()};
    std::string url = globals.node;
    while (url.ends_with('/')) url.pop_back();
    Node node{http, url};
    Context context{node, out, clock, globals.data};
    io::finish(loop, command(context));
}

}  // namespace

int run(int argc, char** argv, std::ostream& results, std::ostream& remarks) {
    Globals globals;
    globals.data = default_data();
    CLI::App app{"Stoa: publish, buy and use AI models from the terminal.", "stoa"};
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", "stoa " STOA_VERSION);
    app.add_option("--node", globals.node, "The node's URL")
        ->envname("STOA_NODE")
        ->capture_default_str();
    app.add_option("--data", globals.data, "Where keys and sessions are")
        ->envname("STOA_DATA")
        ->capture_default_str();
    app.add_flag("--json", globals.as_json, "Results as JSON");
    const Commands commands{app};
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error, results, remarks);
        return code == 0 ? 0 : 2;
    }
    Output out{results, remarks, globals.as_json, isatty(STDERR_FILENO) == 1};
    try {
        execute(commands.chosen(), globals, out);
        return 0;
    } catch (const Failure& failure) {
        out.failure(failure);
    } catch (const std::exception& error) {
        out.failure({"unexpected", error.what(), "Try `stoa doctor`."});
    }
    return 1;
}

}  // namespace stoa::client
