#include "stoa/engines/llama_embedder.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>

#include "stoa/engines/llama_text.hpp"

namespace stoa::engines {

using inference::EngineInfo;
using inference::FrameKind;
using inference::InferenceError;

namespace {

struct Call {
    std::uint32_t number = 0;
    std::vector<std::vector<llama_token>> texts;
    inference::Embeddings result;
};

std::vector<float> of_length_one(const float* from, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += double{from[i]} * double{from[i]};
    const double norm = sum > 0 ? std::sqrt(sum) : 1;
    std::vector<float> vector(size);
    for (std::size_t i = 0; i < size; ++i) vector[i] = static_cast<float>(from[i] / norm);
    return vector;
}

std::string value_of(const llama_model* model, const std::string& key) {
    char text[64];
    const int length = llama_model_meta_val_str(model, key.c_str(), text, sizeof text);
    return length < 0 ? "" : text;
}

class Embedder final : public Backend {
  public:
    Embedder(llama_model_ptr model, llama_context_ptr context, std::uint32_t tokens)
        : model_(std::move(model)),
          context_(std::move(context)),
          text_(model_.get()),
          batch_(llama_batch_init(static_cast<int>(tokens), 0, 1)) {
        info_.name = std::string("llama.cpp ") + llama_version();
        info_.context = tokens;
        info_.embedding = true;
        info_.dimensions = static_cast<std::uint32_t>(llama_model_n_embd(model_.get()));
        info_.template_message_bytes = 4;  // each text has a token that begins and one that ends it
    }
    ~Embedder() override { llama_batch_free(batch_); }

    const EngineInfo& info() const override { return info_; }
    const inference::TensorSignature& signature() const override { return signature_; }

    void count(std::uint32_t call, const inference::Prompt& prompt, Outbox& out) override {
        const auto* text = std::get_if<std::string>(&prompt);
        if (!text) return out.refuse(call, InferenceError::not_offered);
        const auto tokens = static_cast<std::uint32_t>(text_.tokenize_text(*text).size());
        out.send(FrameKind::counted, call, inference::CountedMessage{tokens});
    }

    void generate(std::uint32_t call, inference::GenerateRequest, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }
    void infer(std::uint32_t call, inference::Tensors, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }

    void embed(std::uint32_t number, std::vector<std::string> texts, Outbox& out) override {
        Call call{number, {}, {}};
        for (const std::string& text : texts) {
            call.texts.push_back(text_.tokenize_text(text));
            const std::size_t tokens = call.texts.back().size();
            if (tokens == 0) return out.refuse(number, InferenceError::empty_prompt);
            if (tokens > info_.context) return out.refuse(number, InferenceError::prompt_too_long);
            call.result.input_tokens += static_cast<std::uint32_t>(tokens);
        }
        if (call.texts.empty()) return out.refuse(number, InferenceError::empty_prompt);
        calls_.push_back(std::move(call));
    }

    void cancel(std::uint32_t number) override {
        std::erase_if(calls_, [&](const Call& call) { return call.number == number; });
    }

    bool idle() const override { return calls_.empty(); }

    // One text, of the calls in turn: a long list doesn't hold up a short one.
    void step(Outbox& out) override {
        Call call = std::move(calls_.front());
        calls_.pop_front();
        call.result.vectors.push_back(embedding(call.texts[call.result.vectors.size()]));
        if (call.result.vectors.size() == call.texts.size()) {
            out.send(FrameKind::embeddings, call.number, std::move(call.result));
        } else {
            calls_.push_back(std::move(call));
        }
    }

  private:
    std::vector<float> embedding(const std::vector<llama_token>& tokens) {
        batch_.n_tokens = static_cast<int>(tokens.size());
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            batch_.token[i] = tokens[i];
            batch_.pos[i] = static_cast<llama_pos>(i);
            batch_.n_seq_id[i] = 1;
            batch_.seq_id[i][0] = 0;
            batch_.logits[i] = 1;
        }
        if (llama_memory_t memory = llama_get_memory(context_.get())) {
            llama_memory_clear(memory, false);
        }
        if (llama_decode(context_.get(), batch_) != 0) {
            throw std::runtime_error("llama.cpp can't encode a text");
        }
        const float* pooled = llama_get_embeddings_seq(context_.get(), 0);
        if (!pooled) throw std::runtime_error("llama.cpp gave no embedding");
        return of_length_one(pooled, info_.dimensions);
    }

    llama_model_ptr model_;
    llama_context_ptr context_;
    LlamaText text_;
    llama_batch batch_;
    EngineInfo info_;
    inference::TensorSignature signature_;
    std::deque<Call> calls_;
};

}  // namespace

std::unique_ptr<Backend> make_embedder(llama_model_ptr& model, const BackendOptions& options) {
    const auto pooling =
        value_of(model.get(), value_of(model.get(), "general.architecture") + ".pooling_type");
    if (pooling.empty() || pooling == std::to_string(LLAMA_POOLING_TYPE_NONE) ||
        pooling == std::to_string(LLAMA_POOLING_TYPE_RANK)) {
        return nullptr;
    }
    llama_context_params params = llama_context_default_params();
    const auto trained = static_cast<unsigned>(std::max(llama_model_n_ctx_train(model.get()), 1));
    const unsigned tokens = std::min(options.context, trained);
    // A text is encoded in one go, since each of its tokens looks at all others.
    params.n_ctx = params.n_batch = params.n_ubatch = tokens;
    params.embeddings = true;
    params.n_threads = params.n_threads_batch = static_cast<int>(options.threads);
    llama_context_ptr context(llama_init_from_model(model.get(), params));
    if (!context) throw std::runtime_error("no memory for the model's context");
    return std::make_unique<Embedder>(std::move(model), std::move(context), tokens);
}

}  // namespace stoa::engines
