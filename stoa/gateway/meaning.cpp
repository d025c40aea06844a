#include "stoa/gateway/meaning.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/io/deadline.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kAtOnce = 16;
constexpr std::size_t kMaxTextBytes = 1'000;  ///< About what such models were trained on.
constexpr std::chrono::milliseconds kQueryDeadline{800};
constexpr std::chrono::seconds kListingDeadline{60};
constexpr std::chrono::seconds kLookEvery{30};

std::string cut(std::string text) {
    if (text.size() > kMaxTextBytes) {
        std::size_t end = kMaxTextBytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
        text.resize(end);
    }
    return text;
}

}  // namespace

Meaning::Meaning(boost::asio::any_io_executor executor, catalogue::Catalogue& catalogue,
                 const ServedModels& served, io::Log log)
    : catalogue_(catalogue), served_(served), log_(std::move(log)), wake_(std::move(executor)) {
    catalogue_.on_change([this] { kick(); });
}

const ServedModel* Meaning::embedder() const {
    const auto it = std::ranges::find_if(served_.all(), [](const auto& model) {
        return model->engine && model->engine->ready() && model->engine->info().embedding;
    });
    return it == served_.all().end() ? nullptr : it->get();
}

Task<std::vector<float>> Meaning::of(std::string text) {
    const ServedModel* model = embedder();
    if (!model || model->weights != weights_) co_return std::vector<float>{};
    text = cut(std::move(text));
    if (const auto known = cache_.find(text); known != cache_.end()) co_return known->second;
    std::vector<float> vector;
    try {
        std::vector<std::string> texts;
        texts.push_back(text);
        const auto engine = model->engine;
        auto answer = co_await io::with_deadline(kQueryDeadline, engine->embed(std::move(texts)));
        if (answer && !answer->vectors.empty()) vector = std::move(answer->vectors.front());
    } catch (const io::DeadlineExceeded&) {
        // A busy engine must not keep people from searching by words.
    } catch (const inference::EngineFailure&) {
        // Nor a broken one; whoever watches the worker tells the operator.
    }
    if (!vector.empty()) remember(text, vector);
    co_return vector;
}

void Meaning::remember(const std::string& text, const std::vector<float>& vector) {
    if (!cache_.emplace(text, vector).second) return;
    order_.push_back(text);
    if (order_.size() > kMaxCached) {
        cache_.erase(order_.front());
        order_.pop_front();
    }
}

void Meaning::kick() {
    kicked_ = true;
    wake_.cancel();
}

Task<bool> Meaning::embed_some() {
    const ServedModel* model = embedder();
    if (!model) co_return false;
    const auto engine = model->engine;
    const Hash256 weights = model->weights;
    if (weights != weights_) {
        co_await catalogue_.use_embedder(weights);
        weights_ = weights;
        cache_.clear();
        order_.clear();
    }
    const auto listings = co_await catalogue_.without_meaning(kAtOnce);
    if (listings.empty()) co_return false;
    std::vector<std::string> texts;
    for (const auto& [id, text] : listings) texts.push_back(cut(text));
    auto answer = co_await io::with_deadline(kListingDeadline, engine->embed(std::move(texts)));
    if (!answer || answer->vectors.size() != listings.size()) co_return false;
    for (std::size_t i = 0; i < listings.size(); ++i) {
        co_await catalogue_.set_meaning(listings[i].first, std::move(answer->vectors[i]));
    }
    co_return listings.size() == kAtOnce;
}

Task<void> Meaning::run() {
    for (;;) {
        kicked_ = false;
        bool more = false;
        try {
            more = co_await embed_some();
        } catch (const inference::EngineFailure& failure) {
            log_.warning("listings can't be embedded now", {{"why", failure.what()}});
        } catch (const io::DeadlineExceeded&) {
            log_.warning("listings can't be embedded now", {{"why", "the engine is busy"}});
        }
        if (more || kicked_) continue;
        wake_.expires_after(kLookEvery);
        boost::system::error_code woken;
        co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
}

}  // namespace stoa::gateway
