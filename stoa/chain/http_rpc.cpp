#include "stoa/chain/http_rpc.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"
#include "stoa/base/hex.hpp"

namespace stoa::chain {
namespace {

using Clock = std::chrono::steady_clock;
using Answers = std::vector<RpcResult<json::value>>;

constexpr std::size_t kParsedInPlace = 64 * 1024;
constexpr std::size_t kMaxMessage = 500;

/// Codes by which providers say "not now": EIP-1474's limit, and Infura's and Alchemy's of HTTP.
bool is_overload(int code) {
    return code == -32005 || code == -32029 || code == 429;
}

json::object request_of(RpcCall&& call, std::size_t id) {
    return {{"jsonrpc", "2.0"},
            {"id", id},
            {"method", std::move(call.method)},
            {"params", std::move(call.params)}};
}

/// One call goes alone: not every endpoint takes batches.
std::string body_of(std::vector<RpcCall> calls) {
    if (calls.size() == 1) return json::serialize(request_of(std::move(calls.front()), 0));
    json::array batch;
    batch.reserve(calls.size());
    for (auto& call : calls) batch.emplace_back(request_of(std::move(call), batch.size()));
    return json::serialize(batch);
}

/// The revert data stands in `data`, or in an object within it.
ByteVector revert_data(const json::object& error) {
    const json::value* data = error.if_contains("data");
    if (data != nullptr && data->is_object()) data = data->get_object().if_contains("data");
    if (data == nullptr || !data->is_string()) return {};
    std::string_view text = data->get_string();
    if (text.starts_with("Reverted ")) text.remove_prefix(9);
    return parse_hex(text, 1 << 20).value_or(ByteVector{});
}

RpcError error_of(const json::value& value) {
    if (!value.is_object()) throw RpcFailure("an error of another shape");
    const json::object& object = value.get_object();
    RpcError error;
    if (const auto* code = object.if_contains("code"); code != nullptr && code->is_int64()) {
        error.code = static_cast<int>(code->get_int64());
    }
    if (const auto* text = object.if_contains("message"); text != nullptr && text->is_string()) {
        error.message = std::string_view(text->get_string()).substr(0, kMaxMessage);
    }
    if (is_overload(error.code)) throw RpcFailure("overloaded: " + error.message);
    error.data = revert_data(object);
    return error;
}

void store_answer(json::value& value, Answers& answers, std::vector<bool>& answered) {
    if (!value.is_object()) throw RpcFailure("an answer of another shape");
    json::object& object = value.get_object();
    const auto* id = object.if_contains("id");
    std::size_t index = 0;
    if (id != nullptr && id->is_int64() && id->get_int64() >= 0) {
        index = static_cast<std::size_t>(id->get_int64());
    } else if (answers.size() != 1) {
        throw RpcFailure("an answer without its number");
    }
    if (index >= answers.size() || answered[index]) throw RpcFailure("an answer nobody asked for");
    answered[index] = true;
    if (const auto* error = object.if_contains("error"); error != nullptr && !error->is_null()) {
        answers[index] = tl::unexpected(error_of(*error));
    } else if (auto* result = object.if_contains("result")) {
        answers[index] = std::move(*result);
    } else {
        throw RpcFailure("an answer without a result");
    }
}

Answers parse_answers(const std::string& body, std::size_t count) {
    boost::system::error_code bad;
    json::value parsed = json::parse(body, bad);
    if (bad) throw RpcFailure("no JSON");
    Answers answers(count);
    std::vector<bool> answered(count, false);
    if (parsed.is_array()) {
        for (auto& value : parsed.get_array()) store_answer(value, answers, answered);
    } else if (count > 1 && parsed.is_object() && parsed.get_object().contains("error")) {
        throw RpcFailure("refuses the batch: " + error_of(parsed.get_object()["error"]).message);
    } else {
        store_answer(parsed, answers, answered);
    }
    if (std::ranges::find(answered, false) != answered.end()) {
        throw RpcFailure("an answer is missing");
    }
    return answers;
}

/// URLs of providers hold secret keys: only the host is told.
std::string host_of(const std::string& url) {
    const auto begin = url.find("://");
    if (begin == std::string::npos) return "endpoint";
    const auto rest = std::string_view(url).substr(begin + 3);
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    return std::string(host.substr(host.find('@') == host.npos ? 0 : host.find('@') + 1));
}

}  // namespace

struct HttpRpc::Endpoint {
    explicit Endpoint(std::string address) : url(std::move(address)), host(host_of(url)) {}

    std::string url;
    std::string host;
    bool proven = false;
    Clock::time_point cools_until{};
};

/// One endpoint, until a moment.
class HttpRpc::Ask final : public Rpc {
  public:
    Ask(HttpRpc& owner, const Endpoint& endpoint, Clock::time_point deadline)
        : owner_(owner), endpoint_(endpoint), deadline_(deadline) {}

    Task<Answers> batch(std::vector<RpcCall> calls) override {
        const std::size_t count = calls.size();
        io::ClientRequest request;
        request.method = io::Method::post;
        request.url = endpoint_.url;
        request.headers.set("Content-Type", "application/json");
        request.body = body_of(std::move(calls));
        request.deadline = deadline_ - Clock::now();
        request.max_body_bytes = owner_.config_.max_answer_bytes;
        const auto response = co_await owner_.client_.send(std::move(request));
        if (response.status != 200) {
            throw RpcFailure("HTTP status " + std::to_string(response.status));
        }
        if (response.body.size() <= kParsedInPlace) co_return parse_answers(response.body, count);
        co_return co_await io::on(owner_.pool_,
                                  [&] { return parse_answers(response.body, count); });
    }

  private:
    HttpRpc& owner_;
    const Endpoint& endpoint_;
    Clock::time_point deadline_;
};

HttpRpc::HttpRpc(io::Client& client, io::Pool& pool, HttpRpcConfig config, io::Log log)
    : client_(client), pool_(pool), config_(std::move(config)), log_(std::move(log)) {
    set_urls(std::move(config_.urls));
}

HttpRpc::~HttpRpc() = default;

void HttpRpc::set_urls(std::vector<std::string> urls) {
    STOA_ASSERT(!urls.empty());
    endpoints_.clear();
    for (auto& url : urls) endpoints_.push_back(std::make_shared<Endpoint>(std::move(url)));
}

HttpRpc::Endpoints HttpRpc::in_order() const {
    Endpoints order = endpoints_;
    const auto now = Clock::now();
    std::ranges::stable_sort(
        order, {}, [&](const auto& endpoint) { return std::max(endpoint->cools_until, now); });
    return order;
}

Task<Answers> HttpRpc::batch(std::vector<RpcCall> calls) {
    STOA_ASSERT(!calls.empty() && calls.size() <= kMaxBatch);
    const auto deadline = Clock::now() + config_.deadline;
    std::string reasons;
    bool only_wrong_chains = true;
    for (const auto& endpoint : in_order()) {
        const auto now = Clock::now();
        if (now >= deadline) break;
        std::string why;
        try {
            Ask ask(*this, *endpoint, std::min(deadline, now + config_.per_endpoint));
            if (!endpoint->proven) {
                co_await verify(ask, config_.pin);
                endpoint->proven = true;
            }
            co_return co_await ask.batch(calls);
        } catch (const WrongChain& wrong) {
            why = wrong.what();
        } catch (const RpcFailure& failure) {
            only_wrong_chains = false;
            why = failure.what();
        } catch (const io::HttpFailure& failure) {
            only_wrong_chains = false;
            why = failure.what();
        }
        endpoint->proven = false;
        endpoint->cools_until = Clock::now() + config_.cooldown;
        log_.warning("a chain endpoint is not used", {{"host", endpoint->host}, {"why", why}});
        reasons += (reasons.empty() ? "" : "; ") + endpoint->host + ": " + why;
    }
    if (only_wrong_chains && !reasons.empty()) throw WrongChain(reasons);
    throw RpcFailure(reasons.empty() ? "no endpoint was asked in time" : reasons);
}

}  // namespace stoa::chain
