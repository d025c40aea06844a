#include "stoa/gateway/paid_answers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::gateway {

namespace asio = boost::asio;

Task<std::optional<PaidAnswer>> PaidAnswers::find(Key key, io::Duration wait) {
    drop_old();
    if (const auto running = running_->find(key); running != running_->end()) {
        const auto timer = std::make_shared<asio::steady_timer>(executor_, wait);
        running->second.push_back(timer);
        co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    const auto found = kept_.find(key);
    if (found == kept_.end()) co_return std::nullopt;
    co_return found->second.answer;
}

PaidAnswers::Running::~Running() {
    if (!all_) return;
    const auto found = all_->find(key_);
    if (found == all_->end()) return;
    const auto waiting = std::move(found->second);
    all_->erase(found);
    for (const auto& timer : waiting) timer->cancel();
}

void PaidAnswers::keep(const Key& key, PaidAnswer answer) {
    const std::size_t bytes = answer.body->size();
    if (bytes > kMaxAnswerBytes) return;
    drop_old();
    while (bytes_ + bytes > kMaxBytes && !order_.empty()) drop_oldest();
    if (!kept_.try_emplace(key, std::move(answer), bytes).second) return;
    order_.push_back({key, clock_.steady() + kKept});
    bytes_ += bytes;
}

void PaidAnswers::drop_old() {
    const auto now = clock_.steady();
    while (!order_.empty() && order_.front().until <= now) drop_oldest();
}

void PaidAnswers::drop_oldest() {
    const auto oldest = kept_.find(order_.front().key);
    bytes_ -= oldest->second.bytes;
    kept_.erase(oldest);
    order_.pop_front();
}

}  // namespace stoa::gateway
