#include "stoa/engines/llama_generator.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>

#include "stoa/engines/llama_text.hpp"
#include "stoa/engines/text_stream.hpp"

namespace stoa::engines {

using inference::EngineInfo;
using inference::Finish;
using inference::FrameKind;
using inference::GenerateRequest;
using inference::InferenceError;

namespace {

// Tokens of a step. A longer prompt takes several, each short enough that other answers go on, a
// cancellation is heard and the node sees that we live, however slow model and machine are.
constexpr unsigned kMaxBatch = 512;
constexpr unsigned kMinBatch = 16;
constexpr std::chrono::milliseconds kLongStep{500};
constexpr std::uint32_t kMaxDefaultOutput = 512;

struct Call {
    std::uint32_t number = 0;
    GenerateRequest request;
    std::vector<llama_token> prompt;
};

/// A call whose answer is being computed; its place in the context is that of its slot.
struct Answer {
    Call call;
    llama_sampler_ptr sampler;
    TextStream text;
    std::uint32_t limit = 0;
    std::uint32_t produced = 0;
    std::size_t computed = 0;   // tokens that the context holds
    llama_token last = 0;       // to be computed next, once the prompt is
    std::optional<int> output;  // where the batch has its logits

    bool reads_prompt() const { return computed < call.prompt.size(); }
};

llama_sampler_ptr make_sampler(const GenerateRequest& request) {
    llama_sampler_ptr chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
    const auto add = [&](llama_sampler* it) { llama_sampler_chain_add(chain.get(), it); };
    if (request.temperature <= 0) {
        add(llama_sampler_init_greedy());
        return chain;
    }
    auto seed = static_cast<std::uint32_t>(request.seed ^ (request.seed >> 32));
    if (seed == LLAMA_DEFAULT_SEED) seed = 0;  // which would stand for a random one
    if (request.top_p < 1) add(llama_sampler_init_top_p(request.top_p, 1));
    add(llama_sampler_init_temp(request.temperature));
    add(llama_sampler_init_dist(seed));
    return chain;
}

class Generator final : public Backend {
  public:
    Generator(llama_model_ptr model, llama_context_ptr context, const EngineInfo& sizes,
              unsigned parallel)
        : model_(std::move(model)),
          context_(std::move(context)),
          text_(model_.get()),
          batch_(llama_batch_init(kMaxBatch, 0, 1)),
          info_(sizes),
          slots_(parallel) {
        info_.completion = true;
        info_.chat = text_.has_chat();
        info_.template_bytes = text_.template_bytes();
        info_.template_message_bytes = text_.template_message_bytes();
    }
    ~Generator() override { llama_batch_free(batch_); }

    const EngineInfo& info() const override { return info_; }
    const inference::TensorSignature& signature() const override { return signature_; }

    void count(std::uint32_t call, const inference::Prompt& prompt, Outbox& out) override {
        if (!takes(prompt)) return out.refuse(call, InferenceError::not_offered);
        const auto tokens = text_.tokenize(prompt);
        if (!tokens) return out.refuse(call, InferenceError::bad_conversation);
        const auto count = static_cast<std::uint32_t>(tokens->size());
        out.send(FrameKind::counted, call, inference::CountedMessage{count});
    }

    void generate(std::uint32_t number, GenerateRequest request, Outbox& out) override {
        if (!takes(request.prompt)) return out.refuse(number, InferenceError::not_offered);
        Call call{number, std::move(request), {}};
        auto tokens = text_.tokenize(call.request.prompt);
        if (!tokens) return out.refuse(number, InferenceError::bad_conversation);
        call.prompt = std::move(*tokens);
        if (call.prompt.empty()) return out.refuse(number, InferenceError::empty_prompt);
        if (call.prompt.size() >= info_.context) {
            return out.refuse(number, InferenceError::prompt_too_long);
        }
        waiting_.push_back(std::move(call));
    }

    void embed(std::uint32_t call, std::vector<std::string>, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }
    void infer(std::uint32_t call, inference::Tensors, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }

    void cancel(std::uint32_t number) override {
        std::erase_if(waiting_, [&](const Call& call) { return call.number == number; });
        for (auto& slot : slots_) {
            if (slot && slot->call.number == number) slot.reset();
        }
    }

    bool idle() const override {
        return waiting_.empty() && std::ranges::none_of(slots_, &std::optional<Answer>::has_value);
    }

    void step(Outbox& out) override {
        for (std::size_t i = 0; i < slots_.size() && !waiting_.empty(); ++i) {
            if (!slots_[i]) begin(i, out);
        }
        fill_batch();
        const auto start = std::chrono::steady_clock::now();
        if (llama_decode(context_.get(), batch_) != 0) {
            throw std::runtime_error("llama.cpp can't compute a step");
        }
        adapt(std::chrono::steady_clock::now() - start);
        for (auto& slot : slots_) {
            if (slot && slot->output) take_token(slot, out);
        }
    }

  private:
    bool takes(const inference::Prompt& prompt) const {
        return info_.chat || std::holds_alternative<std::string>(prompt);
    }

    void begin(std::size_t slot, Outbox& out) {
        Call call = std::move(waiting_.front());
        waiting_.pop_front();
        llama_memory_seq_rm(llama_get_memory(context_.get()), static_cast<llama_seq_id>(slot), -1,
                            -1);
        const GenerateRequest& request = call.request;
        const auto room = static_cast<std::uint32_t>(info_.context - call.prompt.size());
        const auto limit =
            std::min(room, request.max_tokens > 0 ? request.max_tokens : info_.max_output);
        inference::PromptMessage prompt;
        prompt.tokens.assign(call.prompt.begin(), call.prompt.end());
        out.send(FrameKind::prompt, call.number, std::move(prompt));
        auto sampler = make_sampler(request);
        TextStream text(request.stop);
        slots_[slot].emplace(
            Answer{std::move(call), std::move(sampler), std::move(text), limit, 0, 0, 0, {}});
    }

    void adapt(std::chrono::steady_clock::duration step) {
        const bool was_full = batch_.n_tokens >= static_cast<int>(batch_limit_);
        if (step > kLongStep) {
            batch_limit_ = std::max(batch_limit_ / 2, kMinBatch);
        } else if (was_full && step < kLongStep / 4) {
            batch_limit_ = std::min(batch_limit_ * 2, kMaxBatch);
        }
    }

    int add(llama_token token, std::size_t position, std::size_t slot, bool wants_output) {
        const int i = batch_.n_tokens++;
        batch_.token[i] = token;
        batch_.pos[i] = static_cast<llama_pos>(position);
        batch_.n_seq_id[i] = 1;
        batch_.seq_id[i][0] = static_cast<llama_seq_id>(slot);
        batch_.logits[i] = wants_output;
        return i;
    }

    // First the next token of every answer, so that a long prompt doesn't hold them up, then as
    // much of the prompts as there is room for.
    void fill_batch() {
        batch_.n_tokens = 0;
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            if (!slots_[i]) continue;
            Answer& answer = *slots_[i];
            answer.output.reset();
            if (!answer.reads_prompt()) {
                answer.output = add(answer.last, answer.computed++, i, true);
            }
        }
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            if (!slots_[i]) continue;
            Answer& answer = *slots_[i];
            while (answer.reads_prompt() && batch_.n_tokens < static_cast<int>(batch_limit_)) {
                const std::size_t at = answer.computed++;
                const bool is_last = !answer.reads_prompt();
                const int index = add(answer.call.prompt[at], at, i, is_last);
                if (is_last) answer.output = index;
            }
        }
    }

    void take_token(std::optional<Answer>& slot, Outbox& out) {
        Answer& answer = *slot;
        const llama_token token =
            llama_sampler_sample(answer.sampler.get(), context_.get(), *answer.output);
        if (text_.ends_answer(token)) return end(slot, Finish::stop, out);
        answer.last = token;
        ++answer.produced;
        answer.text.add(static_cast<inference::TokenId>(token), text_.bytes_of(token));
        if (answer.text.stopped()) return end(slot, Finish::stop, out);
        if (answer.produced >= answer.limit) return end(slot, Finish::length, out);
        inference::Piece piece = answer.text.take();
        if (!piece.tokens.empty()) {
            out.send(FrameKind::piece, answer.call.number, std::move(piece));
        }
    }

    void end(std::optional<Answer>& slot, Finish finish, Outbox& out) {
        const Answer& answer = *slot;
        inference::Piece rest = slot->text.finish();
        if (!rest.tokens.empty()) out.send(FrameKind::piece, answer.call.number, std::move(rest));
        out.send(FrameKind::done, answer.call.number,
                 inference::Outcome{finish, static_cast<std::uint32_t>(answer.call.prompt.size()),
                                    answer.produced});
        slot.reset();
    }

    llama_model_ptr model_;
    llama_context_ptr context_;
    LlamaText text_;
    llama_batch batch_;
    unsigned batch_limit_ = 128;
    EngineInfo info_;
    inference::TensorSignature signature_;
    std::deque<Call> waiting_;
    std::vector<std::optional<Answer>> slots_;
};

}  // namespace

std::unique_ptr<Backend> make_generator(llama_model_ptr model, const BackendOptions& options) {
    const auto trained = static_cast<unsigned>(std::max(llama_model_n_ctx_train(model.get()), 1));
    EngineInfo info;
    info.name = std::string("llama.cpp ") + llama_version();
    info.context = std::min(options.context, trained);
    info.max_output = std::min(std::max(info.context / 2, 1U), kMaxDefaultOutput);

    llama_context_params params = llama_context_default_params();
    params.n_ctx = info.context * options.parallel;
    params.n_seq_max = options.parallel;
    params.n_batch = params.n_ubatch = kMaxBatch;
    params.n_threads = params.n_threads_batch = static_cast<int>(options.threads);
    llama_context_ptr context(llama_init_from_model(model.get(), params));
    if (!context) throw std::runtime_error("no memory for the model's context");
    return std::make_unique<Generator>(std::move(model), std::move(context), info,
                                       options.parallel);
}

}  // namespace stoa::engines
