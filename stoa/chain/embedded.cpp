#include "stoa/chain/embedded.hpp"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "stoa/base/assert.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/file.hpp"

namespace stoa::chain {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKept = 20'000;
constexpr std::size_t kMaxStateBytes = std::size_t{1} << 30;
constexpr std::size_t kShownLog = 600;
constexpr std::size_t kMaxRawBytes = 256 * 1024;
constexpr std::size_t kReceiptsAtOnce = 256;
/// States of so many blocks can be asked about; anvil would write all of them to its user's home.
constexpr const char* kStatesKept = "512";
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::seconds kWatch{1};
/// anvil writes nothing when it ends, so nothing is lost with one that takes its time.
constexpr std::chrono::seconds kEndGrace{2};
constexpr int kPortTries = 3;

json::array one(json::value parameter) {
    json::array list;
    list.emplace_back(std::move(parameter));
    return list;
}

/// The state as `anvil_dumpState` sends it: gzip in hex.
std::string unpacked(std::string_view hex) {
    const auto packed = parse_hex(hex, kMaxStateBytes);
    if (!packed || packed->empty()) throw RpcFailure("anvil's state is not hex");
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
    struct End {
        z_stream& it;
        ~End() { inflateEnd(&it); }
    } end{stream};
    // zlib does not change what it reads.
    stream.next_in = const_cast<std::uint8_t*>(packed->data());
    stream.avail_in = static_cast<uInt>(packed->size());
    std::string text;
    std::string piece(1 << 18, '\0');
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        state = inflate(&stream, Z_NO_FLUSH);
        text.append(piece, 0, piece.size() - stream.avail_out);
        if (text.size() > kMaxStateBytes) throw RpcFailure("anvil's state is too large");
    }
    if (state != Z_STREAM_END) throw RpcFailure("anvil's state is not gzip");
    return text;
}

std::string end_of(const fs::path& log) {
    std::ifstream file(log, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.size() > kShownLog) text.erase(0, text.size() - kShownLog);
    return text;
}

std::uint16_t read_port(const fs::path& path) {
    std::ifstream file(path);
    std::uint16_t port = 0;
    file >> port;
    return port;
}

/// anvil makes a block 0 at its start and dumps it beside the one that it loaded; which of them it
/// believes when it loads both is chance. `time` is the true one's.
std::string with_one_genesis(const std::string& state, std::uint64_t time) {
    json::value root = json::parse(state);
    json::array& blocks = root.at("blocks").as_array();
    const auto is_foreign = [&](const json::value& block) {
        const json::value& header = block.at("header");
        return read_number(header.at("number")) == 0 && read_number(header.at("timestamp")) != time;
    };
    const auto foreign = std::remove_if(blocks.begin(), blocks.end(), is_foreign);
    blocks.erase(foreign, blocks.end());
    return json::serialize(root);
}

}  // namespace

/// Passes everything on, and notes what anvil took.
class Embedded::Keeping final : public Rpc {
  public:
    explicit Keeping(Embedded& owner) : owner_(owner) {}

    Task<std::vector<RpcResult<json::value>>> batch(std::vector<RpcCall> calls) override {
        std::vector<std::pair<std::size_t, std::string>> sent;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const auto& call = calls[i];
            if (call.method == "eth_sendRawTransaction" && call.params.size() == 1 &&
                call.params.front().is_string()) {
                sent.emplace_back(i, std::string_view(call.params.front().get_string()));
            }
        }
        auto answers = co_await owner_.http_->batch(std::move(calls));
        for (auto& [index, raw] : sent) {
            if (answers[index]) owner_.keep(std::move(raw));
        }
        co_return answers;
    }

  private:
    Embedded& owner_;
};

Embedded::Embedded(EmbeddedConfig config, io::Client& client, io::Pool& pool, io::Log log)
    : config_(std::move(config)),
      client_(client),
      pool_(pool),
      log_(std::move(log)),
      keeping_(std::make_unique<Keeping>(*this)) {}

Embedded::~Embedded() = default;

Rpc& Embedded::rpc() {
    STOA_ASSERT(http_);
    return *keeping_;
}

std::string Embedded::url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

void Embedded::use_port(std::uint16_t port) {
    port_ = port;
    if (http_) {
        http_->set_urls({url()});
        return;
    }
    HttpRpcConfig config;
    config.urls = {url()};
    config.pin.chain_id = config_.chain_id;
    config.pin.genesis = config_.genesis_hash;
    config.cooldown = std::chrono::milliseconds(0);
    http_ = std::make_unique<HttpRpc>(client_, pool_, std::move(config), log_);
}

Task<Embedded::Started> Embedded::start() {
    is_stopping_ = false;
    fs::create_directories(config_.folder);
    if (!fs::exists(config_.anvil)) {
        throw std::runtime_error("there is no anvil at " + config_.anvil.string() +
                                 ": install the npm packages of contracts/, or set chain.anvil");
    }
    std::ifstream kept(at("kept"));
    for (std::string line; std::getline(kept, line);) kept_.push_back(line);
    co_await check_genesis_file();
    if (co_await adopt()) co_return Started::adopted;

    const bool resumed = fs::exists(at("state.json"));
    for (int attempt = 1;; ++attempt) {
        const bool chosen = config_.port != 0;
        if (chosen && !is_port_free(config_.port)) {
            throw std::runtime_error("port " + std::to_string(config_.port) +
                                     " of the embedded chain is in use: end what listens there, "
                                     "or set another chain.port");
        }
        try {
            co_await launch(chosen ? config_.port : free_port());
            break;
        } catch (const WrongChain&) {
            throw;
        } catch (const std::runtime_error&) {
            // Somebody may have taken the free port in between.
            if (chosen || attempt == kPortTries) throw;
        }
    }
    co_await resend();
    co_return resumed ? Started::resumed : Started::fresh;
}

/// State and anvil of a genesis that has been built anew belong to a chain that is no more.
Task<void> Embedded::check_genesis_file() {
    if (config_.genesis.empty()) co_return;
    const std::string now = co_await io::on(pool_, [&] {
        return to_hex(eth::keccak256(io::read_file(config_.genesis, kMaxStateBytes)));
    });
    const auto before = io::read_file_if_there(at("genesis.keccak"), 1'000);
    if (before == now) co_return;
    if (before) {
        log_.warning("the genesis is another one: the embedded chain begins anew");
        if (const auto old = read_pid_file(at("anvil.pid")); old && is_alive(*old)) {
            co_await io::on(pool_, [&] { end_process(*old, config_.patience); });
        }
        if (fs::exists(at("state.json"))) fs::rename(at("state.json"), at("state.old.json"));
    }
    kept_.clear();
    write_kept();
    io::write_file_atomic(at("genesis.keccak"), now);
}

Task<bool> Embedded::adopt() {
    const auto found = read_pid_file(at("anvil.pid"));
    const auto port = read_port(at("anvil.port"));
    if (!found || port == 0 || !is_alive(*found)) co_return false;
    process_ = *found;
    if (config_.port == 0 || config_.port == port) {
        use_port(port);
        bool usable = false;
        try {
            usable = co_await answers();
        } catch (const WrongChain&) {
        }
        if (usable) {
            log_.info("the embedded chain is still running", {{"pid", process_.pid}});
            co_return true;
        }
    }
    // It is ours by its start time, and of no use: hung, of another chain, on another port.
    log_.warning("the embedded chain that is running cannot be used", {{"pid", process_.pid}});
    co_await io::on(pool_, [&] { end_process(process_, config_.patience); });
    co_return false;
}

Task<bool> Embedded::answers() {
    try {
        co_await chain::header(*http_, Tag::latest);
        co_return is_alive(process_);
    } catch (const RpcFailure&) {
        co_return false;
    }
}

Task<void> Embedded::launch(std::uint16_t port) {
    std::vector<std::string> arguments{"--host",
                                       "127.0.0.1",
                                       "--port",
                                       std::to_string(port),
                                       "--chain-id",
                                       std::to_string(config_.chain_id),
                                       "--block-time",
                                       std::to_string(config_.block_time.count()),
                                       "--mixed-mining",
                                       "--slots-in-an-epoch",
                                       "1",
                                       "--prune-history",
                                       kStatesKept,
                                       "--quiet"};
    fs::path state = at("state.json");
    if (!fs::exists(state)) state = config_.genesis;
    if (!state.empty()) {
        arguments.emplace_back("--load-state");
        arguments.push_back(state.string());
    }
    process_ = spawn_detached(config_.anvil, arguments, at("anvil.log"));
    write_pid_file(at("anvil.pid"), process_);
    io::write_file_atomic(at("anvil.port"), std::to_string(port));
    use_port(port);

    const auto until = std::chrono::steady_clock::now() + config_.patience;
    std::exception_ptr wrong;
    try {
        while (!co_await answers()) {
            const bool dead = !is_alive(process_);
            if (dead || std::chrono::steady_clock::now() > until) {
                throw std::runtime_error(
                    (dead ? "anvil ended at its start: " : "anvil is silent: ") +
                    end_of(at("anvil.log")));
            }
            co_await io::sleep_for(kLook);
        }
    } catch (const std::runtime_error&) {
        wrong = std::current_exception();
    }
    if (!wrong) co_return;
    co_await io::on(pool_, [&] { end_process(process_, config_.patience); });
    std::rethrow_exception(wrong);
}

Task<void> Embedded::resend() {
    std::size_t taken = 0;
    const std::vector<std::string> all(kept_.begin(), kept_.end());
    for (const auto& raw : all) {
        const auto answer = co_await http_->call("eth_sendRawTransaction", one(json::string(raw)));
        if (answer) ++taken;
    }
    if (!all.empty()) {
        log_.info("transactions that no state held were sent again",
                  {{"kept", all.size()}, {"taken", taken}});
    }
}

void Embedded::keep(std::string raw) {
    std::ofstream file(at("kept"), std::ios::app);
    file << raw << '\n';
    kept_.push_back(std::move(raw));
    if (kept_.size() > kMaxKept) kept_.pop_front();
}

void Embedded::write_kept() const {
    std::string text;
    for (const auto& raw : kept_) text += raw + '\n';
    io::write_file_atomic(at("kept"), text);
}

Task<void> Embedded::dump() {
    const auto head = co_await chain::header(*http_, Tag::latest);
    if (!head || head->id.hash == dumped_) co_return;
    const auto genesis = co_await chain::header(*http_, std::uint64_t{0});
    if (!genesis) throw RpcFailure("the chain has no first block");
    const std::vector<std::string> before(kept_.begin(), kept_.end());
    const auto state = co_await http_->get("anvil_dumpState");
    if (!state.is_string()) throw RpcFailure("anvil's state is not text");
    co_await io::on(pool_, [&] {
        const std::string whole = unpacked(std::string_view(state.get_string()));
        io::write_file_atomic(at("state.json"), with_one_genesis(whole, genesis->time));
    });
    dumped_ = head->id.hash;

    // The state holds at least the blocks up to `head`: their transactions need not be kept.
    std::size_t done = 0;
    for (std::size_t first = 0; first < before.size(); first += kReceiptsAtOnce) {
        std::vector<RpcCall> calls;
        const auto last = std::min(before.size(), first + kReceiptsAtOnce);
        for (auto i = first; i < last; ++i) {
            const auto raw = parse_hex(before[i], kMaxRawBytes);
            const std::string hash = raw ? to_hex(eth::keccak256(*raw)) : to_hex(Hash256{});
            calls.push_back({"eth_getTransactionReceipt", one(json::string(hash))});
        }
        const auto answers = co_await http_->batch(std::move(calls));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i] || answers[i]->is_null()) continue;
            if (read_receipt(*answers[i]).block.number > head->id.number) continue;
            const auto found = std::ranges::find(kept_, before[first + i]);
            if (found != kept_.end()) kept_.erase(found);
            ++done;
        }
    }
    if (done > 0) write_kept();
}

Task<void> Embedded::run() {
    auto dumped_at = std::chrono::steady_clock::now();
    for (;;) {
        co_await io::sleep_for(kWatch);
        if (is_stopping_) co_return;
        try {
            if (!is_alive(process_)) {
                log_.error("the embedded chain ended: starting it again from its last state");
                dumped_.reset();
                co_await launch(is_port_free(port_) ? port_ : free_port());
                co_await resend();
            }
            const auto now = std::chrono::steady_clock::now();
            if (now - dumped_at < config_.dump_every) continue;
            dumped_at = now;
            co_await dump();
        } catch (const RpcFailure& failure) {
            log_.warning("the embedded chain's state was not kept", {{"why", failure.what()}});
        } catch (const std::runtime_error& failure) {
            log_.error("the embedded chain does not run", {{"why", failure.what()}});
        }
    }
}

Task<void> Embedded::stop() {
    // Else the watch finds it ended and starts another.
    is_stopping_ = true;
    if (is_alive(process_)) {
        try {
            co_await io::with_deadline(config_.last_dump, dump());
        } catch (const std::runtime_error& failure) {
            log_.error("the embedded chain's last state was not kept", {{"why", failure.what()}});
        }
    }
    co_await io::on(pool_, [&] { end_process(process_, kEndGrace); });
    fs::remove(at("anvil.pid"));
}

}  // namespace stoa::chain
