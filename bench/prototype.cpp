#include "bench/prototype.hpp"

#include <fcntl.h>
#include <secp256k1_recovery.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/io/http_server.hpp"
#include "stoa/payment/x402.hpp"

#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

namespace asio = boost::asio;

/// One thread writes what has queued up, syncs, and wakes who waited for it.
class Log {
  public:
    Log(asio::io_context& loop, const std::filesystem::path& file)
        : loop_(loop),
          descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
          thread_([this] { run(); }) {}
    ~Log() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_one();
        thread_.join();
        ::close(descriptor_);
    }

    Task<void> append(Bytes record) {
        const auto start = [&](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            const std::lock_guard lock(mutex_);
            queue_.insert(queue_.end(), record.begin(), record.end());
            waiting_.push_back([shared] { std::move (*shared)(); });
            changed_.notify_one();
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start,
                                                                             asio::use_awaitable);
    }

  private:
    void run() {
        while (true) {
            ByteVector bytes;
            std::vector<std::function<void()>> done;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
                if (queue_.empty()) return;
                bytes.swap(queue_);
                done.swap(waiting_);
            }
            const auto size = static_cast<ssize_t>(bytes.size());
            if (::write(descriptor_, bytes.data(), bytes.size()) != size ||
                ::fdatasync(descriptor_) != 0) {
                std::abort();
            }
            for (auto& each : done) asio::post(loop_, std::move(each));
        }
    }

    asio::io_context& loop_;
    int descriptor_;
    std::mutex mutex_;
    std::condition_variable changed_;
    ByteVector queue_;
    std::vector<std::function<void()>> waiting_;
    bool ending_ = false;
    std::thread thread_;
};

secp256k1_pubkey signer_of(const Hash256& digest, const eth::Signature& signature) {
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
            secp256k1_context_static, &parsed, signature.bytes.data(), signature.bytes[64] - 27) ||
        !secp256k1_ecdsa_recover(secp256k1_context_static, &key, &parsed, digest.bytes.data())) {
        throw std::runtime_error("a voucher of the load has no signer");
    }
    return key;
}

bool is_signed_by(const secp256k1_pubkey& key, const Hash256& digest,
                  const eth::Signature& signature) {
    secp256k1_ecdsa_signature parsed;
    return secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &parsed,
                                                   signature.bytes.data()) &&
           secp256k1_ecdsa_verify(secp256k1_context_static, &parsed, digest.bytes.data(), &key);
}

}  // namespace

struct Prototype::Parts {
    Folder folder;
    asio::io_context loop{1};
    Log log{loop, folder.path() / "log"};
    payment::ChannelDomain channels{Shop::kChain};
    std::unordered_map<Hash256, secp256k1_pubkey> keys;
    io::Server server{loop.get_executor(), [this](io::Request& request) { return serve(request); }};
    unsigned short port = server.listen("127.0.0.1", 0);
    std::thread thread{[this] {
        const auto work = asio::make_work_guard(loop);
        loop.run();
    }};

    ~Parts() {
        loop.stop();
        thread.join();
    }

    Task<io::Response> serve(io::Request& request) {
        const auto header = request.headers.get(payment::kPaymentSignatureHeader);
        const auto paid = payment::parse_payment_header(header.value_or(""));
        const auto* call = paid ? std::get_if<payment::VoucherPayload>(&paid->payload) : nullptr;
        if (!call) co_return io::text_response(402, "");
        const Hash256 digest = channels.voucher_digest(call->voucher);
        const auto known = keys.find(call->voucher.channel_id);
        if (known == keys.end()) {
            keys.emplace(call->voucher.channel_id, signer_of(digest, call->signature));
        } else if (!is_signed_by(known->second, digest, call->signature)) {
            co_return io::text_response(402, "");
        }
        std::array<std::uint8_t, 160> record{};
        std::ranges::copy(call->voucher.channel_id.bytes, record.begin());
        std::ranges::copy(to_big_endian(call->voucher.max_claimable.units), record.begin() + 32);
        std::ranges::copy(call->signature.bytes, record.begin() + 64);
        co_await log.append(record);

        payment::SettlementResponse settled;
        settled.network = paid->accepted.network;
        settled.payer = call->config.payer;
        settled.charged = paid->accepted.amount;
        auto& state = settled.channel_state.emplace();
        state.channel_id = call->voucher.channel_id;
        state.charged = call->voucher.max_claimable;
        io::Response response = io::json_response(200, R"({"ok":1})");
        response.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
        co_return response;
    }
};

Prototype::Prototype() : parts_(std::make_unique<Parts>()) {}
Prototype::~Prototype() = default;

unsigned short Prototype::port() const {
    return parts_->port;
}

}  // namespace stoa::bench
