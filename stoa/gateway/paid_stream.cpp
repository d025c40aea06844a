#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/gateway/paid_refusal.hpp"
#include "stoa/gateway/paid_run.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway {
namespace {

namespace asio = boost::asio;

/// How long an engine is kept waiting for the answer's head to be sent.
constexpr std::chrono::seconds kHeadWait{30};
constexpr std::chrono::hours kCallWait{1};

struct ClientLeft : std::runtime_error {
    ClientLeft() : std::runtime_error("the client left before the answer began") {}
};

/// The engine runs beside the socket: that it took the prompt decides the status line, and its
/// pieces go out as it makes them.
class Live final : public inference::Sink, public std::enable_shared_from_this<Live> {
  public:
    Live(const asio::any_io_executor& executor, std::unique_ptr<PaidRun> run)
        : run_(std::move(run)), changed_(executor), raised_(executor) {
        if (!run_->pays_on) return;
        const auto& it = *run_->pays_on;
        pays_on_ = it.top_ups.open(run_->purchase->account(), it.bound, it.step,
                                   [this](const Amount& maximum) { raise_to(maximum); });
    }

    /// Ends when the engine has ended.
    Task<void> work() {
        try {
            outcome_.emplace(
                co_await run_->engine->generate(std::move(run_->request.generate), *this));
        } catch (const ClientLeft&) {
            left_ = true;
        } catch (const std::exception& failed) {
            failure_ = failed.what();
        }
        pays_on_.reset();
        if (left_) co_await charge_prompt();
        ended_ = true;
        changed_.cancel();
    }

    /// True when the engine took the prompt; false when it ended before.
    Task<bool> started() {
        co_await until(changed_, kCallWait, [this] { return accepted_ || ended_; });
        co_return accepted_;
    }

    Task<Answer> not_started() {
        co_await run_->purchase->release();
        if (outcome_ && !*outcome_) co_return refuse_engine(outcome_->error());
        run_->engine_failed();
        run_->log.warning("an engine failed a call", {{"why", failure_}});
        co_return engine_failed();
    }

    io::Response response() {
        io::Response response;
        head(response.headers);
        response.body = [self = shared_from_this()](io::Writer& writer) {
            return self->stream(writer);
        };
        return response;
    }

    Task<void> on_prompt(std::vector<inference::TokenId> tokens) override {
        run_->meter.input_accepted(tokens.size());
        run_->input_ids = std::move(tokens);
        accepted_ = true;
        changed_.cancel();
        co_await until(changed_, kHeadWait, [this] { return writer_ != nullptr; });
        if (!writer_) throw ClientLeft();
        co_await send(run_->text.opening());
    }

    Task<bool> on_piece(inference::Piece piece) override {
        const std::size_t tokens = piece.tokens.size();
        if (pays_on_) {
            const bool paid = co_await is_paid(tokens);
            unpaid_ = !paid && !writer_->is_gone();
            if (!paid) co_return false;
        }
        if (!piece.text.empty()) {
            const bool taken = co_await send(run_->text.piece(piece.text));
            if (!taken) co_return false;
        }
        run_->meter.output_delivered(tokens);
        output_ += piece.text;
        run_->output_ids.insert(run_->output_ids.end(), piece.tokens.begin(), piece.tokens.end());
        if (pays_on_) co_return co_await ask_early();
        co_return true;
    }

  private:
    /// One coroutine at a time waits for a timer; who changes the condition cancels it.
    template <class Condition>
    static Task<void> until(asio::steady_timer& timer, io::Duration limit, Condition condition) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            timer.expires_at(end);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    void raise_to(const Amount& maximum) {
        run_->purchase->raise_to(maximum);
        run_->meter.raise_to(maximum);
        raised_.cancel();
    }

    /// False where the buyer doesn't pay for that many tokens more.
    Task<bool> is_paid(std::size_t tokens) {
        while (!run_->meter.has_room_for(tokens)) {
            const Amount signed_now = run_->purchase->maximum();
            const bool asked = co_await ask(signed_now);
            if (!asked) co_return false;
            const io::Duration left = deadline_ - std::chrono::steady_clock::now();
            co_await until(raised_, left, [&] { return run_->purchase->maximum() != signed_now; });
            if (run_->purchase->maximum() == signed_now) co_return false;
        }
        co_return true;
    }

    /// Once for each maximum. False where there is nothing to ask for, or nobody.
    Task<bool> ask(Amount signed_now) {
        if (signed_now >= run_->pays_on->bound) co_return false;
        if (asked_at_ == signed_now) co_return true;
        asked_at_ = signed_now;
        deadline_ = std::chrono::steady_clock::now() + run_->pays_on->wait;
        const std::string event = pays_on_->event(run_->pays_on->wait);
        // Not for those who ask for the answer again.
        co_return co_await writer_->write(event);
    }

    /// The buyer is asked while a quarter is left, so that the stream need not wait for it.
    Task<bool> ask_early() {
        const Amount& maximum = run_->purchase->maximum();
        const Amount charge = run_->meter.charge();
        const U256 left = maximum.units - charge.units;
        if (left * 4 > maximum.units || maximum >= run_->pays_on->bound) co_return true;
        co_return co_await ask(maximum);
    }

    void head(io::Headers& headers) const {
        headers.set("Content-Type", "text/event-stream");
        headers.set("Cache-Control", "private, no-transform");
        headers.set("X-Accel-Buffering", "no");
        if (const auto early = run_->purchase->early()) {
            headers.set(payment::kPaymentResponseHeader, payment::to_header(*early));
        }
    }

    Task<bool> send(std::string text) {
        if (text.empty()) co_return true;
        if (sent_.size() <= PaidAnswers::kMaxAnswerBytes) sent_ += text;
        co_return co_await writer_->write(text);
    }

    /// Nobody took the answer's head, and the engine has done its part.
    Task<void> charge_prompt() {
        co_await run_->purchase->charge(run_->meter.charge(), run_->meter.usage());
    }

    Task<void> stream(io::Writer& writer) {
        if (left_) co_return;
        writer_ = &writer;
        changed_.cancel();
        co_await until(changed_, kCallWait, [this] { return ended_; });
        if (!outcome_ || !*outcome_) {
            co_await run_->purchase->release();
            run_->engine_failed();
            run_->log.warning("an engine failed a stream", {{"why", failure_}});
            co_await send(PaidText::error(
                "engine_failed", "The model failed; nothing was charged. Send the call again."));
            co_return;
        }
        co_await finish(**outcome_);
    }

    /// The charge first: whoever has the last event has paid.
    Task<void> finish(inference::Outcome outcome) {
        const payment::Usage usage = run_->meter.usage();
        if (unpaid_) {
            outcome.finish = inference::Finish::length;
            outcome.output_tokens = static_cast<std::uint32_t>(usage.output_tokens);
        }
        const auto settled = co_await run_->purchase->charge(run_->meter.charge(), usage);
        std::string last = run_->text.closing(outcome.finish);
        if (run_->request.include_usage) last += run_->text.usage(outcome);
        run_->hash_tokens();
        const Receipts::Id receipt = receipt_of(*run_, output_, settled);
        if (run_->with_receipt) {
            const std::string event = co_await receipt_event(settled, receipt);
            last += event;
        }
        last += PaidText::kDone;
        co_await send(std::move(last));
        if (sent_.size() > PaidAnswers::kMaxAnswerBytes) co_return;
        PaidAnswer answer;
        head(answer.headers);
        answer.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
        answer.body = std::make_shared<const std::string>(std::move(sent_));
        // A stream that its client broke off holds only what was charged for.
        if (outcome.finish != inference::Finish::cancelled) {
            run_->answers.keep(run_->purchase->key(), std::move(answer));
        }
    }

    Task<std::string> receipt_event(payment::SettlementResponse settled, Receipts::Id id) {
        json::object data = payment::to_json(settled);
        const auto found = co_await run_->receipts.find(id);
        if (found) {
            data["extensions"] = {
                {"stoa-receipt", payment::to_json(run_->receipts.domain(), *found)}};
        }
        co_return "event: stoa.receipt\ndata: " + json::serialize(data) + "\n\n";
    }

    std::unique_ptr<PaidRun> run_;
    std::unique_ptr<TopUps::Running> pays_on_;
    asio::steady_timer changed_;
    asio::steady_timer raised_;
    std::chrono::steady_clock::time_point deadline_;  ///< For the voucher that was asked for.
    std::optional<Amount> asked_at_;                  ///< The maximum that it shall be larger than.
    bool unpaid_ = false;                             ///< The answer ended with the money.
    io::Writer* writer_ = nullptr;
    bool accepted_ = false;
    bool ended_ = false;
    bool left_ = false;
    std::optional<Result<inference::Outcome>> outcome_;
    std::string failure_;
    std::string sent_;
    std::string output_;  ///< The text that the socket took.
};

}  // namespace

Task<Answer> answer_stream(asio::any_io_executor executor, std::unique_ptr<PaidRun> run) {
    const auto live = std::make_shared<Live>(executor, std::move(run));
    asio::co_spawn(
        executor, [](std::shared_ptr<Live> self) -> Task<void> { co_await self->work(); }(live),
        asio::detached);
    if (co_await live->started()) co_return live->response();
    co_return co_await live->not_started();
}

}  // namespace stoa::gateway
